#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/isolated-host bench/overlay_memory.py BUILD: the memory of a netd among 5,000 hosts (PEERS) of a flannel network in a real
etcd, with 250 pods (PODS) attached."""
import os
import pathlib
import time

import overlay_events
from overlay_events import hosts

PEERS = int(os.environ.get("PEERS", 5_000))
PODS = int(os.environ.get("PODS", 250))


def megabytes(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def main():
    hosts.setUpModule()
    etcd = hosts.Etcd(hosts.ETCD)
    node = overlay_events.start_among(PEERS)
    for number in range(PODS):
        node.attach(f"pod{number}")
    time.sleep(7)  # what it keeps of flannel's state is written when all is calm
    pid = node.netd.pid
    print(f"{PEERS} peers, {PODS} pods: {megabytes(pid, 'Rss'):.1f} MB resident, {megabytes(pid, 'Pss_Anon'):.1f} MB of its own")
    node.stop()
    etcd.stop()


if __name__ == "__main__":
    main()
