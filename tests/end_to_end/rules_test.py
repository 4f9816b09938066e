# SPDX-License-Identifier: Apache-2.0
"""dnsd with rules, before a real dnsmasq: what users of CoreDNS' hosts, rewrite, template and dns64 ask of them, through dig;
clients that may not be where they say; and what the log says of queries."""
import contextlib
import pathlib
import re
import socket
import struct
import subprocess
import unittest

from host import Host, run, wait_until

SERVER = ("127.0.0.1", 53)
RULES = [
    "--hosts", "10.1.1.1 db.test db-old.test", "--hosts", "10.1.1.2 db.test", "--hosts", "fd00::1 six.test",
    "--rewrite", "exact old.test www.new.test", "--rewrite", "prefix eu- us-", "--rewrite", "suffix .legacy.test .new.test ttl=30",
    "--rewrite", "regex ^(.+)[.]of[.](.+)[.]test$ {1}-{2}.new.test",
    "--block", "ads.test", "--block-types", "HTTPS", "--dns64", "64:ff9b::/96", "--udp-rate", "20"]
OTHER = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root",
         "--pid-file=", "--listen-address=127.0.0.3", "--local=/test/", "--local-ttl=300", "--host-record=www.new.test,192.0.2.80",
         "--host-record=us-www.test,192.0.2.81", "--host-record=a-b.new.test,192.0.2.82", "--host-record=x.ads.test,192.0.2.83",
         "--host-record=far.new.test,203.0.114.5", "--mx-host=mail.new.test,mx.new.test,10", "--host-record=mx.new.test,192.0.2.84"]


def dig(*question):
    """Status, and the lines of answer and authority: owner, type, data."""
    lines = run("dig", "@127.0.0.1", "+tcp", "+tries=1", "+noall", "+comments", "+answer", "+authority", *question).stdout.splitlines()
    status = next(re.search(r"status: (\w+)", line)[1] for line in lines if "status: " in line)
    records = [line.split(None, 4) for line in lines if line and not line.startswith(";")]
    return status, sorted(f"{owner} {kind} {data}" for owner, _, _, kind, data in records)


