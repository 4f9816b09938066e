#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/isolated-host bench/overlay_memory.py BUILD: the memory of a netd among 5,000 hosts (PEERS) of a flannel network in a real
etcd, with 250 pods (PODS) attached, and what one host more costs from etcd's event to the kernel (ROUNDS of it)."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

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


def one_more(node, number):
    """Milliseconds from before the key is written until the kernel tells of the route."""
    base, value = record(number)
    watch = subprocess.Popen(["ip", "netns", "exec", node.name, "stdbuf", "-oL", "ip", "monitor", "route"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.05)  # it has to listen
    begun = time.monotonic()
    hosts.put(f"subnets/{base}-24", value)
    for line in watch.stdout:
        if base in line:
            break
    took = (time.monotonic() - begun) * 1000
    watch.kill()
    watch.wait()
    return took


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
    times = sorted(one_more(node, PEERS + 1 + number) for number in range(ROUNDS))
    pid = node.netd.pid
    print(f"{PEERS} peers, {PODS} pods: {megabytes(pid, 'Rss'):.1f} MB resident, {megabytes(pid, 'Pss_Anon'):.1f} MB of its own")
    print(f"one more, from before it is written to etcd: median {statistics.median(times):.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms")
    node.stop()
    etcd.stop()


if __name__ == "__main__":
    main()
