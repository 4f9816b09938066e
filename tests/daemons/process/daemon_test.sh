#!/usr/bin/env bash
# daemon_test.sh DAEMON SOURCE: what every daemon can say without serving, and its shipped configuration.
set -euo pipefail
daemon=$1 name=$(basename "$1") config=$2/packaging/config/${1##*paddock-}.yaml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "$name: $*" >&2; exit 1; }

grep -q "Usage: $name" <("$daemon" --help) || fail "--help does not show how it is used"
"$daemon" --version | grep -Eq "^$name [0-9]+\.[0-9]+\.[0-9]+$" || fail "--version is not a name and a version"
"$daemon" --print-manual | groff -man -Tutf8 -ww -z 2>&1 | grep . && fail "its manual page is not clean troff"

diff -u "$config" <("$daemon" --print-config) ||
  fail "packaging/config is behind the options; write it again: $name --print-config >packaging/config/${name#paddock-}.yaml"
"$daemon" --check-config --config "$config" >/dev/null || fail "the shipped configuration is refused"
sed 's/^#\([a-z]\)/\1/; s/^#  - /  - /' "$config" >"$scratch/all.yaml"
"$daemon" --check-config --config "$scratch/all.yaml" || fail "the shipped configuration is refused once uncommented"

printf 'log_level: loud\nlog_fromat: json\n' >"$scratch/bad.yaml"
if "$daemon" --check-config --config "$scratch/bad.yaml" 2>"$scratch/said"; then
  fail "--check-config accepts nonsense"
fi
grep -q "bad.yaml:1: log_level: .*allowed: debug" "$scratch/said" || fail "does not say what is allowed: $(cat "$scratch/said")"
grep -q "bad.yaml:2: log_fromat: .*log_format?" "$scratch/said" || fail "does not name the nearest key: $(cat "$scratch/said")"

# What a service manager of the old kind wants: a pid, and a log that can be moved away.
printf 'log_level: info\nadmin_listen: none\n' >"$scratch/quiet.yaml"
if timeout 5 "$daemon" --config "$scratch/quiet.yaml" --log-file "$scratch/none/log" 2>"$scratch/said"; then
  fail "starts without the log it was told to write"
fi
grep -q "cannot write the log file $scratch/none/log.*--log-file" "$scratch/said" || fail "does not say what is wrong: $(cat "$scratch/said")"
