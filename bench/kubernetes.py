#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kubernetes.py BUILD: metadatad and dnsd below an API server of 10,000 services, 150,000 endpoints and 5,000 nodes. One
table: memory, memory while everything is read again, time from a change at the API to the answer, CPU at CHANGES (1000) a
second, of slices in which one endpoint gets another address and of slices in which all do, while dnsperf, if it is there, asks QUERIES
(20000) a second. SERVICES and NODES make it smaller."""
import gc
import itertools
import os
import pathlib
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/end_to_end"))
from api_stand_in import ApiStandIn  # noqa: E402

SERVICES = int(os.environ.get("SERVICES", 10_000))
NODES = int(os.environ.get("NODES", 5_000))
CHANGES = int(os.environ.get("CHANGES", 1000))
QUERIES = int(os.environ.get("QUERIES", 20_000)) if shutil.which("dnsperf") else 0
ENDPOINTS = 15  # of a service
LOAD_SECONDS = 10


def metadata(name, namespace=None, **more):
    fields = [f"f:field-{i}" for i in range(20)]  # what servers really send: read past, never kept
    return {"name": name, **({"namespace": namespace} if namespace else {}), "uid": f"6ba7b810-9dad-11d1-80b4-{hash(name) & 0xffffffffffff:012x}",
            "resourceVersion": "1000", "creationTimestamp": "2026-11-28T03:00:00Z", "managedFields": [{"manager": "kube", "fieldsV1": fields}], **more}


def address(number):
    return f"10.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def service(i):
    return {"metadata": metadata(f"service-{i}", f"ns-{i % 100}"), "spec": {
        "clusterIP": "None", "clusterIPs": ["None"], "selector": {"app": f"service-{i}"}, "ports": [{"name": "http", "port": 80}]}}


def endpoint_slice(i, first):
    return {"metadata": metadata(f"service-{i}-abcde", f"ns-{i % 100}", labels={"kubernetes.io/service-name": f"service-{i}"}),
            "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": [address(first + n)], "conditions": {"ready": True, "serving": True, "terminating": False},
                           "nodeName": f"node-{(first + n) % NODES}", "targetRef": {"kind": "Pod", "name": f"service-{i}-pod-{n}"}}
                          for n in range(ENDPOINTS)]}


def node(i):
    return {"metadata": metadata(f"node-{i}", labels={"kubernetes.io/hostname": f"node-{i}"}),
            "spec": {"podCIDRs": [f"10.{64 + (i >> 8)}.{i & 255}.0/24"]},
            "status": {"addresses": [{"type": "InternalIP", "address": f"192.168.{i >> 8}.{i & 255}"}],
                       "conditions": [{"type": "Ready", "status": "True"}], "capacity": {"cpu": "16", "memory": "64Gi"}}}


def synthetic(resource):
    return {"namespaces": lambda: [{"metadata": metadata(f"ns-{i}")} for i in range(100)],
            "nodes": lambda: [node(i) for i in range(NODES)],
            "services": lambda: [service(i) for i in range(SERVICES)],
            "endpointslices": lambda: [endpoint_slice(i, i * ENDPOINTS) for i in range(SERVICES)],
            "pods": lambda: []}[resource]()


class Daemon:
    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, "--admin-listen=none", "--log-level=warning", *arguments])

    def memory(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{field}:")[1].split()[0]) / 1024

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(1)

    def has(self, i, wanted):
        """Whether the service's addresses hold this one."""
        labels = f"service-{i}.ns-{i % 100}.svc.cluster.local".split(".")
        name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
        self.socket.send(struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1))
        try:
            return socket.inet_aton(wanted) in self.socket.recv(4096)
        except OSError:
            return False

    def wait(self, i, wanted, seconds=300):
        end = time.monotonic() + seconds
        while not self.has(i, wanted):
            if time.monotonic() > end:
                sys.exit(f"service-{i} never had {wanted}")
            time.sleep(0.00025)  # who asks without pause takes the processor from those who are asked


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


ROUNDS = itertools.count()  # of all: no address comes twice


