# SPDX-License-Identifier: Apache-2.0
"""Ports of the host and limits of bandwidth, with real packets: from outside, from the host, from the pod itself."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import ALONE, NETWORK, NetdTest, addresses_of, ip, make_pod, pod_links, run, wait_until  # noqa: E402

SERVE = """
import socket, sys, threading
family = socket.AF_INET6 if len(sys.argv) > 3 else socket.AF_INET
tcp = socket.create_server(("", int(sys.argv[1])), family=family)
udp = socket.socket(family, socket.SOCK_DGRAM)
udp.bind(("", int(sys.argv[1])))
def answer_udp():
    while True:
        _, peer = udp.recvfrom(100)
        udp.sendto(f"{sys.argv[2]} {peer[0]}".encode(), peer)
threading.Thread(target=answer_udp, daemon=True).start()
print("ready", flush=True)
while True:
    peer, address = tcp.accept()
    peer.sendall(f"{sys.argv[2]} {address[0]}".encode())
    peer.close()
"""
ASK = """
import socket, sys
kind = socket.SOCK_DGRAM if sys.argv[1] == "udp" else socket.SOCK_STREAM
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
peer = socket.socket(family, kind)
peer.settimeout(float(sys.argv[4]))
if len(sys.argv) > 5:
    peer.bind(("", int(sys.argv[5])))
peer.connect((sys.argv[2], int(sys.argv[3])))
if sys.argv[1] == "udp":
    peer.send(b"?")
