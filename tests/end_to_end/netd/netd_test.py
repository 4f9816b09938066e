# SPDX-License-Identifier: Apache-2.0
"""netd and the plugin without the other daemons: every command of CNI as a runtime executes it, checked with ip."""
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from host import BUILD, Host, run, wait_until  # noqa: E402

NETD = BUILD / "daemons/paddock-netd"
SPOOL = pathlib.Path("/var/lib/paddock/netd/spool")
ALONE = ["--metadata", "none"]
NETWORK = {"cniVersion": "1.1.0", "name": "paddock", "type": "paddock"}


def make_pod(name):
    run("ip", "netns", "add", name)


def ip(*arguments):
    return json.loads(run("ip", "-j", *arguments).stdout or "[]")


def pod_links():
    """Links of ours on the host, whatever their state."""
    return [link["ifname"] for link in ip("-d", "link") if link.get("ifalias", "").startswith("paddock:")]


def addresses_of(result):
    return [entry["address"].split("/")[0] for entry in result["ips"]]


class NetdTest(unittest.TestCase):
    options = ALONE

    def setUp(self):
        self.host = Host(daemons=("netd",), options={"netd": list(self.options)})

    def tearDown(self):
        if "netd" in self.host.processes:
            self.host.stop("netd")
        self.host.upstream.kill()
        self.host.upstream.wait()
        for name in os.listdir("/run/netns"):
            run("ip", "netns", "del", name)
        run(NETD, "--purge", *self.options)
        (self.host.logs / "netd").unlink(missing_ok=True)

    def add(self, pod, **more):
        make_pod(pod)
        return self.host.cni("ADD", pod, **more)

    def refused(self, command, pod, code, says="", **more):
        answer = self.host.cni(command, pod, check=False, **more)
        self.assertIsNotNone(answer, f"{command} {pod} succeeded")
        self.assertEqual(answer.get("code"), code, answer)
        self.assertIn(says, answer["msg"] + answer.get("details", ""))
        return answer

    def detail(self):
        return json.loads(self.host.admin("netd", "/status"))["detail"]

    def leases(self):
        return {pod["name"]: pod["addresses"] for pod in self.detail()["pods"]}


