# SPDX-License-Identifier: Apache-2.0
"""Several hosts to test on: namespaces on one wire, an etcd beside them, daemons in each, pods behind each.

Runs inside packaging/isolated-host. The wire is a bridge in the host's own namespace, where etcd is, too.
"""
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import urllib.request

from host import BUILD, RESOLVER, run, wait_until

ETCD = "http://10.1.0.254:2379"
ADMIN = {"metadatad": 9761, "dnsd": 9762, "netd": 9763}


def lay_wire():
    run("ip", "link", "add", "wire", "type", "bridge")
    for address in ("10.1.0.251", "10.1.0.252", "10.1.0.253", "10.1.0.254"):  # of members of etcd
        run("ip", "address", "add", f"{address}/24", "dev", "wire")
    run("ip", "link", "set", "wire", "up")


def call(path, body, server=ETCD):
    """A request to etcd's gateway; its answer."""
    request = urllib.request.Request(f"{server}/v3/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def text(value):
    return base64.b64encode(value.encode()).decode()


class Etcd:
    def __init__(self):
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["etcd", "--data-dir", "/run/etcd", "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
             "--listen-peer-urls", "http://127.0.0.1:2380", "--log-level", "error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: call("maintenance/status", {}), "etcd answers", 30)

    def stop(self):
        self.process.kill()
        self.process.wait()


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


class Node:
    """A namespace on the wire; daemons in it."""

    def __init__(self, number, has_v6=False):
        self.number = number
        self.name = f"node{number}"
        self.address = f"10.1.0.{number}"
        self.folder = pathlib.Path(f"/run/nodes/{self.name}")
        self.folder.mkdir(parents=True)
        self.netd = None
        self.others = {}  # daemons beside netd
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", f"wire{number}", "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", f"wire{number}", "master", "wire", "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        if has_v6:
            self.run("ip", "address", "add", f"fd01::{self.number}/64", "dev", "eth0", "nodad")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "route", "add", "default", "via", "10.1.0.254")

    def run(self, *command, **how):
        return run("ip", "netns", "exec", self.name, *command, **how)

    def start(self, *options):
        options = options or ("--metadata", "none", "--registry", f"flannel-etcd:{ETCD}", "--subnet-file", self.folder / "subnet.env")
        self.netd = self.launch("netd", "--state-dir", self.folder / "state", "--socket", self.folder / "net.sock", *options)

    def launch(self, daemon, *options):
        command = ["ip", "netns", "exec", self.name, BUILD / f"daemons/paddock-{daemon}", "--host-name", self.name, *options]
        with (self.folder / f"{daemon}.log").open("a") as log:
            return subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start_all(self, store, *netd_options):
        """metadatad with that store, dnsd and netd beside it."""
        socket = self.folder / "metadata.sock"
        self.others["metadatad"] = self.launch("metadatad", "--store", store, "--owner-time", "5s", "--socket", socket,
                                               "--state-dir", self.folder / "metadatad")
        self.others["dnsd"] = self.launch("dnsd", "--source", f"paddock:{socket}", "--state-dir", self.folder / "dnsd",
                                          "--workers", "1", "--forward=false", "--reach-file", self.folder / "reach")
        self.start_netd(*netd_options)

    def start_netd(self, *options):
        """Beside the others."""
        self.start("--metadata", f"paddock:{self.folder}/metadata.sock", "--reach-file", self.folder / "reach", *options)

    def stop(self, how=signal.SIGTERM):
        self.netd.send_signal(how)
        self.netd.wait(20)

    def stop_all(self, how=signal.SIGTERM):
        if self.netd.poll() is None:
            self.stop(how)
        for process in self.others.values():
            process.send_signal(how)
            process.wait(20)
        self.others.clear()

    def admin(self, path, daemon="netd"):
        return self.run("curl", "-sf", "-m", "2", f"http://127.0.0.1:{ADMIN[daemon]}{path}").stdout

    def wait_ready(self):
        for daemon in ("netd", *self.others):
            wait_until(lambda: self.admin("/readyz", daemon), f"{daemon} of {self.name} is ready", 30)

    def api(self, path, *options):
        """What metadatad answers."""
        return json.loads(run("curl", "-sSf", "-m", "5", "--unix-socket", self.folder / "metadata.sock", *options,
                              f"http://localhost/v1/{path}").stdout)

    def cut_off(self):
        run("ip", "link", "set", f"wire{self.number}", "down")

    def heal(self):
        run("ip", "link", "set", f"wire{self.number}", "up")

    def peers(self):
        return {peer["host"]: peer for peer in json.loads(self.admin("/peers"))["peers"]}

    def wait_for_peers(self, *others):
        def is_reached(other):
            peers = self.peers()  # flannel's etcd knows hosts by their address only
            return (peers.get(other.address) or peers[other.name])["path"] != "none"

        wait_until(lambda: all(is_reached(other) for other in others),
                   f"{self.name} reaches {[other.name for other in others]}", 20)

    def subnet(self):
        found = re.search(r"FLANNEL_SUBNET=(\S+)\.1/24", (self.folder / "subnet.env").read_text())
        return found.group(1)

    def attach(self, pod):
        """Makes the pod; its IPv4 address. Label and service of its name, if there is one, are the pod's, too."""
        run("ip", "netns", "add", pod)
        folder = pathlib.Path(f"/etc/netns/{pod}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resolv.conf").write_text(f"nameserver {RESOLVER}\nsearch shop.svc.cluster.local\noptions timeout:1 attempts:2\n")
        answer = self.ask_plugin("ADD", pod)
        return next(ip["address"].split("/")[0] for ip in answer["ips"] if ":" not in ip["address"])

    def detach(self, pod):
        self.ask_plugin("DEL", pod)
        run("ip", "netns", "del", pod)

    def ask_plugin(self, command, pod):
        environment = dict(os.environ, CNI_COMMAND=command, CNI_CONTAINERID=f"c-{pod}", CNI_NETNS=f"/run/netns/{pod}",
                           CNI_IFNAME="eth0", CNI_PATH="/opt/cni/bin",
                           CNI_ARGS=f"K8S_POD_NAMESPACE=shop;K8S_POD_NAME={pod};PADDOCK_LABELS=name={pod}",
                           PADDOCK_NET_SOCKET=str(self.folder / "net.sock"))
        done = subprocess.run([str(BUILD / "daemons/cni/paddock-cni")], env=environment, capture_output=True, text=True, timeout=30,
                              input=json.dumps({"cniVersion": "1.0.0", "name": "paddock", "type": "paddock"}), check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None


def in_pod(pod, *command, check=True):
    return run("ip", "netns", "exec", pod, *command, check=check)


def dig(pod, name, kind="A"):
    """The sorted addresses of a name, as that pod is told."""
    said = in_pod(pod, "dig", "+short", "+tries=1", "+time=2", "+search", name, kind).stdout
    return sorted(line for line in said.split() if not line.startswith(";"))


def ping(pod, address, *options):
    return run("ip", "netns", "exec", pod, "ping", "-c", "1", "-W", "1", *options, address, check=False).returncode == 0


def setUpModule():
    run("ip", "link", "add", "wire", "type", "bridge")
    run("ip", "address", "add", "10.1.0.254/24", "dev", "wire")
    run("ip", "link", "set", "wire", "up")
