# SPDX-License-Identifier: Apache-2.0
"""Two nodes of a Kubernetes cluster on one wire, each with the three daemons: pods attached as the kubelet has them attached
reach each other across nodes, by name, and read their documents; and so it stays while the API is away."""
import itertools
import json
import unittest

from api_objects import node_object, pod_object, slice_object
from api_stand_in import ApiStandIn
from fleet import Node, lay_wire
from host import run, wait_until

API = "10.1.0.254"
SERVICE = "169.254.169.250"
PAIR = "pair.shop.svc.cluster.local"


class ClusterNode(Node):
    """With the daemons as a cluster's node has them."""

    def __init__(self, number, kubeconfig):
        super().__init__(number, name=f"node-{number}")
        socket = self.folder / "metadata.sock"
        self.options = {
            "metadatad": ["--store", f"kubernetes:{kubeconfig}", "--socket", socket],
            "dnsd": ["--source", f"paddock:{socket}", "--forward", "false"],
            "netd": ["--metadata", f"paddock:{socket}", "--socket", self.folder / "net.sock", "--registry", "kubernetes", "--overlay",
                     "vxlan", "--cluster-cidrs", "10.244.0.0/16", "--subnet-file", self.folder / "subnet.env"]}
        self.processes = {}
        for daemon in self.options:
            self.start(daemon)

    def start(self, daemon):
        self.processes[daemon] = self.launch(daemon, "--state-dir", self.folder / daemon, *self.options[daemon])

    def wait_ready(self):
        for daemon in self.options:
            self.wait_for(daemon)

    def kill(self, daemon):
        self.processes[daemon].kill()
        self.processes[daemon].wait()

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
                process.wait(20)

    def is_stale(self):
        return "paddock_source_stale_since_seconds 0\n" not in self.admin("/metrics", "dnsd")

    def arguments_of(self, pod):
        """As the kubelet's runtime gives them."""
        return (f"IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME={pod};K8S_POD_UID=uid-of-{pod};"
                f"K8S_POD_INFRA_CONTAINER_ID=c-{pod}")


def in_pod(pod, *command):
    return run("ip", "netns", "exec", pod, *command, check=False).stdout


def addresses(pod, name):
    return sorted(in_pod(pod, "dig", f"@{SERVICE}", "+short", "+tries=1", "+time=2", name).splitlines())


class Nodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lay_wire()
        cls.api = ApiStandIn(address=API)
        for number in (1, 2):
            cls.api.put("nodes", node_object(f"node-{number}", f"10.1.0.{number}", f"10.244.{number}.0/24"))
        kubeconfig = cls.api.kubeconfig("/run/kubeconfig")
        cls.nodes = [ClusterNode(number, kubeconfig) for number in (1, 2)]
        for node in cls.nodes:
            cls.addClassCleanup(node.stop)
            node.wait_ready()
        cls.pods = {}
        for number, node in enumerate(cls.nodes, 1):
            pod = f"web-{number}"
            cls.pods[pod] = node.attach(pod)
            cls.api.put("pods", pod_object(pod, "shop", cls.pods[pod], node.name))
        cls.api.put("services", {"metadata": {"name": "pair", "namespace": "shop", "uid": "uid-of-pair"}, "spec": {
            "clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": "till"}, "ports": [{"name": "http", "port": 80}]}})
        cls.api.put("endpointslices", slice_object("pair", "shop", cls.pods, "node-1"))

    def assert_all_is_well(self):
        for pod, other in (("web-1", "web-2"), ("web-2", "web-1")):
            wait_until(lambda: addresses(pod, PAIR) == sorted(self.pods.values()), f"{pod} finds both by name", 30)
            wait_until(lambda: "1 received" in in_pod(pod, "ping", "-c", "1", "-W", "1", self.pods[other]), f"{pod} reaches {other}", 30)
            wait_until(lambda: in_pod(pod, "curl", "-s", "-m", "2", f"http://{SERVICE}/latest/self/container/name") == pod,
                       f"{pod} reads its own documents", 30)

    def test_1_pods_of_both_nodes_are_one_network_with_names_and_documents(self):
        for number, node in enumerate(self.nodes, 1):
            self.assertTrue(self.pods[f"web-{number}"].startswith(f"10.244.{number}."))
            said = self.api.objects["nodes"]["", node.name]
            device = json.loads(node.run("ip", "-j", "link", "show", "paddock.1").stdout)[0]
            wait_until(lambda: device["address"] in json.dumps(self.api.objects["nodes"]["", node.name]), "each says how it is reached")
            self.assertEqual(said["spec"], {"podCIDRs": [f"10.244.{number}.0/24"]})
        self.assert_all_is_well()
        self.assertEqual(in_pod("web-2", "curl", "-s", f"http://{SERVICE}/latest/self/host/name"), "node-2")
        self.assertEqual({path for path, _, _ in self.api.patches},
                         {f"/api/v1/nodes/{node.name}/status" for node in self.nodes})

    def keeps(self, node, daemon, *words):
        """Whether a line of what the daemon keeps has all these words."""
        lines = (node.folder / daemon / "cluster.snapshot").read_text().splitlines()
        return any(all(f'"{word}' in line for word in words) for line in lines)

    def test_2_all_goes_on_without_the_api_also_for_daemons_started_then(self):
        for node, (pod, address) in itertools.product(self.nodes, self.pods.items()):
            wait_until(lambda: self.keeps(node, "metadatad", pod, address), f"metadatad of {node.name} keeps {pod}", 30)
            wait_until(lambda: self.keeps(node, "dnsd", "pair", address), f"dnsd of {node.name} keeps the name of {pod}", 30)
        self.api.stop()
        for node in self.nodes:
            wait_until(node.is_stale, f"{node.name} says that it is stale", 30)
        for daemon in ("dnsd", "metadatad", "netd"):
            for node in self.nodes:
                node.kill(daemon)
                node.start(daemon)
            for node in self.nodes:
                node.wait_ready()
            self.assert_all_is_well()
            for node in self.nodes:
                wait_until(node.is_stale, f"{node.name} is marked stale", 30)
        address = self.nodes[1].attach("late")
        self.assertTrue(address.startswith("10.244.2."))
        wait_until(lambda: "1 received" in in_pod("web-1", "ping", "-c", "1", "-W", "1", address), "a pod that came meanwhile is reached", 30)

        self.api.start()
        for node in self.nodes:
            wait_until(lambda: not node.is_stale(), f"{node.name} is up to date", 60)
        self.assert_all_is_well()


unittest.main()
