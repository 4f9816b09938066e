#!/usr/bin/env bash
# import_test.sh TOOL DNSD SOURCE: Corefiles as they are found in clusters become configurations that dnsd takes, and the
# page about it shows what is true.
set -euo pipefail
tool=$1 dnsd=$2 source=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "import: $*" >&2; exit 1; }
import() {  # import STATUS ARGUMENTS...: the status, and a result that dnsd takes
  local wanted=$1 status=0
  shift
  "$tool" import "$@" >"$scratch/dnsd.yaml" 2>"$scratch/remarks" || status=$?
  [ "$status" = "$wanted" ] || fail "$*: ended with $status, not $wanted: $(cat "$scratch/remarks")"
  "$dnsd" --check-config --config "$scratch/dnsd.yaml" >"$scratch/said" 2>&1 || fail "$*: $(cat "$scratch/said")"
}

cd "$source/tests/fixtures/corefiles"
import 0 corefile kubeadm
import 1 corefile --nodelocal nodelocal
import 1 corefile k3s
import 0 corefile company
import 1 corefile aks.yaml
import 1 corefile - <aks.yaml
import 0 kube-dns kube-dns.yaml

status=0
"$tool" import corefile nodelocal >"$scratch/out" 2>"$scratch/remarks" || status=$?
[ "$status" = 1 ] && [ ! -s "$scratch/out" ] && grep -q 'nodelocal:1: .*--nodelocal' "$scratch/remarks" ||
  fail "marks of NodeLocal are not named"

# The page: each block ```corefile is followed by what it becomes, and by what is said of the rest.
python3 - "$source/docs/migrate-coredns.md" "$scratch" <<'PAGE'
import re, sys
page = open(sys.argv[1]).read()
blocks = re.findall(r"```(corefile|yaml|text)\n(.*?)```", page, re.S)
number = 0
for (kind, before), (_, after), (_, said) in zip(blocks, blocks[1:], blocks[2:]):
    if kind != "corefile":
        continue
    number += 1
    for name, text in (("before", before), ("after", after), ("said", said)):
        open(f"{sys.argv[2]}/{name}.{number}", "w").write(text)
PAGE
[ -f "$scratch/before.1" ] || fail "the page shows nothing"
for before in "$scratch"/before.*; do
  number=${before##*.}
  mkdir -p "$scratch/here" && cp "$before" "$scratch/here/Corefile" && cd "$scratch/here"
  "$tool" import corefile Corefile >"$scratch/got" 2>"$scratch/got.said" || true
  diff "$scratch/after.$number" "$scratch/got" || fail "the page's configuration $number is another"
  diff "$scratch/said.$number" "$scratch/got.said" || fail "the page's remarks $number are others"
done
