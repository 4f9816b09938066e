#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A parent metadatad and its children on one machine, over TLS with a token, as hosts of a fleet have them: memory and
processor of each, how long a child takes to have the cluster, and how long after its PUT at the parent a change is
at every child.
    bench/metadata_tree.py BUILD_DIRECTORY [CHILDREN=20] [PODS=10000] [CHANGES_PER_SECOND=50] [SECONDS=10]
Needs the target paddock-metadatad, curl and openssl."""
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

build = pathlib.Path(sys.argv[1])
children, pods, rate, seconds = (int(sys.argv[i]) if len(sys.argv) > i else default
                                 for i, default in ((2, 20), (3, 10000), (4, 50), (5, 10)))
work = pathlib.Path(tempfile.mkdtemp(prefix="paddock-tree-"))
daemons = []


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(name, *options):
    folder = work / name
    folder.mkdir()
    daemon = subprocess.Popen(
        [build / "daemons/paddock-metadatad", "--state-dir", folder / "state", "--socket", folder / "s", "--listen", "none",
         "--admin-listen", "none", *options], stderr=(folder / "log").open("w"))
    daemon.folder = folder
    daemons.append(daemon)
    return daemon


def connect(daemon):
    link = socket.socket(socket.AF_UNIX)
    link.connect(str(daemon.folder / "s"))
    return link


def ask(daemon, path):
    done = subprocess.run(["curl", "-s", "--unix-socket", daemon.folder / "s", "http://m" + path], capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout else {}


def put(link, pod, text):
    link.sendall((f"PUT /v1/pods/bench/pod-{pod} HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\n"
                  f"Content-Length: {len(text)}\r\n\r\n{text}").encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += link.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    left = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split(b":")[1]) - len(body)
    while left > 0:
        left -= len(link.recv(65536))
    assert head[9:10] == b"2", head


def pod_text(pod, note):
    return json.dumps({"host": f"host-{pod % 500}", "addresses": [f"10.{42 + pod // 62500}.{pod // 250 % 250}.{pod % 250 + 1}"],
                       "labels": {"app": f"app-{pod % 300}"}, "annotations": {"note": note}})


def load(parent, some):
    link = connect(parent)
    for pod in some:
        put(link, pod, pod_text(pod, "first"))


def memory(daemon):
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def processor(daemon):
    words = pathlib.Path(f"/proc/{daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def follow(child, arrived):
    """Notes when each change is at the child."""
    link = connect(child)
    link.sendall(b"GET /v1/cluster?watch=true HTTP/1.1\r\nHost: m\r\n\r\n")
    rest = b""
    while piece := link.recv(1 << 20):
        now = time.monotonic()
        rest += piece
        while (at := rest.find(b'"note":"t')) >= 0:
            end = rest.find(b'"', at + 9)
            if end < 0:
                break
            arrived.append(now - float(rest[at + 9:end]))
            rest = rest[end:]
        rest = rest[-64:] if b'"note":"t' not in rest else rest


def main():
    port = free_port()
    run = lambda *command: subprocess.run(command, check=True, capture_output=True)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=parent", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", work / "key", "-out", work / "pem")
    (work / "tokens").write_text("secret child read\n")
    (work / "token").write_text("secret\n")
    parent = start("parent", "--api-listen", f"127.0.0.1:{port}", "--api-certificate", work / "pem", "--api-key", work / "key",
                   "--api-token-file", work / "tokens")
    while not ask(parent, "/v1/status").get("ready"):
        time.sleep(0.05)
    loaders = [threading.Thread(target=load, args=(parent, range(first, pods, 16))) for first in range(16)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
    began = time.monotonic()
    for number in range(children):
        start(f"child-{number}", "--store", f"paddock:https://127.0.0.1:{port}", "--store-ca", work / "pem",
              "--store-token-file", work / "token")
    for child in daemons[1:]:
        while ask(child, "/v1/status").get("objects", {}).get("pods") != pods:
            time.sleep(0.05)
    print(f"{children} children with {pods} pods each: {time.monotonic() - began:.1f} s after the first was started")
    arrived = []
    for child in daemons[1:]:
        threading.Thread(target=follow, args=(child, arrived), daemon=True).start()
    time.sleep(1)
    link = connect(parent)
    before = [processor(daemon) for daemon in daemons]
    began = time.monotonic()
    for change in range(rate * seconds):
        time.sleep(max(0.0, began + change / rate - time.monotonic()))
        put(link, change % pods, pod_text(change % pods, f"t{time.monotonic():.6f}"))
    took = time.monotonic() - began
    time.sleep(1)
    used = [processor(daemon) - at for daemon, at in zip(daemons, before)]
    late = sorted(arrived)
    print(f"parent: {memory(parent):.1f} MB, {100 * used[0] / took:.1f} % of a core at {rate} changes a second")
    print(f"a child: {statistics.median(map(memory, daemons[1:])):.1f} MB, {100 * statistics.median(used[1:]) / took:.1f} %")
    print(f"a change is at a child after {1000 * late[len(late) // 2]:.1f} ms (p50), {1000 * late[len(late) * 99 // 100]:.1f} ms (p99), "
          f"{len(late)} of {rate * seconds * children} seen")


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    main()
finally:
    for one in daemons:
        one.terminate()
    for one in daemons:
        one.wait()
    subprocess.run(["rm", "-rf", work])
