# SPDX-License-Identifier: Apache-2.0
"""Each daemon below a service manager that keeps its sockets: restarted and killed while clients ask."""
import contextlib
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import unittest

from host import Host, run, wait_until
from service_manager import Manager

LISTEN = ["--listen", "127.0.0.1:53", "--workers", "2"]
QUESTIONS = pathlib.Path("/run/questions")
WEB = """
{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}
"""
QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0\3web\4shop\3svc\7cluster\5local\0\0\1\0\1"
READ_AT_ONCE = 64  # by a worker, before it answers


class OfNames(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host(("metadatad",)))
        self.host.apply(WEB)
        QUESTIONS.write_text("web.shop.svc.cluster.local A\nweb.shop.svc.cluster.local AAAA\n")
        self.manager = Manager("dnsd", self.enterContext((self.host.logs / "dnsd").open("a")), *LISTEN)
        self.addCleanup(self.manager.stop)
        self.manager.start()
        wait_until(lambda: "10.43.0.10" in run("dig", "@127.0.0.1", "+short", "web.shop.svc.cluster.local").stdout, "web has a name")

    def ask(self):
        """400 queries on their way at any time at most, so that they have room in the sockets while nobody reads."""
        load = subprocess.Popen(["dnsperf", "-s", "127.0.0.1", "-d", str(QUESTIONS), "-c", "40", "-q", "400", "-Q", "2000", "-l", "300", "-t", "5"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: load.poll() is None and load.kill())
        return load

    def lost(self, load):
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=60)[0]
        self.assertGreater(int(re.search(r"Queries completed: +(\d+)", said)[1]), 0)
        self.assertRegex(said, r"Response codes: +NOERROR \d+ \(100.00%\)")
        return int(re.search(r"Queries lost: +(\d+)", said)[1])

    def test_a_restart_loses_no_query(self):
        load = self.ask()
        for _ in range(3):
            self.manager.restart()

        self.assertEqual(self.lost(load), 0)
        self.assertEqual(len(self.manager.stored), 4)

    def test_a_crash_loses_at_most_what_was_read_and_not_answered(self):
        load = self.ask()
        for _ in range(3):
            self.manager.end(signal.SIGKILL)
            self.manager.start()

        self.assertLessEqual(self.lost(load), 3 * 2 * READ_AT_ONCE)

    def test_sockets_no_worker_reads_are_not_kept(self):
        self.manager.end(signal.SIGTERM)
        self.manager.start("--workers", "1")

        wait_until(lambda: len(self.manager.stored) == 2, "those of the second worker are let go")
        for _ in range(20):
            self.assertIn("10.43.0.10", run("dig", "@127.0.0.1", "+short", "+tries=1", "web.shop.svc.cluster.local").stdout)

    def test_connections_wait_too(self):
        self.manager.end(signal.SIGTERM)
        with socket.create_connection(("127.0.0.1", 53), timeout=10) as client:
            self.manager.start()
            client.sendall(len(QUERY).to_bytes(2, "big") + QUERY)

            self.assertEqual(client.recv(4)[2:4], b"\0\1")


DOCUMENTS = ("127.0.0.1", 8180)


