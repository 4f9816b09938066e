#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# From a change to the answer: the real metadatad and dnsd with 10,000 headless services and 150,000
# pods (or a fraction), 1,000 pods a second get another address, while names are asked for at a rate.
# dnsd has the last processor for itself, metadatad and the load have the others. Twice: with the
# store and dnsd's state in memory, and where TMPDIR is, with what the disk takes.
#   bench/dns_changes.sh BUILD_DIRECTORY [FRACTION] [CHANGES_PER_SECOND] [SECONDS] [QUERIES_PER_SECOND] [OPTION_OF_DNSD...]
set -euo pipefail
build=${1:?build directory}
cmake --build "$build" --target cluster_memory dns_changes paddock-metadatad paddock-dnsd >/dev/null
fraction=${2:-1}
rate=${3:-1000}
seconds=${4:-10}
queries=${5:-20000}
shift $(($# < 5 ? $# : 5))
port=5397
settle=15 # seconds: below a virtual disk it goes on after sync
if dig +time=1 +tries=1 @127.0.0.1 -p $port dns-version.cluster.local TXT >/dev/null 2>&1; then
  echo "dns_changes.sh: somebody answers at 127.0.0.1:$port already; with two, questions go to either" >&2
  exit 1
fi
last=$(($(nproc --all) - 1))
others=0-$((last > 0 ? last - 1 : 0))
work=
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
  pids=()
}
trap stop EXIT

# Waits until a command is done; a daemon that ended meanwhile says why.
wait_for() { # PID LOG COMMAND...
  until "${@:3}"; do
    kill -0 "$1" 2>/dev/null || { cat "$2" >&2; exit 1; }
    sleep 0.1
  done
}
serves() { curl -sf --unix-socket "$work/s" -o /dev/null http://metadata/v1/status; }
answers() { dig +time=1 +tries=1 @127.0.0.1 -p $port dns-version.cluster.local TXT 2>/dev/null | grep -q NOERROR; }

measure() { # WHERE FOLDER [OPTION_OF_DNSD...]
  local where=$1
  work=$(mktemp -d -p "$2")
  shift 2
  "$build/bench/cluster_memory" "$work/store" "$fraction" >"$work/filled"
  sync # what was just written, or removed, is not to be in the way of commits
  sleep $settle
  taskset -c "$others" "$build/daemons/paddock-metadatad" --store "embedded:$work/store" --socket "$work/s" --listen none \
    --admin-listen none >"$work/metadatad.log" 2>&1 &
  pids+=($!)
  wait_for "${pids[0]}" "$work/metadatad.log" serves
  taskset -c "$last" "$build/daemons/paddock-dnsd" --source "paddock:$work/s" --listen "127.0.0.1:$port" --state-dir "$work/dnsd" \
    --workers 1 --forward=false --admin-listen none "$@" >"$work/dnsd.log" 2>&1 &
  pids+=($!)
  wait_for "${pids[1]}" "$work/dnsd.log" answers
  printf '| %s ' "$where"
  taskset -c "$others" "$build/bench/dns_changes" "$work/s" $port "${pids[0]}" "${pids[1]}" "$rate" "$seconds" "$queries"
  resident+=("$(awk '/^VmRSS|^VmHWM/ { m[$1] = $2 / 1024 } END { printf "%.1f MiB (%.1f at its highest)", m["VmRSS:"], m["VmHWM:"] }' \
    "/proc/${pids[1]}/status")")
  stop
}

echo '| store | changes/s | queries/s | answered | accepted after ms: median, p99 | answered after ms: median, p99, highest | dnsd, cores for changes | and for queries | metadatad, cores | stolen by the hypervisor, cores |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |'
resident=()
measure memory /dev/shm "$@"
measure disk "${TMPDIR:-/tmp}" "$@"
echo "dnsd, resident: ${resident[0]}; ${resident[1]}"
