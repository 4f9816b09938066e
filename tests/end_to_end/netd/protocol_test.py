# SPDX-License-Identifier: Apache-2.0
"""What holds of a CNI plugin whatever its name: refusals before anything is made, the commands of 1.1.0, DEL of nothing."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import make_pod, run  # noqa: E402
from runtime import PLUGINS, STANDARD, Refused, execute  # noqa: E402
from standard import RESERVED, VERSIONS, StandardTest, links  # noqa: E402

NAMES = ("paddock", *STANDARD)
PLACE = {"CNI_CONTAINERID": "c-one", "CNI_NETNS": "/run/netns/one", "CNI_IFNAME": "eth0", "CNI_PATH": str(PLUGINS)}
NETWORK = {"cniVersion": "1.1.0", "name": "net"}

# What is wrong → variables, what comes on stdin, code, what the error says.
REFUSED = {
    "no interface": ({"CNI_IFNAME": ""}, NETWORK, 4, "[CNI_IFNAME]"),
    "nothing but the path": ({"CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""}, NETWORK, 4, "[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME]"),
    "no such command": ({"CNI_COMMAND": "MOVE"}, NETWORK, 4, "unknown CNI_COMMAND: MOVE"),
    "a path as the container": ({"CNI_CONTAINERID": "../one"}, NETWORK, 4, "invalid characters in containerID"),
    "a long interface": ({"CNI_IFNAME": "a-name-of-16-let"}, NETWORK, 4, "interface name is too long"),
    "a directory as the interface": ({"CNI_IFNAME": ".."}, NETWORK, 4, "interface name is . or .."),
    "a slash in the interface": ({"CNI_IFNAME": "eth/0"}, NETWORK, 4, "contains / or : or whitespace"),
    "a space in the interface": ({"CNI_IFNAME": "eth 0"}, NETWORK, 4, "contains / or : or whitespace"),
    "an argument that is no pair": ({"CNI_ARGS": "IgnoreUnknown"}, NETWORK, 4, "IgnoreUnknown"),
    "an argument nobody knows": ({"CNI_ARGS": "COLOR=red"}, NETWORK, 4, "COLOR"),
    "no JSON": ({}, "{cniVersion", 6, "not JSON"),
    "a list": ({}, [], 6, "not a JSON object"),
    "a version to come": ({}, {**NETWORK, "cniVersion": "9.9.9"}, 1, "incompatible CNI versions"),
    "a word for a version": ({}, {**NETWORK, "cniVersion": "latest"}, 1, "incompatible CNI versions"),
    "no name": ({}, {"cniVersion": "1.1.0"}, 7, "missing network name"),
    "a path as the name": ({}, {**NETWORK, "name": "../net"}, 7, "invalid characters found in network name"),
    "CHECK before 0.4.0": ({"CNI_COMMAND": "CHECK"}, {**NETWORK, "cniVersion": "0.3.1"}, 1, "does not allow CHECK"),
    "GC before 1.1.0": ({"CNI_COMMAND": "GC"}, {**NETWORK, "cniVersion": "1.0.0", "cni.dev/valid-attachments": []}, 1, "does not allow GC"),
    "STATUS before 1.1.0": ({"CNI_COMMAND": "STATUS"}, {**NETWORK, "cniVersion": "1.0.0"}, 1, "does not allow STATUS"),
}


def ask(name, variables, config):
    environment = {"CNI_COMMAND": "ADD", **PLACE, **variables}
    text = config if isinstance(config, str) else json.dumps(config)
    return subprocess.run([PLUGINS / name], env={k: v for k, v in environment.items() if v}, input=text, capture_output=True, text=True,
                          timeout=60)


class Protocol(StandardTest):
    def test_what_is_wrong_is_refused_before_anything_is_made(self):
        make_pod("one")
        for name in NAMES:
            for what, (variables, config, code, says) in REFUSED.items():
                with self.subTest(f"{name}: {what}"):
                    done = ask(name, variables, config)
                    self.assertNotEqual(done.returncode, 0)
                    error = json.loads(done.stdout)
                    self.assertEqual(error["code"], code, error)
                    self.assertIn(says, error["msg"] + error.get("details", ""))
        self.assertEqual(links("veth"), [])
        self.assertEqual(self.leases(), {})
        self.assertFalse(RESERVED.exists())
        self.assertNotIn("eth0", run("ip", "-n", "one", "link").stdout)

    def test_every_name_knows_the_same_versions(self):
        for name in NAMES:
            answer = json.loads(ask(name, {"CNI_COMMAND": "VERSION"}, {"cniVersion": "1.0.0"}).stdout)
            self.assertEqual(answer["supportedVersions"], list(VERSIONS), name)

    def test_without_a_command_people_are_told_what_it_is(self):
        for name in NAMES:
            done = ask(name, {"CNI_COMMAND": ""}, "")
            self.assertEqual((done.returncode, done.stdout), (0, ""), name)
            self.assertIn("1.1.0", done.stderr)

    def test_del_of_what_never_was_succeeds(self):
        for name in NAMES:
            for version in VERSIONS:
                for netns in ("", "/run/netns/gone"):
                    config = {"cniVersion": version, "name": "net", "type": name, "ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}}
                    if name == "paddock":
                        del config["ipam"]
                    self.assertIsNone(execute(name, "DEL", config, "c-none", netns), (name, version, netns))

    def test_gc_and_status_of_every_name(self):
        self.refuses(50, "flanneld", execute, "flannel", "STATUS", {**NETWORK, "type": "flannel"})
        for name in NAMES:
            config = {**NETWORK, "type": name}
            if name == "flannel":
                continue  # as its delegate
            if name in ("bridge", "ptp", "host-local"):
                config["ipam"] = {"type": "host-local", "subnet": "10.1.2.0/24"}
            self.assertIsNone(execute(name, "STATUS", config), name)
            self.assertIsNone(execute(name, "GC", {**config, "cni.dev/valid-attachments": []}), name)
            with self.assertRaises(Refused) as refused:
                execute(name, "GC", config)
            self.assertEqual(refused.exception.code, 7, name)

    def test_a_namespace_that_is_none_is_refused(self):
        previous = {"cniVersion": "1.1.0", "interfaces": [{"name": "eth0", "sandbox": "/run/none"}], "ips": []}
        for name in NAMES:
            if name == "host-local":
                continue  # it never looks at one
            config = {**NETWORK, "type": name, "prevResult": previous, "ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}}
            if name == "paddock":
                del config["ipam"]
            if name == "flannel":
                continue  # and flannel at its file first
            self.refuses(8, "/run/none", execute, name, "ADD", config, "c-one", "/run/none")
        self.assertEqual(list(RESERVED.glob("net/10.*")), [])


if __name__ == "__main__":
    unittest.main()