class Attaching(NetdTest):
    def test_add_makes_what_it_says_and_del_takes_it_away(self):
        result = self.add("one")

        host_end, pod_end = result["interfaces"]
        [entry] = result["ips"]
        inside = ip("-n", "one", "-4", "addr", "show", "dev", "eth0")[0]
        self.assertEqual([a["local"] for a in inside["addr_info"]], addresses_of(result))
        self.assertEqual(ip("-n", "one", "link", "show", "dev", "eth0")[0]["address"], pod_end["mac"])
        self.assertEqual(ip("link", "show", "dev", host_end["name"])[0]["address"], host_end["mac"])
        self.assertEqual(pod_end["sandbox"], "/run/netns/one")
        self.assertEqual(entry["interface"], 1)
        self.assertEqual(entry["gateway"], "10.42.0.1")
        self.assertEqual(result["routes"], [{"dst": "0.0.0.0/0", "gw": "10.42.0.1"}])
        self.assertEqual(result["dns"]["nameservers"], ["169.254.169.250"])
        self.assertEqual(result["dns"]["search"][0], "shop.svc.cluster.local")
        run("ip", "netns", "exec", "one", "ping", "-n", "-c", "1", "-W", "2", "169.254.169.250")
        run("ping", "-n", "-c", "1", "-W", "2", *addresses_of(result))

        self.assertIsNone(self.host.cni("DEL", "one"))

        wait_until(lambda: pod_links() == [], "links gone")
        self.assertEqual(self.leases(), {})
        self.assertIsNone(self.host.cni("DEL", "one"))

    def test_a_pod_is_no_router_to_its_host(self):
        link = self.add("one")["interfaces"][0]["name"]
        run("sysctl", "-qw", f"net.ipv6.conf.{link}.accept_ra=2")
        run("ip", "-n", "one", "addr", "add", "fe80::1/64", "dev", "eth0", "nodad")
        advertise = ("import socket\ns = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)\n"
                     "s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)\n"
                     "s.sendto(bytes([134, 0, 0, 0, 64, 0, 7, 8]) + bytes(8), ('ff02::1', 0, 0, socket.if_nametoindex('eth0')))")

        run("ip", "netns", "exec", "one", sys.executable, "-c", advertise)

        run("ip", "netns", "exec", "one", "ping", "-n", "-c", "1", "-W", "2", "10.42.0.1")  # what was sent before has arrived
        self.assertEqual(ip("-6", "route", "show", "default"), [])

    def test_every_version_is_answered_in_its_form(self):
        for number, version in enumerate(("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")):
            with self.subTest(version):
                result = self.add(f"v{number}", config={**NETWORK, "cniVersion": version})
                self.assertEqual(result["cniVersion"], version)
                if version < "0.3.0":
                    self.assertIn(f"10.42.0.{number + 2}/", result["ip4"]["ip"])
                else:
                    self.assertEqual("version" in result["ips"][0], version < "1.0.0")
                    self.assertEqual("mtu" in result["interfaces"][0], version == "1.1.0")

    def test_an_impatient_runtime_gets_the_same_answer(self):
        first = self.add("one")

        self.assertEqual(self.host.cni("ADD", "one"), first)

        run("ip", "netns", "exec", "one", "ip", "link", "del", "eth0")
        again = self.host.cni("ADD", "one")
        self.assertEqual(addresses_of(again), addresses_of(first))
        run("ping", "-n", "-c", "1", "-W", "2", *addresses_of(again))

    def test_a_pod_made_anew_under_its_id_is_attached_anew(self):
        self.add("one")
        run("ip", "netns", "del", "one")

        result = self.add("one")

        run("ping", "-n", "-c", "1", "-W", "2", *addresses_of(result))
        self.assertEqual(self.leases(), {"one": addresses_of(result)})

    def test_check_sees_what_is_missing(self):
        result = self.add("one")
        config = {**NETWORK, "prevResult": result}
        self.assertIsNone(self.host.cni("CHECK", "one", config=config))

        run("ip", "-n", "one", "addr", "flush", "dev", "eth0")

        self.refused("CHECK", "one", 100, config=config)
        self.refused("CHECK", "other", 3, config=config, netns="/run/netns/one")

    def test_sixteen_at_once_get_sixteen_addresses(self):
        names = [f"p{n}" for n in range(16)]
        for name in names:
            make_pod(name)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            results = list(pool.map(lambda name: self.host.cni("ADD", name), names))

        addresses = {address for result in results for address in addresses_of(result)}
        self.assertEqual(len(addresses), 16)
        for name in names:
            self.host.cni("DEL", name)
        wait_until(lambda: pod_links() == [], "links gone")

    def test_two_interfaces_of_one_pod(self):
        first = self.add("one")
        second = self.host.cni("ADD", "one", ifname="net1", config={**NETWORK, "name": "other"})

        self.assertNotEqual(addresses_of(first), addresses_of(second))
        self.host.cni("DEL", "one", ifname="net1", config={**NETWORK, "name": "other"})
        self.assertEqual(self.leases(), {"one": addresses_of(first)})

    def test_addresses_and_mac_as_asked(self):
        config = {**NETWORK, "runtimeConfig": {"ips": ["10.42.0.77/24"], "mac": "02:00:00:00:00:77"}}

        result = self.add("one", config=config)

        self.assertEqual(addresses_of(result), ["10.42.0.77"])
        self.assertEqual(ip("-n", "one", "link", "show", "dev", "eth0")[0]["address"], "02:00:00:00:00:77")
        make_pod("two")
        self.refused("ADD", "two", 11, "10.42.0.77", config=config)
        self.refused("ADD", "two", 7, "10.43.0.1", config={**NETWORK, "runtimeConfig": {"ips": ["10.43.0.1"]}})

    def test_addresses_come_from_the_ranges_of_the_runtime(self):
        def within(**limits):
            return {**NETWORK, "runtimeConfig": {"ipRanges": [[{"subnet": "10.42.0.0/24", **limits}]]}}

        narrow = within(rangeStart="10.42.0.100", rangeEnd="10.42.0.101", gateway="10.42.0.1")
        self.assertEqual(addresses_of(self.add("one", config=narrow)), ["10.42.0.100"])
        self.assertEqual(addresses_of(self.add("two", config=narrow)), ["10.42.0.101"])
        make_pod("three")
        self.refused("ADD", "three", 11, "no address is left in the ranges", config=narrow)
        self.refused("ADD", "three", 7, "gateway", config=within(gateway="10.42.0.9"))
        elsewhere = {**NETWORK, "runtimeConfig": {"ipRanges": [[{"subnet": "10.77.0.0/24"}]]}}
        self.refused("ADD", "three", 7, "10.77.0.1-10.77.0.254", config=elsewhere)
        self.assertEqual(addresses_of(self.host.cni("ADD", "three")), ["10.42.0.2"])

    def test_gc_removes_what_is_not_listed(self):
        self.add("keep")
        self.add("drop")
        self.add("foreign", config={**NETWORK, "name": "another"})
        valid = [{"containerID": "c-keep", "ifname": "eth0"}]

        self.host.cni("GC", "x", config={**NETWORK, "cni.dev/valid-attachments": valid})

        self.assertEqual(sorted(self.leases()), ["foreign", "keep"])
        wait_until(lambda: len(pod_links()) == 2, "one link gone")
        self.refused("GC", "x", 7, "valid-attachments")
        self.assertEqual(sorted(self.leases()), ["foreign", "keep"])
        self.host.cni("GC", "x", config={**NETWORK, "cni.dev/valid-attachments": []})
        self.assertEqual(sorted(self.leases()), ["foreign"])

    def test_refusals_come_before_any_effect(self):
        make_pod("one")
        own = {"netns": "/proc/self/ns/net"}
        self.refused("ADD", "one", 8, "own namespace", **own)
        self.refused("ADD", "one", 8, "not a network namespace", netns="/run/netns/missing")
        self.refused("ADD", "one", 8, "not a network namespace", netns="/etc/passwd")
        self.refused("ADD", "one", 4, "eth/0", ifname="eth/0")
        self.refused("ADD", "one", 1, "2.0.0", config={**NETWORK, "cniVersion": "2.0.0"})
        self.refused("ADD", "one", 2, "deviceID", config={**NETWORK, "runtimeConfig": {"deviceID": "0000:03:00.1"}})
        self.refused("ADD", "one", 4, "IgnoreUnknown", args="WHAT=1")
        self.refused("NONSENSE", "one", 4, "NONSENSE")
        self.assertEqual(self.leases(), {})
        self.assertEqual(pod_links(), [])

    def test_an_interface_that_is_there_already_is_no_address_lost(self):
        make_pod("one")
        run("ip", "-n", "one", "link", "add", "eth0", "type", "veth", "peer", "name", "other0")

        self.refused("ADD", "one", 999, "eth0")

        self.assertEqual(self.detail()["subnets"][0]["taken"], 0)
        self.assertEqual(pod_links(), [])

    def test_del_succeeds_in_every_broken_state(self):
        self.host.cni("DEL", "never-attached")
        self.add("gone")
        run("ip", "netns", "del", "gone")
        self.host.cni("DEL", "gone")
        self.add("empty")
        self.host.cni("DEL", "empty", netns="")
        self.add("bare")
        run("ip", "-n", "bare", "link", "del", "eth0")
        self.host.cni("DEL", "bare", config={**NETWORK, "cniVersion": "0.3.1"})
        self.assertEqual(self.leases(), {})
        self.assertEqual(self.detail()["subnets"][0]["taken"], 0)

    def test_status_and_version(self):
        self.assertIsNone(self.host.cni("STATUS", "x"))
        self.assertIn("1.1.0", self.host.cni("VERSION", "x")["supportedVersions"])

    def test_metrics_count(self):
        self.add("one")
        self.host.cni("DEL", "one")
        text = self.host.admin("netd", "/metrics")
        self.assertIn('paddock_net_cni_requests_total{command="add"} 1', text)
        self.assertIn('paddock_net_cni_requests_total{command="del"} 1', text)
        self.assertIn("paddock_net_leases 0", text)


