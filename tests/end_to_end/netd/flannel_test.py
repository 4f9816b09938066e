# SPDX-License-Identifier: Apache-2.0
"""The plugin under the names flannel and loopback."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import ip, make_pod  # noqa: E402
from runtime import Network  # noqa: E402
from standard import RESERVED, VERSIONS, StandardTest, addresses, set_elements  # noqa: E402


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
        make_pod("two")
        self.refuses(7, "delegate.name", Network({"type": "flannel", "delegate": {"name": "x"}}).add, "two")
        file.write_text("FLANNEL_SUBNET=10.244.3.1/24\n")
        self.refuses(7, "FLANNEL_MTU", network.add, "two")
        file.unlink()
        network.delete("one")
        self.assertEqual(self.leases(), {})
        self.assertEqual(list((RESERVED / "net").glob("10.*")), [])


if __name__ == "__main__":
    unittest.main()
