# SPDX-License-Identifier: Apache-2.0
"""Three hosts on one wire, a real etcd, and a flannel by hand: subnets, tunnels, failures."""
import base64
import json
import signal
import subprocess
import unittest

from etcd import Etcd, call, text
from fleet import ETCD, Node, lay_wire, ping
from host import BUILD, run, wait_until

PREFIX = "/coreos.com/network"
CONFIG = {"Network": "10.9.0.0/16", "SubnetLen": 24, "Backend": {"Type": "vxlan", "VNI": 1}}


def put(name, value):
    call("kv/put", {"key": text(f"{PREFIX}/{name}"), "value": text(value)}, ETCD)


def keys():
    """What stands below subnets/: name and value."""
    begin = f"{PREFIX}/subnets/"
    found = call("kv/range", {"key": text(begin), "range_end": text(begin[:-1] + "0")}, ETCD).get("kvs", [])
    return {base64.b64decode(each["key"]).decode()[len(begin):]: json.loads(base64.b64decode(each["value"])) for each in found}


def setUpModule():
    lay_wire()


class Flannel(unittest.TestCase):
    """Subnets claimed in flannel's etcd."""

    @classmethod
    def setUpClass(cls):
        cls.etcd = Etcd(ETCD)
        put("config", json.dumps(CONFIG))
        cls.nodes = [Node(number) for number in (1, 2, 3)]
        for node in cls.nodes:  # all at once
            node.start()
        for node in cls.nodes:
            node.wait_ready()
        cls.pods = {f"pod{node.number}": node.attach(f"pod{node.number}") for node in cls.nodes}

    @classmethod
    def tearDownClass(cls):
        for node in cls.nodes:
            if node.netd.poll() is None:
                node.stop()
        cls.etcd.stop()

    def assert_all_reach_all(self):
        for pod in self.pods:
            for other, address in self.pods.items():
                if pod != other:
                    wait_until(lambda: ping(pod, address), f"{pod} reaches {other}", 20)

    def test_1_hosts_started_at_once_share_no_subnet(self):
        self.assertEqual(len({node.subnet() for node in self.nodes}), 3)
        for node in self.nodes:
            record = keys()[f"{node.subnet()}.0-24"]
            link = json.loads(node.run("ip", "-j", "-d", "link", "show", "flannel.1").stdout)[0]
            self.assertEqual(record, {"PublicIP": node.address, "PublicIPv6": None, "BackendType": "vxlan",
                                      "BackendData": {"VNI": 1, "VtepMAC": link["address"]}})
            self.assertEqual(link["linkinfo"]["info_data"]["port"], 8472)
            self.assertIn(f"FLANNEL_NETWORK=10.9.0.0/16\nFLANNEL_SUBNET={node.subnet()}.1/24\nFLANNEL_MTU=1450\n",
                          (node.folder / "subnet.env").read_text())

    def test_2_pods_reach_pods_with_packets_as_large_as_they_may_be(self):
        for node in self.nodes:
            node.wait_for_peers(*(other for other in self.nodes if other is not node))
        self.assert_all_reach_all()
        self.assertTrue(ping("pod1", self.pods["pod2"], "-M", "do", "-s", str(1450 - 28)))

    def test_3_a_killed_netd_loses_no_packet(self):
        node = self.nodes[0]
        count = "200"
        pinging = subprocess.Popen(["ip", "netns", "exec", "pod1", "ping", "-q", "-c", count, "-i", "0.02", self.pods["pod2"]],
                                   stdout=subprocess.PIPE, text=True)
        node.stop(signal.SIGKILL)
        node.start()
        node.wait_ready()
        said = pinging.communicate(timeout=60)[0]
        self.assertIn(f"{count} packets transmitted, {count} received", said)
        self.assertEqual(len(keys()), 3)

    def test_4_without_etcd_pods_come_and_hosts_restart(self):
        self.etcd.stop()
        node = self.nodes[1]
        address = node.attach("pod4")
        self.assertTrue(address.startswith(node.subnet()))
        node.stop(signal.SIGKILL)
        node.start()
        node.wait_ready()
        wait_until(lambda: ping("pod1", address), "the new pod is reached", 20)
        wait_until(lambda: "the registry of subnets is away" in node.admin("/status"), "status says so", 20)
        self.etcd.start()
        wait_until(lambda: "the registry of subnets is away" not in node.admin("/status"), "etcd is found again", 30)
        self.assert_all_reach_all()

    def test_5_a_flannel_by_hand_is_one_of_us(self):
        other = Node(9)
        other.run("ip", "link", "add", "flannel.1", "type", "vxlan", "id", "1", "dstport", "8472", "local", other.address,
                  "dev", "eth0", "nolearning")
        other.run("ip", "address", "add", "10.9.200.0/32", "dev", "flannel.1")
        other.run("ip", "link", "set", "flannel.1", "up", "mtu", "1450")
        other.run("ip", "address", "add", "10.9.200.5/32", "dev", "lo")  # its pod
        mac = json.loads(other.run("ip", "-j", "link", "show", "flannel.1").stdout)[0]["address"]
        for name, record in keys().items():
            base = name.split("-")[0]
            tunnel = record["BackendData"]["VtepMAC"]
            other.run("ip", "neighbour", "add", base, "lladdr", tunnel, "dev", "flannel.1", "nud", "permanent")
            other.run("bridge", "fdb", "add", tunnel, "dev", "flannel.1", "dst", record["PublicIP"], "self", "permanent")
            other.run("ip", "route", "add", f"{base}/24", "via", base, "dev", "flannel.1", "onlink")
        put("subnets/10.9.200.0-24", json.dumps({"PublicIP": other.address, "PublicIPv6": None, "BackendType": "vxlan",
                                                 "BackendData": {"VNI": 1, "VtepMAC": mac}}))
        for pod in ("pod1", "pod2", "pod3"):
            wait_until(lambda: ping(pod, "10.9.200.5"), f"{pod} reaches flannel's pod", 20)
        for address in self.pods.values():
            other.run("ping", "-c", "1", "-W", "2", "-I", "10.9.200.5", address)


