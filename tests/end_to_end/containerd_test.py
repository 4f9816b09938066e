# SPDX-License-Identifier: Apache-2.0
"""containerd as the runtime: ctr run --cni of a busybox container, attached by the plugin containerd executes, under its own name
and under those of the standard plugins."""
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

import busybox_image
from control_group import remove_groups
from host import Host, RESOLVER, run, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parent / "netd"))
from runtime import install_standard_names  # noqa: E402

IMAGE = "localhost/busybox:test"
NAMESPACE = "paddock-test"  # of containerd, and so the name of its control groups
CONFIG = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/containerd.sock"
[ttrpc]
address = "{folder}/containerd.ttrpc.sock"
"""

# As containerd's own script writes it, for the plugins its packages bring.
STANDARD = {
    "cniVersion": "1.0.0", "name": "containerd-net",
    "plugins": [
        {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "promiscMode": True,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}], [{"subnet": "2001:4860:4860::/64"}]],
                  "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}


class Runtime(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host())
        cls.folder = folder = pathlib.Path("/run/containerd-test") / cls.__name__
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(CONFIG.format(folder=folder))
        shutil.rmtree("/etc/cni/net.d", ignore_errors=True)
        pathlib.Path("/etc/cni/net.d").mkdir(parents=True)
        cls.install_network()
        log = (folder / "log").open("w")
        cls.daemon = subprocess.Popen(["containerd", "--config", folder / "config.toml"], stdout=log, stderr=log)
        cls.addClassCleanup(cls.daemon.kill)
        cls.addClassCleanup(cls.remove_containers)
        wait_until(lambda: cls.ctr("version"), "containerd answers")
        busybox_image.write(folder / "image.tar", IMAGE)
        cls.ctr("image", "import", folder / "image.tar")

    @classmethod
    def ctr(cls, *arguments, check=True):
        return run("ctr", "--address", cls.folder / "containerd.sock", "--namespace", NAMESPACE, *arguments, check=check, timeout=60)

    @classmethod
    def remove_containers(cls):
        for container in cls.ctr("container", "ls", "--quiet").stdout.split():
            cls.ctr("task", "rm", "--force", container, check=False)
        wait_until(lambda: remove_groups(NAMESPACE), "no control group is left on the machine")

    def pod_of(self, container):
        def found():
            return next((pod for pod in json.loads(self.host.paddock("pods", "-o", "json").stdout) if container in pod["name"]), None)

        return wait_until(found, f"{container} is a pod")


class Paddock(Runtime):
    @classmethod
    def install_network(cls):
        shutil.copy(pathlib.Path(__file__).parents[2] / "packaging/config/10-paddock.conflist", "/etc/cni/net.d/")

    def test_a_container_has_address_name_and_metadata(self):
        script = (f"ip addr show eth0; wget -qO- http://{RESOLVER}/latest/self/container/primary_ip; echo; "
                  f"wget -qO- http://{RESOLVER}/latest/self/container/name; echo; sleep 60")
        self.ctr("run", "--cni", "--detach", IMAGE, "shopper", "/bin/sh", "-c", script)
        pod = self.pod_of("shopper")
        address = pod["addresses"][0]

        inside = self.ctr("task", "exec", "--exec-id", "look", "shopper", "/bin/ip", "addr", "show", "eth0").stdout
        name = self.ctr("task", "exec", "--exec-id", "ask", "shopper", "/bin/wget", "-qO-",
                        f"http://{RESOLVER}/latest/self/container/name").stdout
        answer = self.ctr("task", "exec", "--exec-id", "dns", "shopper", "/bin/nslookup",
                          f"{pod['name']}.{pod['namespace']}.pod.cluster.local", RESOLVER).stdout

        self.assertIn(f"inet {address}/", inside)
        self.assertEqual(name, pod["name"])
        self.assertIn(address, answer.split("Name:")[1])

    def test_a_finished_container_leaves_nothing(self):
        self.ctr("run", "--cni", "--rm", IMAGE, "brief", "/bin/ip", "addr")

        wait_until(lambda: "brief" not in self.host.paddock("pods", "-o", "json").stdout, "its pod is gone")

    def test_two_containers_reach_each_other(self):
        self.ctr("run", "--cni", "--detach", IMAGE, "target", "/bin/sleep", "60")
        target = self.pod_of("target")

        done = self.ctr("run", "--cni", "--rm", IMAGE, "pinger", "/bin/ping", "-c", "2", "-W", "2", target["addresses"][0])

        self.assertIn("2 packets received", done.stdout)


class Standard(Runtime):
    @classmethod
    def install_network(cls):
        install_standard_names()
        pathlib.Path("/etc/cni/net.d/10-containerd-net.conflist").write_text(json.dumps(STANDARD))

    def test_a_container_of_an_unchanged_configuration(self):
        self.ctr("run", "--cni", "--detach", IMAGE, "guest", "/bin/sleep", "60")
        pod = self.pod_of("guest")
        self.assertEqual(pod["addresses"][0], "10.88.0.2")
        inside = self.ctr("task", "exec", "--exec-id", "look", "guest", "/bin/ip", "addr", "show", "eth0").stdout
        self.assertIn("inet 10.88.0.2/16", inside)

        done = self.ctr("run", "--cni", "--rm", IMAGE, "asker", "/bin/ping", "-c", "2", "-W", "2", "10.88.0.2")

        self.assertIn("2 packets received", done.stdout)
        wait_until(lambda: "asker" not in self.host.paddock("pods", "-o", "json").stdout, "its pod is gone")
        self.assertEqual([p.name for p in pathlib.Path("/var/lib/cni/networks/containerd-net").glob("10.88.*")], ["10.88.0.2"])


if __name__ == "__main__":
    unittest.main()
