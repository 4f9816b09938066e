# SPDX-License-Identifier: Apache-2.0
"""A fleet's store: etcd, a metadatad on it, another below that one, and a dnsd that reads etcd by itself. What is put
at the bottom is answered at the top; etcd dies and comes back."""
import pathlib
import subprocess
import unittest

from etcd import LOOPBACK as ETCD
from etcd import Etcd
from host import BUILD, Host, run, wait_until

PARENT = "127.0.0.1:9760"
WEB = '{"kind": "Service", "namespace": "shop", "name": "web", "cluster_ips": ["10.43.0.7"]}'


def short(*question):
    return sorted(run("dig", "@127.0.0.1", "+tries=1", "+short", *question).stdout.split())


class Stores(unittest.TestCase):
    def test_one_store_for_all(self):
        etcd = Etcd()
        self.addCleanup(etcd.stop)
        tokens = pathlib.Path("/run/tokens")
        tokens.write_text("secret below\n")
        options = {
            "metadatad": ["--store", "etcd:" + ETCD, "--api-listen", PARENT, "--api-token-file", tokens],
            "dnsd": ["--source", "etcd:" + ETCD, "--listen", "127.0.0.1:53"]}
        with Host(daemons=("metadatad", "dnsd"), options=options) as host:
            below = self.start_below()

            put = run("curl", "-sS", "--unix-socket", below, "-X", "PUT", "-d", WEB, "-H",
                      "Content-Type: application/json", "http://localhost/v1/services/shop/web").stdout
            self.assertIn('"name":"web"', put)
            wait_until(lambda: short("web.shop.svc.cluster.local") == ["10.43.0.7"], "dnsd knows the service")
            self.assertIn("10.43.0.7", run("etcdctl", "--endpoints", ETCD, "get", "/paddock/services/shop/web").stdout)
            audit = run("curl", "-sS", "--unix-socket", "/run/paddock/metadata.sock", "http://localhost/v1/audit").stdout
            self.assertIn("as=token:below for uid=0", audit)

            etcd.stop()
            wait_until(lambda: "nothing heard" in host.admin("metadatad", "/status"), "metadatad says it is stale")
            self.assertEqual(short("web.shop.svc.cluster.local"), ["10.43.0.7"])
            host.stop("dnsd")
            host.restart("dnsd")
            wait_until(lambda: short("web.shop.svc.cluster.local") == ["10.43.0.7"], "dnsd answers what it knew")

            etcd.start()
            run("etcdctl", "--endpoints", ETCD, "del", "/paddock/services/shop/web")
            wait_until(lambda: short("web.shop.svc.cluster.local") == [], "dnsd is up to date", 30)

    def start_below(self):
        folder = pathlib.Path("/run/below")
        folder.mkdir()
        token = folder / "token"
        token.write_text("secret\n")
        socket = folder / "metadata.sock"
        daemon = subprocess.Popen(
            [BUILD / "daemons/paddock-metadatad", "--store", "paddock:http://" + PARENT, "--store-token-file", token, "--state-dir",
             folder / "state", "--socket", socket, "--listen", "none", "--admin-listen", "none"],
            stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        known = ["curl", "-s", "--unix-socket", socket, "http://localhost/v1/status"]
        wait_until(lambda: '"ready":true' in run(*known, check=False).stdout, "the one below knows the store")
        return socket


if __name__ == "__main__":
    unittest.main()
