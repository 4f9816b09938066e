#!/bin/bash
# The overlay: peers programmed beside bare netlink and ip -batch; and pods of two hosts, by paddock's
# VXLAN and by the same made by hand, in turn, in one run, in namespaces of its own.
#   bench/overlay.sh BUILD_DIRECTORY [ROUNDS] [PEERS] [SECONDS]
# Servers are pinned to one core and clients to another. Needs root.
set -euo pipefail
build=$(realpath "${1:?build directory}")
cmake --build "$build" --target overlay_path overlay_peers >/dev/null
rounds=${2:-15}
peers=${3:-5000}
seconds=${4:-2}
if [ -z "${PADDOCK_BENCH_INSIDE:-}" ]; then
  exec env PADDOCK_BENCH_INSIDE=1 unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
mount -t tmpfs run /run
mkdir /run/netns
"$build/bench/overlay_peers" compare "$rounds" "$peers"

for host in 1 2; do
  ip netns add "host$host"
  ip -n "host$host" link set lo up
  ip netns exec "host$host" sysctl -qw net.ipv4.ip_forward=1
done
ip link add eth0 netns host1 type veth peer name eth0 netns host2
pod() { # HOST NAME ADDRESS: a routed pod
  ip netns add "$2"
  ip -n "host$1" link add "$2" type veth peer name eth0 netns "$2"
  ip -n "host$1" link set "$2" up mtu 1450
  ip -n "host$1" route add "$3/32" dev "$2"
  ip netns exec "host$1" sysctl -qw "net.ipv4.conf.$2.proxy_arp=1"
  ip -n "$2" addr add "$3/32" dev eth0
  ip -n "$2" link set eth0 up mtu 1450
  ip -n "$2" route add default dev eth0
}
by_hand() { # HOST PEER: what flannel makes, in VNI 2
  ip -n "host$1" link add vx2 address "02:00:00:00:00:0$1" mtu 1450 type vxlan id 2 dstport 8472 \
    local "192.0.2.$1" dev eth0 nolearning
  ip -n "host$1" addr add "10.43.$1.0/32" dev vx2
  ip -n "host$1" link set vx2 up
  ip -n "host$1" neigh add "10.43.$2.0" lladdr "02:00:00:00:00:0$2" dev vx2 nud permanent
  ip netns exec "host$1" bridge fdb add "02:00:00:00:00:0$2" dev vx2 dst "192.0.2.$2" self permanent
  ip -n "host$1" route add "10.43.$2.0/24" via "10.43.$2.0" dev vx2 onlink
}
for host in 1 2; do
  ip -n "host$host" addr add "192.0.2.$host/24" dev eth0
  ip -n "host$host" link set eth0 up
done
for host in 1 2; do
  by_hand "$host" $((3 - host))
  ip netns exec "host$host" "$build/bench/overlay_peers" join "$host" $((3 - host))
  pod "$host" "ours$host" "10.42.$host.2"
  pod "$host" "hand$host" "10.43.$host.2"
done
for pod in ours hand; do
  address=$([ $pod = ours ] && echo 10.42.2.2 || echo 10.43.2.2)
  ip netns exec "${pod}2" taskset -c 1 "$build/bench/overlay_path" serve "$address" 7000 &
  until ip netns exec "${pod}1" taskset -c 0 "$build/bench/overlay_path" turns "$address" 7000 0.1 >/dev/null 2>&1; do :; done
done
measure() { # WHAT HOST ADDRESS
  ip netns exec "$2" taskset -c 0 "$build/bench/overlay_path" "$1" "$3" 7000 "$seconds"
}
for what in stream turns; do
  for ((round = 0; round < rounds; ++round)); do # who is first takes turns
    if ((round % 2)); then
      ours=$(measure $what ours1 10.42.2.2)
      hand=$(measure $what hand1 10.43.2.2)
    else
      hand=$(measure $what hand1 10.43.2.2)
      ours=$(measure $what ours1 10.42.2.2)
    fi
    echo "$ours $hand"
  done | awk '{ print $1 / $2, $1, $2 }' | sort -n |
    awk -v what=$what '{ line[NR] = $0 } END { split(line[int((NR + 1) / 2)], f, " ")
      printf "%s: paddock / by hand %.3f (median of %d pairs; %s and %s)\n", what, f[1], NR, f[2], f[3] }'
done
