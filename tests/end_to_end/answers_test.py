# SPDX-License-Identifier: Apache-2.0
"""dnsd with a Rancher answers file and no cluster: what rancher-dns' own tests asked of it, through dig, with a real
resolver behind; then what happens to the file."""
import pathlib
import signal
import subprocess
import unittest

from host import Host, run, wait_until

FILE = pathlib.Path("/run/answers.yaml")
RELOAD = "127.0.0.1:8113"
LOG = pathlib.Path("/run/rancher-dns.log")
PID = pathlib.Path("/run/rancher-dns.pid")
ANSWERS = """
default:
  search: [rancher.internal]
  authoritative: [rancher.internal]
  recurse: [127.0.0.2]
  a:
    rancher-metadata.rancher.internal.: {answer: [169.254.169.250]}
    service-foo.stack-a.rancher.internal.: {answer: [10.42.1.1]}
    service-baz.stack-a.rancher.internal.: {answer: [10.42.141.123, 10.42.195.8]}
    service-bar.stack-b.rancher.internal.: {answer: [10.42.112.11]}
    "%s.rancher.internal.": {answer: [169.254.169.250]}
  cname:
    external-alias-foo.stack-a.rancher.internal.: {answer: www.example.test.}
    external-alias-bar.stack-b.rancher.internal.: {answer: www.example.test.}
127.0.0.1:
  search: [stack-a.rancher.internal, service-foo.stack-a.rancher.internal, rancher.internal]
127.0.0.3:
  recurse: [127.0.0.4]
""" % ".".join("x" * size for size in (61, 63, 61))


def dig(*question):
    return run("dig", "@127.0.0.1", "+tries=1", *question).stdout


def short(*question):
    return sorted(run("dig", "@127.0.0.1", "+tries=1", "+short", *question).stdout.split())


def reload():
    return run("curl", "-s", "-m", "5", "-w", "%{http_code}", "-X", "POST", f"http://{RELOAD}/v1/reload").stdout


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        FILE.write_text(ANSWERS)
        cls.host = cls.enterClassContext(
            Host(daemons=("dnsd",), options={"dnsd": ["-answers", FILE, "-listen", "127.0.0.1:53", "-listenReload", RELOAD, "-ttl", "600",
                                  "-cache-capacity", "1000", "-log", LOG, "-pid-file", PID, "-debug"]}))

        other = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
             "--listen-address=127.0.0.4", "--user=root", "--pid-file=", "--address=/www.example.test/192.0.2.81"])
        cls.addClassCleanup(other.wait)
        cls.addClassCleanup(other.kill)

    def setUp(self):
        FILE.write_text(ANSWERS)
        wait_until(lambda: short("service-bar.stack-b") == ["10.42.112.11"], "the file is read")

    def test_names_of_the_file_whole_and_short(self):
        self.assertEqual(short("service-bar.stack-b.rancher.internal"), ["10.42.112.11"])
        self.assertEqual(short("service-bar.stack-b"), ["10.42.112.11"])
        self.assertEqual(short("service-foo"), ["10.42.1.1"])
        self.assertEqual(short("rancher-metadata"), ["169.254.169.250"])
        self.assertEqual(short(".".join("x" * size for size in (61, 63, 61)) + ".rancher.internal"), ["169.254.169.250"])
        self.assertIn("flags: qr aa rd ra;", dig("service-foo.stack-a.rancher.internal"))
        self.assertRegex(dig("service-foo"), r"service-foo\.\s+600\s+IN\s+A\s+10\.42\.1\.1")

    def test_what_is_not_there(self):
        for name in ("nonexisting.rancher.internal", "no-service.no-stack.rancher.internal"):
            self.assertIn("status: NXDOMAIN", dig(name))
        reply = dig("nonexisting.rancher.internal", "AAAA")
        self.assertIn("AUTHORITY: 1,", reply)
        self.assertRegex(reply, r"rancher\.internal\.\s+\d+\s+IN\s+SOA")
        for name in ("service-foo.stack-a.rancher.internal", "service-foo.stack-a"):
            reply = dig(name, "AAAA")
            self.assertIn("status: NOERROR", reply)
            self.assertIn("ANSWER: 0, AUTHORITY: 1,", reply)

    def test_names_of_others_are_asked_of_the_resolver(self):
        self.assertEqual(short("www.example.test"), ["192.0.2.80"])
        self.assertEqual(short("+tcp", "www.example.test"), ["192.0.2.80"])
        self.assertIn("EDNS: version: 0", dig("+edns=0", "www.example.test"))
        self.assertIn("flags: qr rd ra", dig("www.example.test"))
        self.assertIn("status: NXDOMAIN", dig("subdomain.invalid"))

    def test_a_client_has_resolvers_of_its_own(self):
        wait_until(lambda: short("-b", "127.0.0.3", "www.example.test") == ["192.0.2.81"], "its own resolver answers it")
        self.assertEqual(short("www.example.test"), ["192.0.2.80"])
        self.assertEqual(short("-b", "127.0.0.3", "external-alias-foo.stack-a.rancher.internal"), ["192.0.2.81", "www.example.test."])

    def test_aliases_of_names_outside_are_followed_out(self):
        for name in ("external-alias-foo.stack-a.rancher.internal", "external-alias-foo", "external-alias-bar.stack-b"):
            self.assertEqual(short(name), ["192.0.2.80", "www.example.test."])

    def test_a_new_file_counts_and_a_broken_one_does_not(self):
        FILE.write_text(ANSWERS.replace("10.42.112.11", "10.42.112.99"))
        wait_until(lambda: short("service-bar.stack-b") == ["10.42.112.99"], "the new file is read by itself")

        FILE.write_text("default:\n  a: [\n")
        wait_until(lambda: "answers.yaml:" in self.host.admin("dnsd", "/status"), "the mistake is reported by its line")
        self.assertEqual(short("service-bar.stack-b"), ["10.42.112.99"])

        FILE.unlink()
        self.host.processes["dnsd"].send_signal(signal.SIGHUP)
        wait_until(lambda: "cannot be read" in self.host.admin("dnsd", "/status"), "that it is gone is reported")
        self.assertEqual(short("service-bar.stack-b"), ["10.42.112.99"])

    def test_a_reload_is_asked_for_over_http(self):
        FILE.write_text(ANSWERS.replace("10.42.112.11", "10.42.112.98"))
        self.assertEqual(reload(), "OK200")
        self.assertEqual(short("service-bar.stack-b"), ["10.42.112.98"])

        FILE.write_text("default: 5\n")
        said = reload()
        self.assertTrue(said.endswith("500"), said)
        self.assertIn("answers.yaml:1: default must be a map", said)
        self.assertEqual(short("service-bar.stack-b"), ["10.42.112.98"])

    def test_pid_and_log_are_where_they_were_wanted(self):
        process = self.host.processes["dnsd"]
        self.assertEqual(PID.read_text(), f"{process.pid}\n")
        self.assertIn("msg=answering", LOG.read_text())

        LOG.rename("/run/rancher-dns.log.1")
        process.send_signal(signal.SIGHUP)

        wait_until(lambda: "msg=" in LOG.read_text(), "the log goes to a new file")

    def test_addresses_take_turns_to_be_first(self):
        firsts = [run("dig", "@127.0.0.1", "+short", "service-baz").stdout.split()[0] for _ in range(20)]

        self.assertEqual(set(firsts), {"10.42.141.123", "10.42.195.8"})


if __name__ == "__main__":
    unittest.main()
