# SPDX-License-Identifier: Apache-2.0
"""One dnsd takes the place of another while clients ask: every query is answered, and rightly."""
import pathlib
import re
import signal
import subprocess
import unittest

from host import BUILD, Host, run, wait_until

LISTEN = ["--listen", "127.0.0.1:53"]
QUESTIONS = pathlib.Path("/run/questions")
WEB = """
{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}
"""
FOLDER = pathlib.Path("/var/lib/paddock/dnsd")


def holder():
    words = (FOLDER / "lock").read_text().split()
    return int(words[0]) if words else None  # it is being written


def takes_term(process):
    """Whether SIGTERM is blocked or caught, so that it asks to end instead of ending."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return any(int(re.search(rf"{mask}:\s+(\w+)", status)[1], 16) & 1 << signal.SIGTERM - 1 for mask in ("SigBlk", "SigCgt"))


class Replace(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host(("metadatad", "dnsd"), {"dnsd": LISTEN}))
        self.host.apply(WEB)
        wait_until(lambda: "10.43.0.10" in run("dig", "@127.0.0.1", "+short", "web.shop.svc.cluster.local").stdout, "web has a name")

    def take_place(self, *options):
        """Starts another dnsd that is to take the place of the one that runs."""
        before = self.host.processes["dnsd"]
        with (self.host.logs / "dnsd").open("a") as log:
            process = subprocess.Popen([BUILD / "daemons/paddock-dnsd", *LISTEN, "--replace", *options], stdout=log, stderr=log)
        self.host.processes["dnsd"] = process
        return before, process

    def test_no_query_is_lost_and_none_is_answered_wrongly(self):
        QUESTIONS.write_text("web.shop.svc.cluster.local A\nweb.shop.svc.cluster.local AAAA\n")
        load = subprocess.Popen(["dnsperf", "-s", "127.0.0.1", "-d", str(QUESTIONS), "-c", "40", "-Q", "3000", "-l", "300", "-t", "5"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: load.poll() is None and load.kill())
        for _ in range(3):
            before, process = self.take_place()
            self.assertEqual(before.wait(20), 0)
            wait_until(lambda: holder() == process.pid, "the new one holds the folder")

        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=60)[0]

        self.assertRegex(said, r"Queries lost: +0 ")
        self.assertGreater(int(re.search(r"Queries completed: +(\d+)", said)[1]), 0)
        self.assertRegex(said, r"Response codes: +NOERROR \d+ \(100.00%\)")
        self.host.wait_ready("dnsd")

    def test_one_that_cannot_learn_the_cluster_takes_nobodys_place(self):
        before, process = self.take_place("--source", "file:/run/nowhere.yaml")

        self.assertIn("10.43.0.10", run("dig", "@127.0.0.1", "+short", "web.shop.svc.cluster.local").stdout)
        wait_until(lambda: takes_term(process), "it has begun")
        process.terminate()
        self.assertEqual(process.wait(20), 0)
        self.assertIsNone(before.poll())
        self.host.processes["dnsd"] = before

    def test_without_one_to_replace_it_simply_starts(self):
        self.host.stop("dnsd")
        self.host.options["dnsd"] = [*LISTEN, "--replace"]
        self.host.restart("dnsd")

        self.assertEqual(holder(), self.host.processes["dnsd"].pid)


if __name__ == "__main__":
    unittest.main()
