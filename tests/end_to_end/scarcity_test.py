# SPDX-License-Identifier: Apache-2.0
"""What a host runs out of, and what it cannot be sure of: descriptors, memory, and the time of day."""
import contextlib
import datetime
import itertools
import json
import os
import pathlib
import resource
import signal
import socket
import unittest

from control_group import ControlGroup
from host import DAEMONS, RESOLVER, Host, run, wait_until

WEB = "{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}"
SPARE = 24  # descriptors a daemon may have beyond those it holds
FLOOD = 60
CLOCK = pathlib.Path("/run/clock")
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def descriptors_of(process):
    return len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))


class Scarcity(unittest.TestCase):
    def all_is_served(self, host, pod, visitor):
        self.assertEqual(pod.dig("web.shop.svc.cluster.local"), ["10.43.0.10"])
        self.assertEqual(pod.dig("+tcp", "web.shop.svc.cluster.local"), ["10.43.0.10"])
        self.assertEqual(pod.curl("/latest/self/container/name"), pod.name)
        new = host.attach(visitor)
        self.assertNotEqual(new.address, pod.address)
        wait_until(lambda: new.curl("/latest/self/container/name") == visitor, f"{visitor} is told its name")
        host.detach(new)

    def begin(self, host):
        host.apply(WEB)
        pod = host.attach("web-1")
        wait_until(lambda: pod.dig("web.shop.svc.cluster.local") == ["10.43.0.10"], "the service is named")
        wait_until(lambda: pod.curl("/latest/self/container/name") == "web-1", "the pod is told its name")
        return pod

    def test_descriptors_used_up(self):
        host = self.enterContext(Host())
        pod = self.begin(host)
        with contextlib.ExitStack() as flood:
            most = {daemon: descriptors_of(host.processes[daemon]) + SPARE for daemon in DAEMONS}
            for daemon, limit in most.items():
                resource.prlimit(host.processes[daemon].pid, resource.RLIMIT_NOFILE, (limit, limit))
            for where in ((RESOLVER, 53), (RESOLVER, 80), "/run/paddock/metadata.sock", "/run/paddock/net.sock"):
                for _ in range(FLOOD):
                    client = flood.enter_context(socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET))
                    client.settimeout(2)
                    with contextlib.suppress(OSError):
                        client.connect(where)
            for daemon in ("metadatad", "dnsd"):  # netd takes no more calls at once than it has threads
                wait_until(lambda daemon=daemon: descriptors_of(host.processes[daemon]) >= most[daemon], f"{daemon} has taken what it may")

            # What takes no descriptor goes on.
            for _ in range(20):
                self.assertEqual(pod.dig("web.shop.svc.cluster.local"), ["10.43.0.10"])

        for daemon in DAEMONS:
            self.assertIsNone(host.processes[daemon].poll(), f"{daemon} has ended")
        visitors = (f"visitor-{n}" for n in itertools.count())
        wait_until(lambda: self.all_is_served(host, pod, next(visitors)) or True, "all goes on when there are some again", 30)

    def test_memory_used_up(self):
        host = self.enterContext(Host(()))
        groups = {daemon: self.enterContext(ControlGroup(f"paddock-scarcity-{os.getpid()}-{daemon}")) for daemon in DAEMONS}
        for daemon in DAEMONS:
            with groups[daemon].holding_children():
                host.start(daemon)
        for daemon in DAEMONS:
            host.wait_ready(daemon)
        pod = self.begin(host)

        written, come = [], []
        for daemon in ("dnsd", "metadatad"):
            self.end_by_lack_of_memory(host, daemon, groups[daemon], 1 << 21, lambda: self.write_services(host, written))
            host.restart(daemon)
            wait_until(lambda: pod.dig(f"{written[-1]}.shop.svc.cluster.local"), "what was written last is named", 30)
            held = {service["name"] for service in json.loads(host.paddock("get", "services", "shop/", "-o", "json").stdout)}
            self.assertLessEqual(set(written), held, "nothing that was written is lost")
            self.all_is_served(host, pod, f"after-{daemon}")

        self.end_by_lack_of_memory(host, "netd", groups["netd"], 1 << 17, lambda: self.attach_some(host, come))
        self.assertEqual(pod.dig("web.shop.svc.cluster.local"), ["10.43.0.10"])
        host.restart("netd")
        self.all_is_served(host, pod, "after-netd")
        addresses = [host.cni("ADD", name)["ips"][0]["address"] for name in come]  # as a runtime that had no answer repeats it
        self.assertEqual(len(set(addresses)), len(come), "no address twice")
        for name in come:
            host.cni("DEL", name)
        wait_until(lambda: "well" in host.paddock("status").stdout, "all is well", 20)

    def end_by_lack_of_memory(self, host, daemon, group, spare, ask_for_more):
        """The kernel ends a daemon that may have `spare` octets more and needs them; the others go on."""
        group.limit(group.usage() + spare)
        for _ in range(200):
            ask_for_more()
            if host.processes[daemon].poll() is not None:
                break
        self.assertEqual(host.processes[daemon].poll(), -signal.SIGKILL, f"the kernel ends {daemon}")
        for other in DAEMONS:
            self.assertTrue(other == daemon or host.processes[other].poll() is None, f"{other} goes on without {daemon}")
        group.limit(None)

    def write_services(self, host, written):
        first = len(written)
        services = {f"many-{n}": f"10.43.{n // 250 % 250 + 1}.{n % 250 + 1}" for n in range(first, first + 500)}
        text = "\n---\n".join(f"{{kind: Service, namespace: shop, name: {name}, cluster_ips: [{address}], labels: {{of: {name}}}}}"
                              for name, address in services.items())
        if host.paddock("apply", "-f", "-", check=False, stdin=text).returncode == 0:
            written.extend(services)

    def attach_some(self, host, come):
        name = f"crowd-{len(come)}"
        run("ip", "netns", "add", name)
        come.append(name)
        host.cni("ADD", name, check=False)

    def test_the_time_of_day_jumps(self):
        def tell(moment):
            following = CLOCK.with_suffix(".next")
            following.write_text(moment.strftime("@%Y-%m-%d %H:%M:%S\n"))
            following.rename(CLOCK)

        now = datetime.datetime.now()
        tell(now)
        os.environ |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(CLOCK), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        try:
            host = self.enterContext(Host(()))
            for daemon in DAEMONS:
                host.start(daemon)
        finally:
            for name in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "TZ"):
                del os.environ[name]
        for daemon in DAEMONS:
            host.wait_ready(daemon)
        pod = self.begin(host)

        for number, days in enumerate((400, -400, 0)):
            tell(now + datetime.timedelta(days=days))
            date = run("curl", "-sI", "--unix-socket", "/run/paddock/metadata.sock", "http://x/v1/status").stdout
            self.assertIn(str((now + datetime.timedelta(days=days)).year), date, "the daemons believe it")
            self.all_is_served(host, pod, f"visitor-{number}")
            wait_until(lambda: "well" in host.paddock("status").stdout, "all is well", 20)

        for daemon in DAEMONS:
            host.stop(daemon)
            host.restart(daemon)
        self.all_is_served(host, pod, "last")


if __name__ == "__main__":
    unittest.main()
