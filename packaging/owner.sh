# Sourced by control.sh: as whom the program runs. A system service has a user of its own, and what
# root runs is run as that one. POSIX sh.
# shellcheck shell=sh disable=SC2154  # the places are those of control.sh

as_root_for_owner() {
    [ -n "$OWNER" ] && [ "$(id -u)" = 0 ]
}

owner_can_read() {
    runuser -u "$OWNER" -- test -r "$1"
}

# What touches the data is done by the user who owns it.
as_owner() {
    if as_root_for_owner; then runuser -u "$OWNER" -- "$@"; else "$@"; fi
}

# What root's editor or copies left as root's own: the service could not use it.
hand_over_files() {
    owner_can_read "$CONFIG" || { chgrp "$(id -gn "$OWNER")" "$CONFIG" && chmod 640 "$CONFIG"; }
    # From inside each folder: no link put in the place of a folder leads elsewhere.
    find "$DATA" -xdev -user root -links 1 -type f -execdir chown -h "$OWNER:" {} + 2>/dev/null || true
}

# What the program knows of this installation. With the latter, its help names control.sh’s words, too.
export_places() {
    CHATBOT_CONFIG=$CONFIG CHATBOT_COMMAND=$ME CHATBOT_CONTROL=1
    export CHATBOT_CONFIG CHATBOT_COMMAND CHATBOT_CONTROL
}

# The program, as the user who owns the data. Files of root's are copied to where that one can read.
run_program() {
    check_python
    export_places
    # Not “-m chatbot_server”: that would take one that lies in this folder.
    if ! as_root_for_owner; then
        exec "$PYTHON" "$VERSION/program.py" "$@"
    fi
    handed='' verb="${1:-} ${2:-}"
    trap '[ -z "$handed" ] || rm -rf "$handed"' EXIT
    for word in "$@"; do
        shift
        if [ -f "$word" ] && ! owner_can_read "$word"; then hand_over "$word"; fi
        set -- "$@" "$word"
    done
    as_owner "$PYTHON" "$VERSION/program.py" "$@"
}

# hand_over FILE: leaves in $word where the service's user can read it.
hand_over() {
    case $verb in
        # A model is used where it lies, so its copy stays.
        'models add' | 'models use') folder=$DATA/models ;;
        *) handed=${handed:-$(mktemp -d /tmp/chatbot-server.XXXXXX)} folder=$handed && chmod 755 "$handed" ;;
    esac
    as_owner mkdir -p "$DATA/models"
    word=$folder/${1##*/}
    if [ "$folder" = "$handed" ]; then
        cp "$1" "$word" && chown "$OWNER" "$word"
    else
        # Written by that user itself: nothing of root's follows a link in that user's folder.
        # shellcheck disable=SC2016  # the inner shell expands it
        as_owner sh -c 'umask 077 && cat >"$0"' "$word" <"$1"
    fi
    t "The user $OWNER cannot read $1; a copy is used: $word" \
        "L’utilisateur $OWNER ne peut pas lire $1 ; une copie est utilisée : $word" >&2
}
