# SPDX-License-Identifier: Apache-2.0
"""Debian's etcd on the test's host: one member, or three of one cluster. What it holds outlives its processes."""
import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import urllib.request

from host import wait_until

LOOPBACK = "http://127.0.0.1:2379"


def call(path, body, server):
    """A request to etcd's gateway; its answer."""
    request = urllib.request.Request(f"{server}/v3/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def text(value):
    """As the gateway has keys and values."""
    return base64.b64encode(value.encode()).decode()


class Etcd:
    """One member, started on creation."""

    def __init__(self, url=LOOPBACK):
        self.url = url
        self.folder = tempfile.mkdtemp(prefix="etcd-", dir="/run")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["etcd", "--data-dir", self.folder, "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
             "--listen-peer-urls", "http://127.0.0.1:2380", "--log-level", "error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.call("maintenance/status", {}), "etcd answers", 30)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def call(self, path, body):
        return call(path, body, self.url)


class EtcdMembers:
    """Three of them, one cluster."""

    def __init__(self):
        self.urls = [f"http://10.1.0.{number}:2379" for number in (251, 252, 253)]
        self.processes = {}
        self.start()

    def start(self):
        """Those that do not run, and waits until there is a leader."""
        peers = {url: url.replace(":2379", ":2380") for url in self.urls}
        everybody = ",".join(f"{url[-8:-5]}={peer}" for url, peer in peers.items())
        for url in self.urls:
            if url in self.processes:
                continue
            self.processes[url] = subprocess.Popen(
                ["etcd", "--name", url[-8:-5], "--data-dir", f"/run/etcd-{url[-8:-5]}", "--listen-client-urls", url,
                 "--advertise-client-urls", url, "--listen-peer-urls", peers[url], "--initial-advertise-peer-urls", peers[url],
                 "--initial-cluster", everybody, "--heartbeat-interval", "50", "--election-timeout", "500",
                 "--unsafe-no-fsync", "--log-level", "error"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.leader, "etcd has a leader", 30)

    def leader(self):
        for url in self.processes:
            with contextlib.suppress(OSError):
                status = call("maintenance/status", {}, url)
                if status.get("leader") == status["header"]["member_id"]:
                    return url
        return None

    def kill(self, url):
        process = self.processes.pop(url)
        process.kill()
        process.wait()

    def stop(self):
        for url in list(self.processes):
            self.kill(url)

    def lose_data(self):
        for url in self.urls:
            shutil.rmtree(f"/run/etcd-{url[-8:-5]}")

    def back_up(self):
        for url in self.urls:
            shutil.copytree(f"/run/etcd-{url[-8:-5]}", f"/run/backup-{url[-8:-5]}")

    def restore(self):
        self.lose_data()
        for url in self.urls:
            shutil.copytree(f"/run/backup-{url[-8:-5]}", f"/run/etcd-{url[-8:-5]}")
