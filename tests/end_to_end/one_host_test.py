# SPDX-License-Identifier: Apache-2.0
"""One host, whole: what a pod sees of its address, its names and its metadata, through real clients."""
import json
import unittest

from host import Host, RESOLVER, run, wait_until

SHOP = """
kind: Service
namespace: shop
name: web
cluster_ips: [10.43.0.10]
ports: [{name: http, port: 80}]
selector: {app: web}
---
kind: Service
namespace: shop
name: web-pods
ports: [{name: http, port: 80}]
selector: {app: web}
---
kind: Service
namespace: shop
name: supplier
external_name: www.example.test
"""


class OneHost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host())
        cls.host.apply(SHOP)
        cls.web1 = cls.host.attach("web-1", labels="app=web")
        cls.web2 = cls.host.attach("web-2", labels="app=web")
        cls.client = cls.host.attach("client", labels="app=client")
        for pod in (cls.web1, cls.web2, cls.client):
            wait_until(lambda: cls.client.dig(f"{pod.name}.shop.pod.cluster.local") == [pod.address], f"{pod.name} is named")
            wait_until(lambda: pod.curl("/latest/self/container/name") == pod.name, f"{pod.name} is told who it is")

    def pods(self):
        return sorted([self.web1.address, self.web2.address])

    def headless(self):
        wait_until(lambda: self.client.dig("web-pods.shop.svc.cluster.local") == self.pods(), "both pods are named")

    def test_every_pod_has_an_address_of_its_own(self):
        addresses = {self.web1.address, self.web2.address, self.client.address}

        self.assertEqual(len(addresses), 3)
        for pod in (self.web1, self.web2, self.client):
            kernel = json.loads(pod.run("ip", "-j", "-4", "addr", "show", "dev", "eth0").stdout)
            self.assertEqual(kernel[0]["addr_info"][0]["local"], pod.address)

    def test_names_of_services(self):
        self.headless()
        self.assertEqual(self.client.dig("web.shop.svc.cluster.local"), ["10.43.0.10"])
        self.assertEqual(self.client.dig("SRV", "_http._tcp.web.shop.svc.cluster.local"), ["0 100 80 web.shop.svc.cluster.local."])
        self.assertEqual(self.client.dig("-x", "10.43.0.10"), ["web.shop.svc.cluster.local."])
        self.assertEqual(len(self.client.dig("SRV", "_http._tcp.web-pods.shop.svc.cluster.local")), 2)
        self.assertEqual(self.client.dig("TXT", "dns-version.cluster.local"), ['"1.1.0"'])

    def test_search_list_and_short_names(self):
        self.headless()
        self.assertEqual(self.client.dig("+search", "web"), ["10.43.0.10"])
        self.assertEqual(self.client.dig("+search", "web.shop"), ["10.43.0.10"])

    def test_rancher_names(self):
        self.headless()
        self.assertEqual(self.client.dig("web.shop.rancher.internal"), ["10.43.0.10"])
        self.assertEqual(self.client.dig("web-pods.shop.rancher.internal"), self.pods())
        self.assertEqual(self.client.dig("web-1.rancher.internal"), [self.web1.address])
        self.assertEqual(self.client.dig("rancher-metadata.rancher.internal"), [RESOLVER])

    def test_names_of_pods(self):
        dashed = self.web1.address.replace(".", "-")

        self.assertEqual(self.client.dig("web-1.shop.pod.cluster.local"), [self.web1.address])
        self.assertEqual(self.client.dig(f"{dashed}.shop.pod.cluster.local"), [self.web1.address])
        self.assertTrue(self.client.dig("-x", self.web1.address))

    def test_missing_names(self):
        self.assertEqual(self.client.dig_status("nothing.shop.svc.cluster.local"), "NXDOMAIN")
        self.assertEqual(self.client.dig_status("AAAA", "web.shop.svc.cluster.local"), "NOERROR")
        self.assertEqual(self.client.dig("AAAA", "web.shop.svc.cluster.local"), [])
        negative = self.client.run("dig", "nothing.shop.svc.cluster.local").stdout
        self.assertIn("SOA\tns.dns.cluster.local. hostmaster.cluster.local.", negative)

    def test_outside_names_are_forwarded(self):
        self.assertEqual(self.client.dig("www.example.test"), ["192.0.2.80"])
        self.assertEqual(self.client.dig("+tcp", "www.example.test"), ["192.0.2.80"])
        self.assertEqual(self.client.dig("supplier.shop.svc.cluster.local"), ["192.0.2.80", "www.example.test."])
        self.assertEqual(self.client.dig_status("nothing.test"), "NXDOMAIN")

    def test_a_pod_reads_who_it_is(self):
        self.assertEqual(self.client.curl("/latest/self/container/name"), "client")
        self.assertEqual(self.client.curl("/latest/self/container/primary_ip"), self.client.address)
        self.assertEqual(self.web1.curl("/latest/self/container/stack_name"), "shop")
        self.assertIn("latest\n", self.client.curl("/"))
        self.assertIn("primary_ip\n", self.client.curl("/latest/self/container/"))
        document = json.loads(self.client.curl("/latest/self/container", "-H", "Accept: application/json"))
        self.assertEqual(document["primary_ip"], self.client.address)
        self.assertEqual(document["labels"]["app"], "client")

    def test_pods_reach_each_other_by_name(self):
        self.web1.serve("hello from web-1")

        self.client.run("ping", "-c", "1", "-W", "2", "web-1.shop.pod.cluster.local")
        fetched = self.client.run("curl", "-sf", "-m", "5", "http://web-1.shop.pod.cluster.local/").stdout
        self.assertEqual(fetched, "hello from web-1")

    def test_a_detached_pod_is_gone_everywhere(self):
        pod = self.host.attach("short-lived", labels="app=short")
        self.host.apply("{kind: Service, namespace: shop, name: short, selector: {app: short}}")
        wait_until(lambda: self.client.dig("short.shop.svc.cluster.local") == [pod.address], "the pod is named")

        self.host.detach(pod)

        wait_until(lambda: self.client.dig_status("short.shop.svc.cluster.local") == "NXDOMAIN", "the name is gone")
        wait_until(lambda: self.client.dig_status("short-lived.shop.pod.cluster.local") == "NXDOMAIN", "the pod's name is gone")
        self.assertNotIn("short-lived", self.host.paddock("pods", "-o", "json").stdout)
        wait_until(lambda: pod.address not in run("ip", "route").stdout, "its route is gone")

    def test_the_tool(self):
        self.headless()
        status = self.host.paddock("status")
        pods = json.loads(self.host.paddock("pods", "-o", "json").stdout)
        services = json.loads(self.host.paddock("services", "-o", "json").stdout)

        self.assertEqual(status.returncode, 0)
        self.assertIn("web-1", json.dumps(pods))
        self.assertIn("web-pods", json.dumps(services))
        self.assertIn("10.43.0.10", self.host.paddock("lookup", "web.shop").stdout)
        self.assertIn("client", self.host.paddock("metadata", "containers").stdout)

    def test_bad_objects_are_refused_with_every_reason(self):
        refused = self.host.paddock("apply", "-f", "-", check=False,
                                    stdin="kind: Service\nnamespace: shop\nname: Web\ncluster_ips: [10.43.0.300]\nprots: []\n")

        self.assertNotEqual(refused.returncode, 0)
        for word in ("name: must be", "cluster_ips[0]: must be", "prots: is no field"):
            self.assertIn(word, refused.stderr)

    def test_admin_endpoints(self):
        for name in ("metadatad", "dnsd", "netd"):
            self.assertTrue(self.host.admin(name, "/healthz"))
            self.assertIn("# TYPE paddock_", self.host.admin(name, "/metrics"))
            json.loads(self.host.admin(name, "/status"))


if __name__ == "__main__":
    unittest.main()
