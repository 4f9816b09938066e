# SPDX-License-Identifier: Apache-2.0
"""The pod that the manifests put on every node, as processes: their arguments, configuration, capabilities and probes, PID
namespaces of their own, /proc/sys as read-only as in a container."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import yaml

from host import BUILD, run, wait_until

MANIFESTS = pathlib.Path(__file__).resolve().parents[2] / "packaging/kubernetes"
CONFLIST = pathlib.Path("/etc/cni/net.d/10-paddock.conflist")
PLUGIN = pathlib.Path("/opt/cni/bin/paddock")
HOST_IP = "192.0.2.1"
OF_IMAGE = {"/usr/lib/paddock/cni/paddock": BUILD / "daemons/cni/paddock-cni", "/usr/bin/paddock": BUILD / "daemons/paddock"}


@contextlib.contextmanager
def prepared_node(kubeconfig):
    """Its address, no plugin and no network configuration yet, and the ConfigMap with another way to the API."""
    run("ip", "link", "add", "up0", "type", "veth", "peer", "up1")
    run("ip", "address", "add", HOST_IP + "/24", "dev", "up0")
    for end in ("up0", "up1"):
        run("ip", "link", "set", end, "up")
    PLUGIN.unlink()
    CONFLIST.unlink(missing_ok=True)
    folder = pathlib.Path("/etc/paddock")
    folder.mkdir(exist_ok=True)
    data = yaml.safe_load((MANIFESTS / "config.yaml").read_text())["data"]
    for name, text in data.items():
        (folder / name).write_text(text.replace('"kubernetes:"', f'"kubernetes:{kubeconfig}"'))
    try:
        yield
    finally:
        for name in data:
            (folder / name).unlink()
        run("ip", "link", "del", "up0")


class PodOfNode:
    def __init__(self, node, logs, name="pod"):
        pod = yaml.safe_load((MANIFESTS / "daemonset.yaml").read_text())["spec"]["template"]["spec"]
        self.containers = {container["name"]: container for container in pod["containers"]}
        self.node = node
        self.logs = logs
        self.processes = {}
        self.admin = pathlib.Path("/run/admin-of-" + name)  # its emptyDir

    def __enter__(self):
        self.admin.mkdir()
        pathlib.Path("/run/admin").mkdir(exist_ok=True)
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.admin)

    def _as_here(self, argument):
        for name, value in {"$(NODE_NAME)": self.node, "$(HOST_IP)": HOST_IP, **OF_IMAGE}.items():
            argument = argument.replace(name, str(value))
        return argument

    def start(self, *names):
        for name in names or self.containers:
            container = self.containers[name]
            capabilities = ",".join("+" + one.lower() for one in container["securityContext"]["capabilities"]["add"])
            with (self.logs / name).open("a") as log:
                self.processes[name] = subprocess.Popen(
                    ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec",
                     f'mount --bind {self.admin} /run/admin; mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec "$@"',
                     "-", "setpriv", "--bounding-set", f"-all,{capabilities}", "--inh-caps", "-all", "--no-new-privs",
                     BUILD / f"daemons/paddock-{name}", *map(self._as_here, container["args"])],
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def is_ready(self, name):
        command = [self._as_here(word).replace("/run/admin", str(self.admin)) for word in self.containers[name]["readinessProbe"]["exec"]["command"]]
        return run(*command, check=False).returncode == 0

    def wait_ready(self):
        for name in self.processes:
            wait_until(lambda: self.is_ready(name), f"{name} is ready", 30)

    def tell_to_stop(self):
        """SIGTERM to all containers at once, as the kubelet does it."""
        for process in self.processes.values():
            with contextlib.suppress(OSError):  # it has ended
                for pid in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                    os.kill(int(pid), signal.SIGTERM)

    def stop(self):
        """What each container ended with."""
        self.tell_to_stop()
        ended = {name: process.wait(20) for name, process in self.processes.items()}
        self.processes = {}
        return ended
