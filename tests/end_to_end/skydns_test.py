# SPDX-License-Identifier: Apache-2.0
"""dnsd on SkyDNS trees: a folder of files, and a real etcd that changes, goes away and comes back."""
import json
import pathlib
import unittest

from etcd import LOOPBACK, Etcd, text
from host import Host, run, wait_until

FOLDER = pathlib.Path("/run/tree")


def short(*question):
    return sorted(run("dig", "@127.0.0.1", "+tries=1", "+short", *question).stdout.split("\n")[:-1])


def status(*question):
    return run("dig", "@127.0.0.1", "+tries=1", *question).stdout.split("status: ")[1].split(",")[0]


class Folder(unittest.TestCase):
    def test_a_folder_is_followed(self):
        entry = FOLDER / "local/skydns/db"
        entry.mkdir(parents=True)
        (entry / "x1.json").write_text('{"host": "10.0.0.1", "port": 5432}')
        (entry / "x2").write_text('{"host": "10.0.0.2", "port": 5433}')
        options = ["--listen", "127.0.0.1:53", "--source", f"skydns:{FOLDER}"]
        with Host(("dnsd",), {"dnsd": options}) as host:
            self.assertEqual(short("db.skydns.local"), ["10.0.0.1", "10.0.0.2"])
            self.assertEqual(short("*.skydns.local", "SRV"),
                             ["10 50 5432 x1.db.skydns.local.", "10 50 5433 x2.db.skydns.local."])

            (entry / "x2").write_text("nonsense")
            wait_until(lambda: "/skydns/local/skydns/db/x2: the value is no JSON" in host.admin("dnsd", "/status"), "it is told")
            self.assertEqual(short("x2.db.skydns.local"), ["10.0.0.2"])
            (entry / "x1.json").unlink()
            wait_until(lambda: short("db.skydns.local") == ["10.0.0.2"], "an entry is gone")


class Tree(unittest.TestCase):
    def put(self, key, entry, lease=0):
        self.etcd.call("kv/put", {"key": text(f"/skydns/local/skydns/{key}"), "value": text(json.dumps(entry)), "lease": lease})

    def delete(self, key):
        self.etcd.call("kv/deleterange", {"key": text(f"/skydns/local/skydns/{key}")})

    def test_etcd_is_followed(self):
        options = ["--listen", "127.0.0.1:53", "--source", f"skydns:{LOOPBACK}", "--resolv-conf", "/etc/resolv.conf"]
        with Host(("dnsd",), {"dnsd": options}) as host:
            self.assertEqual(status("db.skydns.local"), "SERVFAIL")  # nobody has told of it yet
            self.etcd = Etcd()
            self.addCleanup(self.etcd.stop)
            self.put("db/a", {"host": "10.0.0.1"})
            wait_until(lambda: short("db.skydns.local") == ["10.0.0.1"], "the tree is read", 20)

            self.put("db/b", {"host": "10.0.0.2"})
            self.delete("db/a")
            wait_until(lambda: short("db.skydns.local") == ["10.0.0.2"], "changes are followed")

            lease = self.etcd.call("lease/grant", {"TTL": 60})["ID"]
            self.put("leased", {"host": "10.0.0.3", "ttl": 600}, lease)
            wait_until(lambda: short("leased.skydns.local") == ["10.0.0.3"], "an entry with a lease")
            self.assertIn("leased.skydns.local.\t60\tIN\tA", run("dig", "@127.0.0.1", "leased.skydns.local").stdout)
            self.etcd.call("lease/revoke", {"ID": lease})
            wait_until(lambda: status("leased.skydns.local") == "NXDOMAIN", "it goes with its lease")

            self.put("dns/stub/test/x", {"host": "127.0.0.2"})
            wait_until(lambda: "test." in (host.logs / "dnsd").read_text(), "a stub zone is forwarded")

            self.etcd.stop()
            wait_until(lambda: "SkyDNS tree" in host.admin("dnsd", "/status"), "the loss is told", 60)
            self.assertEqual(short("db.skydns.local"), ["10.0.0.2"])
            self.assertIn("EDE: 3", run("dig", "@127.0.0.1", "db.skydns.local").stdout)
            self.etcd.start()
            self.put("db/b", {"host": "10.0.0.9"})
            wait_until(lambda: short("db.skydns.local") == ["10.0.0.9"], "it is followed again", 30)


if __name__ == "__main__":
    unittest.main()
