# SPDX-License-Identifier: Apache-2.0
"""A service manager of one daemon that keeps its sockets while none of its processes runs (systemd's protocol)."""
import array
import os
import pathlib
import signal
import socket
import subprocess
import threading

from host import BUILD, wait_until


class Manager:
    """Starts a daemon as systemd does: takes READY=1 and FDSTORE=1, passes stored sockets to the next process."""

    def __init__(self, name, log, *options):
        self.command = [str(BUILD / f"daemons/paddock-{name}"), *options]
        self.log = log
        self.path = f"/run/manager-{name}"
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

        command = ["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", *self.command, *options]
        environment = {**os.environ, "NOTIFY_SOCKET": self.path}
        if passed:
            environment["LISTEN_FDS"] = str(len(passed))
        self.process = subprocess.Popen(command, env=environment, preexec_fn=place, stdout=self.log, stderr=self.log,
                                        pass_fds=range(3, 3 + len(passed)))
        wait_until(lambda: self.ready > ready, f"{self.command[0]} is ready")

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(20)

    def restart(self):
        self.end(signal.SIGTERM)
        if self.process.returncode != 0:
            raise AssertionError(f"{self.command[0]} ended with {self.process.returncode}")
        self.start()

    def stop(self):
        self.end(signal.SIGTERM)
        self.close()
