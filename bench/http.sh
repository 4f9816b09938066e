#!/bin/bash
# Keep-alive GET on loopback: CPU per request and requests per second of the document service
# beside a bare epoll responder and nginx serving the same bytes, in turn, in one run. The same
# question again and again; 5,000 pods each about itself; the same while 1,000 pods a second
# change; 150,000 pods each about itself, so that hardly an answer is kept; 16 requests at
# once, for the same and for 16 paths.
# Servers on one core, load on the other.
#   bench/http.sh BUILD_DIRECTORY [SECONDS] [ROUNDS]
# Needs wrk and nginx.
set -euo pipefail
build=${1:?build directory}
cmake --build "$build" --target http_responder documents_server >/dev/null
seconds=${2:-4}
rounds=${3:-3}
work=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap stop EXIT

start() { # NAME COMMAND...: pinned to core 0; its pid in the variable pid_NAME
  local name=$1
  shift
  taskset -c 0 "$@" >/dev/null 2>&1 &
  pids+=($!)
  printf -v "pid_$name" %s $!
}
xff='X-Forwarded-For: 10.42.0.7'
start documents "$build/bench/documents_server" 18081
start changing "$build/bench/documents_server" 18085 5000 1000
start many "$build/bench/documents_server" 18086 150000
for port in 18081 18085 18086; do
  for _ in $(seq 100); do curl -sfo /dev/null localhost:$port/latest/name && break; sleep 0.1; done
done
# Each request from another of CLIENTS pods.
cat >"$work/clients.lua" <<'LUA'
local clients = tonumber(os.getenv("CLIENTS"))
request = function()
  local n = 0x2a0000 + math.random(0, clients - 1)
  wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", bit.rshift(n, 16), bit.band(bit.rshift(n, 8), 255), bit.band(n, 255))
  return wrk.format()
end
LUA
# Made once: the load, which is as busy as the servers, is not to be measured.
cat >"$work/pipeline.lua" <<'LUA'
local text
request = function()
  text = text or string.rep(wrk.format(), 16)
  return text
end
LUA
cat >"$work/paths.lua" <<'LUA'
local text
request = function()
  if not text then
    text = ""
    for _, version in ipairs({"latest", "2015-12-19"}) do
      for _, name in ipairs({"name", "uuid", "primary_ip", "ips/0"}) do
        text = text .. wrk.format("GET", "/" .. version .. "/self/container/" .. name)
      end
      for i = 1, 4 do
        text = text .. wrk.format("GET", "/" .. version .. "/self/container/labels/io.example.label." .. i)
      end
    end
  end
  return text
end
LUA
mkdir "$work/www"
curl -sf -H "$xff" localhost:18081/latest/self/container/primary_ip >"$work/www/leaf"
curl -sf -H "$xff" -H 'Accept: application/json' localhost:18081/latest/self/container >"$work/www/subtree"
start leaf "$build/bench/http_responder" 18082 "$(stat -c %s "$work/www/leaf")"
start subtree "$build/bench/http_responder" 18083 "$(stat -c %s "$work/www/subtree")"
cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log /dev/null;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; open_file_cache max=10 inactive=1h;
  server { listen 127.0.0.1:18084; root $work/www; } }
CONF
chmod -R a+rX "$work"
start nginx nginx -c "$work/nginx.conf" -p "$work"
sleep 0.5

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
measure() { # NAME PID URL [wrk arguments]: "requests per second, CPU µs per request"
  local before after out total rate
  before=$(ticks "$2")
  out=$(taskset -c 1 wrk -t1 -c32 -d"${seconds}s" -H "$xff" "${@:4}" "$3")
  after=$(ticks "$2")
  total=$(awk '/requests in/ {print $1}' <<<"$out")
  rate=$(awk '/Requests\/sec/ {print $2}' <<<"$out")
  grep -q 'Non-2xx' <<<"$out" && echo "$1: errors" >&2
  awk -v t="$total" -v c=$((after - before)) -v hz="$(getconf CLK_TCK)" -v r="$rate" -v n="$1" \
    'BEGIN { printf "%-30s %9.0f/s %7.2f us CPU\n", n, r, c / hz * 1e6 / t }'
}
for round in $(seq "$rounds"); do
  echo "round $round"
  measure "leaf: responder" "$pid_leaf" http://127.0.0.1:18082/x
  measure "leaf: documents" "$pid_documents" http://127.0.0.1:18081/latest/self/container/primary_ip
  measure "leaf: nginx" "$pid_nginx" http://127.0.0.1:18084/leaf
  measure "subtree: responder" "$pid_subtree" http://127.0.0.1:18083/x
  measure "subtree: documents" "$pid_documents" http://127.0.0.1:18081/latest/self/container -H 'Accept: application/json'
  measure "subtree: nginx" "$pid_nginx" http://127.0.0.1:18084/subtree
  export CLIENTS=5000
  measure "leaf, 5,000 clients" "$pid_documents" http://127.0.0.1:18081/latest/self/container/primary_ip -s "$work/clients.lua"
  measure "subtree, 5,000 clients" "$pid_documents" http://127.0.0.1:18081/latest/self/container -H 'Accept: application/json' -s "$work/clients.lua"
  measure "subtree, changing" "$pid_changing" http://127.0.0.1:18085/latest/self/container -H 'Accept: application/json' -s "$work/clients.lua"
  export CLIENTS=150000
  # The load costs as well: a responder that is asked so shows what of it is the server's.
  measure "leaf, by many: responder" "$pid_leaf" http://127.0.0.1:18082/x -s "$work/clients.lua"
  measure "subtree, by many: responder" "$pid_subtree" http://127.0.0.1:18083/x -H 'Accept: application/json' -s "$work/clients.lua"
  measure "leaf, not kept" "$pid_many" http://127.0.0.1:18086/latest/self/container/primary_ip -s "$work/clients.lua"
  measure "subtree, not kept" "$pid_many" http://127.0.0.1:18086/latest/self/container -H 'Accept: application/json' -s "$work/clients.lua"
  measure "leaf, 16 at once: responder" "$pid_leaf" http://127.0.0.1:18082/x -s "$work/pipeline.lua"
  measure "leaf, 16 at once: documents" "$pid_documents" http://127.0.0.1:18081/latest/self/container/primary_ip -s "$work/pipeline.lua"
  measure "leaf, 16 at once: nginx" "$pid_nginx" http://127.0.0.1:18084/leaf -s "$work/pipeline.lua"
  for server in "responder $pid_subtree 18083/x" "documents $pid_documents 18081/latest/self/container" "nginx $pid_nginx 18084/subtree"; do
    read -r name pid place <<<"$server"
    measure "subtree, 16 at once: $name" "$pid" "http://127.0.0.1:$place" -H 'Accept: application/json' -s "$work/pipeline.lua"
  done
  measure "16 leaves at once: responder" "$pid_leaf" http://127.0.0.1:18082/x -s "$work/paths.lua"
  measure "16 leaves at once: documents" "$pid_documents" http://127.0.0.1:18081/x -s "$work/paths.lua"
done
