# SPDX-License-Identifier: Apache-2.0
"""What pods read over real links: a client next to the host, and one behind a router of its own."""
import unittest

from host import Host, run

HOST = "192.0.2.1"
TTL = "X-aws-ec2-metadata-token-ttl-seconds"


def within(namespace, *command, check=True):
    return run("ip", "netns", "exec", namespace, *command, check=check)


def curl(namespace, path, *options):
    return within(namespace, "curl", "-s", "-m", "3", "-w", "%{http_code}", *options, f"http://{HOST}{path}", check=False).stdout


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(
            Host(daemons=("metadatad",), options={"metadatad": ["--listen", HOST + ":80", "--require-token"]}))
        # host - near - far: near is a client, and the router of far.
        for namespace in ("near", "far"):
            run("ip", "netns", "add", namespace)
        run("ip", "link", "add", "to-near", "type", "veth", "peer", "name", "north", "netns", "near")
        run("ip", "-n", "near", "link", "add", "south", "type", "veth", "peer", "name", "north", "netns", "far")
        run("ip", "address", "add", HOST + "/25", "dev", "to-near")
        run("ip", "link", "set", "to-near", "up")
        run("ip", "-n", "near", "address", "add", "192.0.2.2/25", "dev", "north")
        run("ip", "-n", "near", "address", "add", "192.0.2.129/25", "dev", "south")
        run("ip", "-n", "far", "address", "add", "192.0.2.130/25", "dev", "north")
        for namespace, link in (("near", "north"), ("near", "south"), ("far", "north")):
            run("ip", "-n", namespace, "link", "set", link, "up")
        within("near", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "-n", "far", "route", "add", "default", "via", "192.0.2.129")
        run("ip", "route", "add", "192.0.2.128/25", "via", "192.0.2.2")

    def test_a_token_goes_no_further_than_the_next_hop(self):
        ask = ("-X", "PUT", "-H", TTL + ": 60")

        self.assertRegex(curl("near", "/latest/api/token", *ask), r"^\S+200$")
        self.assertEqual(curl("far", "/latest/api/token", *ask), "000")
        self.assertEqual(curl("far", "/latest/name"), "Default200")
        self.assertTrue(curl("far", "/latest/api/token").endswith("405"))


if __name__ == "__main__":
    unittest.main()
