#!/usr/bin/env bash
# tool_test.sh TOOL: what `paddock` can say with no daemon near.
set -euo pipefail
tool=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PADDOCK_METADATAD_SOCKET=$scratch/none.sock
fail() { echo "paddock: $*" >&2; exit 1; }
expect() {  # expect STATUS TEXT ARGUMENTS...: the status, and a text in what is printed
  local wanted=$1 text=$2 status=0
  shift 2
  "$tool" "$@" >"$scratch/said" 2>&1 </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: ended with $status, not $wanted: $(cat "$scratch/said")"
  grep -qF -- "$text" "$scratch/said" || fail "$*: does not say '$text': $(cat "$scratch/said")"
}

expect 0 "Usage: paddock COMMAND" --help
expect 0 "paddock 0." --version
expect 2 "Usage: paddock COMMAND"
expect 2 "did you mean status?" statsu
"$tool" --print-manual | groff -man -Tutf8 -ww -z 2>&1 | grep . && fail "its manual page is not clean troff"
for command in $("$tool" __complete ""); do
  expect 0 "Usage: paddock $command" "$command" --help
done

for command in pods services "get pods" watch audit "delete pod a"; do
  expect 3 "paddock up" $command
done
expect 3 "metadatad is not running" pods --socket "$scratch/none.sock"
expect 2 "did you mean pod?" get pdo
expect 2 "cannot read $scratch/none.yaml" apply -f "$scratch/none.yaml"
expect 2 "is it a folder?" apply -f "$scratch"
expect 2 "not both" delete pod a -f "$scratch/none.yaml"
expect 2 "an interface cannot be named" lookup web --server fe80::1%lo
expect 3 "no answer from 127.0.0.1:1" lookup fe80::1%lo --server 127.0.0.1:1

printf 'kind: Service\nname: Web\nprots: []\n---\nkind: Pdo\nname: a\n' >"$scratch/bad.yaml"
expect 1 "$scratch/bad.yaml:2:" apply -f "$scratch/bad.yaml"
expect 1 "$scratch/bad.yaml:3:" apply -f "$scratch/bad.yaml"
expect 1 "$scratch/bad.yaml:5:" apply -f "$scratch/bad.yaml"
expect 1 "nothing was changed" apply -f "$scratch/bad.yaml"
