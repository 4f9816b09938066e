#!/usr/bin/env python3
"""plugin_test.py PLUGIN: the CNI plugin with a daemon that is played here: it executes another plugin when asked to, whatever
that one does, and does not lose a request whose stdin was late."""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

PLUGIN = sys.argv.pop(1)
ASK_DELEGATE = 256
HEADER = struct.Struct(">8sII")


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


def serve(connection: socket.socket, status: int, text: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Answers the request of a connection, and returns what was asked: environment and input."""
    with connection:
        _, environment, given = HEADER.unpack(read_exactly(connection, HEADER.size))
        variables = read_exactly(connection, environment).split(b"\0")[:-1]
        request = dict(each.split(b"=", 1) for each in variables), read_exactly(connection, given)
        connection.sendall(HEADER.pack(b"PADDOCK1", status, len(text)) + text)
        return request


class PluginTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(str(self.folder / "net.sock"))
        self.listener.listen()
        self.variables = {"PATH": os.environ["PATH"], "CNI_COMMAND": "ADD", "CNI_PATH": str(self.folder),
                          "PADDOCK_NET_SOCKET": str(self.folder / "net.sock")}


class StdinTest(PluginTest):
    def setUp(self):
        super().setUp()
        self.listener.settimeout(50)
        self.plugin = self.enterContext(subprocess.Popen([PLUGIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.variables))
        self.addCleanup(self.plugin.kill)
        self.early, _ = self.listener.accept()  # there before any stdin

    def test_the_daemon_is_waiting_before_it_comes(self):
        self.plugin.stdin.write(b"{}")
        self.plugin.stdin.close()
        _, given = serve(self.early, 0, b"done")
        self.assertEqual((given, self.plugin.stdout.read(), self.plugin.wait(50)), (b"{}", b"done", 0))

    def test_the_daemon_is_asked_anew_when_it_has_given_up_waiting(self):
        self.early.close()
        self.plugin.stdin.write(b"{}")
        self.plugin.stdin.close()
        again, _ = self.listener.accept()
        _, given = serve(again, 0, b"done")
        self.assertEqual((given, self.plugin.stdout.read(), self.plugin.wait(50)), (b"{}", b"done", 0))


class DelegateTest(PluginTest):
    def setUp(self):
        super().setUp()
        self.environments: list[dict[bytes, bytes]] = []
        self.name = b"other"

    def answer(self):
        """As netd: first ask for the other plugin, then be content."""
        for status, text in ((ASK_DELEGATE, self.name), (0, b"{}")):
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.environments.append(serve(connection, status, text)[0])

    def add(self, other: str, given: bytes) -> subprocess.CompletedProcess:
        plugin = self.folder / "other"
        plugin.write_text("#!/bin/sh\n" + other)
        plugin.chmod(0o755)
        serving = threading.Thread(target=self.answer)
        serving.start()
        try:
            return subprocess.run([PLUGIN], input=given, capture_output=True, timeout=50, env=self.variables)
        finally:
            self.listener.shutdown(socket.SHUT_RDWR)
            serving.join()

    def test_it_may_speak_before_it_listens(self):
        done = self.add("head -c 300000 /dev/zero | tr '\\0' a; cat >/dev/null", b" " * 500_000)
        self.assertEqual((done.returncode, done.stdout), (0, b"{}"))
        self.assertEqual(len(self.environments[1][b"PADDOCK_DELEGATED"]), 300_000)

    def test_it_is_not_waited_for_when_it_says_too_much(self):
        done = self.add("cat >/dev/null; head -c 3000000 /dev/zero | tr '\\0' a", b"{}")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(len(self.environments), 1)

    def test_its_name_may_be_of_any_letters(self):
        self.name = b'a"b\\\n'
        done = self.add("", b"{}")
        self.assertEqual(done.returncode, 1)
        self.assertIn('a"b\\\n', json.loads(done.stdout)["msg"])


if __name__ == "__main__":
    unittest.main()
