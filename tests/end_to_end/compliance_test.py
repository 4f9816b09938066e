# SPDX-License-Identifier: Apache-2.0
"""Whether dnsd answers its zone's apex as RFC 8906 and the DNS-Compliance-Testing suite ask of every server: 34 probes of
the header, EDNS and transport, and one of each assigned type; then what else a server meets in the wild. Bytes are made
and read here, so that no library smooths anything."""
import socket
import struct
import unittest

from host import Host, run

SERVER = ("127.0.0.1", 53)
ZONE = "cluster.local"
SOA, TXT, OPT, TSIG, DNSKEY = 6, 16, 41, 250, 48
AA, TC, RD, RA, Z, AD, CD = 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
DO = 0x8000
NSID, SUBNET, EXPIRE, COOKIE = 3, 8, 9, 10
CLIENT_COOKIE = bytes(range(8))
TYPES = [*range(1, 31), 33, *range(35, 40), *range(42, 54), 55, *range(59, 63), 64, 65, 99, *range(104, 110), *range(256, 259)]


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def option(code, data=b""):
    return struct.pack("!HH", code, len(data)) + data


def opt(options=b"", version=0, flags=0, size=1232, owner=b"\0"):
    return owner + struct.pack("!HHBBHH", OPT, size, 0, version, flags, len(options)) + options


def query(kind=SOA, flags=0, extra=b"", owner=ZONE, klass=1, counts=None, opcode=0):
    counts = counts or (1, 0, 0, 1 if extra else 0)
    return struct.pack("!HHHHHH", 0x5A5A, flags | opcode << 11, *counts) + name(owner) + struct.pack("!HH", kind, klass) + extra


def skip_name(message, at):
    while message[at] and message[at] < 64:
        at += 1 + message[at]
    return at + (2 if message[at] else 1)


def has_opt(message):
    """Whether the record behind the question is an OPT."""
    at = skip_name(message, 12) + 4
    return message[at:at + 3] == b"\0\0\x29"


class Reply:
    def __init__(self, message):
        self.size = len(message)
        self.id, self.flags, questions, *counts = struct.unpack_from("!HHHHHH", message)
        self.rcode = self.flags & 15
        self.opcode = self.flags >> 11 & 15
        at = 12
        for _ in range(questions):
            at = skip_name(message, at) + 4
        self.question = message[12:at]
        self.sections = []
        self.opt = None
        for count in counts:
            types = []
            for _ in range(count):
                at = skip_name(message, at)
                kind, klass, ttl, size = struct.unpack_from("!HHIH", message, at)
                at += 10 + size
                if kind == OPT:
                    self.opt = {"version": ttl >> 16 & 255, "flags": ttl & 0xFFFF, "options": {}}
                    self.rcode |= ttl >> 24 << 4
                    data = message[at - size:at]
                    while data:
                        code, length = struct.unpack_from("!HH", data)
                        self.opt["options"][code] = data[4:4 + length]
                        data = data[4 + length:]
                else:
                    types.append(kind)
            self.sections.append(types)
        assert at == len(message), "octets behind the last record"

    def has(self, bit):
        return bool(self.flags & bit)


def ask(message, tcp=False):
    if tcp:
        with socket.create_connection(SERVER, 5) as stream:
            stream.sendall(struct.pack("!H", len(message)) + message)
            return Reply(receive(stream))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(5)
        datagrams.connect(SERVER)
        datagrams.send(message)
        return Reply(datagrams.recv(65535))


def read(stream, size):
    data = b""
    while len(data) < size:
        piece = stream.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def receive(stream):
    return read(stream, struct.unpack("!H", read(stream, 2))[0])


def soa(options=b"", version=0, edns_flags=0, flags=0, size=1232):
    return query(flags=flags, extra=opt(options, version, edns_flags, size))


ALL_OPTIONS = option(NSID) + option(SUBNET, b"\0\1\0\0") + option(EXPIRE) + option(COOKIE, CLIENT_COOKIE)
TSIG_RECORD = (name("test.key") + struct.pack("!HHIH", TSIG, 255, 0, len(name("hmac-sha256")) + 6 + 2 + 2 + 32 + 6)
               + name("hmac-sha256") + b"\0\0\x65\x53\xf1\0" + struct.pack("!HH", 300, 32) + bytes(32) + struct.pack("!HHH", 0x5A5A, 0, 0))

