# SPDX-License-Identifier: Apache-2.0
"""The pod of a node gives way to the next version's as in a rolling update with maxSurge: the new one starts beside it, and
when all its containers are ready the old one is told to stop. Nobody who asks names or metadata notices, pods that talk lose no packet, and pods start."""
import pathlib
import re
import subprocess
import threading
import unittest
import urllib.request

from api_objects import node_object
from api_stand_in import ApiStandIn
from host import RESOLVER, Host, Pod, run, wait_until
from node_pod import CONFLIST, HOST_IP, PodOfNode, prepared_node

NODE = "node-01"
QUESTIONS = pathlib.Path("/run/questions")


class Documents(threading.Thread):
    """Reads metadata as fast as it is given, each time on a connection of its own, until told to stop."""

    def __init__(self):
        super().__init__()
        self.is_over = threading.Event()
        self.read = 0
        self.failures = []

    def run(self):
        while not self.is_over.is_set():
            try:
                with urllib.request.urlopen(f"http://{RESOLVER}/latest/self/host/name", timeout=5) as answer:
                    self.read += answer.read() == NODE.encode()
            except OSError as failed:
                self.failures.append(str(failed))


class RollingUpdate(unittest.TestCase):
    def setUp(self):
        self.api = ApiStandIn()
        self.addCleanup(lambda: self.api.is_up and self.api.stop())
        self.api.put("nodes", node_object(NODE, HOST_IP, "10.244.1.0/24"))
        self.host = self.enterContext(Host(daemons=()))
        self.enterContext(prepared_node(self.api.kubeconfig("/run/kubeconfig")))
        # Whose handshake is under way when a listener closes is moved to the other one.
        run("sysctl", "-qw", "net.ipv4.tcp_migrate_req=1")

    def test_nothing_is_lost_and_pods_start(self):
        pods = [self.enterContext(PodOfNode(NODE, self.host.logs, name)) for name in ("first", "second", "third")]
        pods[0].start()
        pods[0].wait_ready()
        wait_until(CONFLIST.exists, "the node takes pods", 15)
        QUESTIONS.write_text("kubernetes.default.svc.cluster.local A\nkubernetes.default.svc.cluster.local AAAA\n")
        asking = subprocess.Popen(["dnsperf", "-s", RESOLVER, "-d", str(QUESTIONS), "-c", "40", "-Q", "2000", "-l", "300", "-t", "5"],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: asking.poll() is None and asking.kill())
        stay = [self.host.attach(name) for name in ("stays", "talks")]
        pinging = subprocess.Popen(["ip", "netns", "exec", stay[1].name, "ping", "-q", "-i", "0.01", stay[0].address],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: pinging.poll() is None and pinging.kill())
        documents = Documents()
        documents.start()
        self.addCleanup(documents.is_over.set)

        for number, (old, new) in enumerate(zip(pods, pods[1:])):
            new.start()
            new.wait_ready()
            self.assertTrue(all(process.poll() is None for process in old.processes.values()), "both run")
            old.tell_to_stop()
            run("ip", "netns", "add", f"till-{number}")
            # Waits for the next netd; should that take long, the kubelet would try again.
            result = wait_until(lambda: self.host.cni("ADD", f"till-{number}"), "the pod starts", 30)
            self.assertEqual(old.stop(), {"metadatad": 0, "dnsd": 0, "netd": 0})
            pod = Pod(f"till-{number}", "shop", result)
            self.assertTrue(pod.address.startswith("10.244.1."), pod.address)
            self.host.detach(pod)
            before = documents.read
            wait_until(lambda: documents.read > before + 100, "clients have been answered by the new pod alone")
        pinging.send_signal(2)
        packets = pinging.communicate(timeout=60)[0]
        for pod in stay:
            self.host.detach(pod)
        asking.send_signal(2)
        said = asking.communicate(timeout=60)[0]
        documents.is_over.set()
        documents.join()

        self.assertRegex(said, r"Queries lost: +0 ")
        self.assertGreater(int(re.search(r"Queries completed: +(\d+)", said)[1]), 0)
        self.assertRegex(said, r"Response codes: +NOERROR \d+ \(100.00%\)")
        self.assertEqual(documents.failures, [])
        sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", packets).groups())
        self.assertLessEqual(sent - received, 1, "the last may be on its way")
        self.assertGreater(sent, 10)


if __name__ == "__main__":
    unittest.main()
