# SPDX-License-Identifier: Apache-2.0
"""The plugin under the names flannel and loopback."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import ip, make_pod, run  # noqa: E402
from runtime import Network  # noqa: E402
from standard import RESERVED, VERSIONS, StandardTest, addresses, set_elements  # noqa: E402

NOTES = pathlib.Path("/var/lib/cni/flannel")


class Loopback(StandardTest):
    def test_every_version(self):
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
            self.assertNotIn("UP", ip("-n", "one", "link", "show", "dev", "lo")[0]["flags"])

    def test_an_address_of_somebody_else_on_lo_is_refused(self):
        make_pod("one")
        run("ip", "-n", "one", "addr", "add", "10.9.9.9/32", "dev", "lo")
        self.refuses(999, "10.9.9.9", Network({"type": "loopback"}, name="lo").add, "one", ifname="lo")


class Flannel(StandardTest):
    def test_a_delegate_is_completed_from_the_file_of_flanneld(self):
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
        delegated = json.loads((NOTES / "c-one").read_text())
        self.assertEqual({key: delegated[key] for key in ("type", "name", "mtu", "ipMasq", "isGateway", "hairpinMode")},
                         {"type": "bridge", "name": "net", "mtu": 1450, "ipMasq": False, "isGateway": True, "hairpinMode": True})
        self.assertEqual(delegated["ipam"], {"type": "host-local", "ranges": [[{"subnet": "10.244.3.0/24"}]], "routes": [{"dst": "10.244.0.0/16"}]})
        make_pod("two")
        self.refuses(7, "delegate.name", Network({"type": "flannel", "delegate": {"name": "x"}}).add, "two")
        file.write_text("FLANNEL_SUBNET=10.244.3.1/24\n")
        self.refuses(7, "FLANNEL_MTU", network.add, "two")
        file.unlink()
        network.delete("one")
        self.assertEqual(self.leases(), {})
        self.assertEqual(list((RESERVED / "net").glob("10.*")), [])
        self.assertEqual(list(NOTES.iterdir()), [])

    def test_ranges_are_flanneld_s_alone_and_routes_come_on_top(self):
        file = pathlib.Path("/run/other.env")
        file.write_text("FLANNEL_NETWORK=10.1.0.0/16,192.168.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_IPV6_NETWORK=fc00::/48\n"
                        "FLANNEL_IPV6_SUBNET=fc00::1/64\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n")
        make_pod("one")
        ipam = {"ranges": [[{"subnet": "10.99.0.0/16"}]], "routes": [{"dst": "10.96.0.0/12"}]}
        network = Network({"type": "flannel", "subnetFile": str(file), "dataDir": "/run/notes", "ipam": ipam})
        result = network.add("one")
        self.assertEqual([e["address"] for e in result["ips"]], ["10.1.17.2/24", "fc00::2/64"])
        self.assertEqual([r["dst"] for r in result["routes"]], ["10.96.0.0/12", "10.1.0.0/16", "192.168.0.0/16", "fc00::/48"])
        self.assertTrue(pathlib.Path("/run/notes/c-one").exists())
        self.assertEqual(len(set_elements("masqueraded4")), 1, "flanneld does not masquerade")
        network.delete("one")
        self.assertFalse(pathlib.Path("/run/notes/c-one").exists())
        make_pod("two")
        file.write_text("FOO=bar\n")
        self.refuses(7, "missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ",
                     network.add, "two")


if __name__ == "__main__":
    unittest.main()