class DualStack(NetdTest):
    options = [*ALONE, "--subnets", "10.42.7.0/24", "--subnets", "fd42:7::/64"]

    def test_a_pod_gets_one_address_of_each_family(self):
        result = self.add("one")

        self.assertEqual(addresses_of(result), ["10.42.7.2", "fd42:7::2"])
        run("ping", "-n", "-c", "1", "-W", "2", "10.42.7.2")
        run("ping", "-n", "-c", "1", "-W", "2", "fd42:7::2")
        run("ip", "netns", "exec", "one", "ping", "-n", "-c", "1", "-W", "2", "fd42:7::1")


class SmallPool(NetdTest):
    options = [*ALONE, "--subnets", "10.42.0.0/30", "--quarantine", "1h"]

    def test_a_used_up_pool_is_said_and_its_address_rests(self):
        self.add("one")
        make_pod("two")
        self.refused("ADD", "two", 11, "1 of 1 addresses taken")
        self.refused("STATUS", "x", 50, "used up")

        self.host.cni("DEL", "one")

        self.refused("ADD", "two", 11, "1 freed less than 3600 s ago")
        self.host.stop("netd")
        self.host.restart("netd")
        self.refused("ADD", "two", 11, "1 freed less than 3600 s ago")


class Restarting(NetdTest):
    def test_attachments_outlive_the_daemon(self):
        first = self.add("one")

        self.host.stop("netd")

        run("ping", "-n", "-c", "1", "-W", "2", *addresses_of(first))
        self.host.restart("netd")
        self.assertEqual(self.leases(), {"one": addresses_of(first)})
        self.assertEqual(self.host.cni("ADD", "one"), first)
        self.assertNotEqual(addresses_of(self.add("two")), addresses_of(first))

    def test_without_the_daemon_each_command_says_so(self):
        result = self.add("one")
        self.host.stop("netd")

        make_pod("two")
        self.refused("ADD", "two", 11, "systemctl start paddock-netd")
        self.refused("CHECK", "one", 11, "not running", config={**NETWORK, "prevResult": result})
        self.refused("STATUS", "x", 50, "not running")
        self.refused("GC", "x", 11, "not running", config={**NETWORK, "cni.dev/valid-attachments": []})
        self.assertIn("1.1.0", self.host.cni("VERSION", "x")["supportedVersions"])
        self.assertIsNone(self.host.cni("DEL", "one"))
        self.assertEqual(len(list(SPOOL.iterdir())), 1)

        self.host.restart("netd")
        self.assertEqual(self.leases(), {})
        self.assertEqual(list(SPOOL.iterdir()), [])
        wait_until(lambda: pod_links() == [], "links gone")

    def test_pods_that_vanished_meanwhile_are_forgotten(self):
        self.add("one")
        self.add("two")
        self.host.kill("netd")
        run("ip", "netns", "del", "one")
        wait_until(lambda: len(pod_links()) == 1, "the kernel took the link of one")

        self.host.restart("netd")

        self.assertEqual(list(self.leases()), ["two"])

    def test_killed_in_the_middle_nothing_leaks(self):
        names = [f"k{n}" for n in range(12)]
        for name in names:
            make_pod(name)
        for rounds in range(4):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                adding = [pool.submit(self.host.cni, "ADD", name, check=False) for name in names]
                wait_until(lambda: sum(f.done() for f in adding) > rounds, "some are attached")
                self.host.kill("netd")
                answers = [future.result() for future in adding]
            self.host.restart("netd")
            said = [addresses_of(answer)[0] for answer in answers if "ips" in answer]
            held = [addresses[0] for addresses in self.leases().values()]
            self.assertEqual(len(said), len(set(said)))
            self.assertEqual(len(held), len(set(held)))
            self.assertLessEqual(set(said), set(held), "an address was answered and is not recorded")
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda name: self.host.cni("DEL", name), names))
            self.assertEqual(self.leases(), {})
            wait_until(lambda: pod_links() == [], "links gone")
            self.assertEqual(self.detail()["subnets"][0]["taken"], 0)

    def test_a_second_netd_is_refused_and_told_why(self):
        second = subprocess.run([NETD, *ALONE, "--admin-listen", "none", "--socket", "/run/paddock/second.sock",
                                 "--state-dir", "/var/lib/second"],
                                capture_output=True, text=True, timeout=10)

        self.assertEqual(second.returncode, 1)
        self.assertIn(f"another paddock-netd (process {self.host.processes['netd'].pid})", second.stderr)

    def test_why_names_what_a_pod_lacks(self):
        self.add("one")
        well = self.host.paddock("why", "shop/one")
        run("ip", "-n", "one", "route", "del", "default")
        broken = self.host.paddock("why", "shop/one", check=False)
        unknown = self.host.paddock("why", "shop/two", check=False)

        self.assertIn("kernel: as the record says", well.stdout)
        self.assertEqual((broken.returncode, unknown.returncode), (1, 1))
        self.assertIn("the pod's eth0 has no route 0.0.0.0/0", broken.stdout)
        self.assertIn("no pod shop/two is attached to this host", unknown.stderr)

    def test_foreign_flush_is_repaired(self):
        result = self.add("one")
        run("nft", "flush", "ruleset")
        run("ip", "route", "del", f"{addresses_of(result)[0]}/32")

        wait_until(lambda: "paddock" in run("nft", "list", "tables").stdout, "the table is back")
        wait_until(lambda: run("ping", "-n", "-c", "1", "-W", "1", *addresses_of(result)), "the route is back")

    def test_hangup_takes_over_a_new_mtu(self):
        self.host.stop("netd")
        config = pathlib.Path("/run/netd.yaml")
        config.write_text("mtu: 1400\n")
        self.host.options["netd"] = [*ALONE, "--config", config]
        self.host.restart("netd")
        self.assertEqual(self.add("one")["interfaces"][1]["mtu"], 1400)

        config.write_text("mtu: 1300\n")
        self.host.processes["netd"].send_signal(signal.SIGHUP)

        def has_new_mtu():
            made = self.host.cni("ADD", "one", ifname="net1", config={**NETWORK, "name": "other"})
            self.host.cni("DEL", "one", ifname="net1", config={**NETWORK, "name": "other"})
            return made["interfaces"][1]["mtu"] == 1300

        wait_until(has_new_mtu, "the new MTU is used", 60)

    def test_conflist_is_written_whole(self):
        path = pathlib.Path("/etc/cni/net.d/10-paddock.conflist")
        self.host.stop("netd")
        self.host.options["netd"] = [*ALONE, "--write-conflist"]
        self.host.restart("netd")

        written = json.loads(path.read_text())

        self.assertEqual(written["plugins"][0]["type"], "paddock")
        self.assertEqual([p.name for p in path.parent.iterdir()], [path.name])

        self.host.stop("netd")
        run(NETD, "--purge", *self.host.options["netd"])
        self.assertFalse(path.exists(), "no runtime asks for a netd that is gone")
        path.write_text("{}")
        self.addCleanup(path.unlink)
        run(NETD, "--purge", *self.host.options["netd"])
        self.assertEqual(path.read_text(), "{}", "it is somebody else's")


if __name__ == "__main__":
    unittest.main()
