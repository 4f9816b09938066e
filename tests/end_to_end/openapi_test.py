# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml is what the daemons do: its paths and no others, their methods, statuses and fields."""
import json
import pathlib
import re
import socket
import unittest

import jsonschema
import yaml

from host import ADMIN, DAEMONS, Host, run

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGE = yaml.safe_load((DOCS / "openapi.yaml").read_text())
SOCKET = "/run/paddock/metadata.sock"
METHODS = ("get", "put", "delete", "post")
OBJECTS = [
    {"kind": "Host", "name": "n1", "hostname": "n1.example", "addresses": ["192.0.2.1"], "state": "inactive", "zone": "a",
     "subnets": ["10.42.0.0/24"], "milli_cpu": 1000, "memory": 1, "local_storage_mb": 1, "labels": {"a": "b"}},
    {"kind": "Namespace", "name": "shop", "annotations": {"a": "b"}},
    {"kind": "Service", "namespace": "shop", "name": "web", "cluster_ips": ["10.43.0.10"], "external_ips": ["192.0.2.7"],
     "load_balancer_ips": ["192.0.2.8"], "clusterset_ips": ["10.44.0.1"], "selector": {"app": "web"}, "publish_not_ready": True,
     "ports": [{"name": "http", "protocol": "UDP", "port": 80, "target_port": 8080}], "service_kind": "service",
     "targets": ["shop/db"], "sidekicks": ["side"], "primary_service": "web", "links": {"shop/db": "db"}, "scale": 2,
     "state": "inactive", "expose": ["80"], "fqdn": "web.example", "metadata": {"a": [1]}, "lb_config": {"b": 2}, "token": "t",
     "health_check": {"port": 80, "request_line": "GET / HTTP/1.0", "interval": 2000, "response_timeout": 2000,
                      "healthy_threshold": 2, "unhealthy_threshold": 3}, "system": True},
    {"kind": "Endpoints", "namespace": "shop", "name": "web-x", "service": "web", "cluster": "other",
     "ports": [{"name": "http", "protocol": "UDP", "port": 8080}],
     "endpoints": [{"addresses": ["10.42.0.9"], "hostname": "a", "pod": "p", "host": "n1", "zone": "a", "ready": False,
                    "serving": True, "terminating": True}]},
    {"kind": "Pod", "namespace": "shop", "name": "web-1", "external_id": "c1", "host": "n1", "addresses": ["10.42.0.2"],
     "mac": "02:00:00:00:00:01", "interface": "eth0", "network": "paddock", "host_network": True, "hostname": "web-1",
     "subdomain": "web", "service_account": "default", "state": "starting", "health": "healthy", "ready": False, "service": "web",
     "service_index": "1", "ports": ["0.0.0.0:80:8080/tcp"], "dns": ["192.0.2.53"], "dns_search": ["example"],
     "links": {"db": "uid"}, "network_from": "other", "create_index": 1, "start_count": 1, "milli_cpu_reservation": 1,
     "memory_reservation": 1, "health_check_hosts": ["n1"], "system": True, "labels": {"app": "web"}},
    {"kind": "Network", "name": "paddock", "subnets": ["10.42.0.0/16"], "default": True, "host_ports": False, "mtu": 1400,
     "default_policy_action": "deny", "policy": [1], "metadata": {"a": 1}},
    {"kind": "Subnet", "name": "10.42.3.0-24", "host": "n1", "host_uid": "u1", "subnets": ["10.42.3.0/24", "fd00:42:0:3::/64"]},
]
PLURAL = {kind[:-1].capitalize() if kind != "endpoints" else "Endpoints": kind
          for kind in PAGE["components"]["parameters"]["kind"]["schema"]["enum"]}


def path_of(thing):
    return "/".join(filter(None, ["/v1", PLURAL[thing["kind"]], thing.get("namespace"), thing["name"]]))


