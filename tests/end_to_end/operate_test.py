# SPDX-License-Identifier: Apache-2.0
"""What an operator leans on: the bundle for support, the page that explains the metrics, alerts, and that others leave the links alone."""
import fnmatch
import json
import os
import pathlib
import re
import tarfile
import unittest

import yaml

from host import ADMIN, DAEMONS, Host, run, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
METRICS_PAGE = ROOT / "docs/metrics.md"
ANSWERS = pathlib.Path("/run/answers.yaml")
SECRET = "hunter2"
WEB = f"""
kind: Service
namespace: shop
name: web
cluster_ips: [10.43.0.10]
selector: {{app: web}}
metadata: {{database: {SECRET}}}
annotations: {{note: {SECRET}}}
"""
LEGEND = """# Metrics

What the daemons serve at `/metrics` of their admin addresses (docs/configuration.md), in Prometheus' text format. This
page is written by `PADDOCK_WRITE=1 ctest --preset dev -R e2e.operate` from what they say, and the test fails when it is not what they say.
A family whose labels are shown as `-` has none, or had no sample on the host it was written on.
"""


def families(text):
    """name → (kind, help, label names) of a page of metrics, in its order; without the labels of histograms' buckets."""
    found = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, meaning = line[7:].split(" ", 1)
            found[name] = ["", meaning, set()]
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            found[name][0] = kind
        else:
            name = re.match(r"[a-z0-9_]+", line)[0]
            family = next(f for f in (name, *(name.removesuffix(s) for s in ("_bucket", "_sum", "_count"))) if f in found)
            found[family][2].update(set(re.findall(r'([a-z_]+)="', line)) - {"le"})
    return found


def page_of(host):
    parts = [LEGEND]
    for daemon in DAEMONS:
        parts.append(f"\n## paddock-{daemon}, port {ADMIN[daemon]}\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n")
        for name, (kind, meaning, labels) in families(host.admin(daemon, "/metrics")).items():
            parts.append(f"| `{name}` | {kind} | {', '.join(sorted(labels)) or '-'} | {meaning} |\n")
    return "".join(parts)


