# SPDX-License-Identifier: Apache-2.0
"""A node of a Kubernetes cluster: names and documents of what its API says, pods attached as the kubelet has them attached,
and all of it while the API is away, also for daemons that are started then."""
import datetime
import json
import pathlib
import unittest

from api_objects import node_object, pod_object, slice_object
from api_stand_in import ApiStandIn, recorded
from host import Host, run, wait_until
from node_pod import CONFLIST, HOST_IP, PLUGIN, PodOfNode, prepared_node

NODE = "node-01"
KUBECONFIG = "/run/kubeconfig"


def named_services():
    """Name → cluster addresses of every recorded service that has one."""
    return {f"{item['metadata']['name']}.{item['metadata']['namespace']}.svc.cluster.local":
            sorted(ip for ip in item["spec"]["clusterIPs"] if ":" not in ip)
            for item in recorded("services") if item["spec"].get("clusterIP", "None") != "None"
            and any(":" not in ip for ip in item["spec"]["clusterIPs"])}


def answers(names):
    """Name → sorted addresses, as dnsd gives them now."""
    said = run("dig", "@169.254.169.250", "+tries=1", "+time=3", "+noall", "+answer", *names).stdout
    found = {name: [] for name in names}
    for line in said.splitlines():
        fields = line.split()
        if len(fields) == 5 and fields[3] == "A":
            found[fields[0].rstrip(".")].append(fields[4])
    return {name: sorted(addresses) for name, addresses in found.items()}


