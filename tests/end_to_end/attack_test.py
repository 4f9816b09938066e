# SPDX-License-Identifier: Apache-2.0
"""What a hostile client can send to the sockets it reaches: nobody ends, others are served meanwhile, and afterwards
descriptors and memory are where they were. PADDOCK_ATTACK_ROUNDS makes it as long as one likes."""
import contextlib
import os
import pathlib
import random
import socket
import struct
import unittest

from host import DAEMONS, RESOLVER, Host, wait_until

ROUNDS = int(os.environ.get("PADDOCK_ATTACK_ROUNDS", "2"))
DATAGRAMS = 10000
STALLED = 50  # connections of each kind, open at the same time
MAY_GROW = 16 << 20  # what allocators keep
WEB = "{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.10]}"
QUESTION = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + b"\x03web\x04shop\x03svc\x07cluster\x05local\x00" + struct.pack(">2H", 1, 1)
OVER_HTTP = (b"GET / HTTP/1.1\r\nHost: " + b"x" * 70000, b"GET  HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n" * 5000,
             b"PUT /v1/pods/shop/x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
             b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
             b"GET /latest/%00%ff/../../self HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + b"1," * 2000 + b"\r\n\r\n")
TO_PLUGIN = (b"\xff" * 64, struct.pack(">I", 0xffffffff), b"GET / HTTP/1.1\r\n\r\n", struct.pack("<I", 1 << 20) + b"{" * 4096, b"")


def mutated(chance):
    """A datagram that was a question once: bits turned over, cut off, or with a compression pointer anywhere."""
    data = bytearray(QUESTION)
    for _ in range(chance.randrange(1, 6)):
        data[chance.randrange(len(data))] = chance.choice((0, 0xc0, 0xff, chance.randrange(256)))
    return bytes(data[:chance.randrange(len(data) + 1)])


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host())
        cls.host.apply(WEB)
        cls.pod = cls.host.attach("web-1")
        wait_until(lambda: cls.pod.dig("web.shop.svc.cluster.local") == ["10.43.0.10"], "the service is named")

    def of_process(self, daemon):
        """(descriptors, resident bytes) of a daemon."""
        folder = pathlib.Path(f"/proc/{self.host.processes[daemon].pid}")
        resident = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return len(list((folder / "fd").iterdir())), resident

    def connections(self, stack, where, texts):
        """STALLED connections that have each said something and now wait."""
        for n in range(STALLED):
            family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
            connection = stack.enter_context(socket.socket(family))
            connection.settimeout(5)
            with contextlib.suppress(OSError):  # refused, or ended in the middle: as it should be
                connection.connect(where)
                connection.sendall(texts[n % len(texts)])

    def others_are_served(self, visitor):
        self.assertEqual(self.pod.dig("web.shop.svc.cluster.local"), ["10.43.0.10"])
        self.assertEqual(self.pod.dig("+tcp", "web.shop.svc.cluster.local"), ["10.43.0.10"])
        self.assertEqual(self.pod.curl("/latest/self/container/name"), "web-1")
        self.assertIn("web", self.host.paddock("get", "services").stdout)
        self.host.detach(self.host.attach(visitor))

    def attack(self, round_number):
        chance = random.Random(round_number)
        with contextlib.ExitStack() as stack:
            datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            datagrams.connect((RESOLVER, 53))
            for _ in range(DATAGRAMS):
                with contextlib.suppress(OSError):
                    datagrams.send(mutated(chance))
            self.connections(stack, (RESOLVER, 53), (b"\x00", b"\xff\xff", struct.pack(">H", len(QUESTION)) + QUESTION[:9], b"\x00\x00"))
            self.connections(stack, (RESOLVER, 80), OVER_HTTP)
            self.connections(stack, "/run/paddock/metadata.sock", OVER_HTTP)
            self.connections(stack, "/run/paddock/net.sock", TO_PLUGIN)
            self.others_are_served(f"visitor-{round_number}")

    def test_nobody_ends_and_nothing_is_kept(self):
        self.attack(0)  # what is made once, and kept, is made
        wait_until(lambda: all(self.of_process(d)[0] < STALLED for d in DAEMONS), "the connections are gone", 60)
        before = {daemon: self.of_process(daemon) for daemon in DAEMONS}

        for number in range(1, ROUNDS + 1):
            self.attack(number)

        for daemon in DAEMONS:
            self.assertIsNone(self.host.processes[daemon].poll(), f"{daemon} has ended")
            wait_until(lambda daemon=daemon: self.of_process(daemon)[0] <= before[daemon][0] + 2, f"descriptors of {daemon} are closed", 60)
            self.assertLess(self.of_process(daemon)[1], before[daemon][1] + MAY_GROW, f"memory of {daemon}")
        self.others_are_served("last")
        self.host.paddock("why", "shop/web-1")
        wait_until(lambda: "well" in self.host.paddock("status").stdout, "all is well")


if __name__ == "__main__":
    unittest.main()
