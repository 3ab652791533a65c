# Sourced by install.sh: what it says and asks, in English or French.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

# t ENGLISH FRENCH: one of the two, by the language of the terminal.
t() {
    case ${CHATBOT_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
        fr*) printf '%s\n' "$2" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

say() {
    [ -n "$quiet" ] || t "$@"
}

# A step that takes a while, marked; in bold where a person watches and wants colour.
step() {
    [ -z "$quiet" ] || return 0
    if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
        printf '\033[1m→ %s\033[0m\n' "$(t "$@")"
    else
        printf '→ %s\n' "$(t "$@")"
    fi
}

die() {
    t "$@" >&2
    exit 1
}

misuse() {
    t "$@" >&2
    t "All options: ./install.sh --help" "Toutes les options : ./install.sh --help" >&2
    exit 2
}

# confirm ENGLISH FRENCH [always]: without a terminal, “always” insists on --yes; the rest goes on.
confirm() {
    [ -z "$yes" ] || return 0
    if [ -t 1 ] && { [ -t 0 ] || (: </dev/tty) 2>/dev/null; }; then
        printf '%s ' "$(t "$1 [Y/n]" "$2 [O/n]")"
        if [ -t 0 ]; then read -r reply; else read -r reply </dev/tty; fi || reply=n
        case $reply in
            '' | [YyOo]*) ;;
            *) die "Nothing was changed." "Rien n’a été changé." ;;
        esac
    elif [ "${3:-}" = always ]; then
        die "There is no terminal to ask on. Add --yes." "Pas de terminal pour poser la question. Ajoutez --yes."
    fi
}

# whole
