# SPDX-License-Identifier: Apache-2.0
"""The plugin under the names bridge and ptp: results and kernel state are those of these."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import NETD, addresses_of, ip, make_pod, run, wait_until  # noqa: E402
from runtime import PLUGINS, Network, execute  # noqa: E402
from standard import DUAL, HOST_LOCAL, RESERVED, VERSIONS, StandardTest, addresses, bridge, links, ping, set_elements  # noqa: E402


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

    def test_layer_two_is_nothing_old_versions_can_say(self):
        make_pod("one")
        self.refuses(1, "0.2.0", Network({"type": "bridge"}, version="0.2.0").add, "one")
        self.assertEqual(links("bridge"), ["paddock0"])

    def test_the_pods_end_stays_down_when_told_so(self):
        make_pod("one")
        network = Network({"type": "bridge", "disableContainerInterface": True})
        network.add("one")
        self.assertNotIn("UP", ip("-n", "one", "link", "show", "dev", "eth0")[0]["flags"])
        network.check("one")
        network.delete("one")

    def test_variables_addresses_and_routes_are_those_of_bridge(self):
        make_pod("one")
        Network(bridge(ipam=DUAL)).add("one")
        for name, value in (("ipv4/conf/eth0/arp_notify", "1"), ("ipv6/conf/eth0/accept_dad", "0"), ("ipv6/conf/eth0/disable_ipv6", "0"),
                            ("ipv6/conf/eth0/keep_addr_on_down", "1")):
            self.assertEqual(run("ip", "netns", "exec", "one", "cat", f"/proc/sys/net/{name}").stdout.strip(), value, name)
        [link] = ip("-n", "one", "addr", "show", "dev", "eth0")
        self.assertEqual((link["operstate"], link["addr_info"][0]["broadcast"]), ("UP", "10.22.255.255"))
        for family in ("-4", "-6"):
            self.assertEqual(ip(family, "-n", "one", "route", "show", "default")[0]["flags"], [])

    def test_check_compares_the_mac_and_the_place_of_prev_result(self):
        make_pod("one")
        network = Network(bridge())
        pods_end = network.add("one")["interfaces"][2]
        pods_end["sandbox"] = "/run/netns/other"
        self.refuses(100, "/run/netns/one", network.check, "one")
        pods_end["sandbox"] = "/run/netns/one"
        network.check("one")
        pods_end["mac"] = "02:00:00:00:00:99"
        self.refuses(100, "02:00:00:00:00:99", network.check, "one")

    def test_check_leaves_to_later_plugins_what_is_theirs(self):
        network = Network(bridge())
        make_pod("one")
        result = network.add("one")
        run("ip", "-n", "one", "link", "set", "eth0", "mtu", "1400")
        run("ip", "-n", "one", "link", "set", "eth0", "address", "02:00:00:00:00:07")
        self.refuses(100, "another MAC address", network.check, "one")
        result["interfaces"][2]["mac"] = "02:00:00:00:00:07"  # as the plugin that changed it answers
        network.check("one")

    def test_routes_of_the_own_subnet_and_of_another_family(self):
        routes = [{"dst": "10.22.0.0/16"}, {"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
        network = Network(bridge(ipam={**HOST_LOCAL, "routes": routes}))
        make_pod("one")
        self.assertEqual(network.add("one")["routes"], routes)
        self.assertEqual(ip("-n", "one", "-6", "route", "show", "default"), [])
        network.check("one")

    def test_routes_are_made_with_all_that_is_said_of_them(self):
        make_pod("one")
        routes = [{"dst": "0.0.0.0/0", "mtu": 1400, "advmss": 1300, "priority": 50},
                  {"dst": "10.50.0.0/16", "gw": "10.22.0.1", "table": 100},
                  {"dst": "10.51.0.0/16", "table": 1000, "scope": 253}]
        network = Network(bridge(ipam={**HOST_LOCAL, "routes": routes}), version="1.1.0")
        self.assertEqual(network.add("one")["routes"], routes)
        [route] = ip("-n", "one", "route", "show", "default")
        self.assertEqual((route["metric"], route["metrics"]), (50, [{"mtu": 1400, "advmss": 1300}]))
        [route] = ip("-n", "one", "route", "show", "table", "100")
        self.assertEqual((route["dst"], route["gateway"]), ("10.50.0.0/16", "10.22.0.1"))
        [route] = ip("-n", "one", "route", "show", "table", "1000")
        self.assertEqual((route["dst"], route["scope"]), ("10.51.0.0/16", "link"))
        network.check("one")
        run("ip", "-n", "one", "route", "flush", "table", "100")
        self.refuses(100, "no route 10.50.0.0/16 via 10.22.0.1 in table 100", network.check, "one")
        ipam = {**HOST_LOCAL, "routes": [{"dst": "0.0.0.0/0", "scope": 256}]}
        make_pod("two")
        self.refuses(7, "scope", Network(bridge(ipam=ipam), version="1.1.0").add, "two")

    def test_pods_of_a_bridge_find_routers_and_the_host_does_not(self):
        make_pod("one")
        Network(bridge()).add("one")
        self.assertEqual(run("cat", "/proc/sys/net/ipv6/conf/cni0/accept_ra").stdout, "0\n")
        inside = ip("-n", "one", "-6", "addr", "show", "dev", "eth0")[0]["addr_info"]
        self.assertTrue(any(a["local"].startswith("fe80") for a in inside))

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
        for field in ({"vlan": 100}, {"vlanTrunk": [{"id": 7}, {"minID": 9, "maxID": 12}]}, {"enabledad": True}):
            self.refuses(2, next(iter(field)), Network(bridge(**field)).add, "one")
        for field, says in (({"vlan": -1}, "vlan must"), ({"vlan": 4095}, "4095"), ({"vlanTrunk": [{"id": 5000}]}, "vlanTrunk[].id"),
                            ({"vlanTrunk": [{"minID": 5}]}, "maxID is missing"), ({"vlanTrunk": [{"maxID": 5}]}, "minID is missing"),
                            ({"vlanTrunk": [{"minID": 9, "maxID": 5}]}, "greater"), ({"disableContainerInterface": True}, "ipam")):
            self.refuses(7, says, Network(bridge(**field)).add, "one")
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
        cni_bridge, port = (interface["name"] for interface in first["interfaces"][:2])
        run("ip", "link", "set", port, "nomaster")
        wait_until(lambda: ip("link", "show", port)[0].get("master") == cni_bridge, "the port is connected again")
        network.check("one")
        run("ip", "-n", "one", "link", "set", "eth0", "down")  # nobody mends what the pod has
        self.refuses(100, "down", network.check, "one")

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
        self.refuses(11, "no IP addresses available", network.add, "two")
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


class PointToPoint(StandardTest):
    def test_both_ends_have_addresses(self):
        make_pod("one")
        network = Network({"type": "ptp", "ipMasq": True, "ipam": {**HOST_LOCAL, "ranges": [[{"subnet": "10.77.0.0/24"}]]}})
        result = network.add("one")
        self.assertEqual(len(result["interfaces"]), 2)
        self.assertEqual((result["ips"][0]["address"], result["ips"][0]["interface"]), ("10.77.0.2/24", 1))
        self.assertEqual(addresses("eth0", "-n", "one"), ["10.77.0.2/24"])
        self.assertEqual(addresses(result["interfaces"][0]["name"]), ["10.77.0.1/32"])
        self.assertEqual({(route["dst"], route.get("gateway")) for route in ip("-n", "one", "route")},
                         {("10.77.0.1", None), ("10.77.0.0/24", "10.77.0.1"), ("default", "10.77.0.1")})
        self.assertTrue(ping("10.77.0.2"))
        self.assertTrue(ping("10.77.0.1", "one"))
        network.check("one")
        network.delete("one")
        self.assertEqual(self.leases(), {})


if __name__ == "__main__":
    unittest.main()
