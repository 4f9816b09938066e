# SPDX-License-Identifier: Apache-2.0
"""The plugin under the names of the standard ones: their configurations, results and kernel state, chains as libcni runs them."""
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import ALONE, NETD, NetdTest, addresses_of, ip, make_pod, run, wait_until  # noqa: E402
from runtime import PLUGINS, Network, Refused, execute, install_standard_names  # noqa: E402

RESERVED = pathlib.Path("/var/lib/cni/networks")
VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
HOST_LOCAL = {"type": "host-local", "ranges": [[{"subnet": "10.22.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}
DUAL = {"type": "host-local", "ranges": [[{"subnet": "10.22.0.0/16"}], [{"subnet": "fd22::/64"}]],
        "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}


def bridge(**more):
    return {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipam": HOST_LOCAL, **more}


def ping(address, pod=None):
    inside = ["ip", "netns", "exec", pod] if pod else []
    return run(*inside, "ping", "-n", "-c", "1", "-W", "2", address, check=False).returncode == 0


def addresses(link, *where):
    return [f"{a['local']}/{a['prefixlen']}" for a in ip(*where, "addr", "show", "dev", link)[0]["addr_info"]
            if not a["local"].startswith("fe80")]


def links(kind):
    return [link["ifname"] for link in ip("link", "show", "type", kind)]


def set_elements(name):
    listed = json.loads(run("nft", "-j", "list", "set", "inet", "paddock", name).stdout)["nftables"]
    return next(item["set"].get("elem", []) for item in listed if "set" in item)


class StandardTest(NetdTest):
    options = [*ALONE, "--subnets", "10.42.0.0/24", "--subnets", "fd42::/64"]

    def setUp(self):
        shutil.rmtree("/var/lib/cni", ignore_errors=True)
        super().setUp()
        install_standard_names()

    def tearDown(self):
        super().tearDown()
        for link in links("bridge") + [name for name in links("ifb") if name == "wrong0"]:
            run("ip", "link", "del", link)

    def refuses(self, code, says, call, *arguments, **more):
        with self.assertRaises(Refused) as refused:
            call(*arguments, **more)
        self.assertEqual(refused.exception.code, code, refused.exception)
        self.assertIn(says, str(refused.exception))


class Bridge(StandardTest):
    def test_the_kernel_and_the_result_are_those_of_bridge(self):
        make_pod("one")
        result = Network(bridge()).add("one")

        made, host_end, pod_end = result["interfaces"]
        self.assertEqual(made["name"], "cni0")
        self.assertRegex(host_end["name"], "^veth[0-9a-f]{8}$")
        self.assertEqual((pod_end["name"], pod_end["sandbox"]), ("eth0", "/run/netns/one"))
        [entry] = result["ips"]
        self.assertEqual((entry["address"], entry["gateway"], entry["interface"]), ("10.22.0.2/16", "10.22.0.1", 2))
        self.assertEqual(result["routes"], [{"dst": "0.0.0.0/0"}])
        port = ip("-d", "link", "show", "dev", host_end["name"])[0]
        self.assertEqual((port["master"], port["address"]), ("cni0", host_end["mac"]))
        self.assertEqual(ip("link", "show", "dev", "cni0")[0]["address"], made["mac"])
        self.assertEqual(addresses("cni0"), ["10.22.0.1/16"])
        self.assertEqual(addresses("eth0", "-n", "one"), ["10.22.0.2/16"])
        self.assertEqual(ip("-n", "one", "link", "show", "dev", "eth0")[0]["address"], pod_end["mac"])
        self.assertEqual(ip("-n", "one", "route", "show", "default")[0]["gateway"], "10.22.0.1")
        self.assertTrue(ping("10.22.0.2"))

    def test_every_version_in_its_form(self):
        for number, version in enumerate(VERSIONS):
            with self.subTest(version):
                pod = f"v{number}"
                make_pod(pod)
                network = Network(bridge(), version=version)
                result = network.add(pod)
                self.assertEqual(result["cniVersion"], version)
                if version < "0.3.0":
                    self.assertEqual(result["ip4"]["ip"], f"10.22.0.{number + 2}/16")
                else:
                    self.assertEqual(len(result["interfaces"]), 3)
                    self.assertEqual("version" in result["ips"][0], version < "1.0.0")
                if version >= "0.4.0":
                    network.check(pod)
                network.delete(pod)
                wait_until(lambda: "eth0" not in run("ip", "-n", pod, "link").stdout, "the link is gone")

    def test_pods_reach_each_other_in_both_families(self):
        network = Network(bridge(ipam=DUAL))
        for pod in ("one", "two"):
            make_pod(pod)
            network.add(pod)
        for address in ("10.22.0.3", "fd22::3", "10.22.0.1", "fd22::1"):
            self.assertTrue(ping(address, "one"), address)
        network.check("one")
        network.delete("one")
        network.delete("one")
        self.assertEqual(sorted(p.name for p in (RESERVED / "net").iterdir() if p.name[0] in "1f"), ["10.22.0.3", "fd22::3"])
        wait_until(lambda: len(links("veth")) == 1, "one veth is left")

    def test_layer_two_only(self):
        make_pod("one")
        network = Network({"type": "bridge", "bridge": "cni0"})
        result = network.add("one")
        self.assertEqual(result.get("ips", []), [])
        self.assertEqual(addresses("eth0", "-n", "one"), [])
        network.check("one")
        network.delete("one")
        wait_until(lambda: links("veth") == [], "the link is gone")

    def test_a_bridge_that_is_there_is_used_and_another_link_is_refused(self):
        run("ip", "link", "add", "cni0", "type", "bridge")
        make_pod("one")
        Network(bridge()).add("one")
        run("ip", "link", "add", "wrong0", "type", "ifb")
        make_pod("two")
        self.refuses(999, "wrong0", Network(bridge(bridge="wrong0")).add, "two")
        self.assertEqual(len(list((RESERVED / "net").glob("10.22.*"))), 1, "the failed one has no address")

    def test_another_address_on_the_bridge(self):
        run("ip", "link", "add", "cni0", "type", "bridge")
        run("ip", "addr", "add", "10.99.0.1/16", "dev", "cni0")
        make_pod("one")
        self.refuses(7, "10.99.0.1/16", Network(bridge()).add, "one")
        Network(bridge(forceAddress=True)).add("one")
        self.assertEqual(addresses("cni0"), ["10.22.0.1/16"])

    def test_modes_of_port_and_bridge(self):
        for mode, attribute, value in (("hairpinMode", "hairpin", True), ("portIsolation", "isolated", True)):
            pod = mode.lower()
            make_pod(pod)
            link = Network(bridge(**{mode: value})).add(pod)["interfaces"][1]["name"]
            details = ip("-d", "link", "show", "dev", link)[0]["linkinfo"]["info_slave_data"]
            self.assertEqual(details[attribute], value, mode)
        make_pod("promisc")
        Network(bridge(promiscMode=True)).add("promisc")
        self.assertIn("PROMISC", ip("link", "show", "dev", "cni0")[0]["flags"])
        self.refuses(7, "exclude", Network(bridge(promiscMode=True, hairpinMode=True)).add, "promisc", "net1")

    def test_mac_from_each_source(self):
        network = Network(bridge(capabilities={"mac": True}, args={"cni": {"mac": "02:00:00:00:00:02"}}))
        for number, (arguments, runtime, expected) in enumerate((("MAC=02:00:00:00:00:01", "", "02:00:00:00:00:02"),
                                                                 ("", "02:00:00:00:00:03", "02:00:00:00:00:03"))):
            make_pod(f"m{number}")
            result = network.add(f"m{number}", args=arguments, **({"mac": runtime} if runtime else {}))
            self.assertEqual(result["interfaces"][2]["mac"], expected)

    def test_masquerade_and_nothing_left_of_it(self):
        make_pod("outside")
        run("ip", "link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "outside")
        for command in ("addr add 192.0.2.1/24 dev uplink", "link set uplink up", "-n outside addr add 192.0.2.9/24 dev eth0",
                        "-n outside link set eth0 up"):
            run("ip", *command.split())
        plain, hidden = Network(bridge(), name="plain"), Network(bridge(ipMasq=True), name="hidden")
        make_pod("one")
        hidden.add("one")
        self.assertTrue(ping("192.0.2.9", "one"), "the outside has no route back")
        self.assertEqual(set_elements("masqueraded4"), ["10.22.0.2"])
        run("ip", "netns", "del", "one")
        hidden.delete("one")
        self.assertEqual(set_elements("masqueraded4"), [])
        self.assertEqual(set_elements("home4"), [])
        make_pod("two")
        plain.add("two")
        self.assertFalse(ping("192.0.2.9", "two"))

    def test_default_gateway(self):
        make_pod("one")
        without = {"type": "host-local", "subnet": "10.23.0.0/24"}
        result = Network(bridge(isDefaultGateway=True, ipam=without)).add("one")
        self.assertEqual(result["routes"], [{"dst": "0.0.0.0/0", "gw": "10.23.0.1"}])
        make_pod("two")
        self.refuses(7, "default route", Network(bridge(isDefaultGateway=True), name="b").add, "two")

    def test_what_is_not_supported_is_named(self):
        make_pod("one")
        for field in ({"vlan": 100}, {"vlanTrunk": [{"id": 7}]}, {"enabledad": True}, {"disableContainerInterface": True}):
            self.refuses(2, next(iter(field)), Network(bridge(**field)).add, "one")
        self.assertEqual(links("veth"), [])
        self.assertFalse((RESERVED / "net").exists())

    def test_an_impatient_runtime_and_a_restart(self):
        make_pod("one")
        network = Network(bridge(ipMasq=True))
        first = network.add("one")
        self.assertEqual(network.add("one"), first)
        self.host.stop("netd")
        run("nft", "flush", "ruleset")
        self.host.restart("netd")
        self.assertEqual(set_elements("masqueraded4"), ["10.22.0.2"])
        self.assertEqual(self.leases(), {"c-one": ["10.22.0.2"]})
        network.check("one")
        run("ip", "link", "set", first["interfaces"][1]["name"], "nomaster")
        self.refuses(100, "", network.check, "one")

    def test_a_pod_of_the_plugin_before_us_goes_with_del(self):
        make_pod("old")
        run("ip", "link", "add", "vethold", "type", "veth", "peer", "eth0", "netns", "old")
        folder = RESERVED / "net"
        folder.mkdir(parents=True)
        (folder / "10.22.0.2").write_text("c-old")
        (folder / "10.22.0.3").write_text(" c-other \r\n eth0 \n")
        (folder / "last_reserved_ip.0").write_text("10.22.0.3")

        make_pod("new")
        self.assertEqual(addresses_of(Network(bridge()).add("new")), ["10.22.0.4"])
        Network(bridge()).delete("old")

        self.assertEqual(sorted(p.name for p in folder.glob("10.*")), ["10.22.0.3", "10.22.0.4"])
        self.assertNotIn("vethold", links("veth"))

    def test_purge_frees_reservations(self):
        make_pod("one")
        Network(bridge()).add("one")
        self.host.stop("netd")
        run(NETD, "--purge", *self.options)
        self.assertEqual(list((RESERVED / "net").glob("10.*")), [])
        self.assertEqual(links("veth"), [])
        self.host.restart("netd")

    def test_gc_and_status(self):
        network = Network(bridge(ipMasq=True, ipam={"type": "host-local", "subnet": "10.24.0.0/30"}), version="1.1.0")
        make_pod("one")
        network.status()
        network.add("one")
        self.refuses(50, "used up", network.status)
        make_pod("two")
        self.refuses(11, "no address is left", network.add, "two")
        (RESERVED / "net" / "10.24.0.3").write_text("c-lost\r\neth0")
        network.collect("one")
        self.assertEqual([p.name for p in (RESERVED / "net").glob("10.*")], ["10.24.0.2"])
        network.collect()
        self.assertEqual([p.name for p in (RESERVED / "net").glob("10.*")], [])
        wait_until(lambda: links("veth") == [], "links gone")

    def test_addresses_from_netd_itself(self):
        make_pod("one")
        network = Network(bridge(ipam={"type": "paddock"}))
        self.assertEqual(network.add("one")["ips"][0]["address"], "10.42.0.2/24")
        self.assertEqual(addresses("cni0"), ["10.42.0.1/24", "fd42::1/64"])


class HostLocal(StandardTest):
    def call(self, command, ipam, container="c1", ifname="eth0", cni_args="", version="1.0.0", **more):
        config = {"cniVersion": version, "name": "net", "type": "macvlan", "ipam": {"type": "host-local", **ipam}, **more}
        return execute("host-local", command, config, container, "/run/netns/none" if command != "DEL" else "", ifname, cni_args)

    def test_files_are_those_of_host_local(self):
        ipam = {"ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "2001:db8:1::0/64"}]],
                "routes": [{"dst": "0.0.0.0/0"}, {"dst": "192.168.0.0/16", "gw": "10.1.2.9"}]}
        result = self.call("ADD", ipam)
        self.assertEqual([(e["address"], e["gateway"]) for e in result["ips"]],
                         [("10.1.2.2/24", "10.1.2.1"), ("2001:db8:1::2/64", "2001:db8:1::1")])
        self.assertEqual(result["routes"], ipam["routes"])
        self.assertNotIn("interfaces", result)
        folder = RESERVED / "net"
        self.assertEqual((folder / "10.1.2.2").read_bytes(), b"c1\r\neth0")
        self.assertEqual((folder / "last_reserved_ip.0").read_text(), "10.1.2.2")
        self.assertEqual((folder / "last_reserved_ip.1").read_text(), "2001:db8:1::2")
        config = {"prevResult": result}
        self.call("CHECK", ipam, **config)
        self.assertIsNone(self.call("DEL", ipam))
        self.assertIsNone(self.call("DEL", ipam))
        self.assertEqual(sorted(p.name for p in folder.iterdir()), ["last_reserved_ip.0", "last_reserved_ip.1", "lock"])
        self.refuses(100, "c1", self.call, "CHECK", ipam, **config)

    def test_round_robin_two_interfaces_and_no_repetition(self):
        ipam = {"subnet": "10.1.2.0/29"}
        given = [addresses_of(self.call("ADD", ipam, ifname=f"net{n}"))[0] for n in range(3)]
        self.assertEqual(given, ["10.1.2.2", "10.1.2.3", "10.1.2.4"])
        self.refuses(999, "already", self.call, "ADD", ipam, ifname="net0")
        self.call("DEL", ipam, ifname="net0")
        later = [addresses_of(self.call("ADD", ipam, container=f"d{n}"))[0] for n in range(3)]
        self.assertEqual(later, ["10.1.2.5", "10.1.2.6", "10.1.2.2"])
        self.refuses(11, "10.1.2.1-10.1.2.6", self.call, "ADD", ipam, container="e")

    def test_requested_addresses(self):
        ipam = {"ranges": [[{"subnet": "10.1.2.0/24"}, {"subnet": "10.2.2.0/24"}], [{"subnet": "fd01::/64"}]]}
        result = self.call("ADD", ipam, cni_args="IP=10.2.2.88")
        self.assertEqual(addresses_of(result), ["10.2.2.88", "fd01::2"])
        both = {"args": {"cni": {"ips": ["10.1.2.77", "fd01::77"]}}}
        self.assertEqual(addresses_of(self.call("ADD", ipam, container="c2", **both)), ["10.1.2.77", "fd01::77"])
        self.refuses(11, "10.1.2.77", self.call, "ADD", ipam, container="c3", **both)
        self.refuses(7, "10.9.9.9", self.call, "ADD", ipam, container="c3", runtimeConfig={"ips": ["10.9.9.9/24"]})
        self.refuses(7, "gateway", self.call, "ADD", ipam, container="c3", cni_args="IP=10.1.2.1")
        self.assertEqual(len([p for p in (RESERVED / "net").iterdir() if "." in p.name and p.name[0] == "1"]), 2)

    def test_ranges_of_the_runtime_and_a_folder_of_ones_own(self):
        ranges = {"runtimeConfig": {"ipRanges": [[{"subnet": "10.7.0.0/24", "rangeStart": "10.7.0.10", "rangeEnd": "10.7.0.20",
                                                   "gateway": "10.7.0.254"}]]}}
        result = self.call("ADD", {"dataDir": "/var/lib/cni/other"}, **ranges)
        self.assertEqual(result["ips"][0], {"address": "10.7.0.10/24", "gateway": "10.7.0.254"})
        self.assertTrue(pathlib.Path("/var/lib/cni/other/net/10.7.0.10").exists())

    def test_resolv_conf(self):
        file = pathlib.Path("/run/resolv.conf")
        file.write_text("# one\nnameserver 192.0.2.3\nnameserver 192.0.2.4\ndomain example.com\nsearch a.b c.d\noptions ndots:2 x\n; end\n")
        dns = self.call("ADD", {"subnet": "10.1.2.0/24", "resolvConf": str(file)})["dns"]
        self.assertEqual(dns, {"nameservers": ["192.0.2.3", "192.0.2.4"], "domain": "example.com", "search": ["a.b", "c.d"],
                               "options": ["ndots:2", "x"]})

    def test_wrong_ranges_are_refused_by_name(self):
        for ipam, says in (({}, "no range"), ({"subnet": "10.1.2.3/24"}, "10.1.2.0/24"), ({"subnet": "10.1.2.0/31"}, "too small"),
                           ({"subnet": "10.1.2.0/24", "rangeStart": "10.1.3.1"}, "rangeStart"),
                           ({"subnet": "10.1.2.0/24", "rangeStart": "10.1.2.9", "rangeEnd": "10.1.2.5"}, "rangeEnd"),
                           ({"ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "10.1.0.0/16"}]]}, "overlap"),
                           ({"ranges": [[{"subnet": "10.1.2.0/24"}, {"subnet": "fd01::/64"}]]}, "mixes")):
            with self.subTest(says):
                self.refuses(7, says, self.call, "ADD", ipam)
        two = {"ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "10.1.3.0/24"}]]}
        self.refuses(7, "0.2.0", self.call, "ADD", two, version="0.2.0")

    def test_others_work_in_the_same_folder(self):
        ipam = {"subnet": "10.1.2.0/24"}
        self.call("ADD", ipam)
        folder = RESERVED / "net"
        (folder / "10.1.2.3").write_text("c-other\r\neth0")
        self.assertEqual(addresses_of(self.call("ADD", ipam, container="c2")), ["10.1.2.4"])
        (folder / "10.1.2.2").unlink()
        self.call("ADD", ipam, container="c1")
        self.assertEqual(len(list(folder.glob("10.*"))), 3)


class Chained(StandardTest):
    def chain(self, *more, **fields):
        return Network(bridge(ipMasq=True), {"type": "portmap", "capabilities": {"portMappings": True}}, *more, **fields)

    def test_the_usual_chain(self):
        make_pod("one")
        make_pod("two")
        network = self.chain({"type": "firewall"}, {"type": "tuning", "sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"}})
        result = network.add("one", portMappings=[{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}])
        network.add("two")
        self.assertEqual(len(result["interfaces"]), 3)
        server = subprocess.Popen(["ip", "netns", "exec", "one", sys.executable, "-m", "http.server", "80"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wait_until(lambda: run("curl", "-sf", "http://10.22.0.2/").stdout, "the pod serves")
        for where in ([], ["ip", "netns", "exec", "two"], ["ip", "netns", "exec", "one"]):
            self.assertIn("Directory", run(*where, "curl", "-sf", "-m", "3", "http://10.22.0.1:8080/").stdout, where)
        self.assertIn("Directory", run("curl", "-sf", "-m", "3", "http://127.0.0.1:8080/").stdout)
        self.assertEqual(run("ip", "netns", "exec", "one", "sysctl", "-n", "net.ipv4.conf.eth0.arp_filter").stdout, "1\n")
        network.check("one")
        self.host.stop("netd")
        run("nft", "flush", "map", "inet", "paddock", "ports4")
        self.host.restart("netd")
        network.check("one")
        self.refuses(11, "8080", network.add, "two", "net1", portMappings=[{"hostPort": 8080, "containerPort": 1}])

        network.delete("one")

        self.assertEqual(run("curl", "-s", "-m", "1", "http://10.22.0.1:8080/", check=False).stdout, "")
        self.assertEqual(list(self.leases()), ["c-two"])

    def test_a_chain_behind_another_plugin(self):
        make_pod("one")
        run("ip", "link", "add", "other0", "type", "veth", "peer", "eth0", "netns", "one")
        previous = {"cniVersion": "1.0.0", "interfaces": [{"name": "other0"}, {"name": "eth0", "sandbox": "/run/netns/one"}],
                    "ips": [{"address": "10.50.0.2/24", "interface": 1}]}
        config = {"cniVersion": "1.0.0", "name": "net", "type": "portmap", "prevResult": previous,
                  "runtimeConfig": {"portMappings": [{"hostPort": 80, "containerPort": 80}]}}
        result = execute("portmap", "ADD", config, "c-one", "/run/netns/one")
        self.assertEqual(result["ips"], previous["ips"])
        self.assertEqual(len(json.loads(run("nft", "-j", "list", "map", "inet", "paddock", "ports4").stdout)["nftables"][1]["map"]["elem"]), 1)
        execute("portmap", "DEL", config, "c-one", "/run/netns/one")
        self.assertEqual(self.leases(), {})
        self.refuses(7, "prevResult", execute, "portmap", "ADD", {k: v for k, v in config.items() if k != "prevResult"}, "c-one",
                     "/run/netns/one")
        for field in ({"conditionsV4": ["-s", "10.0.0.0/8"]}, {"masqAll": True}, {"snat": False}):
            self.refuses(2, next(iter(field)), execute, "portmap", "ADD", {**config, **field}, "c-one", "/run/netns/one")

    def test_policies_between_bridges(self):
        def network(name, policy, number):
            ipam = {"type": "host-local", "subnet": f"10.{number}.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}
            return Network(bridge(bridge=name, ipam=ipam), {"type": "firewall", "ingressPolicy": policy}, name=name)

        one, other, open_ = network("br1", "same-bridge", 61), network("br2", "same-bridge", 62), network("br3", "open", 63)
        for pod, where in (("a", one), ("b", one), ("c", other), ("d", open_)):
            make_pod(pod)
            where.add(pod)
        self.assertTrue(ping("10.61.0.3", "a"), "the same bridge")
        self.assertFalse(ping("10.62.0.2", "a"), "another fenced bridge")
        self.assertTrue(ping("10.61.0.2", "d"), "from an open one")
        one.check("a")
        for pod, where in (("a", one), ("b", one)):
            where.delete(pod)
        self.assertEqual(set_elements("fenced_links"), ["br2"])
        make_pod("e")
        self.refuses(7, "ingressPolicy", network("br4", "closed", 64).add, "e")

    def test_bandwidth(self):
        make_pod("one")
        network = Network(bridge(), {"type": "bandwidth", "ingressRate": 800_000, "ingressBurst": 80_000,
                                     "capabilities": {"bandwidth": True}})
        result = network.add("one", bandwidth={"ingressRate": 8_000_000, "ingressBurst": 80_000, "egressRate": 4_000_000,
                                               "egressBurst": 40_000})
        [into] = json.loads(run("tc", "-j", "qdisc", "show", "dev", result["interfaces"][1]["name"], "root").stdout)
        self.assertEqual((into["kind"], into["options"]["rate"]), ("tbf", 1_000_000))
        detour = result["interfaces"][3]["name"]
        [out] = json.loads(run("tc", "-j", "qdisc", "show", "dev", detour).stdout)
        self.assertEqual(out["options"]["rate"], 500_000)
        self.assertTrue(ping("10.22.0.1", "one"))
        network.check("one")
        network.delete("one")
        wait_until(lambda: links("veth") == links("ifb") == [], "links gone")

    def test_tuning_is_taken_back(self):
        make_pod("one")
        only = bridge()
        tuning = {"type": "tuning", "mtu": 1400, "mac": "02:00:00:00:00:09", "promisc": True, "allmulti": True, "txQLen": 77,
                  "sysctl": {"net/ipv4/conf/IFNAME/log_martians": "1"}}
        network = Network(only, tuning)
        result = network.add("one")
        link = ip("-d", "-n", "one", "link", "show", "dev", "eth0")[0]
        self.assertEqual((link["mtu"], link["address"], link["txqlen"]), (1400, "02:00:00:00:00:09", 77))
        self.assertIn("PROMISC", link["flags"])
        self.assertEqual(result["interfaces"][2]["mac"], "02:00:00:00:00:09")
        network.check("one")
        config = {"cniVersion": "1.0.0", "name": "net", **tuning, "prevResult": result}
        execute("tuning", "DEL", config, "c-one", "/run/netns/one")
        execute("bridge", "CHECK", {"cniVersion": "1.0.0", "name": "net", **only, "prevResult": result}, "c-one", "/run/netns/one")
        link = ip("-d", "-n", "one", "link", "show", "dev", "eth0")[0]
        self.assertEqual((link["mtu"], link["txqlen"]), (1500, 1000))
        self.assertEqual(run("ip", "netns", "exec", "one", "sysctl", "-n", "net.ipv4.conf.eth0.log_martians").stdout, "0\n")
        make_pod("two")
        self.refuses(7, "net/", Network(only, {"type": "tuning", "sysctl": {"kernel.x": "1"}}).add, "two")
        self.refuses(7, "twice", Network(only, {"type": "tuning", "sysctl": {"net.core.a": "1", "net/core/a": "2"}}).add, "two")


class Others(StandardTest):
    def test_loopback(self):
        make_pod("one")
        for version in VERSIONS[2:]:
            network = Network({"type": "loopback"}, name="lo", version=version)
            result = network.add("one", ifname="lo")
            self.assertEqual(result["interfaces"][0]["name"], "lo")
            self.assertIn("127.0.0.1/8", [e["address"] for e in result["ips"]])
            self.assertIn("UP", ip("-n", "one", "link", "show", "dev", "lo")[0]["flags"])
            if version >= "0.4.0":
                network.check("one", ifname="lo")
            network.delete("one", ifname="lo")

    def test_ptp(self):
        make_pod("one")
        network = Network({"type": "ptp", "ipMasq": True, "ipam": {**HOST_LOCAL, "ranges": [[{"subnet": "10.77.0.0/24"}]]}})
        result = network.add("one")
        self.assertEqual(len(result["interfaces"]), 2)
        self.assertEqual((result["ips"][0]["address"], result["ips"][0]["interface"]), ("10.77.0.2/24", 1))
        self.assertTrue(ping("10.77.0.2"))
        self.assertTrue(ping("10.77.0.1", "one"))
        network.check("one")
        network.delete("one")
        self.assertEqual(self.leases(), {})

    def test_flannel(self):
        file = pathlib.Path("/run/flannel/subnet.env")
        make_pod("one")
        network = Network({"type": "flannel", "delegate": {"hairpinMode": True, "isDefaultGateway": True}},
                          {"type": "portmap", "capabilities": {"portMappings": True}})
        self.refuses(11, "subnet.env", network.add, "one")
        file.parent.mkdir(exist_ok=True)
        file.write_text("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n")
        result = network.add("one", portMappings=[{"hostPort": 81, "containerPort": 81}])
        self.assertEqual(result["ips"][0]["address"], "10.244.3.2/24")
        self.assertEqual(ip("-n", "one", "link", "show", "dev", "eth0")[0]["mtu"], 1450)
        self.assertEqual(addresses("cni0"), ["10.244.3.1/24"])
        self.assertIn({"dst": "10.244.0.0/16"}, result["routes"])
        self.assertEqual(set_elements("masqueraded4"), [], "flanneld masquerades")
        make_pod("two")
        self.refuses(7, "delegate.name", Network({"type": "flannel", "delegate": {"name": "x"}}).add, "two")
        file.write_text("FLANNEL_SUBNET=10.244.3.1/24\n")
        self.refuses(7, "FLANNEL_MTU", network.add, "two")
        file.unlink()
        network.delete("one")
        self.assertEqual(self.leases(), {})
        self.assertEqual(list((RESERVED / "net").glob("10.*")), [])

    def test_addresses_of_another_plugin(self):
        static = PLUGINS / "static"
        static.write_text("""#!/bin/sh
cat > /run/static.input
echo "$CNI_COMMAND $CNI_CONTAINERID" >> /run/static.log
[ "$CNI_COMMAND" = ADD ] && echo '{"cniVersion":"1.0.0","ips":[{"address":"10.88.0.5/24","gateway":"10.88.0.1"}]}'
exit 0
""")
        static.chmod(0o755)
        make_pod("one")
        network = Network(bridge(ipam={"type": "static"}))
        self.assertEqual(network.add("one")["ips"][0]["address"], "10.88.0.5/24")
        self.assertEqual(json.loads(pathlib.Path("/run/static.input").read_text())["ipam"], {"type": "static"})
        network.check("one")
        network.delete("one")
        make_pod("two")
        run("ip", "-n", "two", "link", "add", "eth0", "type", "veth", "peer", "name", "x0")
        self.refuses(999, "eth0", execute, "bridge", "ADD", {"cniVersion": "1.0.0", "name": "net", **bridge(ipam={"type": "static"})},
                     "c-two", "/run/netns/two")
        log = pathlib.Path("/run/static.log").read_text().split("\n")
        self.assertEqual(log[:5], ["ADD c-one", "CHECK c-one", "DEL c-one", "ADD c-two", "DEL c-two"])
        self.refuses(5, "missing", Network(bridge(ipam={"type": "missing"})).add, "two")


if __name__ == "__main__":
    unittest.main()
