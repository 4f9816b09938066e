#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a forwarded name that is kept costs against an own one, with one worker
# and with two: CPU of the server per query, from /proc, in rounds that take
# turns; dnsperf asks over loopback.
#
#   bench/dns_cached.sh [BUILD_DIRECTORY]     ROUNDS=5 SECONDS_EACH=3 NAMES=2000
set -eu

build=${1:-build/release}
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-3}
names=${NAMES:-2000}
port=5398
work=$(mktemp -d)
server=

cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

cmake --build "$build" --target dns_cached >/dev/null
for zone in own outside; do
  "$build/bench/dns_cached" queries $zone.test "$names" >"$work/$zone"
done

cpu() { cat /proc/"$server"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.0f\n", ns }'; }

# Columns: what, workers, microseconds of CPU per query.
measure() {
  before=$(cpu)
  dnsperf -s 127.0.0.1 -p $port -d "$work/$1" -l "$seconds" -c 8 -q 200 >"$work/out" 2>&1
  after=$(cpu)
  awk -v what="$1" -v workers="$2" -v ns=$((after - before)) \
    '/Queries completed/ { printf "%s %d %.3f\n", what, workers, ns / 1000 / $3 }' "$work/out"
}

for round in $(seq "$rounds"); do
  for workers in 1 2; do
    "$build/bench/dns_cached" serve $port "$names" $workers &
    server=$!
    until dig +time=1 +tries=1 @127.0.0.1 -p $port service-0.team-0.own.test >/dev/null 2>&1; do sleep 0.05; done
    dnsperf -s 127.0.0.1 -p $port -d "$work/outside" -n 2 >/dev/null 2>&1
    for what in own outside; do measure $what $workers >>"$work/results"; done
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
  done
done

median() {
  awk -v what="$1" -v workers="$2" '$1 == what && $2 == workers { print $3 }' "$work/results" | sort -n |
    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
echo '| names | workers | CPU µs per query | of an own name | of one worker |'
echo '| --- | --- | --- | --- | --- |'
for workers in 1 2; do
  for what in own outside; do
    echo "$what $workers $(median $what $workers) $(median own $workers) $(median $what 1)" |
      awk '{ printf "| %s | %d | %.2f | %.2f | %.2f |\n", $1, $2, $3, $3 / $4, $3 / $5 }'
  done
done
