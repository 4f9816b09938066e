# SPDX-License-Identifier: Apache-2.0
"""A host that systemd has booted, with this machine's packages and none of Paddock's, to install them on."""
import os
import pathlib
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = pathlib.Path(os.environ["PADDOCK_BUILD"])
CGROUPS = next(path for path in map(pathlib.Path, ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")) if path.exists())
# What dpkg and systemd write about their own work, where nothing lasts, and the users, who are compared by getent.
OWN_PAPERS = ("var/lib/dpkg", "var/log", "var/cache", "var/lib/systemd", "run", "tmp", "dev", "proc", "sys", "root/.cache",
              "etc/ld.so.cache", "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/subuid", "etc/subgid", "etc/.pwd.lock")


def wait_until(claim, what, seconds=60.0):
    end = time.monotonic() + seconds
    while not (last := claim()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return last


def make_packages(folder, *options):
    """The packages of the build that is tested, not compressed; their paths."""
    subprocess.run([TOP / "packaging/deb/make-packages", *options, BUILD, folder], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DPKG_DEB_COMPRESSOR_TYPE": "none"})
    return sorted(pathlib.Path(folder).glob("*.deb"))


class Root:
    def __enter__(self):
        self.stage = tempfile.TemporaryDirectory()
        self.cgroup = CGROUPS / f"paddock-{os.getpid()}"
        self.cgroup.mkdir()
        self.process = subprocess.Popen([HERE / "booted_root", self.stage.name, self.cgroup], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL)
        wait_until(self.is_booted, "systemd has booted")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not (self.cgroup / "cgroup.procs").exists() or self.remove_cgroups(), "the processes are gone")
        self.stage.cleanup()

    def remove_cgroups(self):
        try:
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                os.rmdir(folder)
        except OSError:
            return False  # one is still on its way out
        return True

    def is_booted(self):
        if self.process.poll() is not None:
            raise AssertionError("no systemd could be booted here")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.init = children[0] if children else None
        if not self.init or pathlib.Path(f"/proc/{self.init}/comm").read_text() != "systemd\n":
            return False
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def on_it(self, command):
        return ["nsenter", "--target", self.init, "--net", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd",
                "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *map(str, command)]

    def start(self, *command):
        """A command that goes on, on that host; what it says is to be read."""
        return subprocess.Popen(self.on_it(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *command, check=True, stdin=None, timeout=120):
        """The finished command, run on that host."""
        done = subprocess.run(self.on_it(command), input=stdin, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def install(self, packages):
        """dpkg --install; the files are copied to where the host sees them."""
        for path in packages:
            self.copy(path, f"/tmp/{path.name}")
        return self.run("dpkg", "--install", *[f"/tmp/{path.name}" for path in packages])

    def copy(self, path, to):
        pathlib.Path(f"/proc/{self.init}/root{to}").write_bytes(pathlib.Path(path).read_bytes())

    def written(self):
        """Every path that was written, or taken away, since the boot."""
        upper = pathlib.Path(f"/proc/{self.process.pid}/root{self.stage.name}/upper")
        found = {str(path.relative_to(upper)) for path in upper.rglob("*") if not path.is_dir() or path.is_symlink()}
        return {path for path in found if not path.startswith(OWN_PAPERS)}