# name → query, what is expected (answer: a SOA; badvers; notimp; nodata; any), over TCP
PROBES = {
    "dns": (query(), "answer"),
    "aa": (query(flags=AA), "answer"),
    "ad": (query(flags=AD), "answer"),
    "cd": (query(flags=CD), "answer"),
    "ra": (query(flags=RA), "answer"),
    "rd": (query(flags=RD), "answer"),
    "tc": (query(flags=TC), "answer"),
    "zflag": (query(flags=Z), "answer"),
    "opcode": (query(opcode=15), "notimp"),
    "opcodeflg": (query(opcode=15, flags=TC | RD | RA | CD | AD | AA | Z), "notimp"),
    "type666": (query(666), "nodata"),
    "tcp": (query(), "answer", True),
    "edns": (soa(size=4096), "answer"),
    "edns1": (soa(version=1, size=4096), "badvers"),
    "edns@512": (query(DNSKEY, extra=opt(flags=DO, size=512)), "small"),
    "ednsopt": (soa(option(100)), "answer"),
    "edns1opt": (soa(option(100), 1), "badvers"),
    "do": (soa(edns_flags=DO), "answer"),
    "docd": (soa(edns_flags=DO, flags=CD), "answer"),
    "edns1do": (soa(version=1, edns_flags=DO), "badvers"),
    "ednsflags": (soa(edns_flags=0x0080), "answer"),
    "optlist": (soa(ALL_OPTIONS), "answer"),
    "ednsnsid": (soa(option(NSID)), "answer"),
    "ednscookie": (soa(option(COOKIE, CLIENT_COOKIE)), "answer"),
    "ednsexpire": (soa(option(EXPIRE)), "answer"),
    "ednssubnet": (soa(option(SUBNET, b"\0\1\0\0")), "answer"),
    "edns1nsid": (soa(option(NSID), 1), "badvers"),
    "edns1cookie": (soa(option(COOKIE, CLIENT_COOKIE), 1), "badvers"),
    "edns1expire": (soa(option(EXPIRE), 1), "badvers"),
    "edns1subnet": (soa(option(SUBNET, b"\0\1\0\0"), 1), "badvers"),
    "ednstcp": (query(DNSKEY, extra=opt(flags=DO, size=512)), "whole", True),
    "bind11": (soa(option(COOKIE, CLIENT_COOKIE), edns_flags=DO), "answer"),
    "dig11": (soa(option(COOKIE, CLIENT_COOKIE), flags=RD | AD, size=4096), "answer"),
    "dnswkk": (query(extra=TSIG_RECORD), "any"),
    **{f"type-{kind}": (query(kind), "type") for kind in TYPES},
}


