#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# DNS over loopback UDP: a bare echo, this server, and knotd and nsd where they
# are installed, each pinned to core 0 in turn, with dnsperf on core 1. Rounds
# are interleaved; the table shows medians. CPU is the server's own, from /proc.
#
#   bench/dns.sh [BUILD_DIRECTORY]     ROUNDS=5 SECONDS_EACH=3 SERVICES=5000
set -eu

build=${1:-build/release}
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-3}
services=${SERVICES:-5000}
port=5399
work=$(mktemp -d)
server=

cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

for tool in dnsperf taskset; do
  command -v $tool >/dev/null || { echo "dns.sh: $tool is missing (apt install dnsperf util-linux)" >&2; exit 1; }
done
cmake --build "$build" --target dns_echo dns_serve >/dev/null
"$build/bench/dns_serve" queries "$services" 100000 >"$work/queries"
"$build/bench/dns_serve" zone "$services" >"$work/zone"

cat >"$work/knot.conf" <<EOF
server:
  listen: 127.0.0.1@$port
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  rundir: $work
database:
  storage: $work
zone:
  - domain: cluster.local
    file: $work/zone
    zonefile-load: whole
EOF
cat >"$work/nsd.conf" <<EOF
server:
  ip-address: 127.0.0.1@$port
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  pidfile: $work/nsd.pid
  xfrdfile: $work/xfrd.state
  zonelistfile: $work/zone.list
  zonesdir: $work
  reuseport: no
remote-control:
  control-enable: no
zone:
  name: cluster.local
  zonefile: $work/zone
EOF

peers="echo paddock"
! command -v knotd >/dev/null || peers="$peers knot"
! command -v nsd >/dev/null || peers="$peers nsd"

start() {
  case $1 in
    echo) set -- "$build/bench/dns_echo" $port ;;
    paddock) set -- "$build/bench/dns_serve" serve $port "$services" ;;
    knot) set -- knotd -c "$work/knot.conf" ;;
    nsd) set -- nsd -d -c "$work/nsd.conf" ;;
  esac
  taskset -c 0 "$@" >"$work/log" 2>&1 &
  server=$!
}

# User and system time in clock ticks, and all CPU time in nanoseconds, of the server and its children.
cpu_times() {
  pids=$server
  for child in $(cat /proc/"$server"/task/*/children 2>/dev/null); do
    pids="$pids $child $(cat /proc/"$child"/task/*/children 2>/dev/null || true)"
  done
  for pid in $pids; do
    sed 's/.*) /stat /' "/proc/$pid/stat"
    sed 's/^/schedstat /' "/proc/$pid/task/"*/schedstat
  done | awk '$1 == "stat" { u += $13; s += $14 } $1 == "schedstat" { ns += $2 } END { printf "%d %d %.0f\n", u, s, ns }'
}

wait_until_up() {
  for _ in $(seq 100); do
    dig +time=1 +tries=1 @127.0.0.1 -p $port service-0.team-0.svc.cluster.local >/dev/null 2>&1 && return
    kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
    sleep 0.05
  done
}

# Columns: peer, queries per second, microseconds of CPU per query, user share, lost.
measure() {
  start "$1"
  wait_until_up
  before=$(cpu_times)
  taskset -c 1 dnsperf -s 127.0.0.1 -p $port -d "$work/queries" -l "$seconds" -c 4 -q 200 >"$work/out" 2>&1
  after=$(cpu_times)
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
  echo "$1 $before $after $(awk '/Queries completed/ { print $3 } /Queries lost/ { print $3 }
    /Queries per second/ { print $4 }' "$work/out" | tr '\n' ' ')" |
    awk '{ user = $5 - $2; all = user + $6 - $3
           printf "%s %.0f %.3f %.0f %d\n", $1, $10, ($7 - $4) / 1000 / $8, 100 * user / (all ? all : 1), $9 }'
}

for round in $(seq "$rounds"); do
  for peer in $peers; do
    measure "$peer" >>"$work/results"
    printf '\rround %s of %s: %-8s' "$round" "$rounds" "$peer" >&2
  done
done
printf '\r%40s\r' '' >&2

median() { awk -v peer="$1" -v field="$2" '$1 == peer { print $field }' "$work/results" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo_rate=$(median echo 2)
echo_cpu=$(median echo 3)
echo '| server | q/s | of echo | CPU µs per query | in echo units | user % | lost |'
echo '| --- | --- | --- | --- | --- | --- | --- |'
for peer in $peers; do
  echo "$peer $(median "$peer" 2) $(median "$peer" 3) $(median "$peer" 4) $(median "$peer" 5)" |
    awk -v rate="$echo_rate" -v cpu="$echo_cpu" '{ printf "| %s | %d | %.2f | %.2f | %.2f | %d | %d |\n", $1, $2, $2 / rate, $3, $3 / cpu, $4, $5 }'
done
