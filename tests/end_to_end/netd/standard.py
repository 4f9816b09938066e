# SPDX-License-Identifier: Apache-2.0
"""What the tests of the plugin under the names of the standard ones share: configurations, and looks at the kernel."""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from netd_test import ALONE, NetdTest, ip, run  # noqa: E402
from runtime import Refused, install_standard_names  # noqa: E402

RESERVED = pathlib.Path("/var/lib/cni/networks")
VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
HOST_LOCAL = {"type": "host-local", "ranges": [[{"subnet": "10.22.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}
DUAL = {"type": "host-local", "ranges": [[{"subnet": "10.22.0.0/16"}], [{"subnet": "fd22::/64"}]],
        "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}


def bridge(**more):
    return {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipam": HOST_LOCAL, **more}


def ping(address, pod=None):
    inside = ["ip", "netns", "exec", pod] if pod else []
    return run(*inside, "ping", "-n", "-c", "1", "-W", "2", address, check=False).returncode == 0


def addresses(link, *where):
    return [f"{a['local']}/{a['prefixlen']}" for a in ip(*where, "addr", "show", "dev", link)[0]["addr_info"]
            if not a["local"].startswith("fe80")]


def links(kind):
    return [link["ifname"] for link in ip("link", "show", "type", kind)]


def set_elements(name):
    listed = json.loads(run("nft", "-j", "list", "set", "inet", "paddock", name).stdout)["nftables"]
    return next(item["set"].get("elem", []) for item in listed if "set" in item)


class StandardTest(NetdTest):
    options = [*ALONE, "--subnets", "10.42.0.0/24", "--subnets", "fd42::/64"]

    def setUp(self):
        shutil.rmtree("/var/lib/cni", ignore_errors=True)
        super().setUp()
        install_standard_names()

    def tearDown(self):
        super().tearDown()
        for link in links("bridge") + [name for name in links("ifb") if name == "wrong0"]:
            run("ip", "link", "del", link)

    def refuses(self, code, says, call, *arguments, **more):
        with self.assertRaises(Refused) as refused:
            call(*arguments, **more)
        self.assertEqual(refused.exception.code, code, refused.exception)
        self.assertIn(says, str(refused.exception))
