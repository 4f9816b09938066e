# bash completion for paddock. All knowledge is in the tool itself: `paddock __complete` prints the candidates.
_paddock() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  local IFS=$'\n'
  # bash cuts words at ':' and '='; put together what was typed as one word.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local cur words cword
    _get_comp_words_by_ref -n := cur words cword
    words=("${words[@]:1:cword}")
  fi
  local candidates
  candidates=$("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
  case $candidates in
    :file) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]}") ;;
    :folder) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "${words[-1]}") ;;
    '') COMPREPLY=() ;;
    *) mapfile -t COMPREPLY <<<"$candidates" ;;
  esac
}
complete -F _paddock paddock
