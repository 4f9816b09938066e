#!/usr/bin/env python3
"""delegate_test.py PLUGIN: the CNI plugin executes another one for a daemon that asks for it, whatever that one does."""

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


class DelegateTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(str(self.folder / "net.sock"))
        self.listener.listen()
        self.environments: list[dict[bytes, bytes]] = []
        self.name = b"other"

    def answer(self):
        """As netd: first ask for the other plugin, then be content."""
        for status, text in ((ASK_DELEGATE, self.name), (0, b"{}")):
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                _, environment, given = HEADER.unpack(read_exactly(connection, HEADER.size))
                variables = read_exactly(connection, environment).split(b"\0")[:-1]
                self.environments.append(dict(each.split(b"=", 1) for each in variables))
                read_exactly(connection, given)
                connection.sendall(HEADER.pack(b"PADDOCK1", status, len(text)) + text)

    def add(self, other: str, given: bytes) -> subprocess.CompletedProcess:
        plugin = self.folder / "other"
        plugin.write_text("#!/bin/sh\n" + other)
        plugin.chmod(0o755)
        serving = threading.Thread(target=self.answer)
        serving.start()
        try:
            return subprocess.run([PLUGIN], input=given, capture_output=True, timeout=50,
                                  env={"PATH": os.environ["PATH"], "CNI_COMMAND": "ADD", "CNI_PATH": str(self.folder),
                                       "PADDOCK_NET_SOCKET": str(self.folder / "net.sock")})
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