class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.api = ApiStandIn()
        self.addCleanup(lambda: self.api.is_up and self.api.stop())
        of_node = ["--host-name", NODE]
        self.host = self.enterContext(Host(options={
            "metadatad": ["--store", "kubernetes:" + self.api.kubeconfig(KUBECONFIG), *of_node],
            "dnsd": of_node, "netd": of_node}))

    def is_stale(self):
        return "paddock_source_stale_since_seconds 0\n" not in self.host.admin("dnsd", "/metrics")

    def test_pod_has_name_and_documents_as_the_api_says(self):
        pod = self.host.attach("till-1")
        self.api.put("services", {"metadata": {"name": "till", "namespace": "shop", "uid": "uid-of-till"}, "spec": {
            "clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": "till"}, "ports": [{"name": "http", "port": 80}]}})
        self.api.put("pods", pod_object("till-1", "shop", pod.address, NODE))
        self.api.put("endpointslices", slice_object("till", "shop", {"till-1": pod.address}, NODE))

        wait_until(lambda: pod.dig("till.shop.svc.cluster.local") == [pod.address], "its service has its address")
        self.assertEqual(pod.dig_status("nobody.shop.svc.cluster.local"), "NXDOMAIN")
        name = pod.address.replace(".", "-")
        self.assertEqual(pod.dig("SRV", "_http._tcp.till.shop.svc.cluster.local"),
                         [f"0 100 8080 {name}.till.shop.svc.cluster.local."])
        wait_until(lambda: pod.curl("/latest/self/container/name") == "till-1", "it reads its own documents")
        self.assertEqual(pod.curl("/latest/self/container/labels/app"), "till")
        self.assertEqual(pod.curl("/latest/self/service/name"), "till")
        self.assertEqual(pod.curl("/latest/self/service/kind"), "kubernetesService")
        self.assertEqual(pod.curl("/latest/self/service/uuid"), "uid-of-till")
        self.assertEqual(pod.curl("/latest/self/service/selector"), "app=till,io.kubernetes.pod.namespace=shop")
        shop = next(item for item in recorded("namespaces") if item["metadata"]["name"] == "shop")
        self.assertEqual(pod.curl("/latest/self/stack/uuid"), shop["metadata"]["uid"])
        self.assertEqual(pod.curl("/latest/self/host/name"), NODE)
        self.assertEqual(json.loads(self.host.admin("netd", "/status"))["problems"], [])
        self.host.detach(pod)

    def test_changes_of_endpoints_are_timed_from_when_they_happened(self):
        wait_until(lambda: answers(named_services()) == named_services(), "dnsd has read what there is: that is no change")
        self.api.put("services", {"metadata": {"name": "timed", "namespace": "shop", "uid": "uid-of-timed"}, "spec": {
            "clusterIP": "None", "clusterIPs": ["None"], "ports": [{"name": "http", "port": 80}]}})
        for number, address in ((1, "10.42.0.91"), (2, "10.42.0.92")):
            changed = slice_object("timed", "shop", {"timed-1": address}, NODE)
            changed["metadata"]["annotations"] = {
                "endpoints.kubernetes.io/last-change-trigger-time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
            self.api.put("endpointslices", changed)
            count = f'paddock_dns_change_seconds_count{{service="headless"}} {number}\n'
            wait_until(lambda: count in self.host.admin("dnsd", "/metrics"), count)
        found = run("dig", "@169.254.169.250", "+short", "timed.shop.svc.cluster.local").stdout
        self.assertEqual(found.split(), ["10.42.0.92"])

    def test_subnets_and_peers_are_those_of_the_nodes(self):
        run("ip", "link", "add", "up0", "type", "veth", "peer", "up1")
        self.addCleanup(run, "ip", "link", "del", "up0")
        run("ip", "address", "add", "192.0.2.1/24", "dev", "up0")
        for end in ("up0", "up1"):
            run("ip", "link", "set", end, "up")
        self.api.put("nodes", node_object(NODE, "192.0.2.1", None))
        self.host.stop("netd")
        self.host.options["netd"] = ["--host-name", NODE, "--registry", "kubernetes", "--overlay", "vxlan", "--cluster-cidrs",
                                     "10.244.0.0/16", "--underlay", "up0"]
        self.host.start("netd")
        wait_until(lambda: "no subnet" in self.host.admin("netd", "/status"), "netd waits for its podCIDR")

        self.api.put("nodes", node_object(NODE, "192.0.2.1", "10.244.1.0/24"))
        self.api.put("nodes", node_object("node-77", "192.0.2.77", "10.244.77.0/24"))
        self.host.wait_ready("netd")
        wait_until(lambda: "no subnet" not in self.host.admin("netd", "/status"), "netd has its podCIDR")
        pod = self.host.attach("till-1")

        self.assertTrue(pod.address.startswith("10.244.1."), pod.address)
        wait_until(lambda: json.loads(run("ip", "-j", "route", "show", "10.244.77.0/24").stdout)[0]["dev"] == "paddock.1",
                   "there is a way to the other node")
        ends = json.loads(run("bridge", "-j", "fdb", "show", "dev", "paddock.1").stdout)
        self.assertIn("192.0.2.77", [end.get("dst") for end in ends])
        self.assertIn("node-77", self.host.paddock("peers").stdout)
        self.host.detach(pod)

        own = lambda: self.api.objects["nodes"]["", NODE]
        flannel = "flannel.alpha.coreos.com/"
        wait_until(lambda: flannel + "public-ip" in own()["metadata"].get("annotations", {}), "its node says how it is reached")
        said = own()["metadata"]["annotations"]
        device = json.loads(run("ip", "-j", "-d", "link", "show", "paddock.1").stdout)[0]
        self.assertEqual(json.loads(said[flannel + "backend-data"]), {"VNI": 1, "VtepMAC": device["address"]})
        self.assertEqual([said[flannel + name] for name in ("backend-type", "kube-subnet-manager", "public-ip")],
                         ["vxlan", "true", "192.0.2.1"])
        self.assertEqual({condition["type"]: condition["status"] for condition in own()["status"]["conditions"]},
                         {"Ready": "True", "NetworkUnavailable": "False"})
        self.assertEqual({(path, kind) for path, kind, _ in self.api.patches},
                         {(f"/api/v1/nodes/{NODE}/status", "application/strategic-merge-patch+json")})

        other = node_object("node-77", "192.0.2.77", "10.244.77.0/24")
        other["metadata"]["annotations"] = {flannel + "backend-type": "vxlan", flannel + "public-ip": "192.0.2.78",
                                            flannel + "backend-data": '{"VNI":1,"VtepMAC":"02:00:00:00:00:77"}'}
        self.api.put("nodes", other)
        ends = lambda: {end["mac"]: end.get("dst") for end in json.loads(run("bridge", "-j", "fdb", "show", "dev", "paddock.1").stdout)}
        wait_until(lambda: ends().get("02:00:00:00:00:77") == "192.0.2.78", "what the other node says comes before what is assumed")

        for key in (flannel + "public-ip", flannel + "backend-data"):
            self.api.patch(NODE, {"metadata": {"annotations": {key: None}}})
        wait_until(lambda: own()["metadata"]["annotations"].get(flannel + "backend-data") == said[flannel + "backend-data"],
                   "it says again what others took away")
        for name in ("metadatad", "netd"):
            self.host.kill(name)
            self.host.restart(name)
        self.api.patch(NODE, {"status": {"conditions": [{"type": "NetworkUnavailable", "status": "True"}]}})
        wait_until(lambda: own()["status"]["conditions"][-1]["status"] == "False", "its network is up, also after a restart", 30)

    def test_node_is_cordoned_while_its_host_is_inactive_where_that_is_asked_for(self):
        own = lambda: self.api.objects["nodes"]["", NODE]
        written = pathlib.Path("/run/host.json")

        def written_as(state):
            host = json.loads(self.host.paddock("get", "host", NODE, "-o", "json").stdout)
            written.write_text(json.dumps({**host, "state": state}))
            return self.host.paddock("apply", "-f", str(written), check=False)

        refused = written_as("inactive")
        self.assertNotEqual(refused.returncode, 0)
        self.assertNotIn("unschedulable", own()["spec"])
        self.host.stop("metadatad")
        self.host.options["metadatad"].append("--cordon")
        self.host.start("metadatad")
        self.host.wait_ready("metadatad")

        self.assertEqual(written_as("inactive").returncode, 0)
        self.assertIs(own()["spec"]["unschedulable"], True)
        self.assertIn("inactive", self.host.paddock("get", "hosts").stdout)
        self.assertEqual(written_as("active").returncode, 0)
        self.assertNotIn("unschedulable", own()["spec"])

        self.api.patch(NODE, {"spec": {"unschedulable": True}}, part="")
        wait_until(lambda: "inactive" in self.host.paddock("get", "host", NODE).stdout, "somebody else's cordon is known")
        written_as("active")
        self.assertIs(own()["spec"]["unschedulable"], True)

    def test_cluster_ip_of_kube_dns_is_answered_on_the_node_and_nothing_is_translated(self):
        cluster_ip = "10.96.0.10"
        for name, more in (("dnsd", ["--listen", "169.254.169.250:53", "--listen", f"{cluster_ip}:53"]),
                           ("netd", ["--service-addresses", f"169.254.169.250,{cluster_ip}"])):
            self.host.stop(name)
            self.host.options[name] = [*self.host.options[name], *more]
            self.host.start(name)
            self.host.wait_ready(name)
        pod = self.host.attach("asks")
        to_coredns = f"ip daddr {cluster_ip} meta l4proto {{ tcp, udp }} th dport 53 dnat to 192.0.2.53"
        run("nft", "-f", "-", stdin=f"""
            table ip kube {{
                chain pods {{ type nat hook prerouting priority dstnat; {to_coredns}; }}
                chain host {{ type nat hook output priority -100; {to_coredns}; }}
            }}
            table inet seen {{
                counter tracked {{ }}
                chain input {{ type filter hook input priority 0; th dport 53 ct state != untracked counter name tracked; }}
            }}""")
        self.addCleanup(run, "nft", "delete table ip kube; delete table inet seen")
        expected = named_services()["kubernetes.default.svc.cluster.local"]

        for transport in ("+notcp", "+tcp"):
            asked = (f"@{cluster_ip}", transport, "kubernetes.default.svc.cluster.local")
            self.assertEqual(pod.dig(*asked), expected)
            self.assertEqual(run("dig", "+short", "+tries=1", "+time=3", *asked).stdout.split(), expected)
        self.assertEqual(pod.dig("kubernetes.default.svc.cluster.local"), expected)
        self.assertIn("packets 0 ", run("nft", "list", "counter", "inet", "seen", "tracked").stdout)
        self.host.detach(pod)

    def test_everything_goes_on_without_the_api(self):
        expected = named_services()
        self.assertGreater(len(expected), 10)
        wait_until(lambda: answers(expected) == expected, "every recorded service has its addresses")
        self.assertFalse(self.is_stale())
        for daemon in ("metadatad", "dnsd"):  # half a second after a change, or at once when it is ended as it should be
            wait_until(pathlib.Path(f"/var/lib/paddock/{daemon}/cluster.snapshot").exists, f"{daemon} keeps what it knows")

        self.api.stop()
        wait_until(self.is_stale, "dnsd says that it is stale")
        self.assertEqual(answers(expected), expected)
        for name in ("dnsd", "metadatad", "dnsd"):
            self.host.kill(name)
            self.host.restart(name)
            wait_until(lambda: answers(expected) == expected, f"all names, {name} started anew", 15)
            wait_until(self.is_stale, "they are marked stale", 15)
        self.assertIn("serving what was known", self.host.admin("metadatad", "/status"))

        web = next(item for item in recorded("services") if item["metadata"]["name"] == "web")
        web["spec"] |= {"clusterIP": "10.96.77.77", "clusterIPs": ["10.96.77.77"]}
        self.api.put("services", web)
        self.api.start()
        changed = expected | {"web.shop.svc.cluster.local": ["10.96.77.77"]}
        wait_until(lambda: answers(expected) == changed, "what changed meanwhile is known", 60)
        wait_until(lambda: not self.is_stale(), "nothing is stale")


class DaemonSet(unittest.TestCase):
    def setUp(self):
        self.api = ApiStandIn()
        self.addCleanup(lambda: self.api.is_up and self.api.stop())
        self.api.put("nodes", node_object(NODE, HOST_IP, "10.244.1.0/24"))
        self.host = self.enterContext(Host(daemons=()))
        self.enterContext(prepared_node(self.api.kubeconfig(KUBECONFIG)))
        self.pod = self.enterContext(PodOfNode(NODE, self.host.logs))

    def test_node_takes_pods_when_all_three_serve_and_not_before(self):
        for name in ("netd", "metadatad"):
            self.pod.start(name)
        for name in ("netd", "metadatad"):
            wait_until(lambda: self.pod.is_ready(name), f"{name} is ready", 15)
        self.assertFalse(CONFLIST.exists())
        self.assertFalse(PLUGIN.exists())

        self.pod.start("dnsd")
        wait_until(CONFLIST.exists, "the network configuration is there", 15)

        self.assertTrue(self.pod.is_ready("dnsd"))
        self.assertEqual(PLUGIN.stat().st_mode & 0o777, 0o755)
        self.assertEqual([path.name for path in CONFLIST.parent.iterdir()], [CONFLIST.name])
        pod = self.host.attach("till-1")
        self.assertTrue(pod.address.startswith("10.244.1."), pod.address)
        self.assertEqual(pod.dig("kubernetes.default.svc.cluster.local"),
                         named_services()["kubernetes.default.svc.cluster.local"])
        wait_until(lambda: "flannel.alpha.coreos.com/backend-data" in self.api.objects["nodes"]["", NODE]["metadata"].get("annotations", {}),
                   "the node says how it is reached")
        self.assertNotIn("read-only", (self.host.logs / "netd").read_text())
        self.host.detach(pod)


unittest.main()
