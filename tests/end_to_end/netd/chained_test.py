# SPDX-License-Identifier: Apache-2.0
"""The plugin under the names of those that come after another in a chain: portmap, firewall, bandwidth, tuning."""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import ip, make_pod, run, wait_until  # noqa: E402
from runtime import Network, execute  # noqa: E402
from standard import StandardTest, bridge, links, ping, set_elements  # noqa: E402


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
        self.refuses(7, "hostPort", execute, "portmap", "ADD",
                     {**config, "runtimeConfig": {"portMappings": [{"hostPort": 0, "containerPort": 80}]}}, "c-one", "/run/netns/one")
        for field in ({"conditionsV4": ["-s", "10.0.0.0/8"]}, {"conditionsV6": ["-s", "fd00::/8"]}):
            self.refuses(2, next(iter(field)), execute, "portmap", "ADD", {**config, **field}, "c-one", "/run/netns/one")

    def test_as_whom_a_pod_sees_who_asks_its_ports(self):
        make_pod("out")
        run("ip", "link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "out")
        self.addCleanup(run, "ip", "link", "del", "uplink", check=False)
        run("ip", "addr", "add", "192.0.2.1/24", "dev", "uplink")
        run("ip", "link", "set", "uplink", "up")
        for command in (("addr", "add", "192.0.2.2/24", "dev", "eth0"), ("link", "set", "eth0", "up"), ("route", "add", "default", "via", "192.0.2.1")):
            run("ip", "-n", "out", *command)
        for number, (fields, seen) in enumerate((({}, "192.0.2.2"), ({"masqAll": True}, "10.22.0.1"), ({"masqAll": True, "snat": False}, "192.0.2.2"))):
            pod, port = f"p{number}", 7000 + number
            make_pod(pod)
            network = Network(bridge(), {"type": "portmap", "capabilities": {"portMappings": True}, **fields})
            network.add(pod, portMappings=[{"hostPort": port, "containerPort": 7, "protocol": "tcp"}])
            answers = "import socket\ns=socket.create_server(('', 7))\nwhile True:\n c,a=s.accept()\n c.sendall(a[0].encode())\n c.close()"
            server = subprocess.Popen(["ip", "netns", "exec", pod, sys.executable, "-c", answers])
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            asks = f"import socket\nprint(socket.create_connection(('192.0.2.1', {port}), 3).recv(99).decode())"
            said = wait_until(lambda: run("ip", "netns", "exec", "out", sys.executable, "-c", asks).stdout, "the pod answers")
            self.assertEqual(said.strip(), seen, fields)
            network.check(pod)
            network.delete(pod)
        for name in ("masked4", "unmasked4"):
            self.assertEqual(set_elements(name), [])

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

    def test_pods_of_an_isolated_bridge_reach_nobody_but_the_host(self):
        ipam = {"type": "host-local", "subnet": "10.64.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}
        alone = Network(bridge(bridge="br5", ipam=ipam), {"type": "firewall", "ingressPolicy": "isolated"}, name="alone")
        for pod in ("a", "b"):
            make_pod(pod)
            alone.add(pod)
        self.assertTrue(ping("10.64.0.1", "a"), "the gateway")
        self.assertFalse(ping("10.64.0.3", "a"), "the same bridge")
        self.assertFalse(ping("10.64.0.2", "b"), "the same bridge, the other way")
        alone.check("a")
        for pod in ("a", "b"):
            alone.delete(pod)
        self.assertEqual(set_elements("fenced_links"), [])

    def test_bandwidth(self):
        make_pod("one")
        network = Network(bridge(), {"type": "bandwidth", "capabilities": {"bandwidth": True}})
        result = network.add("one", bandwidth={"ingressRate": 8_000_000, "ingressBurst": 80_000, "egressRate": 4_000_000,
                                               "egressBurst": 40_000})
        [into] = json.loads(run("tc", "-j", "qdisc", "show", "dev", result["interfaces"][1]["name"], "root").stdout)
        self.assertEqual((into["kind"], into["options"]["rate"]), ("tbf", 1_000_000))
        detour = result["interfaces"][3]["name"]
        self.assertEqual(detour, "bwp" + hashlib.sha512(b"netc-one").hexdigest()[:12])
        [out] = json.loads(run("tc", "-j", "qdisc", "show", "dev", detour).stdout)
        self.assertEqual(out["options"]["rate"], 500_000)
        self.assertTrue(ping("10.22.0.1", "one"))
        network.check("one")
        network.delete("one")
        wait_until(lambda: links("veth") == links("ifb") == [], "links gone")

    def test_the_configurations_own_bandwidth_prevails(self):
        make_pod("one")
        network = Network(bridge(), {"type": "bandwidth", "ingressRate": 800_000, "ingressBurst": 80_000, "capabilities": {"bandwidth": True}})
        result = network.add("one", bandwidth={"ingressRate": 8_000_000, "ingressBurst": 80_000, "egressRate": 4_000_000,
                                               "egressBurst": 40_000})
        self.assertEqual(len(result["interfaces"]), 3)
        [into] = json.loads(run("tc", "-j", "qdisc", "show", "dev", result["interfaces"][1]["name"], "root").stdout)
        self.assertEqual(into["options"]["rate"], 100_000)

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
        result["interfaces"][2]["mac"] = ip("-n", "one", "link", "show", "dev", "eth0")[0]["address"]
        execute("bridge", "CHECK", {"cniVersion": "1.0.0", "name": "net", **only, "prevResult": result}, "c-one", "/run/netns/one")
        link = ip("-d", "-n", "one", "link", "show", "dev", "eth0")[0]
        self.assertEqual((link["mtu"], link["txqlen"]), (1500, 1000))
        self.assertEqual(run("ip", "netns", "exec", "one", "sysctl", "-n", "net.ipv4.conf.eth0.log_martians").stdout, "0\n")
        make_pod("two")
        self.refuses(7, "net/", Network(only, {"type": "tuning", "sysctl": {"kernel.x": "1"}}).add, "two")
        self.refuses(7, "twice", Network(only, {"type": "tuning", "sysctl": {"net.core.a": "1", "net/core/a": "2"}}).add, "two")

    def behind(self, pod, plugin, **more):
        """The plugin behind one that made a veth, whose result it gets; beside it another of nobody."""
        make_pod(pod)
        run("ip", "link", "add", "other0", "type", "veth", "peer", "other1")
        run("ip", "link", "add", "mine0", "type", "veth", "peer", "eth0", "netns", pod)
        self.addCleanup(run, "ip", "link", "del", "other0")
        previous = {"cniVersion": "1.0.0", "interfaces": [{"name": "other0"}, {"name": "mine0"}, {"name": "eth0", "sandbox": f"/run/netns/{pod}"}],
                    "ips": [{"address": "10.50.0.2/24", "interface": 2}]}
        return {"cniVersion": "1.0.0", "name": "net", "type": plugin, "prevResult": previous, **more}

    def test_what_args_say_to_tuning_prevails(self):
        config = self.behind("one", "tuning", mtu=1300, mac="02:00:00:00:00:01", runtimeConfig={"mac": "02:00:00:00:00:02"},
                             sysctl={"net.ipv4.conf.all.log_martians": "0"},
                             args={"cni": {"mtu": 1400, "mac": "02:00:00:00:00:03", "promisc": True, "allmulti": True, "txQLen": 55,
                                           "sysctl": {"net.ipv4.conf.all.log_martians": "1", "net.ipv4.conf.IFNAME.arp_filter": "1"}}})
        where = ("c-one", "/run/netns/one")
        result = execute("tuning", "ADD", config, *where)
        link = ip("-d", "-n", "one", "link", "show", "dev", "eth0")[0]
        self.assertEqual((link["mtu"], link["address"], link["txqlen"]), (1400, "02:00:00:00:00:03", 55))
        self.assertLessEqual({"PROMISC", "ALLMULTI"}, set(link["flags"]))
        self.assertEqual(result["interfaces"][2]["mac"], "02:00:00:00:00:03")
        for name in ("all/log_martians", "eth0/arp_filter"):
            self.assertEqual(run("ip", "netns", "exec", "one", "cat", f"/proc/sys/net/ipv4/conf/{name}").stdout, "1\n", name)
        execute("tuning", "CHECK", config, *where)
        execute("tuning", "DEL", config, *where)
        self.assertEqual(ip("-d", "-n", "one", "link", "show", "dev", "eth0")[0]["mtu"], 1500)

    def test_the_allow_list_of_tuning_is_searched_for_keys_as_written(self):
        allowed = pathlib.Path("/etc/cni/tuning/allowlist.conf")
        allowed.parent.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, allowed.parent)
        config = self.behind("one", "tuning", sysctl={"net.ipv4.conf.IFNAME.arp_filter": "1"})
        where = ("c-one", "/run/netns/one")
        for text in ("^net\\.core\n", "", "^net/ipv4\n"):
            allowed.write_text(text)
            self.refuses(7, "not allowed", execute, "tuning", "ADD", config, *where)
        allowed.write_text("[\n")
        self.refuses(7, "regular expression", execute, "tuning", "ADD", config, *where)
        for text in ("net.ipv4.conf.IFNAME.*\n", "  arp_filter  \n"):
            allowed.write_text(text)
            execute("tuning", "ADD", config, *where)

    def test_bandwidth_limits_the_end_of_this_pods_interface(self):
        config = self.behind("one", "bandwidth", ingressRate=8_000_000, ingressBurst=80_000)
        where = ("c-one", "/run/netns/one")
        execute("bandwidth", "ADD", config, *where)
        limited = [q["dev"] for q in json.loads(run("tc", "-j", "qdisc", "show").stdout) if q["kind"] == "tbf"]
        self.assertEqual(limited, ["mine0"])
        self.refuses(2, "shapedSubnets", execute, "bandwidth", "ADD", {**config, "shapedSubnets": ["10.0.0.0/8"]}, *where)
        nowhere = {**config, "prevResult": {"cniVersion": "1.0.0", "interfaces": [{"name": "other0"}]}}
        self.refuses(7, "veth", execute, "bandwidth", "ADD", nowhere, *where)
        execute("bandwidth", "DEL", config, *where)

    def test_a_policy_without_a_bridge_means_nothing(self):
        config = self.behind("one", "firewall", ingressPolicy="same-bridge")
        execute("firewall", "ADD", config, "c-one", "/run/netns/one")
        self.assertEqual(set_elements("fenced_links"), [])
        execute("firewall", "DEL", config, "c-one", "/run/netns/one")


if __name__ == "__main__":
    unittest.main()
