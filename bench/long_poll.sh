#!/bin/bash
# 10,000 long polls on loopback: who is woken by a change, how soon, and what a waiter costs.
# Service on core 0, clients on core 1.
#   bench/long_poll.sh BUILD_DIRECTORY [WAITERS] [CHANGES]
# Needs `ulimit -n` above the number of waiters.
set -euo pipefail
build=${1:?build directory}
cmake --build "$build" --target long_poll >/dev/null
waiters=${2:-10000}
ulimit -n "$((waiters + 1000))"
exec "$build/bench/long_poll" "$waiters" "${3:-1000}"
