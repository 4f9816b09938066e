#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/isolated-host bench/overlay_events.py BUILD: what one host more of a flannel network costs a netd that knows 100, 1,000 and
5,000 (PEERS): from etcd's event, and from before it is written, until the kernel tells of its route; ROUNDS of each.

One thread waits for both, etcd's word and the kernel's, before all others: it is asleep while netd works."""
import contextlib
import ctypes
import json
import os
import pathlib
import random
import select
import socket
import sys
import time

os.environ["PADDOCK_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/end_to_end"))
import overlay_test as hosts  # noqa: E402
from host import wait_until  # noqa: E402

SIZES = [int(size) for size in os.environ.get("PEERS", "100 1000 5000").split()]
ROUNDS = int(os.environ.get("ROUNDS", 200))
IPV4_ROUTES = 1 << (7 - 1)  # RTNLGRP_IPV4_ROUTE


def record(number):
    """A host at 172.16.x.y that has 10.x.y.0/24."""
    high, low = number >> 8, number & 255
    return f"10.{64 + high}.{low}.0", json.dumps(
        {"PublicIP": f"172.16.{high}.{low}", "PublicIPv6": None, "BackendType": "vxlan",
         "BackendData": {"VNI": 1, "VtepMAC": f"02:00:00:00:{high:02x}:{low:02x}"}})


def put_all(numbers):
    for first in range(0, len(numbers), 100):
        puts = []
        for number in numbers[first:first + 100]:
            base, value = record(number)
            puts.append({"requestPut": {"key": hosts.text(f"{hosts.PREFIX}/subnets/{base}-24"), "value": hosts.text(value)}})
        hosts.call("kv/txn", {"success": puts}, hosts.ETCD)


def start_among(peers):
    """A netd that has programmed so many."""
    hosts.put("config", json.dumps({"Network": "10.0.0.0/8", "SubnetLen": 24, "SubnetMax": "10.63.0.0", "Backend": {"Type": "vxlan"}}))
    put_all(list(range(1, peers + 1)))
    node = hosts.Node(1)
    node.start("--metadata", "none", "--registry", f"flannel-etcd:{hosts.ETCD}", "--subnet-file", node.folder / "subnet.env",
               "--probe-peers=false")
    node.wait_ready()
    wait_for_routes(node, peers)
    return node


def wait_for_routes(node, count):
    wait_until(lambda: node.run("sh", "-c", "ip route show proto 143 | wc -l").stdout.strip() == str(count), "all peers are there", 60)


@contextlib.contextmanager
def inside(namespace):
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path, encoding="ascii") as opened:
            if libc.setns(opened.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), f"enter {path}")

    with open("/proc/thread-self/ns/net", encoding="ascii") as here:
        enter(f"/run/netns/{namespace}")
        try:
            yield
        finally:
            libc.setns(here.fileno(), 0)


class Told:
    """Who tells of what, and when."""

    def __init__(self, node):
        with inside(node.name):
            self.kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            self.kernel.bind((0, IPV4_ROUTES))
        begin = f"{hosts.PREFIX}/subnets/"
        wanted = json.dumps({"create_request": {"key": hosts.text(begin), "range_end": hosts.text(begin[:-1] + "0")}})
        self.etcd = socket.create_connection(hosts.ETCD.removeprefix("http://").split(":"))
        self.etcd.sendall(f"POST /v3/watch HTTP/1.1\r\nHost: etcd\r\nContent-Length: {len(wanted)}\r\n\r\n{wanted}".encode())
        while b'"created":true' not in self.etcd.recv(65536):
            pass  # now it watches
        self.both = select.poll()
        self.both.register(self.kernel, select.POLLIN)
        self.both.register(self.etcd, select.POLLIN)

    def wait(self, key, route):
        """When etcd told of the key, and the kernel of the route."""
        expected = {self.etcd.fileno(): hosts.text(f"{hosts.PREFIX}/subnets/{key}").encode(), self.kernel.fileno(): route}
        sources = {self.etcd.fileno(): self.etcd, self.kernel.fileno(): self.kernel}
        when = {}
        while len(when) < 2:
            for descriptor, _ in self.both.poll():
                now = time.monotonic()
                if expected[descriptor] in sources[descriptor].recv(65536):
                    when[descriptor] = now
        return when[self.etcd.fileno()], when[self.kernel.fileno()]


def measure(node, first):
    """Milliseconds from etcd's event and from before the key is written, for each of the rounds; and netd's processor time for one."""
    told = Told(node)
    from_event, from_write = [], []
    used = cpu_seconds(node.netd.pid)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # what etcd and the kernel say is heard at once
    for number in range(first, first + ROUNDS):
        base, value = record(number)
        time.sleep(random.uniform(0.005, 0.05))
        begun = time.monotonic()
        hosts.put(f"subnets/{base}-24", value)
        event, done = told.wait(f"{base}-24", socket.inet_aton(base))
        from_event.append((done - event) * 1000)
        from_write.append((done - begun) * 1000)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return sorted(from_event), sorted(from_write), (cpu_seconds(node.netd.pid) - used) * 1000 / ROUNDS


def cpu_seconds(pid):
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def main():
    hosts.setUpModule()
    etcd = hosts.Etcd(hosts.ETCD)
    node = start_among(SIZES[0])
    known = SIZES[0]
    print("peers  from etcd's event: median, p99, most   from before it is written: median, p99   netd's processor time for one; all in ms")
    for size in SIZES:
        if size > known:
            put_all(list(range(known + 1, size + 1)))
            wait_for_routes(node, size)
            time.sleep(2)  # what many at once leave to be done
        known = max(known, size) + ROUNDS
        events, writes, used = measure(node, known - ROUNDS + 1)
        print(f"{size:5}  {events[ROUNDS // 2]:.2f} {events[ROUNDS * 99 // 100]:.2f} {events[-1]:.2f}   "
              f"{writes[ROUNDS // 2]:.2f} {writes[ROUNDS * 99 // 100]:.2f}   {used:.2f}", flush=True)
    node.stop()
    etcd.stop()


if __name__ == "__main__":
    main()
