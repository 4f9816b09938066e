# SPDX-License-Identifier: Apache-2.0
"""The plugin under the name host-local: its files, its order and its refusals."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import addresses_of, make_pod  # noqa: E402
from runtime import execute  # noqa: E402
from standard import RESERVED, StandardTest  # noqa: E402


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

    def test_a_network_that_becomes_netds_doubles_no_address(self):
        for pod in ("old", "older"):
            self.call("ADD", {"subnet": "10.42.0.0/24"}, container=f"c-{pod}")
        folder = RESERVED / "net"
        config = {"cniVersion": "1.1.0", "name": "net", "type": "paddock"}
        self.assertEqual(addresses_of(self.add("one", config=config))[0], "10.42.0.4")
        make_pod("two")
        self.refused("ADD", "two", 11, "10.42.0.3 was asked for", config=config, args="IP=10.42.0.3")
        self.host.cni("DEL", "old", config=config, netns="")
        self.assertFalse((folder / "10.42.0.2").exists())
        valid = [{"containerID": "c-one", "ifname": "eth0"}]
        self.host.cni("GC", "none", config={**config, "cni.dev/valid-attachments": valid})
        self.assertFalse((folder / "10.42.0.3").exists())
        self.host.stop("netd")
        self.host.restart("netd")
        self.assertEqual(addresses_of(self.host.cni("ADD", "two", config=config, args="IP=10.42.0.3"))[0], "10.42.0.3")

    def test_round_robin_two_interfaces_and_no_repetition(self):
        ipam = {"subnet": "10.1.2.0/29"}
        given = [addresses_of(self.call("ADD", ipam, ifname=f"net{n}"))[0] for n in range(3)]
        self.assertEqual(given, ["10.1.2.2", "10.1.2.3", "10.1.2.4"])
        self.refuses(999, "duplicate allocation", self.call, "ADD", ipam, ifname="net0")
        self.call("DEL", ipam, ifname="net0")
        later = [addresses_of(self.call("ADD", ipam, container=f"d{n}"))[0] for n in range(3)]
        self.assertEqual(later, ["10.1.2.5", "10.1.2.6", "10.1.2.2"])
        self.refuses(11, "no IP addresses available in range set: 10.1.2.1-10.1.2.6", self.call, "ADD", ipam, container="e")

    def test_requested_addresses(self):
        ipam = {"ranges": [[{"subnet": "10.1.2.0/24"}, {"subnet": "10.2.2.0/24"}], [{"subnet": "fd01::/64"}]]}
        result = self.call("ADD", ipam, cni_args="IP=10.2.2.88")
        self.assertEqual(addresses_of(result), ["10.2.2.88", "fd01::2"])
        both = {"args": {"cni": {"ips": ["10.1.2.77", "fd01::77"]}}}
        self.assertEqual(addresses_of(self.call("ADD", ipam, container="c2", **both)), ["10.1.2.77", "fd01::77"])
        more = {"args": {"cni": {"ips": ["10.1.2.66", "fd01::66"]}}}
        self.assertEqual(addresses_of(self.call("ADD", ipam, container="c2", **more)), ["10.1.2.66", "fd01::66"])
        self.call("DEL", ipam, container="c2")
        self.assertEqual(addresses_of(self.call("ADD", ipam, container="c2", **both)), ["10.1.2.77", "fd01::77"])
        self.refuses(11, "10.1.2.77", self.call, "ADD", ipam, container="c3", **both)
        self.refuses(7, "10.9.9.9", self.call, "ADD", ipam, container="c3", runtimeConfig={"ips": ["10.9.9.9/24"]})
        self.refuses(7, "gateway", self.call, "ADD", ipam, container="c3", cni_args="IP=10.1.2.1")
        self.refuses(7, "10.1.2.91", self.call, "ADD", ipam, container="c3", cni_args="IP=fd01::99", runtimeConfig={"ips": ["10.1.2.91"]},
                     args={"cni": {"ips": ["10.1.2.90"]}})
        self.assertEqual(len([p for p in (RESERVED / "net").iterdir() if "." in p.name and p.name[0] == "1"]), 2)

    def test_ranges_of_the_runtime_and_a_folder_of_ones_own(self):
        ranges = {"runtimeConfig": {"ipRanges": [[{"subnet": "10.7.0.0/24", "rangeStart": "10.7.0.10", "rangeEnd": "10.7.0.20",
                                                   "gateway": "10.7.0.254"}]]}}
        result = self.call("ADD", {"dataDir": "/var/lib/cni/other"}, **ranges)
        self.assertEqual(result["ips"][0], {"address": "10.7.0.10/24", "gateway": "10.7.0.254"})
        self.assertTrue(pathlib.Path("/var/lib/cni/other/net/10.7.0.10").exists())

    def test_a_gateway_may_lie_elsewhere(self):
        result = self.call("ADD", {"subnet": "10.1.2.0/24", "gateway": "10.1.3.1"})
        self.assertEqual(result["ips"], [{"address": "10.1.2.1/24", "gateway": "10.1.3.1"}])
        self.refuses(7, "another family", self.call, "ADD", {"subnet": "10.1.2.0/24", "gateway": "fd01::1"}, container="c2")

    def test_resolv_conf(self):
        file = pathlib.Path("/run/resolv.conf")
        file.write_text("# one\nnameserver 192.0.2.3\nnameserver 192.0.2.4\ndomain example.com\nsearch a.b c.d\noptions ndots:2 x\n; end\n")
        dns = self.call("ADD", {"subnet": "10.1.2.0/24", "resolvConf": str(file)})["dns"]
        self.assertEqual(dns, {"nameservers": ["192.0.2.3", "192.0.2.4"], "domain": "example.com", "search": ["a.b", "c.d"],
                               "options": ["ndots:2", "x"]})

    def test_wrong_ranges_are_refused_by_name(self):
        for ipam, says in (({}, "no IP ranges"), ({"subnet": "10.1.2.3/24"}, "10.1.2.0/24"), ({"subnet": "10.1.2.0/31"}, "too small"),
                           ({"subnet": "::ffff:10.1.2.0/120"}, "IPv4 in the form of IPv6"),
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


if __name__ == "__main__":
    unittest.main()
