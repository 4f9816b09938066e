# SPDX-License-Identifier: Apache-2.0
"""The image: an OCI archive, the same from the same build, in which every program of the manifests runs."""
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.archive = cls.make("paddock.tar")
        with tarfile.open(cls.archive) as tar:
            tar.extractall(cls.folder / "layout", filter="data")

    @classmethod
    def make(cls, name):
        path = cls.folder / name
        subprocess.run([ROOT / "packaging/image/make-image", os.environ["PADDOCK_BUILD"], path], check=True,
                       stdout=subprocess.DEVNULL)
        return path

    def blob(self, descriptor):
        data = (self.folder / "layout/blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
        self.assertEqual(descriptor["digest"], "sha256:" + hashlib.sha256(data).hexdigest())
        self.assertEqual(descriptor["size"], len(data))
        return data

    def test_programs_of_the_manifests_run_in_it(self):
        index = json.loads((self.folder / "layout/index.json").read_text())
        manifest = json.loads(self.blob(index["manifests"][0]))
        config = json.loads(self.blob(manifest["config"]))
        layer = gzip.decompress(self.blob(manifest["layers"][0]))
        root = self.folder / "root"
        (self.folder / "layer.tar").write_bytes(layer)
        with tarfile.open(self.folder / "layer.tar") as tar:
            tar.extractall(root, filter="data")

        self.assertEqual(config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(layer).hexdigest()])
        pod = yaml.safe_load((ROOT / "packaging/kubernetes/daemonset.yaml").read_text())["spec"]["template"]["spec"]
        for container in pod["initContainers"] + pod["containers"]:
            program = container["command"][0]
            version = "-V" if program.endswith("/ip") else "--version"
            said = subprocess.run(["chroot", root, program, version], capture_output=True, text=True)
            self.assertEqual(said.returncode, 0, f"{program}: {said.stderr}")

    def test_same_build_gives_same_bytes(self):
        self.assertEqual(self.archive.read_bytes(), self.make("again.tar").read_bytes())


unittest.main()
