# SPDX-License-Identifier: Apache-2.0
"""The pages docs/migrate-*.md, done as they are written: files are put where they say, daemons started with them, and what is
typed in their boxes says what stands there."""
import pathlib
import re
import unittest

from etcd import Etcd
from host import BUILD, Host, run, wait_until

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
STEP = re.compile(r"^`(/[^`\n]+)`:\n\n```\w*\n(.*?)^```|^```console\n(.*?)^```", re.M | re.S)


def steps(page):
    """(path, text) of each file, (None, text) of each box of what is typed, in the page's order."""
    return [(path or None, text or typed) for path, text, typed in STEP.findall((DOCS / page).read_text())]


def typed(box):
    """(command, what it says) of a box."""
    return [(command, said) for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", box, re.M)]


class Migrations(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host(daemons=()))
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire")
        run("ip", "link", "set", "wire", "up")
        self.addCleanup(run, "ip", "link", "del", "eth0")
        run("ip", "address", "add", "192.0.2.1/24", "dev", "eth0")
        run("ip", "link", "set", "eth0", "up")
        run("ip", "route", "add", "default", "via", "192.0.2.254")

    def follow(self, page):
        for path, text in steps(page):
            if path is None:
                for command, said in typed(text):
                    self.expect(command, said)
            else:
                self.put(pathlib.Path(path), text)

    def put(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.addCleanup(path.unlink)
        if path.parent == pathlib.Path("/etc/paddock"):
            run(BUILD / f"daemons/paddock-{path.stem}", "--check-config")
            self.host.start(path.stem)
            self.host.wait_ready(path.stem)

    def expect(self, command, said):
        last = []

        def says_so():
            last[:] = [run("sh", "-c", command, check=False).stdout]
            return last[0] == said or last[0] == said.rstrip("\n")

        if "put" in command or "ln" in command:  # once is enough, and all there may be
            self.assertTrue(says_so(), f"{command}: {last}")
            return
        try:
            wait_until(says_so, command)
        except AssertionError as error:
            raise AssertionError(f"{error}\nsaid: {last[0]}\nnot:  {said}") from None

    def test_rancher(self):
        run("ip", "address", "add", "169.254.169.250/32", "dev", "lo")
        self.addCleanup(run, "ip", "address", "del", "169.254.169.250/32", "dev", "lo")
        self.follow("migrate-rancher.md")

    def test_skydns(self):
        self.addCleanup(Etcd().stop)
        self.follow("migrate-skydns.md")

    def test_flannel(self):
        self.addCleanup(Etcd().stop)
        self.follow("migrate-flannel.md")


if __name__ == "__main__":
    unittest.main()
