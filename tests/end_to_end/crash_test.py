# SPDX-License-Identifier: Apache-2.0
"""The crash matrix: kill -9 of any daemon, in any order, under traffic. The others go on; what was known comes back."""
import itertools
import json
import re
import subprocess
import threading
import unittest

from host import DAEMONS, Host, run, wait_until

SHOP = """
kind: Service
namespace: shop
name: web
cluster_ips: [10.43.0.10]
ports: [{name: http, port: 80}]
selector: {app: web}
---
kind: Service
namespace: shop
name: web-pods
selector: {app: web}
"""


class Traffic:
    """Pings from one pod to another without pause; lost() says how many were not answered, but for the last, which may be on its way."""

    def __init__(self, source, target):
        self.ping = subprocess.Popen(["ip", "netns", "exec", source.name, "ping", "-i", "0.02", "-W", "1", target.address],
                                     stdout=subprocess.PIPE, text=True)

    def lost(self):
        self.ping.send_signal(subprocess.signal.SIGINT)
        summary = self.ping.communicate(timeout=10)[0]
        sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", summary).groups())
        assert sent > 0, summary
        return max(0, sent - received - 1)


def state_of(host, pods):
    """What must survive: addresses, names, documents."""
    asking = pods[0]
    return {
        "service": asking.dig("web.shop.svc.cluster.local"),
        "headless": asking.dig("web-pods.shop.svc.cluster.local"),
        "reverse": asking.dig("-x", "10.43.0.10"),
        "pods": [asking.dig(f"{pod.name}.shop.pod.cluster.local") for pod in pods],
        "self": [pod.curl("/latest/self/container/primary_ip") for pod in pods],
        "uuid": [pod.curl("/latest/self/container/uuid") for pod in pods],
        "addresses": [json.loads(pod.run("ip", "-j", "addr", "show", "dev", "eth0").stdout)[0]["addr_info"][0]["local"] for pod in pods],
        "table": sorted(pod["name"] for pod in json.loads(host.paddock("pods", "-o", "json").stdout)),
    }


class CrashMatrix(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host())
        self.host.apply(SHOP)
        self.pods = [self.host.attach(name, labels="app=web") for name in ("web-1", "web-2", "web-3")]
        wait_until(lambda: len(self.pods[0].dig("web-pods.shop.svc.cluster.local")) == 3, "three pods are named")
        self.before = state_of(self.host, self.pods)

    def tearDown(self):
        for pod in self.pods:
            self.host.cni("DEL", pod.name)
            run("ip", "netns", "del", pod.name)

    def same_as_before(self):
        wait_until(lambda: state_of(self.host, self.pods) == self.before, f"everything is as it was: {self.before}", 15)

    def test_any_daemon_in_any_order(self):
        for order in itertools.permutations(DAEMONS):
            with self.subTest(killed=order):
                traffic = Traffic(self.pods[0], self.pods[1])
                for name in order:
                    self.host.kill(name)
                for name in reversed(order):
                    self.host.start(name)
                for name in order:
                    self.host.wait_ready(name)
                self.same_as_before()
                self.assertEqual(traffic.lost(), 0)

    def test_names_go_on_without_metadatad(self):
        self.host.kill("metadatad")

        self.assertEqual(self.pods[0].dig("web.shop.svc.cluster.local"), self.before["service"])
        self.assertEqual(self.pods[0].dig("web-pods.shop.svc.cluster.local"), self.before["headless"])

        self.host.restart("metadatad")
        self.same_as_before()

    def test_dnsd_started_while_metadatad_is_down_answers_from_its_snapshot(self):
        self.host.stop("dnsd")
        self.host.kill("metadatad")
        self.host.start("dnsd")

        wait_until(lambda: self.pods[0].dig("web.shop.svc.cluster.local") == ["10.43.0.10"], "it answers from its snapshot")
        stale = self.pods[0].run("dig", "web.shop.svc.cluster.local").stdout
        self.assertIn("EDE: 3", stale)

        self.host.restart("metadatad")
        self.same_as_before()

    def test_documents_and_names_go_on_without_netd(self):
        self.host.kill("netd")

        state = state_of(self.host, self.pods)

        self.assertEqual(state, self.before)
        self.host.restart("netd")
        self.same_as_before()

    def test_pods_come_and_go_without_metadatad(self):
        self.host.kill("metadatad")
        late = self.host.attach("late", labels="app=web")
        self.host.detach(self.pods.pop())

        self.host.restart("metadatad")

        self.pods.append(late)
        wait_until(lambda: sorted(p.address for p in self.pods) == self.pods[0].dig("web-pods.shop.svc.cluster.local"),
                   "the registry caught up")
        self.assertEqual(late.curl("/latest/self/container/name"), "late")

    def test_a_delete_while_netd_is_down_is_done_later(self):
        gone = self.pods.pop()
        self.host.kill("netd")

        self.host.detach(gone)
        self.host.restart("netd")

        wait_until(lambda: gone.address not in self.pods[0].dig("web-pods.shop.svc.cluster.local"), "its name is gone")
        wait_until(lambda: f"{gone.address} " not in run("ip", "route").stdout, "its route is gone")

    def test_no_address_twice_when_netd_dies_under_a_storm_of_adds(self):
        results = {}

        def add(name):
            run("ip", "netns", "add", name)
            results[name] = self.host.cni("ADD", name, check=False)

        storm = [threading.Thread(target=add, args=(f"storm-{i}",)) for i in range(40)]
        for thread in storm[:20]:
            thread.start()
        self.host.kill("netd")
        self.host.restart("netd")
        for thread in storm[20:]:
            thread.start()
        for thread in storm:
            thread.join()

        got = [r["ips"][0]["address"] for r in results.values() if r and "ips" in r]
        taken = [f"{pod.address}/32" for pod in self.pods] + got
        self.assertGreaterEqual(len(got), 20)
        self.assertEqual(len(taken), len(set(taken)))
        for name in results:
            self.host.cni("DEL", name)
            run("ip", "netns", "del", name)
        wait_until(lambda: len(json.loads(run("ip", "-j", "link", "show", "type", "veth").stdout)) == len(self.pods),
                   "only the three pods' links are left")

    def test_a_daemon_that_is_told_to_ends_well(self):
        for name in DAEMONS:
            process = self.host.processes[name]
            self.host.stop(name)
            self.assertEqual(process.returncode, 0, name)
        for name in DAEMONS:
            self.host.restart(name)
        self.same_as_before()


class Nothing(unittest.TestCase):
    def test_a_resolver_that_never_knew_anything_says_so(self):
        with Host(daemons=("netd",)) as host:
            host.start("dnsd")
            pod = host.attach("alone")

            answer = wait_until(lambda: "EDE: 14" in pod.run("dig", "web.shop.svc.cluster.local").stdout
                                and pod.run("dig", "web.shop.svc.cluster.local").stdout, "SERVFAIL with EDE 14")

            self.assertIn("SERVFAIL", answer)
            host.cni("DEL", "alone")


if __name__ == "__main__":
    unittest.main()
