# SPDX-License-Identifier: Apache-2.0
"""A small container runtime: runs the plugins of a configuration list as libcni does."""
import json
import os
import pathlib
import subprocess

PLUGINS = pathlib.Path("/opt/cni/bin")
STANDARD = ("bridge", "host-local", "loopback", "portmap", "firewall", "tuning", "bandwidth", "ptp", "flannel")


class Refused(Exception):
    """A plugin's error object."""

    def __init__(self, answer):
        super().__init__(json.dumps(answer))
        self.answer = answer
        self.code = answer.get("code")


def install_standard_names():
    """What the manual says: one file under several names."""
    for name in STANDARD:
        target = PLUGINS / name
        target.unlink(missing_ok=True)
        os.link(PLUGINS / "paddock", target)


def execute(plugin, command, config, container="", netns="", ifname="eth0", args="", path=str(PLUGINS)):
    """One plugin, once; its parsed output or None. Raises Refused."""
    environment = {"PATH": os.environ["PATH"], "CNI_COMMAND": command, "CNI_CONTAINERID": container, "CNI_NETNS": netns,
                   "CNI_IFNAME": ifname, "CNI_PATH": path, "CNI_ARGS": args}
    done = subprocess.run([PLUGINS / plugin], env={k: v for k, v in environment.items() if v}, input=json.dumps(config),
                          capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout) if done.stdout.strip() else None
    if done.returncode != 0:
        raise Refused(answer or {"msg": done.stderr, "code": -1})
    return answer


class Network:
    """A configuration list and the attachments made with it."""

    def __init__(self, *plugins, name="net", version="1.0.0"):
        self.plugins, self.name, self.version = plugins, name, version
        self.results = {}
        self.capabilities = {}

    def _config(self, plugin, capabilities, result, more=None):
        config = {key: value for key, value in plugin.items() if key != "capabilities"}
        config |= {"name": self.name, "cniVersion": self.version} | (more or {})
        given = {key: value for key, value in capabilities.items() if plugin.get("capabilities", {}).get(key)}
        if given:
            config["runtimeConfig"] = given
        if result is not None:
            config["prevResult"] = result
        return config

    def _run(self, plugin, command, pod, ifname, args, config):
        return execute(plugin["type"], command, config, f"c-{pod}", f"/run/netns/{pod}", ifname, args)

    def add(self, pod, ifname="eth0", args="", **capabilities):
        result = None
        self.capabilities[pod, ifname] = capabilities
        try:
            for plugin in self.plugins:
                result = self._run(plugin, "ADD", pod, ifname, args, self._config(plugin, capabilities, result))
        except Refused:
            self.delete(pod, ifname)
            raise
        self.results[pod, ifname] = result
        return result

    def delete(self, pod, ifname="eth0"):
        result = self.results.pop((pod, ifname), None)
        capabilities = self.capabilities.pop((pod, ifname), {})
        for plugin in reversed(self.plugins):
            self._run(plugin, "DEL", pod, ifname, "", self._config(plugin, capabilities, result))

    def check(self, pod, ifname="eth0"):
        for plugin in self.plugins:
            config = self._config(plugin, self.capabilities[pod, ifname], self.results[pod, ifname])
            self._run(plugin, "CHECK", pod, ifname, "", config)

    def collect(self, *valid):
        listed = {"cni.dev/valid-attachments": [{"containerID": f"c-{pod}", "ifname": "eth0"} for pod in valid]}
        for plugin in self.plugins:
            execute(plugin["type"], "GC", self._config(plugin, {}, None, listed))

    def status(self):
        for plugin in self.plugins:
            execute(plugin["type"], "STATUS", self._config(plugin, {}, None))
