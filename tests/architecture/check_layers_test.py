#!/usr/bin/env python3
"""check_layers finds what it is there to find: violations planted in a small tree."""
import pathlib
import tempfile
import unittest

from check_layers import untrue_rows, violations

LAYERS = """
libdns:
libdns/src/wire:
libdns/src/server: libdns/src/wire
libnet:
daemons: libdns libnet
daemons/runtime:
daemons/dnsd: libdns daemons/runtime
"""


class CheckLayers(unittest.TestCase):
    def violations_of(self, **sources):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            files = {"tests/architecture/layers.txt": LAYERS, "libdns/src/wire/name.hpp": "", "libdns/src/server/worker.hpp": "",
                     "libnet/include/paddock/net/link.hpp": "", "daemons/runtime/log.hpp": "", "daemons/dnsd/options.hpp": ""}
            for path, text in (files | {k.replace("__", "/") + ".cpp": v for k, v in sources.items()}).items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            return violations(root)

    def test_what_is_allowed_passes(self):
        self.assertEqual(self.violations_of(libdns__src__server__udp='#include "wire/name.hpp"\n',
                                            daemons__dnsd__main='#include "runtime/log.hpp"\n'), [])

    def test_an_arrow_against_the_layers(self):
        self.assertEqual(self.violations_of(libdns__src__wire__name='#include "server/worker.hpp"\n'),
                         ["libdns/src/wire/name.cpp: may not include server/worker.hpp"])

    def test_an_arrow_between_siblings(self):
        self.assertEqual(self.violations_of(libdns__src__wire__name="#include <paddock/net/link.hpp>\n"),
                         ["libdns/src/wire/name.cpp: may not include paddock/net/link.hpp"])

    def test_a_daemon_beyond_its_libraries(self):
        self.assertEqual(self.violations_of(daemons__dnsd__main="#include <paddock/net/link.hpp>\n",
                                            daemons__runtime__log='#include "dnsd/options.hpp"\n'),
                         ["daemons/dnsd/main.cpp: may not include paddock/net/link.hpp",
                          "daemons/runtime/log.cpp: may not include dnsd/options.hpp"])

    def test_a_folder_nobody_listed(self):
        self.assertEqual(self.violations_of(libdns__src__misc__bag=""), ["libdns/src/misc/bag.cpp: its folder is not in layers.txt"])

    def test_a_page_that_says_otherwise(self):
        page = ("| folder | what | may include |\n| --- | --- | --- |\n| `libdns/src/wire` | bytes, `x` | |\n"
                "| `libdns/src/server` | workers | wire |\n| `daemons/runtime` | log | |\n| `daemons/dnsd` | main | libdns, runtime |\n")
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "tests/architecture").mkdir(parents=True)
            (root / "tests/architecture/layers.txt").write_text(LAYERS)
            (root / "ARCHITECTURE.md").write_text(page)
            self.assertEqual(untrue_rows(root), [])
            (root / "ARCHITECTURE.md").write_text(page.replace("| wire |", "| |").replace("| `daemons/runtime` | log | |\n", ""))
            self.assertEqual(untrue_rows(root), ["ARCHITECTURE.md: daemons/runtime: not what layers.txt says",
                                                 "ARCHITECTURE.md: libdns/src/server: not what layers.txt says"])


if __name__ == "__main__":
    unittest.main()
