#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/isolated-host bench/pod_paths.py BUILD: between two pods of one host, routed and on a bridge in turn (ROUNDS of each): round trips
of 64 octets over TCP, and one stream."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(os.environ.get("ROUNDS", 15))
SECONDS = 0.7
PORT = 7000
PLUGIN = pathlib.Path("/opt/cni/bin/paddock")


def open_socket(address):
    connection = socket.create_connection((address, PORT))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def serve(address):
    """Sends 64 octets back, until there are more: those it only reads."""
    listener = socket.create_server((address, PORT))
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        room = bytearray(1 << 18)
        with contextlib.suppress(ConnectionError):  # the last of a stream may look like a question, and nobody waits for an answer
            while count := connection.recv_into(room):
                if count <= 64:
                    connection.sendall(room[:count])


def measure(address):
    """Microseconds of a round trip, gigabits a second of a stream."""
    connection = open_socket(address)
    done = 0
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS:
        connection.sendall(bytes(64))
        connection.recv(64)
        done += 1
    trip = (time.monotonic() - begun) / done * 1e6
    connection.close()
    connection = open_socket(address)
    block = bytes(1 << 18)
    done = 0
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS:
        connection.sendall(block)
        done += len(block)
    print(json.dumps([trip, done * 8 / (time.monotonic() - begun) / 1e9]))


def cni(command, socket_path, pod, network):
    config = {"cniVersion": "1.1.0", "name": network, "type": "paddock"}
    if network == "bridged":
        config["dataPath"] = "bridge"
    environment = {"CNI_COMMAND": command, "CNI_CONTAINERID": pod, "CNI_NETNS": f"/run/netns/{pod}", "CNI_IFNAME": "eth0",
                   "CNI_PATH": str(PLUGIN.parent), "PADDOCK_NET_SOCKET": str(socket_path)}
    return subprocess.run([PLUGIN], env=environment, input=json.dumps(config), capture_output=True, text=True, check=False)


def inside(pod, *arguments):
    return ["ip", "netns", "exec", pod, sys.executable, __file__, *arguments]


def main(build):
    PLUGIN.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(build / "daemons/cni/paddock-cni", PLUGIN)
    folder = pathlib.Path(tempfile.mkdtemp())
    at = folder / "net.sock"
    netd = subprocess.Popen([build / "daemons/paddock-netd", "--metadata", "none", "--admin-listen", "none", "--log-level", "warning", "--state-dir",
                             folder / "netd", "--socket", at, "--networks", "bridged=10.43.0.0/16", "--subnets", "10.44.0.0/16"])
    while cni("STATUS", at, "none", "paddock").returncode != 0:
        time.sleep(0.01)
    servers = {}
    for network in ("paddock", "bridged"):
        for pod in (f"{network}-server", f"{network}-client"):
            subprocess.run(["ip", "netns", "add", pod], check=True)
            result = json.loads(cni("ADD", at, pod, network).stdout)
            if pod.endswith("server"):
                address = result["ips"][0]["address"].split("/")[0]
                server = subprocess.Popen(inside(pod, "serve", address), stdout=subprocess.PIPE, text=True)
                server.stdout.readline()
                servers[network] = (server, address)
    found = {network: [] for network in servers}
    for _ in range(ROUNDS):
        for network, (_, address) in servers.items():
            done = subprocess.run(inside(f"{network}-client", "measure", address), stdout=subprocess.PIPE, text=True, check=True)
            found[network].append(json.loads(done.stdout))
    for name, network in (("routed", "paddock"), ("bridge", "bridged")):
        trips, streams = zip(*found[network])
        print(f"{name}: round trip {statistics.median(trips):.1f} µs, stream {statistics.median(streams):.1f} Gb/s")
    for server, _ in servers.values():
        server.kill()
        server.wait()
    netd.terminate()
    netd.wait()
    shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    elif sys.argv[1] == "measure":
        measure(sys.argv[2])
    else:
        main(pathlib.Path(sys.argv[1]).resolve())
