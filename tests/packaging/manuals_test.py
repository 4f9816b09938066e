# SPDX-License-Identifier: Apache-2.0
"""Every manual page can be found by its name and laid out, tables and all."""
import os
import pathlib
import re
import subprocess
import unittest

PAGES = pathlib.Path(os.environ["PADDOCK_BUILD"]) / "packaging"


class Manuals(unittest.TestCase):
    def test_each_says_what_it_is_and_is_laid_out(self):
        pages = sorted(PAGES.glob("paddock*.[158]"))
        names = [page.name for page in pages]
        for needed in ("paddock.1", "paddock-cni.8", "paddock-cluster.5", "paddock-dnsd.8", "paddock-metadatad.8", "paddock-netd.8"):
            self.assertIn(needed, names)
        for page in pages:
            with self.subTest(page=page.name):
                done = subprocess.run(["groff", "-t", "-K", "utf8", "-man", "-Tutf8", "-P-cbou", page], capture_output=True, text=True)
                words = " ".join(re.sub("(.)\b", "", done.stdout).split())  # bold is a letter struck twice

                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(f"NAME {page.stem} - " in words and "SEE ALSO" in words, words[:300])
                self.assertFalse("T{" in words, "a table was not laid out")


if __name__ == "__main__":
    unittest.main()
