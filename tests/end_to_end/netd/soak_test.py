# SPDX-License-Identifier: Apache-2.0
"""Random ADD, DEL, CHECK and GC of many pods at once while netd is killed again and again: at the end kernel, records and
registry agree exactly. PADDOCK_SOAK_STEPS sets how many requests (default 600; 20000 for the long one), PADDOCK_SOAK_SEED
what chance brings."""
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from host import Host, run, wait_until  # noqa: E402

STEPS = int(os.environ.get("PADDOCK_SOAK_STEPS", "600"))
SEED = int(os.environ.get("PADDOCK_SOAK_SEED", "1"))
WORKERS = 4
PODS_EACH = 8
TRY_AGAIN = 11
PATHS = ({}, {"dataPath": "bridge"}, {"stickyAddresses": True})


class Worker(threading.Thread):
    """A runtime with some pods of its own, which it attaches, checks and detaches as chance will have it."""

    def __init__(self, host, number):
        super().__init__()
        self.host = host
        self.random = random.Random(SEED * 100 + number)
        self.names = [f"w{number}-{i}" for i in range(PODS_EACH)]
        self.attached = {}  # pod: configuration and result
        self.wrong = []

    def run(self):
        try:
            for _ in range(STEPS // WORKERS):
                self.step(self.random.choice(self.names))
        except Exception as failed:  # a thread's failure is the test's
            self.wrong.append(repr(failed))

    def step(self, pod):
        if pod not in self.attached:
            self.add(pod)
        elif self.random.random() < 0.4:
            self.check(pod)
        elif self.random.random() < 0.15:
            self.add_again(pod)
        else:
            self.delete(pod)

    def add(self, pod):
        run("ip", "netns", "add", pod)
        network = self.random.choice(PATHS)
        config = {"cniVersion": "1.1.0", "name": "bridged" if "dataPath" in network else "paddock", "type": "paddock", **network}
        answer = self.host.cni("ADD", pod, config=config, check=False)
        self.attached[pod] = (config, answer)
        if "ips" not in answer:  # as a runtime does when an ADD failed
            self.expect_code(answer, "ADD")
            self.delete(pod)

    def add_again(self, pod):
        config, result = self.attached[pod]
        answer = self.host.cni("ADD", pod, config=config, check=False)
        if "ips" not in answer:
            self.expect_code(answer, "repeated ADD")
        elif answer["ips"] != result["ips"]:
            self.wrong.append(f"repeated ADD of {pod}: {answer['ips']} after {result['ips']}")

    def check(self, pod):
        config, result = self.attached[pod]
        answer = self.host.cni("CHECK", pod, config={**config, "prevResult": result}, check=False)
        if answer is not None:
            self.expect_code(answer, "CHECK")

    def delete(self, pod):
        config, _ = self.attached.pop(pod)
        first = self.random.random() < 0.3
        if first:
            run("ip", "netns", "del", pod)
        self.host.cni("DEL", pod, config=config)  # whatever happens, a DEL succeeds
        if not first:
            run("ip", "netns", "del", pod)

    def expect_code(self, answer, what):
        if answer.get("code") != TRY_AGAIN:
            self.wrong.append(f"{what}: {answer}")


class Soak(unittest.TestCase):
    def setUp(self):
        options = ["--networks", "bridged=10.43.0.0/24", "--quarantine", "0s"]
        self.host = self.enterContext(Host(daemons=("metadatad", "netd"), options={"netd": options}))

    def kill_while(self, workers):
        dice = random.Random(SEED)
        kills = 0
        while alive := [worker for worker in workers if worker.is_alive()]:
            alive[0].join(dice.uniform(0.2, 1.5))
            self.host.kill("netd")
            self.host.restart("netd")
            kills += 1
        return kills

    def test_kernel_records_and_registry_agree_after_a_storm(self):
        workers = [Worker(self.host, number) for number in range(WORKERS)]
        for worker in workers:
            worker.start()

        kills = self.kill_while(workers)

        for worker in workers:
            worker.join()
            self.assertEqual(worker.wrong, [])
        self.assertGreater(kills, 0)
        attached = {pod: result for worker in workers for pod, (_, result) in worker.attached.items()}
        self.collect(workers)
        self.expect_agreement(attached)

    def collect(self, workers):
        """GC, as a runtime does it that lost track: what it does not name goes."""
        for network in ("paddock", "bridged"):
            valid = [{"containerID": f"c-{pod}", "ifname": "eth0"} for worker in workers
                     for pod, (config, _) in worker.attached.items() if config["name"] == network]
            self.host.cni("GC", "none", config={"cniVersion": "1.1.0", "name": network, "type": "paddock",
                                                "cni.dev/valid-attachments": valid})

    def expect_agreement(self, attached):
        said = {pod: sorted(ip["address"].split("/")[0] for ip in result["ips"]) for pod, result in attached.items()}
        detail = json.loads(self.host.admin("netd", "/status"))["detail"]
        self.assertEqual({pod["name"]: sorted(pod["addresses"]) for pod in detail["pods"]}, said)
        self.assertEqual(sum(subnet["taken"] for subnet in detail["subnets"]), sum(map(len, said.values())))

        def links():
            found = json.loads(run("ip", "-j", "-d", "link").stdout)
            return sorted(link["ifalias"].split("/")[1] for link in found if link.get("ifalias", "").startswith("paddock:"))

        wait_until(lambda: links() == sorted(f"c-{pod}" for pod in said), "a link for each pod and no other")

        def registered():
            pods = json.loads(self.host.paddock("pods", "-o", "json").stdout)
            return {pod["name"]: sorted(pod["addresses"]) for pod in pods}

        wait_until(lambda: registered() == said, "the registry has these pods and no others", 30)
        guard = subprocess.run(["nft", "list", "table", "bridge", "paddock"], capture_output=True, text=True).stdout
        bridged = [addresses for addresses in said.values() if addresses[0].startswith("10.43.")]
        self.assertEqual(guard.count(" . 10.43."), len(bridged), guard)
        for pod in said:
            self.assertEqual(self.host.paddock("why", f"shop/{pod}", check=False).returncode, 0, pod)


if __name__ == "__main__":
    unittest.main()
