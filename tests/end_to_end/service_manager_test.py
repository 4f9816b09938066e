# SPDX-License-Identifier: Apache-2.0
"""dnsd below a service manager that keeps its sockets (systemd's protocol): restarted and killed while clients ask."""
import array
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import unittest

from host import BUILD, Host, run, wait_until

LISTEN = ["--listen", "127.0.0.1:53", "--workers", "2"]
QUESTIONS = pathlib.Path("/run/questions")
WEB = """
{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}
"""
QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0\3web\4shop\3svc\7cluster\5local\0\0\1\0\1"
READ_AT_ONCE = 64  # by a worker, before it answers


class Manager:
    """Starts dnsd as systemd does: takes READY=1 and FDSTORE=1, passes stored sockets to the next process."""

    def __init__(self, log):
        self.log = log
        self.path = "/run/manager"
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(self.path)
        self.lock = threading.Lock()
        self.stored = []
        self.ready = 0
        self.process = None
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            message, ancillary, _, _ = self.notices.recvmsg(4096, socket.CMSG_SPACE(253 * 4))
            lines = message.decode().splitlines()
            sockets = array.array("i")
            for level, kind, data in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    sockets.frombytes(data)
            with self.lock:
                if "FDSTOREREMOVE=1" in lines:
                    self.close()
                if "FDSTORE=1" in lines:
                    self.keep(sockets)
                self.ready += "READY=1" in lines

    def keep(self, sockets):
        """A copy of what is kept already is closed again, as systemd does."""
        known = {os.stat(kept).st_ino for kept in self.stored}
        for one in sockets:
            if os.stat(one).st_ino in known:
                os.close(one)
            else:
                self.stored.append(one)

    def close(self):
        for kept in self.stored:
            os.close(kept)
        self.stored = []

    def start(self, *options):
        with self.lock:
            passed = list(self.stored)
            ready = self.ready

        def place():
            for number, one in enumerate(passed):
                os.dup2(one, 200 + number)
            for number in range(len(passed)):
                os.dup2(200 + number, 3 + number, inheritable=True)

        command = ["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", str(BUILD / "daemons/paddock-dnsd"), *LISTEN, *options]
        environment = {**os.environ, "NOTIFY_SOCKET": self.path}
        if passed:
            environment["LISTEN_FDS"] = str(len(passed))
        self.process = subprocess.Popen(command, env=environment, preexec_fn=place, stdout=self.log, stderr=self.log,
                                        pass_fds=range(3, 3 + len(passed)))
        wait_until(lambda: self.ready > ready, "dnsd is ready")

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(20)


class ServiceManager(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(Host(("metadatad",)))
        self.host.apply(WEB)
        QUESTIONS.write_text("web.shop.svc.cluster.local A\nweb.shop.svc.cluster.local AAAA\n")
        self.manager = Manager(self.enterContext((self.host.logs / "dnsd").open("a")))
        self.addCleanup(lambda: (self.manager.end(signal.SIGTERM), self.manager.close()))
        self.manager.start()
        wait_until(lambda: "10.43.0.10" in run("dig", "@127.0.0.1", "+short", "web.shop.svc.cluster.local").stdout, "web has a name")

    def ask(self):
        """400 queries on their way at any time at most, so that they have room in the sockets while nobody reads."""
        return subprocess.Popen(["dnsperf", "-s", "127.0.0.1", "-d", str(QUESTIONS), "-c", "40", "-q", "400", "-Q", "2000", "-l", "5", "-t", "5"],
                                stdout=subprocess.PIPE, text=True)

    def lost(self, load):
        said = load.communicate(timeout=60)[0]
        self.assertGreater(int(re.search(r"Queries completed: +(\d+)", said)[1]), 1000)
        self.assertRegex(said, r"Response codes: +NOERROR \d+ \(100.00%\)")
        return int(re.search(r"Queries lost: +(\d+)", said)[1])

    def test_a_restart_loses_no_query(self):
        load = self.ask()
        for _ in range(3):
            self.manager.end(signal.SIGTERM)
            self.assertEqual(self.manager.process.returncode, 0)
            self.manager.start()

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


if __name__ == "__main__":
    unittest.main()
