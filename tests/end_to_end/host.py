# SPDX-License-Identifier: Apache-2.0
"""A host to test on: the three daemons, pods attached through the plugin, and real clients.

Runs inside packaging/isolated-host, so default paths are used throughout and every process ends with the test.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

BUILD = pathlib.Path(os.environ["PADDOCK_BUILD"])
DAEMONS = ("metadatad", "dnsd", "netd")
ADMIN = {"metadatad": 9761, "dnsd": 9762, "netd": 9763}
RESOLVER = "169.254.169.250"
PATIENCE = float(os.environ.get("PADDOCK_PATIENCE", "1"))  # more for programs with a sanitizer in them


def run(*command, check=True, stdin=None, timeout=30):
    """The finished command, its output as text; a failed one raises with everything it printed."""
    done = subprocess.run([str(c) for c in command], input=stdin, capture_output=True, text=True, timeout=timeout * PATIENCE)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def wait_until(claim, what, seconds=10.0):
    """Waits for claim() to be true; fails naming what did not happen."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while True:
        last = None
        with contextlib.suppress(AssertionError, subprocess.SubprocessError, OSError, ValueError, KeyError):
            last = claim()
            if last:
                return last
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Host:
    """Starts the daemons on creation of each; stop() ends them. Use as a context manager."""

    def __init__(self, daemons=DAEMONS, options=None):
        self.processes = {}
        self.options = options or {}
        self.logs = pathlib.Path("/run/test-logs")
        self.logs.mkdir(exist_ok=True)
        self.upstream = None
        shutil.rmtree("/var/lib/paddock", ignore_errors=True)
        run("ip", "-all", "netns", "delete")
        self._install()
        for name in daemons:
            self.start(name)
        for name in daemons:
            self.wait_ready(name)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for name in list(self.processes):
            self.stop(name)
        if self.upstream:
            self.upstream.kill()
            self.upstream.wait()
        if kind:
            for log in sorted(self.logs.iterdir()):
                print(f"--- {log.name}\n{log.read_text()[-3000:]}")

    def _install(self):
        run("install", "-D", BUILD / "daemons/cni/paddock-cni", "/opt/cni/bin/paddock")
        pathlib.Path("/etc/resolv.conf").unlink(missing_ok=True)
        pathlib.Path("/etc/resolv.conf").write_text("nameserver 127.0.0.2\n")
        self.upstream = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
             "--listen-address=127.0.0.2", "--user=root", "--pid-file=", "--local=/test/",
             "--address=/www.example.test/192.0.2.80", "--txt-record=big.example.test," + "x" * 200],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, name):
        command = [BUILD / f"daemons/paddock-{name}", *self.options.get(name, [])]
        with (self.logs / name).open("a") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def admin(self, name, path="/readyz"):
        return run("curl", "-sf", "-m", "2", f"http://127.0.0.1:{ADMIN[name]}{path}").stdout

    def wait_ready(self, name):
        process = self.processes[name]

        def is_ready():
            if process.poll() is not None:
                raise SystemExit(f"{name} ended with {process.returncode}:\n{(self.logs / name).read_text()[-3000:]}")
            return self.admin(name)

        wait_until(is_ready, f"{name} ready", 15)

    def stop(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(10 * PATIENCE)

    def kill(self, name):
        self.stop(name, signal.SIGKILL)

    def restart(self, name):
        self.start(name)
        self.wait_ready(name)

    def paddock(self, *arguments, check=True, stdin=None):
        return run(BUILD / "daemons/paddock", *arguments, check=check, stdin=stdin)

    def apply(self, text):
        return self.paddock("apply", "-f", "-", stdin=text)

    def cni(self, command, pod, namespace="shop", labels="", check=True, config=None, ifname="eth0", netns=None, args=None):
        """Executes the plugin as a runtime does; its parsed standard output, or None if that is empty."""
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": f"c-{pod}",
            "CNI_NETNS": f"/run/netns/{pod}" if netns is None else netns,
            "CNI_IFNAME": ifname,
            "CNI_PATH": "/opt/cni/bin",
            "CNI_ARGS": args
            or f"IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME={pod}" + (f";PADDOCK_LABELS={labels}" if labels else ""),
        }
        config = config or {"cniVersion": "1.1.0", "name": "paddock", "type": "paddock"}
        done = subprocess.run(["/opt/cni/bin/paddock"], env=environment, input=json.dumps(config), capture_output=True,
                              text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"{command} {pod}: {done.stdout} {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def attach(self, pod, namespace="shop", labels=""):
        """Makes a pod's namespace and attaches it; a Pod."""
        run("ip", "netns", "add", pod)
        folder = pathlib.Path(f"/etc/netns/{pod}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resolv.conf").write_text(
            f"nameserver {RESOLVER}\nsearch {namespace}.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n")
        result = self.cni("ADD", pod, namespace, labels)
        return Pod(pod, namespace, result)

    def detach(self, pod):
        self.cni("DEL", pod.name, pod.namespace)
        run("ip", "netns", "del", pod.name)


class Pod:
    def __init__(self, name, namespace, result):
        self.name = name
        self.namespace = namespace
        self.result = result
        self.address = next(ip["address"].split("/")[0] for ip in result["ips"] if ":" not in ip["address"])

    def run(self, *command, check=True, timeout=30):
        return run("ip", "netns", "exec", self.name, *command, check=check, timeout=timeout)

    def dig(self, *question):
        """The sorted lines of dig +short."""
        return sorted(self.run("dig", "+short", "+tries=1", "+time=3", *question).stdout.split("\n")[:-1])

    def dig_status(self, *question):
        text = self.run("dig", "+tries=1", "+time=3", *question).stdout
        return text.split("status: ")[1].split(",")[0]

    def curl(self, path, *options):
        return self.run("curl", "-sS", "-m", "5", *options, f"http://{RESOLVER}{path}").stdout

    def serve(self, text):
        """Starts a web server in the pod that answers with text."""
        folder = pathlib.Path(f"/run/www/{self.name}")
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(text)
        subprocess.Popen(["ip", "netns", "exec", self.name, "python3", "-m", "http.server", "80", "--directory", folder],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.run("curl", "-sf", "http://127.0.0.1/").stdout == text, f"{self.name} serves")
