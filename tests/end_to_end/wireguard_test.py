# SPDX-License-Identifier: Apache-2.0
"""Hosts that encrypt with real wireguard-go: keys through the registry, packets to any pod, nothing in clear text."""
import base64
import json
import pathlib
import re
import signal
import socket
import subprocess
import unittest

from etcd import Etcd, call, text
from fleet import ETCD, Node, lay_wire, ping
from host import BUILD, run, wait_until

PREFIX = "/coreos.com/network"
CONFIG = {"Network": "10.9.0.0/16", "SubnetLen": 24, "Backend": {"Type": "wireguard"}}
PATTERN = "70616464"  # what pings carry


def put(name, value):
    call("kv/put", {"key": text(f"{PREFIX}/{name}"), "value": text(json.dumps(value))}, ETCD)


def record_of(subnet):
    found = call("kv/range", {"key": text(f"{PREFIX}/subnets/{subnet}.0-24")}, ETCD)["kvs"]
    return json.loads(base64.b64decode(found[0]["value"]))


class SecureNode(Node):
    """With a /run/wireguard of its own: that is where wireguard-go is spoken to."""

    def __init__(self, number, has_v6=False):
        self.prefix = ("ip", "netns", "exec", f"node{number}")
        super().__init__(number, has_v6)
        pathlib.Path("/run/wireguard").mkdir(exist_ok=True)
        self.keeper = subprocess.Popen(["unshare", "--mount", "--propagation", "slave", "sh", "-c",
                                        "mount -t tmpfs wireguard /run/wireguard && exec sleep infinity"])
        mounts = pathlib.Path(f"/proc/{self.keeper.pid}/mounts")
        wait_until(lambda: "/run/wireguard" in mounts.read_text(), "the folder of wireguard-go is there")
        self.prefix = ("nsenter", f"--mount=/proc/{self.keeper.pid}/ns/mnt", *self.prefix)

    def run(self, *command, **how):
        return run(*self.prefix, *command, **how)

    def launch(self, daemon, *options):
        # wireguard-go is under the filter of the netd that starts it.
        command = [*self.prefix, BUILD / f"daemons/paddock-{daemon}", "--host-name", self.name, "--refuse-system-calls", *options]
        with (self.folder / f"{daemon}.log").open("a") as log:
            return subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wireguard(self, device="flannel-wg"):
        """The process that runs the device, by its id."""
        inside = self.run("ip", "netns", "pids", self.name).stdout.split()
        said = {pid: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in inside if pathlib.Path(f"/proc/{pid}").exists()}
        return next(int(pid) for pid, line in said.items() if line == f"wireguard-go\0{device}\0".encode())


