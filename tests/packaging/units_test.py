# SPDX-License-Identifier: Apache-2.0
"""The units leave as little to a daemon as docs/packages.md says, by systemd's own measure."""
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\w+) \|.*\| (\d\.\d) \|$", re.M)
DAEMONS = ("metadatad", "dnsd", "netd")


class Units(unittest.TestCase):
    def test_exposure_is_what_the_page_says(self):
        measured = {}
        with tempfile.TemporaryDirectory() as folder:
            for daemon in DAEMONS:
                unit = pathlib.Path(folder) / f"paddock-{daemon}.service"
                template = ROOT / f"packaging/systemd/{unit.name}.in"
                unit.write_text(template.read_text().replace("@sbin@", "/usr/sbin"))
                said = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], check=True,
                                      capture_output=True, text=True).stdout
                measured[daemon] = re.search(r"Overall exposure level for \S+: (\d\.\d)", said)[1]

        self.assertEqual(measured, dict(ROW.findall((ROOT / "docs/packages.md").read_text())))


unittest.main()
