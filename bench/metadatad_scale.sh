#!/bin/bash
# The real daemon with 5,000 hosts, 10,000 services, 150,000 pods and as many endpoints (or a
# fraction): resident memory once loaded and at its highest while loading, then 1,000 changes a
# second with one reader of the stream and with many. Then a netd that follows it, in a network
# namespace of its own: needs root.
#   bench/metadatad_scale.sh BUILD_DIRECTORY [FRACTION] [READERS] [SECONDS]
set -euo pipefail
build=${1:?build directory}
cmake --build "$build" --target cluster_memory stream_load paddock-metadatad paddock-netd >/dev/null
fraction=${2:-1}
readers=${3:-300}
seconds=${4:-10}
work=$(mktemp -d)
pid=
netd=
stop() {
  [ -z "$netd" ] || kill "$netd" 2>/dev/null || true
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
"$build/bench/cluster_memory" "$work/store" "$fraction" >"$work/filled"
head -1 "$work/filled"
sync # what was just written is not to be in the way of commits

start() {
  "$build/daemons/paddock-metadatad" --store "embedded:$work/store" --socket "$work/s" \
    --listen 127.0.0.1:18091 --admin-listen 127.0.0.1:18092 >"$work/log" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    curl -sf --unix-socket "$work/s" -o /dev/null http://metadata/v1/status && return
    kill -0 "$pid" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
  done
}
memory() { awk -v what="$1" '/^VmRSS|^VmHWM|^RssAnon/ { m[$1] = $2 / 1024 } END {
  printf "%-26s %7.1f MB resident (%.1f of it anonymous), %.1f at its highest\n", what, m["VmRSS:"], m["RssAnon:"], m["VmHWM:"] }' "/proc/$pid/status"; }

start
memory "loaded"
curl -sf -o /dev/null http://127.0.0.1:18091/latest/containers
curl -sf -o /dev/null -H 'Accept: application/json' http://127.0.0.1:18091/latest/containers
curl -sf -o /dev/null -H 'Accept: application/yaml' http://127.0.0.1:18091/latest/services
memory "after three large documents"
"$build/bench/stream_load" "$work/s" "$pid" 1 1000 "$seconds"
"$build/bench/stream_load" "$work/s" "$pid" "$readers" 1000 "$seconds"
memory "in the end"

unshare --net "$build/daemons/paddock-netd" --host-name bench --metadata "paddock:$work/s" --state-dir "$work/netd" \
  --socket "$work/n" --subnets 10.77.0.0/24 --admin-listen none --admin-socket none >"$work/netd.log" 2>&1 &
netd=$!
until grep -q "following metadatad" "$work/netd.log"; do
  kill -0 "$netd" 2>/dev/null || { cat "$work/netd.log" >&2; exit 1; }
  sleep 0.1
done
used() { cat "/proc/$netd"/task/*/schedstat | awk '{ s += $1 } END { print s / 1e9 }'; }
before=$(used)
"$build/bench/stream_load" "$work/s" "$pid" 1 1000 "$seconds" >/dev/null
awk -v before="$before" -v after="$(used)" -v seconds="$seconds" '/^VmRSS/ {
  printf "a netd that follows it: %.1f MB resident, %.3f cores at 1,000 changes/s\n", $2 / 1024, (after - before) / seconds }' "/proc/$netd/status"