class Capture:
    """All frames on the wire while the body runs."""

    def __enter__(self):
        self.file = "/run/wire.pcap"
        self.dump = subprocess.Popen(["tcpdump", "-i", "wire", "-U", "-w", self.file, "--immediate-mode"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.dump.stderr.readline()  # it listens
        return self

    def __exit__(self, *_):
        last = b"the last frame"  # what came before it is in the file, too
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("wire", 0))
            wire.send(b"\xff" * 6 + b"\x02" * 6 + b"\x88\xb5" + last.ljust(60))
        wait_until(lambda: last in pathlib.Path(self.file).read_bytes(), "all frames are written")
        self.dump.send_signal(signal.SIGINT)
        self.dump.communicate(timeout=20)

    def count(self, *filter_words):
        return len(run("tcpdump", "-n", "-r", self.file, *filter_words).stdout.splitlines())

    def holds_pattern(self):
        return bytes.fromhex(PATTERN) * 4 in pathlib.Path(self.file).read_bytes()


def setUpModule():
    lay_wire()
    run("ip", "link", "set", "wire", "promisc", "on")


class Flannel(unittest.TestCase):
    """A network whose flannel configuration says wireguard."""

    @classmethod
    def setUpClass(cls):
        cls.etcd = Etcd(ETCD)
        put("config", CONFIG)
        cls.nodes = [SecureNode(number) for number in (1, 2, 3)]
        for node in cls.nodes:
            node.start()
        for node in cls.nodes:
            node.wait_ready()
            node.wait_for_peers(*(other for other in cls.nodes if other is not node))
        cls.pods = {f"pod{node.number}": node.attach(f"pod{node.number}") for node in cls.nodes}

    @classmethod
    def tearDownClass(cls):
        for node in cls.nodes:
            if node.netd.poll() is None:
                node.stop()
        cls.etcd.stop()

    def reach(self, pod, address, *options):
        wait_until(lambda: ping(pod, address, "-p", PATTERN, *options), f"{pod} reaches {address}", 30)

    def test_1_keys_are_in_the_registry_as_flannel_writes_them(self):
        for node in self.nodes:
            key = node.run("wg", "show", "flannel-wg", "public-key").stdout.strip()
            self.assertEqual(record_of(node.subnet()), {"PublicIP": node.address, "PublicIPv6": None,
                                                        "BackendType": "wireguard", "BackendData": {"PublicKey": key}})
            self.assertEqual(node.run("wg", "show", "flannel-wg", "listen-port").stdout.strip(), "51820")
            self.assertEqual((node.folder / "state/wireguard.key").stat().st_mode & 0o777, 0o600)
            self.assertIn("FLANNEL_MTU=1440\n", (node.folder / "subnet.env").read_text())

    def test_2_pods_reach_pods_and_the_wire_shows_nothing_of_it(self):
        with Capture() as wire:
            for pod in self.pods:
                for other, address in self.pods.items():
                    if pod != other:
                        self.reach(pod, address, "-M", "do", "-s", str(1440 - 28))
        self.assertGreater(wire.count("udp", "port", "51820"), 0)
        self.assertEqual(wire.count("net", "10.9.0.0/16"), 0)
        self.assertFalse(wire.holds_pattern())
        with Capture() as wire:
            self.nodes[0].run("ping", "-c", "1", "-W", "5", "-p", PATTERN, self.nodes[1].address)
        self.assertTrue(wire.holds_pattern(), "what is in clear text is seen")

    def test_3_a_killed_netd_leaves_the_path_and_takes_it_over(self):
        node = self.nodes[0]
        process = node.wireguard()
        key = node.run("wg", "show", "flannel-wg", "public-key").stdout
        pinging = subprocess.Popen(["ip", "netns", "exec", "pod1", "ping", "-q", "-c", "150", "-i", "0.02", self.pods["pod2"]],
                                   stdout=subprocess.PIPE, text=True)
        node.stop(signal.SIGKILL)
        node.start()
        node.wait_ready()
        self.assertIn("150 packets transmitted, 150 received", pinging.communicate(timeout=60)[0])
        self.assertEqual(node.wireguard(), process)
        self.assertEqual(node.run("wg", "show", "flannel-wg", "public-key").stdout, key)

    def test_4_without_the_process_packets_are_refused_until_it_is_back(self):
        node = self.nodes[0]
        with Capture() as wire:
            killed = node.wireguard()
            run("kill", "-KILL", killed)
            ping("pod1", self.pods["pod2"], "-p", PATTERN)
            wait_until(lambda: node.wireguard() != killed, "another process runs the device", 30)
            self.reach("pod1", self.pods["pod2"])
        self.assertEqual(wire.count("net", "10.9.0.0/16"), 0)
        self.assertFalse(wire.holds_pattern())

    def test_5_what_no_peer_has_a_key_for_is_refused(self):
        node = self.nodes[0]
        put("subnets/10.9.201.0-24", {"PublicIP": "10.1.0.201", "PublicIPv6": None, "BackendType": "wireguard", "BackendData": {}})
        wait_until(lambda: "10.1.0.201" in node.peers(), "the host without a key is known", 20)
        peer = node.peers()["10.1.0.201"]
        self.assertEqual(peer["path"], "none")
        self.assertIn("has not said its public key", peer["trouble"])
        for address in ("10.9.201.5", "10.9.77.7"):  # of that host, and of none
            self.assertIn("No route to host", node.run("ip", "route", "get", address, check=False).stderr)

    def test_6_a_flannel_by_hand_is_one_of_us(self):
        other = SecureNode(9)
        private = run("wg", "genkey").stdout
        (other.folder / "key").write_text(private)
        public = run("wg", "pubkey", stdin=private).stdout.strip()
        other.run("env", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1", "wireguard-go", "flannel-wg")
        other.run("wg", "set", "flannel-wg", "listen-port", "51820", "private-key", other.folder / "key")
        for node in self.nodes:
            key = record_of(node.subnet())["BackendData"]["PublicKey"]
            other.run("wg", "set", "flannel-wg", "peer", key, "endpoint", f"{node.address}:51820", "allowed-ips", f"{node.subnet()}.0/24")
        other.run("ip", "address", "add", "10.9.200.0/32", "dev", "flannel-wg")
        other.run("ip", "link", "set", "flannel-wg", "up", "mtu", "1420")
        other.run("ip", "route", "add", "10.9.0.0/16", "dev", "flannel-wg")
        other.run("ip", "address", "add", "10.9.200.5/32", "dev", "lo")  # its pod
        put("subnets/10.9.200.0-24", {"PublicIP": other.address, "PublicIPv6": None, "BackendType": "wireguard",
                                      "BackendData": {"PublicKey": public}})
        for pod in self.pods:
            self.reach(pod, "10.9.200.5")
        for address in self.pods.values():
            other.run("ping", "-c", "1", "-W", "5", "-I", "10.9.200.5", address)


class Cluster(unittest.TestCase):
    """Both families; hosts know one another by their Host objects."""

    def test_hosts_find_one_anothers_keys_in_the_cluster(self):
        self.addCleanup(Etcd(ETCD).stop)
        nodes = [SecureNode(number, has_v6=True) for number in (4, 5)]
        for node in nodes:
            node.start("--metadata", f"etcd:{ETCD}", "--cluster-cidrs", "10.42.0.0/16", "--cluster-cidrs", "fd42::/48",
                       "--subnets", f"10.42.{node.number}.0/24", "--subnets", f"fd42:0:0:{node.number}::/64", "--overlay", "wireguard", "--reach-file",
                       node.folder / "reach")
        other = nodes[1]
        self.addCleanup(other.stop)
        one = nodes[0]
        for node in nodes:
            node.wait_ready()
        one.wait_for_peers(other)
        other.wait_for_peers(one)
        one.attach("pod4")
        address = other.attach("pod5")
        v6 = json.loads(run("ip", "netns", "exec", "pod5", "ip", "-j", "-6", "address", "show", "dev", "eth0", "scope", "global").stdout)
        with Capture() as wire:
            wait_until(lambda: ping("pod4", address, "-M", "do", "-s", str(1420 - 28)), "pods reach each other", 30)
            wait_until(lambda: ping("pod4", v6[0]["addr_info"][0]["local"]), "over IPv6, too", 30)
        self.assertEqual(wire.count("net 10.42.0.0/16 or net fd42::/48"), 0)
        self.assertGreater(wire.count("udp", "port", "51821"), 0)
        self.assertRegex(one.run(BUILD / "daemons/paddock", "peers").stdout, r"node5 +wireguard +10\.1\.0\.5")
        wait_until(lambda: one.peers()["node5"]["answers"], "the other host answers", 30)
        why = one.run(BUILD / "daemons/paddock", "why", "shop/pod4", address)
        key = re.escape(other.run("wg", "show", "paddock-wg", "public-key").stdout.strip())
        self.assertRegex(why.stdout, rf"  encrypted for {key} at 10\.1\.0\.5:51820, last handshake [0-9]+ s ago\n")
        unknown = one.run(BUILD / "daemons/paddock", "why", "shop/pod4", "10.42.77.7", check=False)
        self.assertIn("none that is known here", unknown.stdout)
        wait_until(lambda: "reached 10.42.5.0/24\n" in (one.folder / "reach").read_text(), "dnsd is told that they are reached")
        one.stop()
        one.run(BUILD / "daemons/paddock-netd", "--purge", "--state-dir", one.folder / "state", "--reach-file", one.folder / "reach")
        self.assertFalse((one.folder / "reach").exists())
        self.assertNotIn("paddock-wg", one.run("ip", "link", "show").stdout)
        self.assertFalse((one.folder / "state/wireguard.key").exists())


if __name__ == "__main__":
    unittest.main()
