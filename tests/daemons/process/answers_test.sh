#!/usr/bin/env bash
# answers_test.sh METADATAD: Rancher's data files, served and read again, in a network namespace of its own.
set -euo pipefail
if [ "${IN_NAMESPACE:-}" = "" ]; then
  IN_NAMESPACE=yes exec unshare --user --map-root-user --net "$0" "$@"
fi
scratch=$(mktemp -d)
trap 'kill $pid 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT
fail() { echo "answers: $*" >&2; cat "$scratch/log" >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"; }
ip link set lo up

file=$scratch/answers.yaml url=http://127.0.0.1
ask() { curl -s --max-time 10 "$@"; }
code() { ask -o /dev/null -w '%{http_code}' "$@"; }
reload() { ask -w ' %{http_code}' -X POST "$url:8112/v1/reload"; }

"$1" --answers "$file" --listen :80 --listenReload 127.0.0.1:8112 --state-dir "$scratch/state" \
  --socket "$scratch/run/metadata.sock" --admin-listen 127.0.0.1:9761 2>"$scratch/log" &
pid=$!
curl -s --retry 100 --retry-connrefused --retry-delay 1 --retry-max-time 30 -o /dev/null "$url:9761/healthz" || fail "does not begin to serve"

expect "without a file" "$(code "$url/latest/name")" 503
expect "ready without a file" "$(code "$url:9761/readyz")" 503
reload | grep -q "answers.yaml: No such file or directory.* 500" || fail "a file that is not there is not told of: $(reload)"

printf '"2016-07-29":\n  default: {name: shared, version: one}\n  127.0.0.1: {name: mine}\n' >"$file"
expect "reload" "$(reload)" "OK 200"
expect "the client's own" "$(ask "$url/latest/name")" mine
expect "everybody's" "$(ask "$url/2016-07-29/version")" one
expect "ready" "$(code "$url:9761/readyz")" 200

ask "$url/latest/version?wait=true&value=one&maxWait=20" >"$scratch/waited" &
waiting=$!
printf 'v: [broken\n' >"$file"
reload | grep -q 'answers.yaml:2: not YAML.* 500' || fail "a broken file is not told of"
rm "$file"
reload | grep -q 'No such file' || fail "a file that is gone is not told of"
expect "after both" "$(ask "$url/latest/name")" mine
ask "$url:9761/status" | grep -q "pods are told what was known before: .*answers.yaml" || fail "/status does not say that it is old"

printf '"2016-07-29": {default: {version: two}}\n' >"$file"
kill -HUP $pid
wait $waiting
expect "the long poll" "$(cat "$scratch/waited")" two

python3 - "$file" <<'PY'
import base64, json, sys, zlib
objects = [{"metadata_kind": "container", "uuid": "c", "name": "Web_1", "primary_ip": "127.0.0.1", "ports": ["80:80"]},
           {"metadata_kind": "environment", "name": "prod"},
           {"metadata_kind": "credential", "public_value": "KEY", "url": "u", "secret_value": "s"}]
def write(path, objects):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress("".join(map(json.dumps, objects)).encode()) + packer.flush()
    with open(path, "w") as file:
        json.dump({"Version": "3", "Data": base64.b64encode(data).decode()}, file)
write(sys.argv[1], objects)
write(sys.argv[1] + "_KEY", [{"metadata_kind": "environment", "name": "south"}])
PY
expect "the later form" "$(ask -X POST --unix-socket "$scratch/run/metadata.sock" http://localhost/v1/reload)" OK
expect "a name" "$(ask "$url/latest/self/container/name")" web_1
expect "a port" "$(ask "$url/2015-12-19/self/container/ports/0")" "0.0.0.0:80:80"
expect "a region" "$(ask "$url/latest/environments")" "0=south"
expect "versions" "$(ask "$url/" | tr '\n' ' ')" "2015-07-25 2015-12-19 2016-07-29 latest "