class Fixed(unittest.TestCase):
    """Subnets as configured; hosts know one another by their Host objects."""

    def test_hosts_find_one_another_in_the_cluster(self):
        self.addCleanup(Etcd(ETCD).stop)
        nodes = [Node(number) for number in (4, 5)]
        for node in nodes:
            node.start("--metadata", f"etcd:{ETCD}", "--subnets", f"10.42.{node.number}.0/24", "--overlay", "vxlan",
                       "--overlay-vni", "1042", "--overlay-port", "4789")  # Rancher's
            self.addCleanup(node.stop)
        for node in nodes:
            node.wait_ready()
        one, other = nodes
        one.wait_for_peers(other)
        other.wait_for_peers(one)
        device = json.loads(one.run("ip", "-j", "-d", "link", "show", "paddock.1042").stdout)[0]["linkinfo"]["info_data"]
        self.assertEqual((device["id"], device["port"]), (1042, 4789))
        one.attach("pod4x")
        address = other.attach("pod5x")
        wait_until(lambda: ping("pod4x", address, "-M", "do", "-s", str(1450 - 28)), "pods reach each other", 20)
        shown = one.run(BUILD / "daemons/paddock", "peers").stdout
        self.assertRegex(shown, r"node5 +vxlan +10\.1\.0\.5 +10\.42\.5\.0/24")
        wait_until(lambda: one.peers()["node5"]["answers"], "the other host answers", 30)
        self.assertRegex(one.run(BUILD / "daemons/paddock", "peers").stdout, r"node5 .* [0-9]+\.[0-9]{2} ms")
        one.run("ip", "route", "add", "10.1.0.5/32", "dev", "eth0", "mtu", "1400")
        wait_until(lambda: "the largest packets of pods" in one.admin("/status"), "status says that the MTU is too large", 40)
        self.assertIn("set --mtu to 1350", one.peers()["node5"]["trouble"])
        self.assert_why_follows_a_packet(one, address)

    def assert_why_follows_a_packet(self, node, address):
        def why(*words):
            return node.run(BUILD / "daemons/paddock", "why", *words, check=False)

        wait_until(lambda: why("shop/pod5x").returncode == 0, "the registry has the pod", 20)
        from_host = why("shop/pod5x").stdout
        from_pod = why("shop/pod4x", "shop/pod5x")
        node.run("ip", "route", "add", "blackhole", f"{address}/32")
        stopped = why("shop/pod4x", address)
        node.run("ip", "route", "del", "blackhole", f"{address}/32")
        unknown = why("shop/nobody")

        self.assertIn("attached to host node5, not to this one", from_host)
        self.assertIn("  underlay to 10.1.0.5 dev eth0\n", from_host)
        self.assertIn("  pod shop/pod4x at link ", from_pod.stdout)
        self.assertEqual(from_pod.returncode, 0, from_pod.stdout)
        self.assertEqual(stopped.returncode, 1)
        self.assertIn(f"  stops at route to {address}: the kernel refuses it", stopped.stdout)
        self.assertIn("nor does the registry have one elsewhere", unknown.stderr)


if __name__ == "__main__":
    unittest.main()
