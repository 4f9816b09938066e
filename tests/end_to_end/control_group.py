# SPDX-License-Identifier: Apache-2.0
"""Control groups, by either version of the kernel's interface: one that counts the memory of the processes in it, and those that a
runtime leaves, which are of the machine and not of the test's host."""
import contextlib
import os
import pathlib

ROOT = pathlib.Path("/sys/fs/cgroup")
V1 = ROOT / "memory"


def remove_groups(name):
    """Those of that name at the top, and what is below, in every hierarchy there is; whether they are gone."""
    tops = [ROOT / name, *ROOT.glob(f"*/{name}")]
    for top in tops:
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):  # a process is on its way out
                os.rmdir(folder)
    return not any(top.exists() for top in tops)


class ControlGroup:
    """Made on entry; on exit what is still in it is moved away and it is removed."""

    def __init__(self, name):
        self.is_v1 = V1.is_dir()
        self.parent = V1 if self.is_v1 else ROOT
        self.folder = self.parent / name

    def __enter__(self):
        if not self.is_v1 and "memory" not in (ROOT / "cgroup.subtree_control").read_text().split():
            (ROOT / "cgroup.subtree_control").write_text("+memory")
        self.folder.mkdir()
        return self

    def __exit__(self, *_):
        for process in (self.folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (self.parent / "cgroup.procs").write_text(process)
        self.folder.rmdir()

    @contextlib.contextmanager
    def holding_children(self):
        """Processes started meanwhile belong to the group."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield
        finally:
            (self.parent / "cgroup.procs").write_text(str(os.getpid()))

    def usage(self):
        return int((self.folder / ("memory.usage_in_bytes" if self.is_v1 else "memory.current")).read_text())

    def limit(self, octets):
        """So many, or no limit for None."""
        none = "-1" if self.is_v1 else "max"
        (self.folder / ("memory.limit_in_bytes" if self.is_v1 else "memory.max")).write_text(none if octets is None else str(octets))
