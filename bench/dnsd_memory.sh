#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Memory of the real dnsd that follows a metadatad with 5,000 hosts, 10,000 services, 150,000 pods and as many endpoints
# (or a fraction): with names for pods, as it comes, and without; at rest, and at its highest while it reads everything
# again from another metadatad that has the same.
#   bench/dnsd_memory.sh BUILD_DIRECTORY [FRACTION]
set -euo pipefail
build=${1:?build directory}
cmake --build "$build" --target cluster_memory paddock-metadatad paddock-dnsd >/dev/null
fraction=${2:-1}
port=5398
work=$(mktemp -d)
metadatad=
dnsd=
stop() {
  for pid in $metadatad $dnsd; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap stop EXIT

serve() { # STORE
  "$build/daemons/paddock-metadatad" --store "$1" --state-dir "$work" --socket "$work/s" --listen none --admin-listen none >"$work/metadatad" 2>&1 &
  metadatad=$!
  until curl -sf --unix-socket "$work/s" http://metadata/v1/status | grep -q '"ready":true'; do
    kill -0 "$metadatad" 2>/dev/null || { cat "$work/metadatad" >&2; exit 1; }
    sleep 0.2
  done
}
end() {
  kill "$metadatad"
  wait "$metadatad" || true
}
connected() { curl -s http://127.0.0.1:5762/metrics | grep -q '^paddock_source_connected 1'; }
answers() { curl -s http://127.0.0.1:5762/metrics | awk '$1 == "paddock_source_revision" { known = $2 > 0 } END { exit !known }'; }
mebibytes() { awk -v key="$1:" '$1 == key { printf "%.1f", $2 / 1024 }' "/proc/$dnsd/status"; }

"$build/bench/cluster_memory" "$work/store" "$fraction" >/dev/null
echo '| names of pods | names, MiB | resident, MiB | of that the program itself | highest while all is read again |'
echo '| --- | --- | --- | --- | --- |'
for pods in yes no; do
  options=()
  [ $pods = yes ] || options=(--pods disabled --rancher-zone none)
  serve "embedded:$work/store"
  [ -s "$work/cluster.json" ] || curl -s --unix-socket "$work/s" -o "$work/cluster.json" http://metadata/v1/cluster
  "$build/daemons/paddock-dnsd" --source "paddock:$work/s" --listen "127.0.0.1:$port" --state-dir "$work/dnsd-$pods" --workers 1 \
    --forward=false --admin-listen 127.0.0.1:5762 "${options[@]}" >"$work/dnsd.log" 2>&1 &
  dnsd=$!
  until connected; do
    kill -0 "$dnsd" 2>/dev/null || { cat "$work/dnsd.log" >&2; exit 1; }
    sleep 0.2
  done
  until [ -s "$work/dnsd-$pods/cluster.snapshot" ] && answers; do sleep 0.2; done
  resident=$(mebibytes VmRSS)
  program=$(mebibytes RssFile)
  names=$(curl -s http://127.0.0.1:5762/metrics | awk '/^paddock_dns_names_bytes/ { printf "%.1f", $2 / 1048576 }')
  end
  echo 5 >"/proc/$dnsd/clear_refs"
  while connected; do sleep 0.2; done
  serve "file:$work/cluster.json"
  until connected; do sleep 0.2; done
  sleep 2 # its snapshot is on the way to disk
  echo "| $pods | $names | $resident | $program | $(mebibytes VmHWM) |"
  end
  kill "$dnsd"
  wait "$dnsd" || true
  dnsd=
  rm -f "$work/cluster.snapshot"
done
