# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server as far as Paddock can tell: lists, streaming lists and watches of what it was given, and patches of
nodes and of their status, over HTTP with a bearer token. It begins with the recorded cluster of tests/fixtures/kubernetes."""
import bisect
import contextlib
import copy
import http.server
import json
import pathlib
import socket
import threading
import urllib.parse

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures/kubernetes/list-final"
RESOURCES = ("namespaces", "nodes", "services", "endpointslices", "pods")
TOKEN = "of-the-test"


def recorded(resource):
    response = json.loads((FIXTURES / f"{resource}.json").read_text())["response"]
    return json.loads(response.get("body") or "".join(chunk["data"] for chunk in response["chunks"]))["items"]


def key_of(item):
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def merged(old, patch):
    """A strategic merge patch; of lists only conditions are known, which are merged by their type."""
    new = dict(old)
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        elif key == "conditions":
            by_type = {condition["type"]: condition for condition in old.get(key, [])}
            for condition in value:
                by_type[condition["type"]] = merged(by_type.get(condition["type"], {}), condition)
            new[key] = list(by_type.values())
        else:
            new[key] = merged(old.get(key) or {}, value) if isinstance(value, dict) else value
    return new


class ApiStandIn:
    def __init__(self, read=recorded, address="127.0.0.1"):
        """Begins with what `read` says of each resource: a list of objects."""
        self.address = address
        self.objects = {resource: {key_of(item): item for item in read(resource)} for resource in RESOURCES}
        self.version = max(int(item["metadata"]["resourceVersion"]) for items in self.objects.values() for item in items.values())
        self.events = {resource: [] for resource in RESOURCES}  # (version, event)
        self.changed = threading.Condition(threading.RLock())
        self.patches = []  # (path, content type, patch)
        self.port = 0
        self.start()

    def start(self):
        self.connections = set()
        self.is_up = True
        self.server = http.server.ThreadingHTTPServer((self.address, self.port), handler_for(self))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """As a machine that is switched off: no connection is ended as it should be."""
        self.is_up = False
        self.server.shutdown()
        self.server.server_close()
        with self.changed:
            for connection in self.connections:
                with contextlib.suppress(OSError):  # it is gone already
                    connection.shutdown(socket.SHUT_RDWR)
            self.changed.notify_all()

    def put(self, resource, item):
        with self.changed:
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            kind = "MODIFIED" if key_of(item) in self.objects[resource] else "ADDED"
            self.objects[resource][key_of(item)] = item
            self.events[resource].append((self.version, {"type": kind, "object": item}))
            self.changed.notify_all()

    def patch(self, name, patch, part="status"):
        """The node with the patch in it, but for the part that is patched elsewhere; nothing when it is of another version."""
        with self.changed:
            node = self.objects["nodes"][("", name)]
            if patch.get("metadata", {}).get("resourceVersion", node["metadata"]["resourceVersion"]) != node["metadata"]["resourceVersion"]:
                return None
            new = merged(copy.deepcopy(node), {key: value for key, value in patch.items() if key != ("spec" if part else "status")})
            if new != node:
                self.put("nodes", new)
            return new

    def expire(self, resource):
        """Ends the watches of a resource as one that lags too far behind."""
        with self.changed:
            self.version += 1
            status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
            self.events[resource].append((self.version, {"type": "ERROR", "object": status}))
            self.changed.notify_all()

    def kubeconfig(self, path):
        pathlib.Path(path).write_text(json.dumps({
            "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [{"name": "test", "cluster": {"server": f"http://{self.address}:{self.port}"}}],
            "users": [{"name": "test", "user": {"token": TOKEN}}]}))
        return path


def selects(query):
    """What a field selector lets through; only that of a pod's node is known."""
    node = query.get("fieldSelector", "").removeprefix("spec.nodeName=")
    return lambda item: not node or item["spec"].get("nodeName") == node


def handler_for(api):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # an event does not wait until the one before it was acknowledged

        def setup(self):
            super().setup()
            with api.changed:
                api.connections.add(self.connection)

        def log_message(self, *_):
            pass

        def do_GET(self):
            address = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(address.query))
            resource = address.path.rpartition("/")[2]
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.answer(401, {"kind": "Status", "code": 401, "message": "Unauthorized"})
            elif resource not in RESOURCES:
                self.answer(404, {"kind": "Status", "code": 404, "message": "not found"})
            elif query.get("watch") != "1":
                with api.changed:
                    items = [item for item in api.objects[resource].values() if selects(query)(item)]
                    self.answer(200, {"metadata": {"resourceVersion": str(api.version)}, "items": items})
            else:
                self.watch(resource, query)

        def do_PATCH(self):
            path = urllib.parse.urlsplit(self.path).path
            patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, _, part = path.removeprefix("/api/v1/nodes/").partition("/")
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self.answer(401, {"kind": "Status", "code": 401, "message": "Unauthorized"})
            if part not in ("", "status") or ("", name) not in api.objects["nodes"]:
                return self.answer(404, {"kind": "Status", "code": 404, "message": "not found"})
            api.patches.append((path, self.headers["Content-Type"], patch))
            node = api.patch(name, patch, part)
            if node is None:
                return self.answer(409, {"kind": "Status", "code": 409, "message": "the object has been modified"})
            self.answer(200, node)

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def say(self, event):
            data = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def watch(self, resource, query):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            seen = int(query.get("resourceVersion") or 0)
            if query.get("sendInitialEvents") == "true":
                with api.changed:
                    seen = api.version
                    initial = [item for item in api.objects[resource].values() if selects(query)(item)]
                for item in initial:
                    self.say({"type": "ADDED", "object": item})
                self.say({"type": "BOOKMARK", "object": {"metadata": {
                    "resourceVersion": str(seen), "annotations": {"k8s.io/initial-events-end": "true"}}}})
            at = bisect.bisect_right(api.events[resource], seen, key=lambda entry: entry[0])
            while api.is_up:
                with api.changed:
                    api.changed.wait_for(lambda: len(api.events[resource]) > at or not api.is_up)
                    news = api.events[resource][at:]
                at += len(news)
                for _, event in news:
                    if event["type"] == "ERROR":
                        self.say(event)
                        return self.wfile.write(b"0\r\n\r\n")
                    if selects(query)(event["object"]):
                        self.say(event)
            self.close_connection = True

    return Handler