def ask(method, url, body=None, headers=()):
    """(status, headers, body) of an answer; an url without a host is asked of the socket."""
    where = [url] if url.startswith("http") else ["--unix-socket", SOCKET, f"http://localhost{url}"]
    extra = [word for header in headers for word in ("-H", header)]
    data = ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)] if body is not None else []
    said = run("curl", "-sS", "-i", "-m", "5", "-X", method.upper(), *extra, *data, *where).stdout
    head, _, text = said.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    return lines[0].split()[1], dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line), text


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host())

    def check(self, path, method, answer):
        """The answer is one of those the page has for this path and method; its body, parsed."""
        status, headers, text = answer
        responses = PAGE["paths"][path][method]["responses"]
        self.assertIn(status, responses, f"{method} {path}: {text}")
        response = responses[status]
        if "$ref" in response:
            response = PAGE["components"]["responses"][response["$ref"].rpartition("/")[2]]
        for name in response.get("headers", {}):
            self.assertIn(name.lower(), headers, f"{method} {path}")
        if "content" not in response:
            self.assertEqual(text, "")
            return None
        kind = headers["content-type"].partition(";")[0]
        self.assertIn(kind, response["content"], f"{method} {path}")
        lines = text.splitlines() if "ndjson" in kind else [text]
        bodies = [json.loads(line) for line in lines] if "json" in kind else lines
        for body in bodies:
            jsonschema.validate(body, {**response["content"][kind]["schema"], "components": PAGE["components"]},
                                cls=jsonschema.Draft202012Validator)
        return bodies

    def test_kinds_are_those_of_both_pages(self):
        (told,) = re.findall(r"`GET /v1/\{([a-z,]+)\}", (DOCS / "stream-api.md").read_text())
        described = {schema["$ref"].rpartition("/")[2] for schema in PAGE["components"]["schemas"]["Object"]["oneOf"]}

        self.assertEqual(set(told.split(",")), set(PLURAL.values()))
        self.assertEqual(described, set(PLURAL))
        self.assertEqual({thing["kind"] for thing in OBJECTS}, set(PLURAL))

    def test_objects_have_the_fields_of_the_page(self):
        for thing in OBJECTS:
            path = "/v1/{kind}/{namespace}/{name}" if "namespace" in thing else "/v1/{kind}/{name}"
            put = self.check(path, "put", ask("put", path_of(thing), thing))[0]
            self.assertEqual({**put, **thing}, put)  # all that was said, and what the store adds
            self.check(path, "put", ask("put", path_of(thing), thing))
            self.assertEqual(self.check(path, "get", ask("get", path_of(thing))), [put])
            self.check("/v1/{kind}", "get", ask("get", f"/v1/{PLURAL[thing['kind']]}"))
            # Every field of the page was written, but those the store alone writes and those that exclude others.
            known = set(PAGE["components"]["schemas"][thing["kind"]]["properties"])
            self.assertLessEqual(known - set(put), {"annotations", "labels", "derived", "external_name"}, thing["kind"])
            wrong = ask("put", path_of(thing), {**thing, "no_such_field": 1})
            self.assertEqual(wrong[0], "422")
            self.check(path, "put", wrong)
        self.check("/v1/cluster", "get", ask("get", "/v1/cluster"))
        self.check("/v1/audit", "get", ask("get", "/v1/audit?limit=50"))
        for thing in reversed(OBJECTS):
            path = "/v1/{kind}/{namespace}/{name}" if "namespace" in thing else "/v1/{kind}/{name}"
            self.check(path, "delete", ask("delete", path_of(thing), headers=["If-Match: \"1\""]))
            self.assertEqual(ask("delete", path_of(thing))[0], "204")
            self.check(path, "delete", ask("delete", path_of(thing)))
            self.check(path, "get", ask("get", path_of(thing)))

    def test_refusals_are_those_of_the_page(self):
        path = "/v1/{kind}/{namespace}/{name}"
        web = {"kind": "Service", "namespace": "shop", "name": "refused"}
        for status, answer in (
                ("400", run("curl", "-sS", "-i", "-X", "PUT", "-H", "Content-Type: application/json", "--data", "{", "--unix-socket", SOCKET,
                            "http://localhost/v1/services/shop/refused").stdout),
                ("409", ask("put", "/v1/services/shop/other", web)),
                ("412", ask("put", "/v1/services/shop/refused", web, ["If-Match: \"1\""])),
                ("415", ask("put", "/v1/services/shop/refused", web, ["Content-Type: image/png"]))):
            if isinstance(answer, str):
                head, _, text = answer.replace("\r\n", "\n").partition("\n\n")
                answer = (head.split()[1], dict(line.lower().split(": ", 1) for line in head.split("\n")[1:]), text)
            self.assertEqual(answer[0], status, answer[2])
            self.check(path, "put", answer)
        self.check("/v1/cluster", "get", ask("get", "/v1/cluster?watch=true&since=nonsense"))
        self.check("/v1/cluster", "get", ask("get", "/v1/cluster?watch=true&since=1&store=another"))

    def test_the_stream_is_that_of_the_page(self):
        ask("put", path_of(OBJECTS[1]), OBJECTS[1])
        stream = socket.socket(socket.AF_UNIX)
        self.addCleanup(stream.close)
        stream.settimeout(10)
        stream.connect(SOCKET)
        stream.sendall(b"GET /v1/cluster?watch=true&heartbeat=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        seen = b""
        while b'"bookmark"' not in seen:
            seen += stream.recv(65536)
        ask("delete", path_of(OBJECTS[1]))
        while b'"heartbeat"' not in seen or b'"delete"' not in seen:
            seen += stream.recv(65536)

        events = [json.loads(line) for line in re.findall(rb'^(\{"type".*\})$', seen.replace(b"\r", b""), re.M)]

        self.assertLessEqual({"put", "delete", "bookmark", "heartbeat"}, {event["type"] for event in events})
        for event in events:
            jsonschema.validate(event, {"$ref": "#/components/schemas/Event", "components": PAGE["components"]},
                                cls=jsonschema.Draft202012Validator)

    def test_other_pages(self):
        self.check("/v1/status", "get", ask("get", "/v1/status"))
        self.check("/v1/reload", "post", ask("post", "/v1/reload"))
        self.check("/v1/owners/{host}", "post", ask("post", "/v1/owners/n1"))
        for daemon in DAEMONS:
            for page in ("/healthz", "/readyz", "/status", "/metrics"):
                self.check(page, "get", ask("get", f"http://127.0.0.1:{ADMIN[daemon]}{page}"))

    def test_other_methods_are_refused_and_other_paths_are_not_there(self):
        for path, item in PAGE["paths"].items():
            at = "http://127.0.0.1:9761" if "servers" in item else ""
            url = at + path.format(kind="services" if "{namespace}" in path else "hosts", namespace="shop", name="x", host="x")
            known = {method for method in METHODS if method in item}
            for method in set(METHODS) - known:
                status, headers, _ = ask(method, url)
                self.assertEqual(status, "405", f"{method} {path}")
                self.assertEqual({word.strip() for word in headers["allow"].split(",")} - {"head"}, known, path)
        self.assertEqual(ask("get", "/v1/nothing")[0], "404")
        # Every path of the page for people is in the page for programs.
        told = set(re.findall(r"`(?:GET|PUT|POST|DELETE) (/v1/\w+)", (DOCS / "stream-api.md").read_text()))
        self.assertLessEqual(told - {"/v1/KIND"}, {"/".join(path.split("/")[:3]) for path in PAGE["paths"]})


if __name__ == "__main__":
    unittest.main()
