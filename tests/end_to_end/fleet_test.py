# SPDX-License-Identifier: Apache-2.0
"""Three hosts with all daemons and an etcd of three members: every pod reaches every other by name, whatever dies, is cut
off, or loses its data meanwhile. Subnets are claimed in metadatad's store."""
import os
import signal
import subprocess
import time
import unittest

from etcd import EtcdMembers
from fleet import Node, dig, in_pod, lay_wire, ping
from host import run, wait_until

# Answers with what it is sent, over UDP and TCP, both families.
ECHO = """
import socket, threading
def serve(kind):
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("::", 7))
    if kind == socket.SOCK_DGRAM:
        while True:
            data, peer = s.recvfrom(65536)
            s.sendto(data, peer)
    s.listen()
    while True:
        c = s.accept()[0]
        while data := c.recv(65536):
            c.sendall(data)
        c.close()
threading.Thread(target=serve, args=(socket.SOCK_DGRAM,)).start()
serve(socket.SOCK_STREAM)
"""
ASK = """
import socket, sys
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        where = socket.getaddrinfo(sys.argv[1], 7, family, kind)[0][4]
        s = socket.socket(family, kind)
        s.settimeout(2)
        s.connect(where)
        for size in (1000, 20000):  # in one packet; in many
            s.sendall(b"x" * size)
            left = size
            while left:
                received = s.recv(left)
                assert received == b"x" * len(received) and received
                left -= len(received)
"""
LARGEST = 1430  # an underlay of 1500 and VXLAN over IPv6
AWAY_SECONDS = int(os.environ.get("PADDOCK_AWAY_SECONDS", "0"))  # how much longer than it takes etcd is away


def options(overlay="vxlan"):
    return ("--registry", "cluster", "--overlay", overlay, "--cluster-cidrs", "10.42.0.0/16", "--cluster-cidrs", "fd42::/56",
            "--subnet-grace", "2s")


