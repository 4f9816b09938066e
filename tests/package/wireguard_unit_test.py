# SPDX-License-Identifier: Apache-2.0
"""WireGuard by wireguard-go from within netd's unit: what systemd leaves to netd is enough for it. A host that systemd has booted,
and a peer by hand in a namespace of it."""
import json
import subprocess
import tempfile
import unittest

from root import Root, make_packages, wait_until

NETD = """
host_name: here
subnets: [10.42.1.0/24]
overlay: wireguard
cluster_cidrs: [10.42.0.0/16]
"""
KEY = subprocess.run(["wg", "genkey"], check=True, capture_output=True, text=True).stdout
PUBLIC_KEY = subprocess.run(["wg", "pubkey"], check=True, capture_output=True, text=True, input=KEY).stdout.strip()
PEER = {"kind": "Host", "name": "there", "subnets": ["10.42.2.0/24"], "addresses": ["10.1.0.2"], "annotations": {
    "flannel.alpha.coreos.com/backend-type": "wireguard", "flannel.alpha.coreos.com/public-ip": "10.1.0.2",
    "flannel.alpha.coreos.com/backend-data": json.dumps({"PublicKey": PUBLIC_KEY})}}


class WireguardUnit(unittest.TestCase):
    def setUp(self):
        self.root = self.enterContext(Root())
        for command in ("mkdir /dev/net", "mknod -m 0666 /dev/net/tun c 10 200",
                        "ip netns add there", "ip link add eth0 type veth peer name eth0 netns there",
                        "ip address add 10.1.0.1/24 dev eth0", "ip link set eth0 up", "ip route add default via 10.1.0.2",
                        "ip -n there link set lo up", "ip -n there link set eth0 up", "ip -n there address add 10.1.0.2/24 dev eth0"):
            self.root.run(*command.split())
        self.root.install(make_packages(self.enterContext(tempfile.TemporaryDirectory())))
        wait_until(lambda: self.root.run("test", "-S", "/run/paddock/metadata.sock", check=False).returncode == 0, "metadatad listens")

    def write(self, path, text):
        self.root.run("tee", path, stdin=text)

    def start_netd(self):
        self.write("/etc/paddock/netd.yaml", NETD)
        self.root.run("systemctl", "restart", "paddock-netd.service")
        self.root.run("paddock", "apply", "-f", "-", stdin=json.dumps(PEER))

    def ask_wireguard(self, what):
        return self.root.run("wg", "show", "paddock-wg", what, check=False).stdout

    def connect_peer(self):
        """As flannel would have it on the other host."""
        self.root.run("ip", "netns", "exec", "there", "env", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1", "wireguard-go", "there")
        self.write("/run/there.key", KEY)
        for command in (f"wg set there private-key /run/there.key listen-port 51820 peer {self.ask_wireguard('public-key').strip()} "
                        "endpoint 10.1.0.1:51820 allowed-ips 10.42.1.0/24",
                        "ip address add 10.42.2.1/32 dev there", "ip link set there up", "ip route add 10.42.1.0/24 dev there"):
            self.root.run("ip", "netns", "exec", "there", *command.split())

    def reaches_peer(self):
        return self.root.run("ping", "-c", "1", "-W", "5", "-I", "10.42.1.0", "10.42.2.1", check=False).returncode == 0

    def process(self):
        """That of netd, by its id."""
        return self.root.run("pgrep", "-f", "^wireguard-go paddock-wg$", check=False).stdout.strip()

    def test_the_unit_leaves_wireguard_go_what_it_needs(self):
        self.start_netd()
        wait_until(lambda: PUBLIC_KEY in self.ask_wireguard("peers"), "the peer is known")
        self.connect_peer()
        wait_until(self.reaches_peer, "packets get to the peer")
        self.assertEqual(self.root.run("stat", "-c", "%a", "/run/paddock/reach").stdout, "644\n")  # for dnsd
        first = self.process()
        self.assertIn("Seccomp:\t2\n", self.root.run("cat", f"/proc/{first}/status").stdout)

        self.root.run("systemctl", "restart", "paddock-netd.service")

        self.assertEqual(self.process(), first)
        self.assertTrue(self.reaches_peer())

        self.root.run("kill", "-KILL", first)

        wait_until(lambda: self.process() not in ("", first), "netd starts another")
        wait_until(self.reaches_peer, "packets get to the peer again")


if __name__ == "__main__":
    unittest.main()
