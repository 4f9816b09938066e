# SPDX-License-Identifier: Apache-2.0
"""podman as the runtime, with its network_backend "cni": containers on Paddock's network and on podman's own, whose bridge and portmap
the plugin is under these names."""
import json
import os
import pathlib
import shutil
import sys
import unittest

from control_group import remove_groups
from host import Host, run, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parent / "netd"))
from runtime import install_standard_names  # noqa: E402

ROOT = pathlib.Path("/run/podman-test/root")
NETWORKS = pathlib.Path("/etc/cni/net.d")
GROUP = "paddock-podman-test"
CONFIG = """
[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
STORAGE = """
[storage]
driver = "vfs"
runroot = "/run/podman-test/run"
graphroot = "/run/podman-test/graph"
"""


def podman(*arguments, check=True):
    return run("podman", *arguments, check=check, timeout=60).stdout


class Podman(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host())
        cls.addClassCleanup(wait_until, lambda: remove_groups(GROUP), "no control group is left on the machine")
        install_standard_names()
        for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp"):
            (ROOT / folder).mkdir(parents=True)
        shutil.copy("/bin/busybox", ROOT / "bin/busybox")
        for name in ("httpd", "ip", "sh", "sleep"):
            os.symlink("busybox", ROOT / "bin" / name)
        pathlib.Path("/etc/containers").mkdir(exist_ok=True)
        pathlib.Path("/etc/containers/containers.conf").write_text(CONFIG)
        pathlib.Path("/etc/containers/storage.conf").write_text(STORAGE)
        NETWORKS.mkdir(parents=True, exist_ok=True)
        shutil.copy(pathlib.Path(__file__).parents[2] / "packaging/config/10-paddock.conflist", NETWORKS)

    def start(self, name, network, *options):
        podman("run", "--detach", "--name", name, "--network", network, "--cgroup-parent", GROUP, *options, "--rootfs", ROOT, "httpd", "-f", "-p", "80")
        self.addCleanup(podman, "rm", "--force", "--time", "0", name, check=False)

    def pods(self):
        return json.loads(self.host.paddock("pods", "-o", "json").stdout)

    def test_a_container_has_its_address_name_and_port(self):
        self.start("shopper", "paddock", "--ip", "10.42.0.77", "--publish", "8077:80")

        pod = wait_until(lambda: next((pod for pod in self.pods() if "10.42.0.77" in pod["addresses"]), None), "the container is a pod")

        self.assertIn("shopper", pod["name"])
        wait_until(lambda: "404" in run("curl", "-s", "http://10.42.0.77/nothing", check=False).stdout, "the container serves")
        self.assertIn("404", run("curl", "-s", "-m", "5", "http://127.0.0.1:8077/nothing").stdout)
        podman("rm", "--force", "--time", "0", "shopper")
        wait_until(lambda: "10.42.0.77" not in [address for pod in self.pods() for address in pod["addresses"]], "its pod is gone")

    def test_a_network_of_podmans_own(self):
        podman("network", "create", "--subnet", "10.89.7.0/24", "own")
        self.start("one", "own")
        address = json.loads(podman("inspect", "one"))[0]["NetworkSettings"]["Networks"]["own"]["IPAddress"]
        self.assertEqual(address, "10.89.7.2")
        wait_until(lambda: "404" in run("curl", "-s", f"http://{address}/nothing", check=False).stdout, "the container serves")
        podman("rm", "--force", "--time", "0", "one")
        self.assertFalse((pathlib.Path("/var/lib/cni/networks/own") / address).exists())


if __name__ == "__main__":
    unittest.main()
