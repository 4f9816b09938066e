# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI image archive holding Debian's static busybox, for a container runtime to import."""
import hashlib
import io
import json
import tarfile

APPLETS = ("sh", "cat", "ip", "ping", "wget", "nslookup", "sleep", "hostname", "echo")


def archive(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def digest(blob):
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def described(blob, kind):
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest(blob), "size": len(blob)}


def write(path, name):
    with open("/bin/busybox", "rb") as file:
        busybox = file.read()
    layer = archive([(folder, None) for folder in ("bin", "etc", "tmp", "proc", "sys", "dev")]
                    + [("bin/busybox", busybox)] + [(f"bin/{applet}", "busybox") for applet in APPLETS])
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]},
                         "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                           "config": described(config, "config.v1+json"),
                           "layers": [described(layer, "layer.v1.tar")]}).encode()
    entry = described(manifest, "manifest.v1+json") | {"annotations": {"io.containerd.image.name": name}}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    blobs = [(f"blobs/sha256/{digest(blob)[7:]}", blob) for blob in (layer, config, manifest)]
    with open(path, "wb") as out:
        out.write(archive([("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index),
                           ("blobs", None), ("blobs/sha256", None), *blobs]))
