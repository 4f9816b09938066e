# SPDX-License-Identifier: Apache-2.0
"""packaging/check-abi on libraries of a few lines: what programs survive, and what they do not."""
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "packaging/check-abi"
FIRST = "struct Lease { int address; };\nint use(const Lease& lease) { return lease.address; }\n"


class CheckAbi(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def library(self, folder, code, soname="libpaddock-net.so.0.1"):
        (self.folder / folder).mkdir()
        made = self.folder / folder / "libpaddock-net.so.0.1.0"
        subprocess.run(["g++", "-x", "c++", "-g", "-shared", "-fPIC", f"-Wl,-soname,{soname}", "-o", made, "-"], input=code, text=True, check=True)

    def compared(self, after, **how):
        self.library("before", FIRST)
        self.library("after", after, **how)
        return subprocess.run([SCRIPT, self.folder / "before", self.folder / "after"], capture_output=True, text=True)

    def test_the_same_and_more_is_well(self):
        done = self.compared(FIRST + "int more(int one) { return one; }\n")

        self.assertEqual((done.returncode, done.stdout), (0, "libpaddock-net.so.0.1: programs go on\n"))

    def test_a_function_that_went_is_told(self):
        done = self.compared("int other() { return 1; }\n")

        self.assertEqual(done.returncode, 1)
        self.assertIn("linked again", done.stdout)
        self.assertIn("use(const Lease&)", done.stdout)

    def test_a_type_that_grew_is_told(self):
        done = self.compared("struct Lease { long family; int address; };\nint use(const Lease& lease) { return lease.address; }\n")

        self.assertEqual(done.returncode, 1)
        self.assertIn("Lease", done.stdout)

    def test_another_soname_promises_nothing(self):
        done = self.compared("int other() { return 1; }\n", soname="libpaddock-net.so.0.2")

        self.assertIn("libpaddock-net.so.0.2: new", done.stdout)
        self.assertEqual(done.returncode, 2, "nothing was compared")

    def test_what_is_no_build_is_told(self):
        done = subprocess.run([SCRIPT, self.folder, self.folder], capture_output=True, text=True)

        self.assertEqual(done.returncode, 2)
        self.assertIn("no library of one soname", done.stderr)


if __name__ == "__main__":
    unittest.main()
