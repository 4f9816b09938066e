# SPDX-License-Identifier: Apache-2.0
"""All three daemons while pods and services come and go and everything befalls them that chance will have: kill -9, a pause, a
full disk, no descriptors, a limit of memory. At the end kernel, addresses, registry, names and documents agree exactly.
PADDOCK_SOAK_SECONDS says how long (default 20), PADDOCK_SOAK_SEED what chance brings."""
import collections
import contextlib
import json
import os
import pathlib
import random
import resource
import signal
import threading
import time
import unittest

from control_group import ControlGroup
from host import DAEMONS, Host, run, wait_until

SECONDS = float(os.environ.get("PADDOCK_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("PADDOCK_SOAK_SEED", "1"))
STATE = pathlib.Path("/var/lib/paddock")
DISK = 96 << 20
PODS = 12
SERVICES = 40


def memory_of(process):
    """Resident, in MiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Troubles(threading.Thread):
    """One after the other, each taken away again before the next; a daemon that ended is started again as its service manager would."""

    def __init__(self, host, groups):
        super().__init__()
        self.host = host
        self.groups = groups
        self.dice = random.Random(SEED)
        self.count = collections.Counter()
        self.is_over = threading.Event()
        self.wrong = []

    def run(self):
        kinds = [self.kill, self.kill, self.pause, self.fill_disk, self.take_descriptors, self.limit_memory]
        try:
            while not self.is_over.wait(self.dice.uniform(0.2, 1.0)):
                trouble = self.dice.choice(kinds)
                trouble(self.dice.choice(DAEMONS))
                self.count[trouble.__name__] += 1
                self.start_what_ended()
        except (Exception, SystemExit) as failed:  # a thread's failure is the test's
            self.wrong.append(repr(failed))

    def start_what_ended(self):
        for daemon in DAEMONS:
            if self.host.processes[daemon].poll() is not None:
                self.count["started again"] += 1
                self.host.start(daemon)
        for daemon in DAEMONS:
            self.host.wait_ready(daemon)

    def kill(self, daemon):
        self.host.processes[daemon].kill()
        self.host.processes[daemon].wait()

    def pause(self, daemon):
        self.host.processes[daemon].send_signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.1, 1.0))
        self.host.processes[daemon].send_signal(signal.SIGCONT)

    def fill_disk(self, _):
        ballast = STATE / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        time.sleep(self.dice.uniform(0.1, 1.0))
        ballast.unlink()

    def take_descriptors(self, daemon):
        process = self.host.processes[daemon]
        held = len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (held, resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]))
        time.sleep(self.dice.uniform(0.1, 1.0))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)

    def limit_memory(self, daemon):
        group = self.groups[daemon]
        group.limit(group.usage() + (1 << 18))
        time.sleep(self.dice.uniform(0.1, 1.0))
        group.limit(None)


class Soak(unittest.TestCase):
    def setUp(self):
        run("mkdir", "-p", STATE)
        run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "soak", STATE)
        self.dice = random.Random(SEED + 1)
        self.host = self.enterContext(Host(()))
        self.groups = {daemon: self.enterContext(ControlGroup(f"paddock-soak-{os.getpid()}-{daemon}")) for daemon in DAEMONS}
        start = self.host.start
        self.host.start = lambda daemon: self.start_in_group(start, daemon)
        self.starting = threading.Lock()  # a process is in one group at a time
        for daemon in DAEMONS:
            self.host.start(daemon)
        for daemon in DAEMONS:
            self.host.wait_ready(daemon)
        self.pods, self.services, self.uncertain, self.count = {}, {}, set(), collections.Counter()

    def start_in_group(self, start, daemon):
        with self.starting, self.groups[daemon].holding_children():
            start(daemon)

    def step(self):
        kind = self.dice.choice((self.pod_comes_or_goes, self.service_comes_or_goes))
        with self.starting:  # so that the runtime is in no daemon's group
            kind()
        self.count[kind.__name__] += 1

    def pod_comes_or_goes(self):
        name = f"pod-{self.dice.randrange(PODS)}"
        if name in self.pods:
            self.host.cni("DEL", name)
            run("ip", "netns", "del", name)
            del self.pods[name]
            return
        run("ip", "netns", "add", name)
        answer = self.host.cni("ADD", name, check=False)
        if "ips" in answer:
            self.pods[name] = answer["ips"][0]["address"].split("/")[0]
        else:  # as a runtime does when an ADD failed
            self.host.cni("DEL", name)
            run("ip", "netns", "del", name)
            self.count["refused ADDs"] += 1

    def service_comes_or_goes(self):
        number = self.dice.randrange(SERVICES)
        name = f"service-{number}"
        if name in self.services:
            done = self.host.paddock("delete", "service", f"shop/{name}", check=False)
            self.note_write(done, lambda: self.services.pop(name), name)
        else:
            address = f"10.43.{self.dice.randrange(250)}.{number + 1}"
            text = f"{{kind: Service, namespace: shop, name: {name}, cluster_ips: [{address}]}}"
            done = self.host.paddock("apply", "-f", "-", check=False, stdin=text)
            self.note_write(done, lambda: self.services.__setitem__(name, address), name)

    def note_write(self, done, then, name):
        """What was not acknowledged may have been made: it is made certain later."""
        if done.returncode == 0:
            then()
        else:
            self.count["refused writes"] += 1
            self.uncertain.add(name)

    def test_all_agree_after_a_storm(self):
        before = {daemon: memory_of(self.host.processes[daemon]) for daemon in DAEMONS}
        troubles = Troubles(self.host, self.groups)
        troubles.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and not troubles.wrong:
            self.step()
        troubles.is_over.set()
        troubles.join()
        self.assertEqual(troubles.wrong, [])
        self.settle()
        self.expect_agreement()
        after = {daemon: memory_of(self.host.processes[daemon]) for daemon in DAEMONS}
        print(f"{SECONDS:.0f} s, seed {SEED}: {dict(self.count)}; {dict(troubles.count)}")
        print("memory in MiB:", {daemon: f"{before[daemon]:.1f} -> {after[daemon]:.1f}" for daemon in DAEMONS})
        for daemon in DAEMONS:
            self.assertLess(after[daemon], 2 * before[daemon] + 8, f"{daemon} gives back what it took")

    def settle(self):
        for name in self.uncertain:
            address = self.services.setdefault(name, f"10.43.251.{int(name.split('-')[1]) + 1}")
            self.host.apply(f"{{kind: Service, namespace: shop, name: {name}, cluster_ips: [{address}]}}")
        wait_until(lambda: "well" in self.host.paddock("status").stdout, "all is well", 30)

    def expect_agreement(self):
        self.asking = self.host.attach("asking")
        said = {**self.pods, "asking": self.asking.address}

        def registered():
            return {pod["name"]: pod["addresses"][0] for pod in json.loads(self.host.paddock("pods", "-o", "json").stdout)}

        wait_until(lambda: registered() == said, f"the registry has these pods and no others: {said}", 30)
        detail = json.loads(self.host.admin("netd", "/status"))["detail"]
        self.assertEqual({pod["name"]: pod["addresses"][0] for pod in detail["pods"]}, said)

        def links():
            found = json.loads(run("ip", "-j", "-d", "link").stdout)
            return sorted(link["ifalias"].split("/")[1] for link in found if link.get("ifalias", "").startswith("paddock:"))

        wait_until(lambda: links() == sorted(f"c-{pod}" for pod in said), "a link for each pod and no other")
        for number in range(SERVICES):
            name = f"service-{number}"
            wanted = [self.services[name]] if name in self.services else []
            wait_until(lambda name=name, wanted=wanted: self.asking.dig(f"{name}.shop.svc.cluster.local") == wanted, f"{name} is {wanted}", 15)
        for name in said:
            told = run("ip", "netns", "exec", name, "curl", "-s", "-m", "5", "http://169.254.169.250/latest/self/container/name").stdout
            self.assertEqual(told, name)


if __name__ == "__main__":
    unittest.main()
