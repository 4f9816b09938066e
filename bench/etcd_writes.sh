#!/bin/bash
# Writes through a real paddock-metadatad into Debian's etcd, whose data lie in memory: 4,000 pods,
# then changes at a steady rate by PUT from 32 connections, from sending the PUT to the event at a
# reader of the stream. The audit log and its intents are on disk.
#   bench/etcd_writes.sh BUILD_DIRECTORY [CHANGES_PER_SECOND] [SECONDS]
# Needs etcd and python3.
set -euo pipefail
build=${1:?build directory}
cmake --build "$build" --target stream_load paddock-metadatad >/dev/null
rate=${2:-1000}
seconds=${3:-10}
work=$(mktemp -d)
memory=$(mktemp -d -p /dev/shm)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work" "$memory"
}
trap stop EXIT

etcd --data-dir "$memory/etcd" --listen-client-urls http://127.0.0.1:18379 \
  --advertise-client-urls http://127.0.0.1:18379 --listen-peer-urls http://127.0.0.1:18380 \
  --initial-advertise-peer-urls http://127.0.0.1:18380 --initial-cluster default=http://127.0.0.1:18380 \
  >"$work/etcd.log" 2>&1 &
pids+=($!)
"$build/daemons/paddock-metadatad" --store etcd:http://127.0.0.1:18379 --state-dir "$work/state" \
  --socket "$work/s" --listen none --admin-listen none >"$work/log" 2>&1 &
pids+=($!)
daemon=$!
for _ in $(seq 300); do
  curl -sf --unix-socket "$work/s" -o /dev/null http://metadata/v1/cluster && break
  kill -0 "$daemon" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
python3 - "$work/s" <<'PYTHON'
import concurrent.futures, http.client, json, socket, sys

def put(numbers):
    connection = http.client.HTTPConnection("metadata")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(sys.argv[1])
    for n in numbers:
        pod = {"kind": "Pod", "namespace": f"team-{n // 100}", "name": f"web-{n}", "host": f"node-{n % 50}",
               "addresses": [f"10.42.{n // 250}.{n % 250}"], "labels": {"app": f"web-{n % 20}"}}
        connection.request("PUT", f"/v1/pods/team-{n // 100}/web-{n}", json.dumps(pod))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 201, answer.status

with concurrent.futures.ThreadPoolExecutor(16) as pool:
    list(pool.map(put, [range(first, 4000, 16) for first in range(16)]))
PYTHON
"$build/bench/stream_load" "$work/s" "$daemon" 1 "$rate" "$seconds"