class Compliance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host(("metadatad", "dnsd"), {"dnsd": ["--listen", "127.0.0.1:53", "--server-id", "node-1"]}))

    def check(self, message, expected, tcp=False):
        reply = ask(message, tcp)
        sent_flags = struct.unpack_from("!H", message, 2)[0]
        sent_opt = has_opt(message)
        self.assertEqual(reply.id, 0x5A5A)
        self.assertTrue(reply.has(0x8000))
        for bit in (Z, CD, AD):
            self.assertFalse(reply.has(bit), f"bit {bit:04x} is reflected")
        if expected == "notimp":
            self.assertEqual((reply.rcode, reply.opcode, reply.sections), (4, 15, [[], [], []]))
            self.assertFalse(reply.flags & (AA | RA | RD | AD | CD | Z | TC))
            return
        self.assertEqual(reply.has(RD), bool(sent_flags & RD))
        self.assertEqual(reply.opt is not None, sent_opt)
        if sent_opt:
            self.assertEqual(reply.opt["version"], 0)
            self.assertFalse(reply.opt["flags"] & ~DO)
            self.assertFalse(reply.opt["options"].keys() & {100, SUBNET, EXPIRE})
            cookie = reply.opt["options"].get(COOKIE)
            self.assertTrue(cookie is None or cookie.startswith(CLIENT_COOKIE))
        if expected == "badvers":
            self.assertEqual((reply.rcode, reply.sections[0]), (16, []))
            return
        self.assertEqual(reply.rcode, 0)
        self.assertTrue(reply.has(AA))
        answer, authority, _ = reply.sections
        if expected == "answer":
            self.assertEqual(answer, [SOA])
        elif expected == "nodata":
            self.assertEqual((answer, authority), ([], [SOA]))
        elif expected == "small":
            self.assertTrue(reply.size <= 512 or reply.has(TC))
        elif expected == "whole":
            self.assertFalse(reply.has(TC))

    def test_every_probe_passes(self):
        passed = 0
        for probe, arguments in PROBES.items():
            with self.subTest(probe):
                self.check(*arguments)
                passed += 1
        print(f"{passed} of {len(PROBES)} probes pass")

    def test_clients_of_every_make_are_answered(self):
        for command in (["dig", "+norec", "+short"], ["dig", "+tcp", "+short"], ["kdig", "+short"], ["kdig", "+tcp", "+short"],
                        ["dig", "+nocookie", "+noedns", "+short"], ["kdig", "+nsid", "+cookie", "+short"]):
            text = run(*command, f"@{SERVER[0]}", ZONE, "SOA").stdout
            self.assertTrue(text.startswith("ns.dns.cluster.local. hostmaster.cluster.local."), f"{command}: {text}")
        drill = run("drill", f"@{SERVER[0]}", ZONE, "SOA").stdout
        self.assertIn("rcode: NOERROR", drill)
        self.assertIn(b"node-1".hex(" "), run("dig", "+nsid", f"@{SERVER[0]}", ZONE, "SOA").stdout)

    def test_changes_from_others_are_refused(self):
        for opcode in (4, 5):
            for owner, rcode in ((ZONE, 5), ("web.shop.svc." + ZONE, 9), ("example.com", 9)):
                reply = ask(query(opcode=opcode, owner=owner, flags=RD if opcode == 4 else 0))
                self.assertEqual((reply.rcode, reply.opcode, reply.has(RD)), (rcode, opcode, False), owner)
            self.assertEqual(ask(query(1, opcode=opcode)).rcode, 1)
            self.assertEqual(ask(query(opcode=opcode, counts=(0, 0, 0, 0))[:12]).rcode, 1)
        refused = run("nsupdate", check=False, stdin=f"server {SERVER[0]}\nzone {ZONE}\nupdate add x.{ZONE} 5 A 10.0.0.1\nsend\n")
        self.assertIn("REFUSED", refused.stderr)

    def test_malformed_messages_are_formerr(self):
        good, plain = soa(), query()
        pointer_loop = plain[:12] + b"\xc0\x0c" + plain[-4:]
        forward = plain[:12] + b"\xc0\x0e" + plain[-4:]
        label_64 = plain[:12] + b"\x40" + b"a" * 64 + b"\0" + plain[-4:]
        name_256 = plain[:12] + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\x3e" + b"a" * 62 + b"\0" + plain[-4:]
        for what, message in {
            "no question": query(counts=(0, 0, 0, 0))[:12],
            "two questions": query(counts=(2, 0, 0, 0)) + plain[12:],
            "a count too high": query(counts=(1, 0, 0, 1)),
            "two OPTs": query(extra=opt() + opt(), counts=(1, 0, 0, 2)),
            "OPT with a name": query(extra=opt(owner=name("x"))),
            "an option too long": query(extra=opt(struct.pack("!HH", 100, 9))),
            "pointer to itself": pointer_loop,
            "pointer ahead": forward,
            "label of 64": label_64,
            "name of 256": name_256,
            "cut": good[:-3],
        }.items():
            for tcp in (False, True):
                with self.subTest(what, tcp=tcp):
                    self.assertEqual(ask(message, tcp).rcode, 1)

    def test_what_is_no_query_is_answered_with_silence(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(5)
            datagrams.connect(SERVER)
            for silent in (query(flags=0x8000), b"", b"\x5a\x5a", b"\x5a"):
                datagrams.send(silent)
            datagrams.send(query(TXT))  # the only one that is answered
            self.assertEqual(Reply(datagrams.recv(512)).sections[0], [])
            datagrams.settimeout(0.05)
            self.assertRaises(TimeoutError, datagrams.recv, 512)

    def test_classes_types_and_case(self):
        for klass in (3, 254, 255):
            self.assertIn(ask(query(klass=klass)).rcode, (0, 5), klass)
        self.assertEqual(ask(query(252)).rcode, 5)  # AXFR over UDP
        self.assertEqual(ask(query(251)).rcode, 5)
        self.assertEqual(len(ask(query(255)).sections[0]), 1)  # ANY, RFC 8482
        self.assertEqual(ask(query(43)).sections, [[], [SOA], []])  # DS at the apex
        mixed = query(owner="CluSTer.LoCAl")
        self.assertEqual(ask(mixed).question, mixed[12:])

    def test_tcp_takes_what_clients_do(self):
        framed = struct.pack("!H", len(query())) + query()
        with socket.create_connection(SERVER, 5) as stalled, socket.create_connection(SERVER, 5) as stream:
            stalled.sendall(framed[:7])
            for octet in framed:
                stream.sendall(bytes([octet]))
            stream.sendall(framed * 100)
            stream.shutdown(socket.SHUT_WR)
            for _ in range(101):
                self.assertEqual(Reply(receive(stream)).sections[0], [SOA])
            self.assertEqual(stream.recv(1), b"")
        with socket.create_connection(SERVER, 5) as empty:
            empty.sendall(framed + b"\0\0")
            self.assertEqual(Reply(receive(empty)).rcode, 0)
            self.assertEqual(empty.recv(1), b"")


if __name__ == "__main__":
    unittest.main()