def change_to_answer(api, client, count=100):
    """Of services with even numbers."""
    times = []
    for round_number in itertools.islice(ROUNDS, count):
        i = 2 * (round_number * 97 % (SERVICES // 2))
        first = 2_000_000 + round_number * ENDPOINTS
        changed = endpoint_slice(i, first)
        began = time.monotonic()
        api.put("endpointslices", changed)
        client.wait(i, address(first))
        times.append(1000 * (time.monotonic() - began))
    times.sort()
    return f"{statistics.median(times):.1f} ms, p99 of {count}: {times[count * 99 // 100 - 1]:.1f} ms"


def with_new_endpoints(number, count):
    """The slice of a service with an odd number, for which nobody waits, with so many addresses that it did not have."""
    i = 2 * (number * 89 % (SERVICES // 2)) + 1
    changed = endpoint_slice(i, i * ENDPOINTS)
    for n in range(count):
        changed["endpoints"][(number + n) % ENDPOINTS]["addresses"] = [address(3_000_000 + (number * count + n) % 1_000_000)]
    return changed


def change_steadily(api, count, stop):
    """CHANGES a second."""
    number = 0
    began = time.monotonic()
    while not stop.is_set():
        due = int((time.monotonic() - began) * CHANGES)
        for number in range(number, due):
            api.put("endpointslices", with_new_endpoints(number, count))
        number = due
        time.sleep(0.005)


class Queries:
    """QUERIES a second for names of services that nobody waits for, until the end."""

    def __init__(self, port, folder):
        names = pathlib.Path(folder) / "names"
        names.write_text("".join(f"service-{i}.ns-{i % 100}.svc.cluster.local A\n" for i in range(1, SERVICES, 7)))
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(names), "-Q", str(QUERIES), "-l", "600"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL) if QUERIES else None

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


def stolen():
    """Seconds of all processors that the hypervisor gave to others while somebody wanted to run."""
    return int(pathlib.Path("/proc/stat").read_text().split(None, 9)[8]) / os.sysconf("SC_CLK_TCK")


def cores(daemons):
    before = {name: daemon.cpu() for name, daemon in daemons.items()}
    time.sleep(LOAD_SECONDS)
    return {name: (daemon.cpu() - before[name]) / LOAD_SECONDS for name, daemon in daemons.items()}


def under_load(api, client, daemons, count):
    """What it costs while that many endpoints of each slice change, beside what the queries cost."""
    what = "an endpoint" if count == 1 else f"{count} endpoints"
    without = cores(daemons)
    stop = threading.Event()
    load = threading.Thread(target=change_steadily, args=(api, count, stop))
    load.start()
    stolen_before, began = stolen(), time.monotonic()
    used = cores(daemons)
    rows = [(f"{name}: {CHANGES} changes a second of {what}, beside {without[name]:.3f} cores", f"{used[name] - without[name]:.3f} cores")
            for name in daemons]
    rows.append(("change to answer meanwhile", change_to_answer(api, client, 1000)))
    rows.append(("stolen by the hypervisor meanwhile", f"{(stolen() - stolen_before) / (time.monotonic() - began):.3f} cores"))
    stop.set()
    load.join()
    return rows


def main(build):
    daemons = pathlib.Path(build) / "daemons"
    api = ApiStandIn(synthetic)
    sys.setswitchinterval(0.0002)  # a change waits for no other thread of the stand-in for 5 ms
    gc.disable()  # with that many objects a collection stops the stand-in for half a second
    with tempfile.TemporaryDirectory() as folder:
        config = api.kubeconfig(f"{folder}/kubeconfig")
        port = free_port()
        began = time.monotonic()
        metadatad = Daemon(daemons / "paddock-metadatad", f"--store=kubernetes:{config}", "--listen=none", "--host-name=node-1",
                           f"--socket={folder}/socket", f"--state-dir={folder}/metadatad")
        dnsd = Daemon(daemons / "paddock-dnsd", f"--source=paddock:{folder}/socket", f"--listen=127.0.0.1:{port}", "--forward=false",
                      f"--state-dir={folder}/dnsd")
        both = {"metadatad": metadatad, "dnsd": dnsd}
        client = Client(port)
        client.wait(SERVICES - 1, address((SERVICES - 1) * ENDPOINTS))
        rows = [("from start to all names", f"{time.monotonic() - began:.1f} s")]
        time.sleep(5)  # the snapshots are written
        settled = {name: daemon.memory("VmRSS") for name, daemon in both.items()}
        rows += [(f"{name}: resident", f"{settled[name]:.0f} MiB") for name in both]
        for daemon in both.values():
            daemon.forget_peak()
        for resource in ("services", "endpointslices", "nodes"):
            api.expire(resource)
        time.sleep(15)
        rows += [(f"{name}: peak while all is read again", f"{daemon.memory('VmHWM') / settled[name]:.2f} x") for name, daemon in both.items()]
        rows.append(("change to answer, quiet", change_to_answer(api, client)))
        queries = Queries(port, folder)
        rows.append((f"from then on with {QUERIES} queries a second", ""))
        for count in (1, ENDPOINTS):
            rows += under_load(api, client, both, count)
        queries.end()
        print(f"| {SERVICES} services, {SERVICES * ENDPOINTS} endpoints, {NODES} nodes | |\n| --- | --- |")
        for row in rows:
            print(f"| {row[0]} | {row[1]} |")
        for daemon in both.values():
            daemon.process.terminate()
            daemon.process.wait()
    api.stop()


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
