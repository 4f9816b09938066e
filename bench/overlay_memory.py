#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/isolated-host bench/overlay_memory.py BUILD: the memory of a netd among 5,000 hosts (PEERS) of a flannel network in a real
etcd, with 250 pods (PODS) attached, and what one host more costs from etcd's event to the kernel (ROUNDS of it)."""
import base64
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

os.environ["PADDOCK_BUILD"] = str(pathlib.Path(sys.argv[1]).resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/end_to_end"))
import overlay_test as hosts  # noqa: E402
from host import wait_until  # noqa: E402

PEERS = int(os.environ.get("PEERS", 5_000))
PODS = int(os.environ.get("PODS", 250))
ROUNDS = int(os.environ.get("ROUNDS", 100))


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
        hosts.call("kv/txn", {"success": puts})


def megabytes(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


class Told(threading.Thread):
    """When etcd tells of a key: what comes before that is etcd's own, its disk for the most part."""

    def __init__(self):
        super().__init__(daemon=True)
        self.at = {}
        begin = f"{hosts.PREFIX}/subnets/"
        wanted = {"create_request": {"key": hosts.text(begin), "range_end": hosts.text(begin[:-1] + "0")}}
        self.stream = urllib.request.urlopen(urllib.request.Request(f"{hosts.ETCD}/v3/watch", json.dumps(wanted).encode()))
        self.stream.readline()  # it watches
        self.start()

    def run(self):
        for line in self.stream:
            now = time.monotonic()
            for event in json.loads(line)["result"].get("events", []):
                self.at[base64.b64decode(event["kv"]["key"]).decode().rsplit("/", 1)[1]] = now

    def when(self, name):
        wait_until(lambda: name in self.at, f"etcd tells of {name}")
        return self.at[name]


def one_more(node, number, told):
    """Milliseconds until the kernel tells of the route: from before the key is written, and from etcd's event."""
    base, value = record(number)
    watch = subprocess.Popen(["ip", "netns", "exec", node.name, "stdbuf", "-oL", "ip", "monitor", "route"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.05)  # it has to listen
    begun = time.monotonic()
    hosts.put(f"subnets/{base}-24", value)
    for line in watch.stdout:
        if base in line:
            break
    done = time.monotonic()
    watch.kill()
    watch.wait()
    return (done - begun) * 1000, (done - told.when(f"{base}-24")) * 1000


def main():
    hosts.setUpModule()
    etcd = hosts.Etcd()
    hosts.put("config", json.dumps({"Network": "10.0.0.0/8", "SubnetLen": 24, "SubnetMax": "10.63.0.0", "Backend": {"Type": "vxlan"}}))
    put_all(list(range(1, PEERS + 1)))
    node = hosts.Node(1)
    node.start("--metadata", "none", "--registry", f"flannel-etcd:{hosts.ETCD}", "--subnet-file", node.folder / "subnet.env", "--probe-peers=false")
    node.wait_ready()
    wait_until(lambda: node.run("sh", "-c", "ip route show proto 143 | wc -l").stdout.strip() == str(PEERS), "all peers are there", 60)
    for number in range(PODS):
        node.attach(f"pod{number}")
    told = Told()
    times = [one_more(node, PEERS + 1 + number, told) for number in range(ROUNDS)]
    pid = node.netd.pid
    print(f"{PEERS} peers, {PODS} pods: {megabytes(pid, 'Rss'):.1f} MB resident, {megabytes(pid, 'Pss_Anon'):.1f} MB of its own")
    for since, column in (("before it is written to etcd", 0), ("etcd's event", 1)):
        took = sorted(each[column] for each in times)
        print(f"one more, from {since}: median {statistics.median(took):.2f} ms, p99 {took[int(len(took) * 0.99)]:.2f} ms")
    node.stop()
    etcd.stop()


if __name__ == "__main__":
    main()
