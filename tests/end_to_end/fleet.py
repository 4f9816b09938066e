# SPDX-License-Identifier: Apache-2.0
"""Several hosts to test on: namespaces on one wire, daemons in each, pods behind each.

Runs inside packaging/isolated-host. The wire is a bridge in the host's own namespace, where etcd is, too.
"""
import json
import os
import pathlib
import re
import signal
import subprocess

from host import ADMIN, BUILD, RESOLVER, run, wait_until

ETCD = "http://10.1.0.254:2379"


def lay_wire():
    run("ip", "link", "add", "wire", "type", "bridge")
    for address in ("10.1.0.251", "10.1.0.252", "10.1.0.253", "10.1.0.254"):  # of members of etcd
        run("ip", "address", "add", f"{address}/24", "dev", "wire")
    run("ip", "link", "set", "wire", "up")


class Node:
    """A namespace on the wire; daemons in it."""

    def __init__(self, number, has_v6=False, name=None):
        self.number = number
        self.name = name or f"node{number}"
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
            self.wait_for(daemon)

    def wait_for(self, daemon):
        """Until it is ready; should it not be, what it said last is told."""
        try:
            wait_until(lambda: self.admin("/readyz", daemon), f"{daemon} of {self.name} is ready", 30)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{(self.folder / f'{daemon}.log').read_text()[-3000:]}") from None

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

    def arguments_of(self, pod):
        return f"K8S_POD_NAMESPACE=shop;K8S_POD_NAME={pod};PADDOCK_LABELS=name={pod}"

    def ask_plugin(self, command, pod):
        environment = dict(os.environ, CNI_COMMAND=command, CNI_CONTAINERID=f"c-{pod}", CNI_NETNS=f"/run/netns/{pod}",
                           CNI_IFNAME="eth0", CNI_PATH="/opt/cni/bin",
                           CNI_ARGS=self.arguments_of(pod),
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