def short(*question):
    return run("dig", "@127.0.0.1", "+tcp", "+short", *question).stdout.split()


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        other = subprocess.Popen(OTHER)
        cls.addClassCleanup(other.wait)
        cls.addClassCleanup(other.kill)
        cls.host = cls.enterClassContext(Host(("dnsd",), {"dnsd": [
            "--source", "none", "--listen", "127.0.0.1:53", "--upstreams", "127.0.0.3", *RULES]}))

    def test_a_host_entry_has_its_addresses_and_their_names(self):
        self.assertEqual(sorted(short("db.test")), ["10.1.1.1", "10.1.1.2"])
        self.assertEqual(short("DB-OLD.test"), ["10.1.1.1"])
        self.assertEqual(short("six.test", "AAAA"), ["fd00::1"])
        self.assertEqual(sorted(short("-x", "10.1.1.1")), ["db-old.test.", "db.test."])

    def test_nobody_denies_the_name_of_a_host_entry(self):
        for kind in ("MX", "TXT", "ANY"):
            self.assertEqual(dig("db.test", kind)[0], "NOERROR", kind)
        status, lines = dig("db.test", "AAAA")
        self.assertEqual(status, "NOERROR")
        self.assertIn(" SOA ", lines[0], "it says for how long")
        self.assertEqual(dig("nothing.test", "MX")[0], "NXDOMAIN")

    def test_rewritten_names_are_answered_in_their_own_spelling(self):
        for asked, address in (("old.test", "192.0.2.80"), ("eu-www.test", "192.0.2.81"), ("www.legacy.test", "192.0.2.80"),
                               ("a.of.b.test", "192.0.2.82")):
            self.assertEqual(dig(asked), ("NOERROR", [f"{asked}. A {address}"]))
        self.assertEqual(dig("mail.legacy.test", "MX"), ("NOERROR", ["mail.legacy.test. MX 10 mx.legacy.test."]))
        self.assertRegex(run("dig", "@127.0.0.1", "+tcp", "www.legacy.test").stdout, r"www\.legacy\.test\.\s+30\s")
        self.assertEqual(dig("none.legacy.test")[0], "NXDOMAIN")

    def test_blocked_names_and_types(self):
        self.assertEqual(dig("x.ads.test")[0], "NXDOMAIN")
        for name in ("www.new.test", "db.test", "not.there.test"):
            status, lines = dig(name, "HTTPS")
            self.assertEqual(status, "NOERROR")
            self.assertIn(" SOA ", lines[0])

    def test_addresses_for_clients_without_ipv4(self):
        self.assertEqual(short("www.new.test", "AAAA"), ["64:ff9b::c000:250"])
        self.assertEqual(short("old.test", "AAAA"), ["64:ff9b::c000:250"])
        self.assertEqual(short("-x", "64:ff9b::203.0.114.5"), ["far.new.test."])
        self.assertEqual(short("-x", "64:ff9b::10.1.1.2"), ["db.test."])

    def test_who_may_be_another_has_so_many_answers_and_then_short_ones(self):
        replies = []

        def left_out():
            return int(re.search(r'over_rate_total{reply="none"} (\d+)', self.host.admin("dnsd", "/metrics"))[1])

        def all_were_looked_at():
            with contextlib.suppress(BlockingIOError):
                while True:
                    replies.append(client.recv(512))
            return len(replies) + left_out() - before == 200

        before = left_out()
        query = struct.pack("!6H", 1, 0x100, 1, 0, 0, 0) + b"\2db\4test\0" + struct.pack("!2H", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.9", 0))
            client.connect(SERVER)
            client.setblocking(False)
            for _ in range(200):
                client.send(query)
            wait_until(all_were_looked_at, "every query is answered or left out")
        cut = [reply for reply in replies if reply[2] & 2]
        whole = len(replies) - len(cut)
        self.assertTrue(20 <= whole < 200, whole)
        self.assertAlmostEqual(len(cut), (200 - whole) / 2, delta=1)
        self.assertTrue(all(reply[12:] == query[12:] for reply in cut), "no more than was sent")

    def test_a_client_that_shows_its_cookie_is_never_cut_short(self):
        said = run("dig", "@127.0.0.1", "-b", "127.0.0.10", "+tries=1", "+qr", "db.test").stdout
        cookie = re.findall(r"COOKIE: (\w+) \(good\)", said)[0]
        for _ in range(60):
            said = run("dig", "@127.0.0.1", "-b", "127.0.0.10", "+tries=1", "+ignore", "+cookie=" + cookie, "db.test").stdout
            self.assertIn("ANSWER: 2,", said)


class QueryLog(unittest.TestCase):
    def test_it_says_who_asked_for_what_and_what_became_of_it(self):
        cluster = pathlib.Path("/run/cluster.yaml")
        cluster.write_text("""
            - {kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.9]}
            - {kind: Pod, namespace: shop, name: web-1, host: here, addresses: [127.0.0.7]}
            """)
        options = ["--source", f"file:{cluster}", "--listen", "127.0.0.1:53", "--forward=false", "--query-log", "1"]
        with Host(("dnsd",), {"dnsd": options}) as host:
            run("dig", "@127.0.0.1", "-b", "127.0.0.7", "web.shop.svc.cluster.local")
            run("dig", "@127.0.0.1", "-b", "127.0.0.8", "+tcp", "none.shop.svc.cluster.local", "AAAA")

            def logged():
                return re.findall(r"msg=query (.*)", (host.logs / "dnsd").read_text())

            wait_until(lambda: len(logged()) == 2, "both are logged")
            none, web = sorted(logged())  # each thread that answers has its own order
            self.assertRegex(web, r"^name=web\.shop\.svc\.cluster\.local\. type=A rcode=NOERROR client=127\.0\.0\.7 "
                             r"pod=shop/web-1 protocol=udp us=\d+$")
            self.assertRegex(none, r'^name=none\.shop\.svc\.cluster\.local\. type=AAAA rcode=NXDOMAIN client=127\.0\.0\.8 '
                             r'pod="" protocol=tcp us=\d+$')


if __name__ == "__main__":
    unittest.main()