class Asker(threading.Thread):
    """Asks again and again, each time on a connection of its own; what went wrong."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self.ask, self.answers, self.wrong, self.is_over = ask, 0, [], False
        self.start()

    def run(self):
        while not self.is_over:
            try:
                self.ask()
                self.answers += 1
            except (AssertionError, OSError, http.client.HTTPException, subprocess.SubprocessError) as failure:
                self.wrong.append(repr(failure))

    def end(self):
        self.is_over = True
        self.join(60)
        return self.wrong


class Job:
    """Writes one object again and again, each time over the state that it was told the last time."""

    def __init__(self, name):
        self.name, self.count, self.tag = name, 0, None

    def write(self):
        body = {"kind": "Service", "namespace": "jobs", "name": self.name, "labels": {"count": str(self.count + 1)}}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect("/run/paddock/metadata.sock")
            client = http.client.HTTPConnection("metadata")
            client.sock = connection
            condition = {"If-Match": self.tag} if self.tag else {"If-None-Match": "*"}
            client.request("PUT", f"/v1/services/jobs/{self.name}", json.dumps(body), condition)
            answer = client.getresponse()
            said = answer.read()
            if answer.status not in (200, 201):
                raise AssertionError(f"{answer.status} {said}")
            self.tag = answer.headers["ETag"]
            self.count += 1


class OfDocuments(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host(()))
        log = self.enterContext((self.host.logs / "metadatad").open("a"))
        self.manager = Manager("metadatad", log, "--listen", "%s:%d" % DOCUMENTS, "--workers", "2")
        self.addCleanup(self.manager.stop)
        self.manager.start()
        self.host.apply(WEB)
        wait_until(lambda: self.get("/latest/services/0/name") == b"web", "web is told of")

    def get(self, path, timeout=20):
        with contextlib.closing(http.client.HTTPConnection(*DOCUMENTS, timeout=timeout)) as client:
            client.request("GET", path)
            answer = client.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise AssertionError(f"{path}: {answer.status} {body}")
            return body

    def test_a_restart_loses_no_request_and_no_long_poll(self):
        version = self.get("/latest/version").decode()
        pods = [Asker(lambda: self.get("/latest/services/0/name")) for _ in range(4)]
        waiters = [Asker(lambda: self.get(f"/latest/version?wait=true&value={version}&maxWait=600", 60)) for _ in range(20)]
        tool = Asker(lambda: self.host.paddock("get", "services"))
        for _ in range(3):
            before = [pod.answers for pod in pods]
            self.manager.restart()
            wait_until(lambda: all(pod.answers > then for pod, then in zip(pods, before)), "each was answered by the next process")

        self.host.apply(WEB.replace("43.0.10", "43.0.11"))  # lets the waiters go
        for asker in [*pods, *waiters, tool]:
            self.assertEqual(asker.end(), [])
            self.assertGreater(asker.answers, 0)
        self.assertEqual(len(self.manager.stored), 3, "two workers' and the control socket")

    def test_a_restart_finishes_the_writes_on_their_way(self):
        jobs = [Job(f"job-{number}") for number in range(8)]
        writers = [Asker(job.write) for job in jobs]
        for _ in range(3):
            before = [writer.answers for writer in writers]
            self.manager.restart()
            wait_until(lambda: all(writer.answers > then for writer, then in zip(writers, before)), "each was answered by the next process")

        self.assertEqual([writer.end() for writer in writers], [[]] * len(jobs))
        for job in jobs:
            stored = json.loads(self.host.paddock("get", "services", f"jobs/{job.name}", "-o", "json").stdout)
            self.assertEqual(stored["labels"], {"count": str(job.count)})

    def test_sockets_of_workers_that_are_no_more_are_not_kept(self):
        self.manager.end(signal.SIGTERM)
        self.manager.start("--workers", "1")

        wait_until(lambda: len(self.manager.stored) == 2, "that of the second worker is let go")
        for _ in range(20):
            self.assertEqual(self.get("/latest/services/0/name", 2), b"web")

    def test_a_client_that_comes_while_nobody_runs_is_answered(self):
        self.manager.end(signal.SIGKILL)
        with contextlib.closing(http.client.HTTPConnection(*DOCUMENTS, timeout=20)) as client:
            client.request("GET", "/latest/services/0/name")
            self.manager.start()

            self.assertEqual(client.getresponse().read(), b"web")


class OfPods(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host(("metadatad",)))
        self.manager = Manager("netd", self.enterContext((self.host.logs / "netd").open("a")))
        self.addCleanup(self.manager.stop)
        self.manager.start()

    def test_a_restart_loses_no_call_of_the_plugin(self):
        self.host.attach("first")

        def come_and_go():
            pod = self.host.attach("often")
            self.host.detach(pod)

        churn = Asker(come_and_go)
        checks = Asker(lambda: self.host.cni("STATUS", "first"))
        for _ in range(3):
            before = churn.answers
            self.manager.restart()
            wait_until(lambda: churn.answers > before, "pods came and went with the next process")

        self.assertEqual(churn.end(), [])
        self.assertEqual(checks.end(), [])
        self.assertEqual(len(self.manager.stored), 1)

    def test_a_call_that_comes_while_nobody_runs_is_answered(self):
        self.manager.end(signal.SIGKILL)
        calls = []
        caller = threading.Thread(target=lambda: calls.append(self.host.attach("early")))
        caller.start()
        self.manager.start()
        caller.join(30)

        self.assertIn("early", self.host.paddock("pods").stdout)
        self.assertEqual(len(calls), 1)


if __name__ == "__main__":
    unittest.main()
