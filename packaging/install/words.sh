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

# waiting_for ENGLISH FRENCH: what the seconds are counted for, beside them.
waiting_for() {
    doing=$(t "$@")
}

# A step that takes a while, marked; in bold where a person watches and wants colour.
step() {
    # On a terminal it stands right above the seconds, and a line too long for it could not be cleared.
    if [ -t 1 ]; then doing=''; else waiting_for "$@"; fi
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
    t "All options: $me --help" "Toutes les options : $me --help" >&2
    exit 2
}

# A path as it is typed in a shell.
quoted() {
    case $1 in
        *[!A-Za-z0-9/._+-]*) printf "'%s'\n" "$1" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

# confirm ENGLISH FRENCH: Enter means yes; without a terminal it goes on.
confirm() {
    [ -z "$yes" ] && has_terminal || return 0
    case $(answer "$1 [Y/n]" "$2 [O/n]") in
        '' | [YyOo]*) ;;
        *) die "Nothing was changed." "Rien n’a été changé." ;;
    esac
}

# confirm_loss ENGLISH FRENCH: Enter means no; without a terminal it insists on --yes.
confirm_loss() {
    [ -z "$yes" ] || return 0
    has_terminal || die "There is no terminal to ask on. Add --yes." "Pas de terminal pour poser la question. Ajoutez --yes."
    case $(answer "$1 [y/N]" "$2 [o/N]") in
        [YyOo]*) ;;
        *) die "Nothing was changed." "Rien n’a été changé." ;;
    esac
}

has_terminal() {
    [ -t 1 ] && { [ -t 0 ] || (: </dev/tty) 2>/dev/null; }
}

# What a person types; “n” where the terminal goes away.
answer() {
    printf '%s ' "$(t "$@")" >&2
    if [ -t 0 ]; then read -r reply; else read -r reply </dev/tty; fi || reply=n
    printf '%s\n' "$reply"
}

# whole
