# SPDX-License-Identifier: Apache-2.0
"""dnsd in front of a real knot, which has short and long answers, aliases and aliases that lead nowhere."""
import pathlib
import subprocess
import unittest

from host import Host, run, wait_until

WORK = pathlib.Path("/run/knot")
KNOT = """
server:
  listen: 127.0.0.3@5300
  rundir: /run/knot
database:
  storage: /run/knot
zone:
  - domain: example.net
    file: /run/knot/zone
    zonefile-load: whole
"""
ZONE = """
$ORIGIN example.net.
$TTL 300
@ SOA ns host 1 7200 1800 86400 60
@ NS ns
ns A 192.0.2.53
www A 192.0.2.80
www AAAA 2001:db8::80
alias CNAME www
far CNAME alias
loop CNAME pool
pool CNAME loop
self CNAME self
dangling CNAME nothing
text TXT "hello"
""" + "".join(f"big A 192.0.2.{i}\n" for i in range(1, 200))
CLUSTER = """
{kind: Service, namespace: shop, name: out, external_name: www.example.net}
---
{kind: Service, namespace: shop, name: circle, external_name: loop.example.net}
---
{kind: Service, namespace: shop, name: gone, external_name: nothing.example.net}
"""


def dig(*question, server=("@127.0.0.1",)):
    """Status and answer lines without owner and TTL."""
    lines = run("dig", *server, "+tries=1", "+time=5", "+noall", "+comments", "+answer", *question).stdout.splitlines()
    status = next(line.split("status: ")[1].split(",")[0] for line in lines if "status: " in line)
    return status, sorted(" ".join(line.split()[3:]) for line in lines if line and not line.startswith(";"))


class Upstream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        WORK.mkdir()
        (WORK / "zone").write_text(ZONE)
        (WORK / "conf").write_text(KNOT)
        cls.knot = subprocess.Popen(["knotd", "-c", WORK / "conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: run("dig", "@127.0.0.3", "-p", "5300", "+tries=1", "+short", "www.example.net").stdout, "knot answers")
        cls.host = cls.enterClassContext(Host(("metadatad", "dnsd"), {"dnsd": ["--listen", "127.0.0.1:53", "--upstreams", "127.0.0.3:5300"]}))
        cls.host.apply(CLUSTER)
        wait_until(lambda: dig("out.shop.svc.cluster.local")[0] == "NOERROR", "the cluster is known")

    @classmethod
    def tearDownClass(cls):
        cls.knot.kill()
        cls.knot.wait()

    def test_what_others_know_comes_with_our_cookie_and_time_out(self):
        for _ in ("asked for", "kept"):
            said = run("dig", "@127.0.0.1", "+tcp", "+keepalive", "+cookie", "+tries=1", "www.example.net").stdout
            self.assertRegex(said, r"COOKIE: \w+ \(good\)")
            self.assertIn("TCP KEEPALIVE: ", said)

    def test_what_it_says_is_passed_on(self):
        self.assertEqual(dig("www.example.net"), ("NOERROR", ["A 192.0.2.80"]))
        self.assertEqual(dig("www.example.net", "AAAA"), ("NOERROR", ["AAAA 2001:db8::80"]))
        self.assertEqual(dig("text.example.net", "TXT"), ("NOERROR", ['TXT "hello"']))
        self.assertEqual(dig("www.example.net", "MX"), ("NOERROR", []))
        self.assertEqual(dig("nothing.example.net"), ("NXDOMAIN", []))
        self.assertEqual(dig("far.example.net"), ("NOERROR", ["A 192.0.2.80", "CNAME alias.example.net.", "CNAME www.example.net."]))
        self.assertEqual(dig("example.org")[0], "REFUSED", "as the only resolver does")

    def test_long_answers_come_over_tcp(self):
        self.assertEqual(len(dig("big.example.net")[1]), 199)
        self.assertEqual(len(dig("+tcp", "big.example.net")[1]), 199)
        cut = run("dig", "@127.0.0.1", "+ignore", "+noall", "+comments", "big.example.net").stdout
        self.assertRegex(cut, r"flags: qr tc rd ra;")

    def test_aliases_in_a_circle_end(self):
        for name in ("loop.example.net", "self.example.net"):
            self.assertEqual(dig(name), dig(name, server=("@127.0.0.3", "-p", "5300")))
        status, answer = dig("circle.shop.svc.cluster.local")
        self.assertEqual((status, answer[0]), ("NOERROR", "CNAME loop.example.net."))

    def test_aliases_that_lead_nowhere_say_so(self):
        self.assertEqual(dig("dangling.example.net"), ("NXDOMAIN", ["CNAME nothing.example.net."]))
        self.assertEqual(dig("gone.shop.svc.cluster.local"), ("NXDOMAIN", ["CNAME nothing.example.net."]))

    def test_names_of_multicast_dns_are_not_asked_of_it(self):
        self.assertEqual(dig("printer.local")[0], "NXDOMAIN")
        self.assertEqual(dig("10.2.0.192.in-addr.arpa", "PTR")[0], "NXDOMAIN")


if __name__ == "__main__":
    unittest.main()
