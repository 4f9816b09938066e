#!/usr/bin/env bash
# completion_test.sh TOOL SOURCE: the completion scripts load and complete in bash and zsh.
set -euo pipefail
tool=$1 scripts=$2/packaging/completion
path=$(dirname "$tool")

bash -n "$scripts/paddock.bash"
zsh -n "$scripts/_paddock"

complete_in_bash() {  # the words of a command line; the last is being typed
  PATH=$path:$PATH bash -c '
    source "$0"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    compopt() { :; }
    _paddock
    printf "%s\n" "${COMPREPLY[@]}"' "$scripts/paddock.bash" "$@"
}
expect() {
  local what=$1 wanted=$2 got=$3
  [ "$got" = "$wanted" ] || { printf '%s: wanted\n%s\ngot\n%s\n' "$what" "$wanted" "$got" >&2; exit 1; }
}

expect "bash: a command" apply "$(complete_in_bash paddock ap)"
expect "bash: a kind" pods "$(complete_in_bash paddock get po)"
expect "bash: an empty word" "$(printf 'endpoints\nhosts\nnamespaces\nnetworks\npods\nservices\nsubnets')" "$(complete_in_bash paddock get '')"
expect "bash: a file" "$scripts/paddock.bash" "$(complete_in_bash paddock apply -f "$scripts/pad")"

complete_in_zsh() {
  PATH=$path:$PATH zsh -f -c '
    compdef() { :; }
    compadd() { shift; print -l -- "$@"; }
    source "$1"
    shift
    words=("$@") CURRENT=$#
    _paddock' zsh "$scripts/_paddock" "$@"
}
expect "zsh: a command" apply "$(complete_in_zsh paddock ap)"
expect "zsh: a kind" pods "$(complete_in_zsh paddock get po)"
