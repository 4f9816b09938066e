#!/bin/bash
# Writes through a real paddock-metadatad to a store that is elsewhere: Debian's etcd, then another
# metadatad with an embedded store. 4,000 pods, then changes at a steady rate by PUT from 32
# connections, from sending the PUT to the event at a reader of the same metadatad's stream. What is
# behind it keeps its data in memory; the audit log and its intents are on disk. Then the same again,
# and what it costs a second metadatad of that store, which only follows, as most of a fleet do.
#   bench/remote_writes.sh BUILD_DIRECTORY [CHANGES_PER_SECOND] [SECONDS]
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
  pids=()
}
trap 'stop; rm -rf "$work" "$memory"' EXIT

start() { # COMMAND...
  "$@" >"$work/log" 2>&1 &
  pids+=($!)
}
start_metadatad() { # NAME STORE: its socket is WORK/NAME
  start "$build/daemons/paddock-metadatad" --store "$2" --state-dir "$work/$1.state" \
    --socket "$work/$1" --listen none --admin-listen none
  for _ in $(seq 300); do
    curl -sf --unix-socket "$work/$1" -o /dev/null http://metadata/v1/cluster && return
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/log" >&2
  exit 1
}

fill() { # SOCKET
  python3 - "$1" <<'PYTHON'
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
}

measure() { # NAME STORE
  start_metadatad "$1" "$2"
  fill "$work/$1"
  echo -n "$1: "
  "$build/bench/stream_load" "$work/$1" "${pids[-1]}" 1 "$rate" "$seconds"
  start_metadatad "$1.follower" "$2"
  echo -n "$1, one that follows: "
  "$build/bench/stream_load" "$work/$1" "${pids[-1]}" 1 "$rate" "$seconds" | sed 's/.*; \(.* cores\)/\1/'
  stop
}

start etcd --data-dir "$memory/etcd" --listen-client-urls http://127.0.0.1:18379 \
  --advertise-client-urls http://127.0.0.1:18379 --listen-peer-urls http://127.0.0.1:18380 \
  --initial-advertise-peer-urls http://127.0.0.1:18380 --initial-cluster default=http://127.0.0.1:18380
measure etcd etcd:http://127.0.0.1:18379

start_metadatad parent "embedded:$memory/parent"
measure paddock "paddock:$work/parent"
