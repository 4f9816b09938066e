#!/bin/bash
# Attaching pods: paddock beside the standard plugins, and beside the least it can cost, in turn, in
# one run, on a host of network namespaces of its own.
#   bench/attach.sh BUILD_DIRECTORY [ROUNDS] [PODS]
# Needs Debian's containernetworking-plugins and iptables.
set -euo pipefail
build=$(realpath "${1:?build directory}")
cmake --build "$build" --target attach_floor attach_leases attach_nothing attach_runtime paddock-cni paddock-netd >/dev/null
rounds=${2:-60}
pods=${3:-1000}
here=$(dirname "$(realpath "$0")")
if [ -z "${PADDOCK_BENCH_STATE:-}" ]; then
  # Leases on the disk of the build directory: /var is memory in there.
  PADDOCK_BENCH_STATE=$(mktemp -d "$build/attach-XXXXXX")
  export PADDOCK_BENCH_STATE
  trap 'rm -rf "$PADDOCK_BENCH_STATE"' EXIT
  "$here/../packaging/isolated-host" "$0" "$@"
  exit
fi
state=$PADDOCK_BENCH_STATE
runtime=$build/bench/attach_runtime
floor=$build/bench/attach_floor
standard=/usr/lib/cni
install -D "$build/daemons/cni/paddock-cni" /opt/cni/bin/paddock

bridge='{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}}'
cat >"$state/paddock.conflist" <<<'{"cniVersion": "1.0.0", "name": "paddock", "plugins": [{"type": "paddock"}]}'
cat >"$state/bridged.conflist" <<<'{"cniVersion": "1.0.0", "name": "bridged", "plugins": [{"type": "paddock", "dataPath": "bridge"}]}'
cat >"$state/bridge.conflist" <<<"{\"cniVersion\": \"1.0.0\", \"name\": \"plain\", \"plugins\": [$bridge]}"
cat >"$state/chain.conflist" <<<"{\"cniVersion\": \"1.0.0\", \"name\": \"chain\", \"plugins\": [$bridge,
  {\"type\": \"portmap\"}, {\"type\": \"firewall\"}]}"
for name in paddock chain; do # the same for pods with a port of the host
  sed 's/{"type": "\(portmap\|paddock\)"}/{"type": "\1", "capabilities": {"portMappings": true}}/' \
    "$state/$name.conflist" >"$state/$name-port.conflist"
done

netd() { # NAME OPTIONS...: in the background; answers at $state/NAME.sock
  local name=$1
  shift
  "$build/daemons/paddock-netd" --metadata none --admin-listen none --quarantine 0s --log-level warning \
    --state-dir "$state/$name" --socket "$state/$name.sock" "$@" &
  netd_pid=$!
  wait_for "$name"
}
wait_for() { # NAME: until it answers
  until CNI_COMMAND=STATUS CNI_PATH=/opt/cni/bin PADDOCK_NET_SOCKET=$state/$1.sock \
    /opt/cni/bin/paddock <<<'{"cniVersion": "1.1.0", "name": "paddock"}' >/dev/null; do :; done
}
now() { date +%s%N; }
since() { echo "$((($(now) - $1) / 1000000)) ms"; }
ours="$state/paddock.conflist,/opt/cni/bin,$state/main.sock"

netd main --networks bridged=10.43.0.0/16 --subnets 10.44.0.0/16
echo "# one after the other, $rounds rounds"
"$runtime" latency "$rounds" "exec=!$floor" "nothing=!$build/bench/attach_nothing" "floor=@$floor" "paddock=$ours" \
  "paddock-bridge=$state/bridged.conflist,/opt/cni/bin,$state/main.sock" \
  "bridge=$state/bridge.conflist,$standard" "chain=$state/chain.conflist,$standard" \
  "paddock-port=$state/paddock-port.conflist,/opt/cni/bin,$state/main.sock" \
  "chain-port=$state/chain-port.conflist,$standard" | tee "$state/latency"
awk '{ add[$1] = $4 } END { least = add["floor"] - add["exec"] + add["nothing"]
  printf "the floor with a start as short as the plugin can have: %.2f ms, 1/%.0f of the chain\n", least, add["chain"] / least
  printf "paddock: 1/%.0f of the chain, 1/%.0f of that of pods with a port of the host\n",
    add["chain"] / add["paddock"], add["chain-port"] / add["paddock-port"] }' "$state/latency"

echo "# 16 at once, 160 pods"
"$runtime" parallel 160 16 "floor=@$floor" "paddock=$ours" "chain=$state/chain.conflist,$standard"

echo "# 60,000 leases against none"
ip netns add full
"$build/bench/attach_leases" "$state/full" 60000 /run/netns/full >/dev/null
ip netns exec full "$build/daemons/paddock-netd" --metadata none --admin-listen none --quarantine 0s \
  --log-level warning --state-dir "$state/full" --socket "$state/full.sock" --subnets 10.64.0.0/15 &
full_pid=$!
wait_for full
sync # what filling has left for the disk to write would delay every commit of both
"$runtime" latency "$rounds" "empty=$ours" "full=$state/paddock.conflist,/opt/cni/bin,$state/full.sock"
kill $full_pid
wait $full_pid || true

echo "# $pods pods: restart, and away with them"
coproc hold { "$runtime" hold "$pods" "many=$ours"; }
read -r _ first <&"${hold[0]}"
gateway=10.44.0.1
restart() {
  kill $netd_pid
  wait $netd_pid || true
  begun=$(now)
  netd main --networks bridged=10.43.0.0/16 --subnets 10.44.0.0/16
}
sync
for _ in 1 2 3 4 5; do
  restart
  echo "restart to the first answer, reconciled: $(since "$begun")"
done
nsenter --net="$first" ping -q -i 0.002 -w 5 $gateway >"$state/ping" & # turns without pause on a core of its own
ping_pid=$!
restart
wait $ping_pid || true
grep -o '[0-9.]*% packet loss' "$state/ping"
begun=$(now)
echo del >&"${hold[1]}"
read -r line <&"${hold[0]}"
echo "DEL of all, 8 at once: ${line#deleted }"
until [ -z "$(ip -o link show group 1420)$(ip -o link show group 1421)" ]; do sleep 0.01; done
echo "kernel objects gone: $(since "$begun")"
hold_pid=$hold_PID
echo end >&"${hold[1]}"
wait "$hold_pid" || true

# The least that can cost: as many pods of the floor, whose links are deleted as one group.
ip address add $gateway/32 dev lo
coproc bare { "$runtime" hold "$pods" "floor=@$floor"; }
read -r _ <&"${bare[0]}"
begun=$(now)
ip link del group 77
echo "the links of as many pods of the floor, deleted as a group: $(since "$begun")"
kill "$bare_PID" "$netd_pid"