class Fleet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lay_wire()
        cls.etcd = EtcdMembers()
        cls.store = "etcd:" + ",".join(cls.etcd.urls)
        cls.nodes = [Node(number, has_v6=True) for number in (1, 2, 3)]
        for node in cls.nodes:  # all at once
            node.start_all(cls.store, *options())
        for node in cls.nodes:
            node.wait_ready()
        cls.pods = {}
        for node in cls.nodes:
            cls.add_pod(node, f"pod{node.number}")

    @classmethod
    def tearDownClass(cls):
        for node in cls.nodes:
            node.stop_all()
        cls.etcd.stop()

    @classmethod
    def add_pod(cls, node, pod):
        cls.pods[pod] = node.attach(pod)
        subprocess.Popen(["ip", "netns", "exec", pod, "python3", "-c", ECHO])

    @classmethod
    def name(cls, node, pod):
        """A headless service of the pod's name."""
        node.api(f"services/shop/{pod}", "-X", "PUT", "-H", "Content-Type: application/json", "-d",
                 f'{{"kind":"Service","namespace":"shop","name":"{pod}","selector":{{"name":"{pod}"}}}}')

    def claims(self, node):
        return {claim["name"]: claim["host"] for claim in node.api("subnets")["objects"]}

    def assert_named(self, pod, other):
        wait_until(lambda: dig(pod, other) == [self.pods[other]], f"{pod} knows {other} by name", 20)

    def assert_gone(self, pod, name, seconds=20):
        wait_until(lambda: not dig(pod, name), f"{pod} knows {name} no more", seconds)

    def assert_all_reach_all(self, pods=None):
        pods = pods or list(self.pods)
        for pod in pods:
            for other in pods:
                self.assert_named(pod, other)
                wait_until(lambda: in_pod(pod, "python3", "-c", ASK, other), f"{pod} reaches {other} by name", 20)

    def test_1_pods_reach_pods_by_name_over_both_families(self):
        self.assertEqual(len(self.claims(self.nodes[0])), 3)
        for pod in self.pods:
            self.name(self.nodes[0], pod)
        self.assert_all_reach_all()
        for family, headers in (("-4", 28), ("-6", 48)):
            largest = ("-M", "do", "-s", str(LARGEST - headers), family)
            self.assertTrue(ping("pod1", "pod2.shop.svc.cluster.local", *largest))
            self.assertFalse(ping("pod1", "pod3.shop.svc.cluster.local", "-M", "do", "-s", str(LARGEST - headers + 1), family))

    def test_2_a_killed_netd_loses_no_packet(self):
        node = self.nodes[1]
        pinging = subprocess.Popen(["ip", "netns", "exec", "pod1", "ping", "-q", "-c", "150", "-i", "0.02", self.pods["pod2"]],
                                   stdout=subprocess.PIPE, text=True)
        node.stop(signal.SIGKILL)
        node.start_netd(*options())
        node.wait_ready()
        self.assertIn("150 packets transmitted, 150 received", pinging.communicate(timeout=60)[0])

    def test_3_an_address_rests_while_names_may_lead_to_it(self):
        node = self.nodes[1]
        freed = node.attach("brief")
        self.name(node, "brief")
        wait_until(lambda: dig("pod1", "brief") == [freed], "pod1 knows it", 20)
        node.detach("brief")
        self.add_pod(node, "next")  # at once, while caches may know the other
        self.assertNotEqual(self.pods["next"], freed)
        self.assertFalse(ping("pod1", freed))
        self.assert_gone("pod1", "brief")
        node.detach("next")
        del self.pods["next"]

    def test_3_the_leader_of_etcd_dies(self):
        self.etcd.kill(self.etcd.leader())
        self.add_pod(self.nodes[2], "pod4")
        wait_until(self.etcd.leader, "another leads", 20)
        wait_until(lambda: self.name(self.nodes[0], "pod4") or True, "what is written is taken again", 30)
        self.assert_named("pod1", "pod4")
        self.assert_all_reach_all(["pod1", "pod4"])
        self.etcd.start()

    def test_4_without_etcd_pods_come_and_go(self):
        before = self.claims(self.nodes[0])
        self.etcd.stop()
        wait_until(lambda: "is away" in self.nodes[0].admin("/status"), "status says so", 30)
        self.nodes[2].detach("pod4")
        del self.pods["pod4"]
        self.add_pod(self.nodes[0], "pod5")
        wait_until(lambda: ping("pod2", self.pods["pod5"]), "the new pod is reached", 20)
        time.sleep(AWAY_SECONDS)
        for pod in ("pod1", "pod2", "pod3"):
            self.assertTrue(ping(pod, self.pods["pod5"]))
            self.assert_named(pod, "pod2")  # as last known

        self.etcd.start()
        wait_until(lambda: self.name(self.nodes[1], "pod5") or True, "what is written is taken again", 30)
        self.assert_named("pod3", "pod5")
        self.assert_gone("pod1", "pod4")
        self.assertEqual(self.claims(self.nodes[0]), before)

    def test_5_etcd_loses_all_data(self):
        before = self.claims(self.nodes[0])
        self.etcd.stop()
        self.etcd.lose_data()
        self.etcd.start()
        wait_until(lambda: self.claims(self.nodes[0]) == before, "everybody has what it had", 40)
        for pod in self.pods:  # services were nobody's on these hosts
            wait_until(lambda: self.name(self.nodes[0], pod) or True, "services are written again", 30)
        self.assert_all_reach_all()

    def test_5_etcd_goes_back_to_a_backup(self):
        before = self.claims(self.nodes[0])
        self.etcd.stop()
        self.etcd.back_up()
        self.etcd.start()
        self.add_pod(self.nodes[2], "late")
        wait_until(lambda: self.name(self.nodes[0], "late") or True, "what is written is taken again", 30)
        self.assert_named("pod1", "late")

        self.etcd.stop()
        self.etcd.restore()
        self.etcd.start()
        wait_until(lambda: self.nodes[0].api("pods/shop/late"), "hosts say again what they have", 40)
        wait_until(lambda: self.name(self.nodes[0], "late") or True, "services are written again", 30)
        self.assert_all_reach_all(["pod1", "late"])
        self.assertEqual(self.claims(self.nodes[0]), before)
        self.nodes[2].detach("late")
        del self.pods["late"]

    def test_6_a_host_is_cut_off_and_comes_back(self):
        node = self.nodes[2]
        before = self.claims(node)
        node.cut_off()
        self.assert_gone("pod1", "pod3", 40)  # so it is when a host dies
        self.assertEqual(dig("pod3", "pod3"), [self.pods["pod3"]])  # there all is as it was
        self.assertTrue(ping("pod3", self.pods["pod3"]))

        node.heal()
        self.assert_named("pod1", "pod3")
        self.assert_all_reach_all(["pod1", "pod3"])
        wait_until(lambda: self.claims(self.nodes[0]) == before, "the claims are what they were", 20)

    def test_6_a_host_gets_another_address(self):
        node = self.nodes[2]
        node.run("ip", "-4", "address", "flush", "dev", "eth0")
        node.run("ip", "address", "add", "10.1.0.33/24", "dev", "eth0")
        node.run("ip", "route", "add", "default", "via", "10.1.0.254")
        for other in self.nodes[:2]:
            wait_until(lambda: "10.1.0.33" in other.peers()["node3"]["underlay"], f"{other.name} is told", 40)
        device = node.run("ip", "-d", "link", "show", "paddock.1").stdout
        self.assertIn("local 10.1.0.33 ", device)
        self.assert_all_reach_all(["pod1", "pod2", "pod3"])

    def test_7_what_is_not_reached_has_no_name_until_it_is(self):
        node = Node(4, has_v6=True)
        self.addCleanup(node.stop_all)
        node.start_all(self.store, *options(), "--overlay-vni", "9")
        node.wait_ready()
        self.add_pod(node, "pod6")
        self.name(node, "pod6")
        self.assert_named("pod6", "pod6")
        wait_until(lambda: self.nodes[0].api("endpoints/shop/pod6"), "node1 knows the pod", 20)
        wait_until(lambda: self.nodes[0].peers()["node4"]["path"] == "none", "node1 cannot reach node4", 20)
        self.assert_gone("pod1", "pod6")

        node.stop()
        node.start_netd(*options())
        node.wait_ready()
        self.assert_named("pod1", "pod6")
        self.assert_all_reach_all(["pod1", "pod6"])
        node.detach("pod6")
        del self.pods["pod6"]

    def test_8_hosts_change_to_host_gw_one_after_another(self):
        pods = ["pod1", "pod2", "pod3"]
        for node in self.nodes:
            node.stop()
            node.start_netd(*options("host-gw"))
            node.wait_ready()
            self.assert_all_reach_all(pods)  # some have one, some the other
        for node in self.nodes:
            wait_until(lambda: {peer["path"] for peer in node.peers().values()} == {"direct"}, f"{node.name} has plain routes", 20)
        self.assertFalse(self.nodes[0].run("ip", "-br", "link", "show", "type", "vxlan").stdout)

    def test_9_what_a_dead_host_had_is_given_back(self):
        node = self.nodes.pop()
        claim = next(name for name, host in self.claims(node).items() if host == node.name)
        node.stop_all(signal.SIGKILL)
        run("ip", "netns", "del", node.name)
        self.assert_gone("pod1", "pod3", 40)
        wait_until(lambda: claim not in self.claims(self.nodes[0]), "its subnet is given back", 40)
        wait_until(lambda: node.name not in self.nodes[0].peers(), "it is no peer", 20)
        self.assert_all_reach_all(["pod1", "pod2"])


if __name__ == "__main__":
    unittest.main()
