# SPDX-License-Identifier: Apache-2.0
"""The life of the Debian packages on a host that systemd has booted, from installation to purge."""
import json
import pathlib
import re
import tempfile
import unittest

from root import TOP, Root, make_packages, wait_until

WEB = "{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}"
NETWORK = '{"cniVersion": "1.1.0", "name": "paddock", "type": "paddock"}'


def cni(root, command, pod):
    done = root.run("env", f"CNI_COMMAND={command}", f"CNI_CONTAINERID={pod}", f"CNI_NETNS=/run/netns/{pod}", "CNI_IFNAME=eth0",
                    "CNI_PATH=/opt/cni/bin", f"CNI_ARGS=K8S_POD_NAMESPACE=shop;K8S_POD_NAME={pod}", "/opt/cni/bin/paddock",
                    stdin=NETWORK)
    return json.loads(done.stdout) if done.stdout else None


def is_well(root):
    return "Paddock is well" in root.run("paddock", "status", check=False).stdout


def name_of_web(root):
    return root.run("ip", "netns", "exec", "one", "dig", "+short", "+tries=1", "+time=2", "@169.254.169.250",
                    "web.shop.svc.cluster.local", check=False).stdout.strip()


def traces(root):
    """What is to be the same after a purge as before."""
    asked = {"links": ["ip", "-o", "-br", "address"], "routes": ["ip", "route", "show", "table", "all"],
             "rules": ["nft", "list", "tables"], "users": ["getent", "passwd"], "groups": ["getent", "group"],
             "sockets": ["sh", "-c", "ls /run/paddock 2>&1 || true"],
             "processes": ["sh", "-c", "ps -eo args | grep '^[^ ]*paddock-' || true"]}
    return {what: root.run(*command).stdout for what, command in asked.items()} | {"files": root.written()}


class Packages(unittest.TestCase):
    """In the order of their names: one host, and what befalls it."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.packages = make_packages(folder / "now")
        cls.newer = make_packages(folder / "newer", "--version", "0.1.0+next")
        cls.root = cls.enterClassContext(Root())
        cls.before = traces(cls.root)
        cls.root.install(cls.packages)
        cls.root.run("ip", "netns", "add", "one")
        wait_until(lambda: is_well(cls.root), "all is well")
        cls.root.run("paddock", "apply", "-f", "-", stdin=WEB)
        cls.address = cni(cls.root, "ADD", "one")["ips"][0]["address"]
        wait_until(lambda: name_of_web(cls.root) == "10.43.0.10", "the service has its name")

    def main_pid(self, unit):
        return self.root.run("systemctl", "show", "--property=MainPID", "--value", unit).stdout.strip()

    def test_1_units_run_as_who_they_should(self):
        for daemon, user in (("metadatad", "paddock-metadatad"), ("dnsd", "paddock-dnsd"), ("netd", "root")):
            unit = f"paddock-{daemon}.service"
            self.assertEqual(self.root.run("ps", "-o", "user:32=", "-p", self.main_pid(unit)).stdout.strip(), user)
            self.assertEqual(self.root.run("systemctl", "is-enabled", unit).stdout.strip(), "enabled")
            self.root.run(f"paddock-{daemon}", "--check-config")
            self.assertIn("--check-config", self.root.run(f"paddock-{daemon}", "--help").stdout)
        self.assertEqual(self.root.run("stat", "-c", "%U:%G %a", "/run/paddock/metadata.sock").stdout.strip(),
                         "paddock-metadatad:paddock 660")

    def test_1_none_reads_what_another_keeps(self):
        for who, whose in (("dnsd", "metadatad"), ("metadatad", "dnsd"), ("dnsd", "netd")):
            said = self.root.run("setpriv", f"--reuid=paddock-{who}", "--regid=paddock", "--clear-groups", "ls",
                                 f"/var/lib/paddock/{whose}", check=False)
            self.assertIn("Permission denied", said.stderr)

    def test_1_a_program_is_compiled_against_the_libraries(self):
        self.root.run("mkdir", "-p", "/tmp/consumer/find_package")
        for name in ("main.cpp", "find_package/CMakeLists.txt"):
            self.root.copy(TOP / "tests/package" / name, f"/tmp/consumer/{name}")

        self.root.run("cmake", "-S", "/tmp/consumer/find_package", "-B", "/tmp/consumer/build")
        self.root.run("cmake", "--build", "/tmp/consumer/build")

        self.assertIn("is web-1", self.root.run("/tmp/consumer/build/consumer").stdout)

    def test_2_an_upgrade_keeps_what_there_was_and_loses_no_query(self):
        self.root.run("systemctl", "disable", "paddock-netd.service")
        self.root.run("sh", "-c", "echo web.shop.svc.cluster.local A > /tmp/questions")
        load = self.root.start("ip", "netns", "exec", "one", "dnsperf", "-s", "169.254.169.250", "-d", "/tmp/questions",
                               "-Q", "1000", "-c", "20", "-l", "200", "-t", "5")
        before = self.main_pid("paddock-dnsd.service")

        self.root.install(self.newer)

        wait_until(lambda: self.main_pid("paddock-dnsd.service") not in (before, "0"), "the new one is the one to watch")
        wait_until(lambda: self.root.run("ps", "-p", before, check=False).returncode != 0, "the old one has ended")
        self.root.run("pkill", "-INT", "dnsperf")  # of this host's own process namespace
        said = load.communicate(timeout=60)[0]
        self.assertRegex(said, r"Queries lost: +0 ")
        self.assertRegex(said, r"Response codes: +NOERROR \d+ \(100.00%\)")
        wait_until(lambda: is_well(self.root), "all is well")
        self.assertEqual(self.root.run("systemctl", "show", "--property=NRestarts", "--value", "paddock-dnsd.service").stdout, "0\n")
        self.assertIn("0.1.0+next", self.root.run("dpkg-query", "--show", "paddock-dnsd").stdout)
        self.assertEqual(self.root.run("systemctl", "is-enabled", "paddock-netd.service", check=False).stdout.strip(), "disabled")
        self.assertEqual(cni(self.root, "ADD", "one")["ips"][0]["address"], self.address)

    def test_3_a_purge_leaves_nothing(self):
        self.root.run("dpkg", "--purge", *[re.sub("_.*", "", path.name) for path in self.packages])

        self.root.run("ip", "netns", "del", "one")
        self.assertEqual(traces(self.root), self.before)


if __name__ == "__main__":
    unittest.main()
