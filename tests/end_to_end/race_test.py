# SPDX-License-Identifier: Apache-2.0
"""Two new hosts started at once, over and over, in a cluster of two subnets: each has one, none is shared."""
import json
import os
import pathlib
import shutil
import signal
import time
import unittest

from etcd import Etcd
from fleet import ETCD, Node, lay_wire
from host import run, wait_until

ROUNDS = 100
SECONDS = float(os.environ.get("PADDOCK_RACE_SECONDS", "12"))  # a slow machine runs fewer rounds in it
OPTIONS = ("--metadata", f"etcd:{ETCD}", "--registry", "cluster", "--cluster-cidrs", "10.42.0.0/23")


def subnet(node):
    held = json.loads((node.folder / "state/subnets.json").read_text())
    return held[0] if len(held) == 1 else None


class Race(unittest.TestCase):
    def test_hosts_started_at_once_share_no_subnet(self):
        lay_wire()
        etcd = Etcd(ETCD)
        self.addCleanup(etcd.stop)
        nodes = [Node(1), Node(2)]
        end = time.monotonic() + SECONDS
        rounds = 0
        while rounds < ROUNDS and (rounds == 0 or time.monotonic() < end):
            for node in nodes:
                node.start(*OPTIONS)
            held = [wait_until(lambda: subnet(node), f"{node.name} has a subnet", 30) for node in nodes]
            self.assertEqual(sorted(held), ["10.42.0.0-24", "10.42.1.0-24"])
            for node in nodes:
                node.stop(signal.SIGKILL)
                shutil.rmtree(pathlib.Path(node.folder / "state"))
            run("etcdctl", "--endpoints", ETCD, "del", "--prefix", "/paddock")
            rounds += 1
        print(f"{rounds} rounds")


if __name__ == "__main__":
    unittest.main()
