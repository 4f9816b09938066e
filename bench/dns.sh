#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# DNS over loopback: this server beside knotd and nsd where they are installed, and, over UDP, a bare
# echo; each pinned to core 0 in turn, with the load on core 1. Rounds are interleaved; tables show
# medians. CPU is the server's own, from /proc. One table for each of LOADS:
#
#   udp        as much as dnsperf makes
#   tcp        20 connections with one query on its way each
#   pipelined  4 connections with 64 queries on their way each
#   rate       20,000 queries a second over UDP: how long answers take
#   workers    40,000 queries a second for each of one worker and of two, and of bare echoes, nothing pinned
#   memory     of 10,000 services with 50,000 and 150,000 endpoints, at rest and while all are put again
#
#   bench/dns.sh [BUILD_DIRECTORY]     LOADS="udp tcp pipelined rate workers memory" ROUNDS=5 SECONDS_EACH=3 SERVICES=5000
set -eu

build=${1:-build/release}
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-3}
services=${SERVICES:-5000}
loads=${LOADS:-udp tcp pipelined rate workers memory}
rate=20000
worker_rate=40000
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
cmake --build "$build" --target dns_echo dns_load dns_serve >/dev/null
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

others=
! command -v knotd >/dev/null || others="$others knot"
! command -v nsd >/dev/null || others="$others nsd"

start() {
  cores=0
  case $1 in
    echo) set -- "$build/bench/dns_echo" $port ;;
    paddock) set -- "$build/bench/dns_serve" serve $port "$services" ;;
    paddock-1) cores=0,1 && set -- "$build/bench/dns_serve" serve $port "$services" 1 ;;
    paddock-2) cores=0,1 && set -- "$build/bench/dns_serve" serve $port "$services" 2 ;;
    echo-1) cores=0,1 && set -- "$build/bench/dns_echo" $port 1 ;;
    echo-2) cores=0,1 && set -- "$build/bench/dns_echo" $port 2 ;;
    knot) set -- knotd -c "$work/knot.conf" ;;
    nsd) set -- nsd -d -c "$work/nsd.conf" ;;
  esac
  taskset -c $cores "$@" >"$work/log" 2>&1 &
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

completed() {
  awk '/Queries completed/ { n = $3 } /Queries lost/ { lost = $3 } END { print n, lost, 0, 0, 0 }'
}

# Answered, lost, p50, p99 and p99.9 of one run of a load, for so many workers.
press() {
  case $1 in
    udp) taskset -c 1 dnsperf -s 127.0.0.1 -p $port -d "$work/queries" -l "$seconds" -c 4 -q 200 2>&1 | completed ;;
    workers) dnsperf -s 127.0.0.1 -p $port -d "$work/queries" -l "$seconds" -c 32 -q 2000 -Q $((worker_rate * $2)) 2>&1 | completed ;;
    tcp) taskset -c 1 "$build/bench/dns_load" tcp $port "$work/queries" "$seconds" 20 1 ;;
    pipelined) taskset -c 1 "$build/bench/dns_load" tcp $port "$work/queries" "$seconds" 4 64 ;;
    rate) taskset -c 1 "$build/bench/dns_load" udp $port "$work/queries" "$seconds" $rate ;;
  esac
}

# Columns: load, peer, queries per second, microseconds of CPU per query, lost, p50, p99, p99.9.
measure() {
  start "$2"
  wait_until_up
  before=$(cpu_times)
  count=1
  case $2 in *-2) count=2 ;; esac
  result=$(press "$1" $count)
  after=$(cpu_times)
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
  echo "$before $after $result" | awk -v load="$1" -v peer="$2" -v seconds="$seconds" '{
    printf "%s %s %.0f %.3f %d %d %d %d\n", load, peer, $7 / seconds, ($6 - $3) / 1000 / ($7 ? $7 : 1), $8, $9, $10, $11 }'
}

peers_of() {
  case $1 in
    udp) echo "echo paddock $others" ;;
    workers) echo "paddock-1 paddock-2 echo-1 echo-2" ;;
    *) echo "paddock $others" ;;
  esac
}

median() {
  awk -v load="$1" -v peer="$2" -v field="$3" '$1 == load && $2 == peer { print $field }' "$work/results" |
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

for round in $(seq "$rounds"); do
  for load in $loads; do
    [ "$load" != memory ] || continue
    for peer in $(peers_of "$load"); do
      printf '\rround %s of %s: %-10s %-8s' "$round" "$rounds" "$load" "$peer" >&2
      measure "$load" "$peer" >>"$work/results"
    done
  done
done
printf '\r%50s\r' '' >&2

for load in $loads; do
  echo "## $load"
  if [ "$load" = memory ]; then
    echo '| services | endpoints | names, MiB | resident, MiB | highest while all are put again |'
    echo '| --- | --- | --- | --- | --- |'
    for endpoints in 50000 150000; do
      "$build/bench/dns_serve" memory 10000 $endpoints | awk '{ print "| " $1 " | " $2 " | " $3 " | " $4 " | " $5 " |" }'
    done
    continue
  fi
  peers=$(peers_of "$load")
  first=${peers%% *}
  unit=$(median "$load" "$first" 4)
  echo "| server | q/s | CPU µs per query | of $first | lost | p50 µs | p99 µs | p99.9 µs |"
  echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
  for peer in $peers; do
    echo "$peer $(for field in 3 4 5 6 7 8; do median "$load" "$peer" $field; done | tr '\n' ' ')" |
      awk -v unit="$unit" '{ printf "| %s | %d | %.2f | %.2f | %d | %s | %s | %s |\n", $1, $2, $3, $3 / unit, $4, $5, $6, $7 }'
  done
done