print(peer.recv(100).decode())
"""


def mapping(host, pod, protocol="tcp", **more):
    return {"hostPort": host, "containerPort": pod, "protocol": protocol, **more}


def asking(*ports, **more):
    return {**NETWORK, "runtimeConfig": {"portMappings": list(ports)}, **more}


def elements():
    """What is in the maps, as nft has it."""
    listed = json.loads(run("nft", "-j", "list", "table", "inet", "paddock").stdout)["nftables"]
    return [element for item in listed for element in item.get("map", {}).get("elem", [])]


class Ports(NetdTest):
    options = [*ALONE, "--subnets", "10.42.0.0/24", "--subnets", "fd42::/64"]

    def setUp(self):
        super().setUp()
        self.servers = []
        make_pod("outside")
        run("ip", "link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", "outside")
        for command in ("addr add 192.0.2.1/24 dev uplink", "addr add 2001:db8::1/64 dev uplink nodad", "link set uplink up",
                        "-n outside addr add 192.0.2.9/24 dev eth0", "-n outside addr add 2001:db8::9/64 dev eth0 nodad",
                        "-n outside link set eth0 up"):
            run("ip", *command.split())

    def tearDown(self):
        for server in self.servers:
            server.kill()
            server.wait()
        super().tearDown()

    def serve(self, pod, port, *more):
        server = subprocess.Popen(["ip", "netns", "exec", pod, sys.executable, "-c", SERVE, str(port), pod, *more],
                                  stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        self.assertEqual(server.stdout.readline(), "ready\n")
        server.stdout.close()

    def ask(self, where, address, port, protocol="tcp", patience=3, *more):
        """What the server says of itself and of who asked; empty when nothing comes."""
        inside = ["ip", "netns", "exec", where] if where else []
        return run(*inside, sys.executable, "-c", ASK, protocol, address, port, patience, *more, check=False).stdout.strip()

    def test_a_port_leads_to_the_pod_from_everywhere(self):
        result = self.add("web", config=asking(mapping(8080, 80), mapping(8080, 80, "udp")))
        self.serve("web", 80)
        self.add("other")
        v4 = addresses_of(result)[0]

        for protocol in ("tcp", "udp"):
            with self.subTest(protocol):
                self.assertEqual(self.ask("outside", "192.0.2.1", 8080, protocol), "web 192.0.2.9")
                self.assertTrue(self.ask("", "192.0.2.1", 8080, protocol).startswith("web "))
                self.assertTrue(self.ask("", "127.0.0.1", 8080, protocol).startswith("web "), "from 127.0.0.1")
                self.assertTrue(self.ask("other", "192.0.2.1", 8080, protocol).startswith("web "), "from another pod")
                itself = self.ask("web", "192.0.2.1", 8080, protocol)
                self.assertTrue(itself.startswith("web ") and v4 not in itself, itself)
        self.assertEqual(self.ask("outside", "192.0.2.1", 8081, patience=0.3), "")

    def test_ports_of_ipv6(self):
        self.add("web", config=asking(mapping(8080, 80)))
        self.serve("web", 80, "6")

        self.assertEqual(self.ask("outside", "2001:db8::1", 8080), "web 2001:db8::9")
        self.assertTrue(self.ask("web", "2001:db8::1", 8080).startswith("web "))

    def test_a_pod_cannot_reach_what_listens_on_the_hosts_loopback(self):
        self.add("web", config=asking(mapping(8080, 80)))
        run("ip", "netns", "exec", "web", "ip", "route", "add", "127.0.0.2/32", "via", "10.42.0.1", "dev", "eth0", "onlink")
        run("ip", "netns", "exec", "web", "sysctl", "-qw", "net.ipv4.conf.eth0.route_localnet=1")
        listener = subprocess.Popen([sys.executable, "-c", SERVE, "9999", "host"], stdout=subprocess.PIPE, text=True)
        self.servers.append(listener)
        listener.stdout.readline()
        listener.stdout.close()

        for protocol in ("tcp", "udp"):
            self.assertEqual(self.ask("web", "127.0.0.2", 9999, protocol, 0.5), "")

        self.host.stop("netd")
        run("nft", "flush", "chain", "inet", "paddock", "prerouting")
        self.assertEqual(self.ask("web", "127.0.0.2", 9999), "host 10.42.0.2", "it is that chain that keeps it away")

    def test_an_address_of_the_host_limits_the_mapping(self):
        run("ip", "addr", "add", "192.0.2.2/24", "dev", "uplink")
        self.add("one", config=asking(mapping(8080, 80, hostIP="192.0.2.1")))
        self.add("two", config=asking(mapping(8080, 80, hostIP="192.0.2.2")))
        self.serve("one", 80)
        self.serve("two", 80)

        self.assertEqual(self.ask("outside", "192.0.2.1", 8080), "one 192.0.2.9")
        self.assertEqual(self.ask("outside", "192.0.2.2", 8080), "two 192.0.2.9")
        make_pod("three")
        self.refused("ADD", "three", 11, "port 8080", config=asking(mapping(8080, 80)))

    def test_a_port_has_one_pod_and_is_free_after_del(self):
        self.add("one", config=asking(mapping(8080, 80), mapping(53, 5353, "udp"), mapping(7, 7, "sctp")))
        self.assertEqual(len(elements()), 6, "three for each family")
        make_pod("two")

        self.refused("ADD", "two", 11, "paddock/c-one/eth0", config=asking(mapping(8080, 81)))
        self.assertEqual(list(self.leases()), ["one"])
        self.host.cni("DEL", "one")

        self.assertEqual(elements(), [])
        self.host.cni("ADD", "two", config=asking(mapping(8080, 81)))
        self.refused("ADD", "two", 7, "twice", ifname="net1", config=asking(mapping(9, 1), mapping(9, 2), name="other"))

    def test_udp_goes_to_the_next_pod_of_a_port(self):
        for name in ("first", "second"):
            self.add(name, config=asking(mapping(5000, 5000, "udp")))
            self.serve(name, 5000)
            self.assertEqual(self.ask("outside", "192.0.2.1", 5000, "udp", 3, 40000), f"{name} 192.0.2.9")
            self.assertIn("dport=5000", pathlib.Path("/proc/net/nf_conntrack").read_text())
            self.host.cni("DEL", name)
            self.assertNotIn("dport=5000", pathlib.Path("/proc/net/nf_conntrack").read_text())

    def test_udp_that_came_before_the_pod_does_not_keep_others_away(self):
        make_pod("late")
        self.ask("outside", "192.0.2.1", 5000, "udp", 0.2, 40000)

        self.host.cni("ADD", "late", config=asking(mapping(5000, 5000, "udp")))
        self.serve("late", 5000)

        self.assertEqual(self.ask("outside", "192.0.2.1", 5000, "udp", 3, 40000), "late 192.0.2.9")

    def test_a_foreign_flush_is_mended(self):
        self.add("web", config=asking(mapping(8080, 80)))
        self.serve("web", 80)
        run("nft", "flush", "ruleset")

        wait_until(lambda: len(elements()) == 2, "the ports are mapped again")

        self.assertEqual(self.ask("outside", "192.0.2.1", 8080), "web 192.0.2.9")

    def test_a_lost_port_is_mended_by_a_restart_and_without_one(self):
        config = asking(mapping(8080, 80))
        result = self.add("web", config=config)
        checked = {**config, "prevResult": result}
        self.assertIsNone(self.host.cni("CHECK", "web", config=checked))
        self.host.stop("netd")
        run("nft", "flush", "map", "inet", "paddock", "ports4")

        self.host.restart("netd")

        self.assertEqual(len(elements()), 2)
        run("nft", "flush", "map", "inet", "paddock", "ports4")
        wait_until(lambda: len(elements()) == 2, "the ports are mapped again")
        self.assertIsNone(self.host.cni("CHECK", "web", config=checked))

    def test_refusals_name_the_field(self):
        make_pod("one")
        for ports, says in (([mapping(0x10000, 80)], "hostPort"), ([mapping(80, 0)], "containerPort"),
                            ([mapping(80, 80, "icmp")], "protocol"), ([mapping(80, 80, hostIP="here")], "hostIP"), ("x", "portMappings")):
            self.refused("ADD", "one", 7, says, config={**NETWORK, "runtimeConfig": {"portMappings": ports}})
        self.assertEqual(pod_links(), [])


class Limits(NetdTest):
    def limits(self, link):
        return [q for q in json.loads(run("tc", "-j", "qdisc", "show", "dev", link).stdout) if q["kind"] == "tbf"]

    def test_both_directions_are_limited_and_nothing_stays(self):
        bandwidth = {"ingressRate": 8_000_000, "ingressBurst": 800_000, "egressRate": 4_000_000, "egressBurst": 400_000}
        result = self.add("slow", config={**NETWORK, "runtimeConfig": {"bandwidth": bandwidth}})
        link = result["interfaces"][0]["name"]

        [into] = self.limits(link)
        self.assertEqual(into["options"]["rate"], 1_000_000)
        [out] = self.limits("pb" + link[2:])
        self.assertEqual(out["options"]["rate"], 500_000)
        run("ping", "-n", "-c", "1", "-W", "2", *addresses_of(result))
        before = self.limits("pb" + link[2:])
        run("ip", "netns", "exec", "slow", "ping", "-n", "-c", "3", "-i", "0.01", "-W", "2", "10.42.0.1")
        sent = json.loads(run("tc", "-s", "-j", "qdisc", "show", "dev", "pb" + link[2:]).stdout)[0]["packets"]
        self.assertGreaterEqual(sent, 3, before)

        self.host.cni("DEL", "slow")
        wait_until(lambda: not [l for l in ip("link") if l["ifname"].startswith(("pb", "pk"))], "links gone")

    def test_a_vanished_pod_leaves_no_link(self):
        limit = {"egressRate": 4_000_000, "egressBurst": 400_000}
        self.add("gone", config={**NETWORK, "runtimeConfig": {"bandwidth": limit}})
        run("ip", "netns", "del", "gone")

        self.host.cni("DEL", "gone")

        wait_until(lambda: not [l for l in ip("link") if l["ifname"].startswith(("pb", "pk"))], "links gone")

    def test_a_rate_needs_a_burst(self):
        make_pod("one")
        self.refused("ADD", "one", 7, "ingressBurst", config={**NETWORK, "runtimeConfig": {"bandwidth": {"ingressRate": 800}}})


if __name__ == "__main__":
    unittest.main()
