# SPDX-License-Identifier: Apache-2.0
"""Zones of master files beside those of the cluster: asked with dig and kdig, transferred by a real secondary, changed and
broken under the running daemon."""
import pathlib
import signal
import subprocess
import unittest

from host import BUILD, Host, run, wait_until

FOLDER = pathlib.Path("/run/zones")
EXAMPLE = FOLDER / "example"
TEXT = """$TTL 1h
@ SOA ns host ( %d 2h 30m 1d 1m ) ; serial first
@ NS ns
ns A 192.0.2.1
www 60 A 192.0.2.2
*.apps CNAME www
old DNAME new
a.new TXT "behind a DNAME"
any TYPE65280 \\# 4 0a000001
sub NS ns.sub
sub DS 1 8 2 %s
ns.sub A 192.0.2.53
$INCLUDE more hosts
"""

KNOT = """
server:
  listen: 127.0.0.3@5300
  rundir: {work}
database:
  storage: {work}
remote:
  - id: us
    address: 127.0.0.1@53
zone:
  - domain: example.org
    master: us
    storage: {work}
  - domain: cluster.local
    master: us
    storage: {work}
"""


def write(serial, extra=""):
    EXAMPLE.write_text(TEXT % (serial, "aa" * 32) + extra)


def dig(*question):
    return run("dig", "@127.0.0.1", "+tries=1", "+norec", *question).stdout


def short(*question):
    return run("dig", "@127.0.0.1", "+tries=1", "+norec", "+short", *question).stdout.split("\n")[:-1]


def serial_of(port=53):
    return run("dig", "@127.0.0.1", "-p", port, "+tries=1", "+short", "example.org", "SOA").stdout.split()[2]


class Zones(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        FOLDER.mkdir()
        cls.restore()
        cls.host = cls.enterClassContext(Host(("metadatad", "dnsd"), {"dnsd": [
            "--listen", "127.0.0.1:53", "--zone", f"example.org={EXAMPLE}", "--transfer-to", "127.0.0.0/8"]}))

    @staticmethod
    def restore():
        (FOLDER / "more").write_text("one A 192.0.2.9\n")
        write(1)

    def test_records_of_every_kind(self):
        self.assertEqual(short("www.example.org"), ["192.0.2.2"])
        self.assertEqual(short("x.apps.example.org"), ["www.example.org.", "192.0.2.2"])
        self.assertEqual(short("one.hosts.example.org"), ["192.0.2.9"])
        self.assertEqual(short("any.example.org", "TYPE65280"), ["\\# 4 0A000001"])
        self.assertIn("a.old.example.org.\t3600\tIN\tCNAME\ta.new.example.org.", dig("a.old.example.org", "TXT"))
        self.assertIn("status: NXDOMAIN", dig("nothing.example.org"))
        self.assertIn("example.org.\t\t60\tIN\tSOA", dig("nothing.example.org"))

    def test_a_delegation_is_referred(self):
        reply = dig("host.sub.example.org", "+dnssec")
        self.assertIn("flags: qr;", reply)
        self.assertIn("sub.example.org.\t3600\tIN\tNS\tns.sub.example.org.", reply)
        self.assertIn("IN\tDS\t1 8 2", reply)
        self.assertIn("ns.sub.example.org.\t3600\tIN\tA\t192.0.2.53", reply)

    def test_the_cluster_is_answered_beside_it(self):
        self.host.apply("{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}")
        wait_until(lambda: short("web.shop.svc.cluster.local") == ["10.43.0.10"], "the service is named")

    def test_whole_zones_are_transferred(self):
        for command in (["dig", "@127.0.0.1", "example.org", "AXFR"], ["kdig", "@127.0.0.1", "example.org", "AXFR"]):
            lines = [line for line in run(*command).stdout.splitlines() if line and not line.startswith(";")]
            self.assertEqual(len(lines), 13, lines)
            self.assertIn("SOA", lines[0])
            self.assertEqual(lines[0].split(), lines[-1].split())
        self.assertIn("ns.dns.cluster.local", run("dig", "@127.0.0.1", "cluster.local", "AXFR").stdout)
        self.assertIn("Transfer failed", run("dig", "@127.0.0.1", "www.example.org", "AXFR", check=False).stdout)

    def test_a_secondary_follows(self):
        work = FOLDER / "knot"
        work.mkdir()
        (work / "conf").write_text(KNOT.format(work=work))
        knot = subprocess.Popen(["knotd", "-c", work / "conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            def theirs(*question):
                return run("dig", "@127.0.0.3", "-p", "5300", "+tries=1", "+short", *question).stdout.split("\n")[:-1]
            wait_until(lambda: theirs("x.apps.example.org") == ["www.example.org.", "192.0.2.2"], "the zone is there")
            wait_until(lambda: theirs("dns-version.cluster.local", "TXT") == ['"1.1.0"'], "the cluster's zone is there")
        finally:
            knot.kill()
            knot.wait()

    def test_changes_are_taken_and_broken_files_are_not(self):
        self.addCleanup(wait_until, lambda: serial_of() == "1", "all is as it was")
        self.addCleanup(self.restore)
        write(7, "fresh A 192.0.2.7\n")
        wait_until(lambda: serial_of() == "7", "the file is read again")
        self.assertEqual(short("fresh.example.org"), ["192.0.2.7"])

        write(8, "broken A 192.0.2\n")
        wait_until(lambda: f"{EXAMPLE}:14: A data" in self.host.admin("dnsd", "/status"), "the place is told")
        self.assertEqual((serial_of(), short("fresh.example.org")), ("7", ["192.0.2.7"]))

        write(9)
        (FOLDER / "more").write_text("two A 192.0.2.10\n")
        wait_until(lambda: short("two.hosts.example.org") == ["192.0.2.10"], "an included file is followed")
        self.assertEqual(short("fresh.example.org"), [])
        self.host.processes["dnsd"].send_signal(signal.SIGHUP)
        wait_until(lambda: serial_of() == "9", "it goes on")

    def test_a_start_without_a_good_zone_says_why(self):
        (FOLDER / "bad").write_text("@ SOA ns host 1 2 3 4 5\n")
        done = run(BUILD / "daemons/paddock-dnsd", "--listen", "127.0.0.9:53", "--state-dir", "/run/other", "--admin-listen", "none",
                   "--zone", f"bad.org={FOLDER}/bad", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"{FOLDER}/bad: no NS record at bad.org.", done.stderr)


if __name__ == "__main__":
    unittest.main()