class Operate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire")
        run("ip", "address", "add", "192.0.2.1/24", "dev", "eth0")
        run("ip", "link", "set", "eth0", "up")
        run("ip", "link", "set", "wire", "up")
        ANSWERS.write_text('"2016-07-29": {default: {name: everybody}}')
        cls.host = cls.enterClassContext(Host(options={  # what has metrics of its own is in use
            "metadatad": ["--refuse-system-calls", "--answers", ANSWERS],
            "netd": ["--refuse-system-calls", "--overlay", "vxlan", "--registry", "cluster"],
            "dnsd": ["--refuse-system-calls", "--coredns-metrics", "--stub", "dead.test=127.0.0.9"]}))
        cls.host.apply(WEB)
        cls.pod = cls.host.attach("web-1", labels="app=web")
        wait_until(lambda: cls.pod.dig("web.shop.svc.cluster.local") == ["10.43.0.10"], "the service is named")

    def test_a_bundle_tells_all_but_secrets(self):
        config = pathlib.Path("/etc/paddock/netd.yaml")
        config.parent.mkdir(exist_ok=True)
        config.write_text(f"# ours\nmetadata: etcd:http://root:{SECRET}@etcd:2379\n")
        self.addCleanup(config.unlink)

        wait_until(lambda: "well" in self.host.paddock("status").stdout, "all is well")
        self.host.paddock("debug", "bundle", "--file", "/run/bundle.tgz")

        with tarfile.open("/run/bundle.tgz") as packed:
            texts = {m.name.split("/", 1)[1]: packed.extractfile(m).read().decode() for m in packed if m.isfile()}
        for daemon in DAEMONS:
            self.assertIn("paddock_", texts[f"{daemon}/metrics.txt"])
            self.assertTrue(json.loads(texts[f"{daemon}/status.json"])["pid"])
            self.assertIn("VmRSS", texts[f"{daemon}/process/status"])
        self.assertIn("etcd:http://(left out)@etcd:2379", texts["netd/config.yaml"])
        self.assertIn("web-1", texts["cluster/pods.json"])
        self.assertIn(self.pod.address, texts["kernel/routes.json"])
        self.assertIn("paddock", texts["kernel/nftables.txt"])
        self.assertIn("well", texts["status.txt"])
        self.assertEqual([name for name, text in texts.items() if SECRET in text], [])

    def test_the_kernel_refuses_what_no_daemon_needs(self):
        for daemon, process in self.host.processes.items():
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            self.assertRegex(status, r"Seccomp:\s+2\n", daemon)
            self.assertRegex(status, r"NoNewPrivs:\s+1\n", daemon)

    def test_secrets_are_in_no_log_and_no_process_list(self):
        self.assertIn(SECRET, self.host.paddock("get", "service", "shop/web").stdout)

        said = [log.read_text() for log in self.host.logs.iterdir()]
        said += [self.host.admin(daemon, page) for daemon in DAEMONS for page in ("/status", "/metrics")]
        said += [pathlib.Path(f"/proc/{process.pid}/cmdline").read_text() for process in self.host.processes.values()]
        self.assertEqual([text for text in said if SECRET in text], [])

    def test_a_bundle_is_made_with_a_daemon_down(self):
        self.host.kill("metadatad")
        self.addCleanup(self.host.restart, "metadatad")

        said = self.host.paddock("debug", "bundle", "--file", "/run/down.tgz").stdout

        self.assertIn("metadatad … does not answer", said)
        with tarfile.open("/run/down.tgz") as packed:
            names = {m.name.split("/", 1)[1] for m in packed if m.isfile()}
        self.assertIn("netd/status.json", names)

    def test_the_page_of_metrics_is_true(self):
        self.pod.dig("www.example.test")
        page = page_of(self.host)

        if os.environ.get("PADDOCK_WRITE"):
            METRICS_PAGE.write_text(page)
        self.assertEqual(page, METRICS_PAGE.read_text(), "docs/metrics.md; write it anew with PADDOCK_WRITE=1")

    def test_alerts_choose_among_labels_that_daemons_give(self):
        self.pod.run("dig", "+tries=1", "+time=20", "www.dead.test")  # nobody answers: SERVFAIL
        said = "".join(self.host.admin(daemon, "/metrics") for daemon in DAEMONS)
        rules = yaml.safe_load((ROOT / "packaging/monitoring/alerts.yaml").read_text())["groups"][0]["rules"]
        chosen = [match for rule in rules for match in re.findall(r'(paddock_\w+)\{(\w+="\w+")\}', rule["expr"])]

        self.assertTrue(chosen)
        for metric, label in chosen:
            self.assertRegex(said, rf"(?m)^{metric}\{{(.*,)?{label}[,}}]")

    def test_network_managers_leave_the_links_alone(self):
        run("ip", "netns", "add", "slow")
        limits = {"egressRate": 8_000_000, "egressBurst": 800_000}
        self.host.cni("ADD", "slow", config={"cniVersion": "1.1.0", "name": "paddock", "type": "paddock", "runtimeConfig": {"bandwidth": limits}})
        self.addCleanup(run, "ip", "netns", "del", "slow")
        self.addCleanup(self.host.cni, "DEL", "slow")
        ours = {link["ifname"] for link in json.loads(run("ip", "-j", "-d", "link").stdout) if link["group"].startswith("142")}
        conf = (ROOT / "packaging/network/10-paddock.conf").read_text()
        patterns = [item.removeprefix("interface-name:") for item in conf.split("unmanaged-devices=")[1].strip().split(";")]

        self.assertEqual({name[:2] for name in ours}, {"pk", "pb", "pa"})
        self.assertEqual([name for name in ours if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)], [])


if __name__ == "__main__":
    unittest.main()
