#!/bin/sh
# chatbot-server: start, stop, restart, status and log are done here; every other word is the program's.
# install.sh puts the places of this installation where the @…@ are. POSIX sh (dash, busybox).
set -eu

# shellcheck disable=SC2034  # OWNER is used in system mode only
places() {
    PREFIX=@PREFIX@
    DATA=@DATA@
    CONFIG=@CONFIG@
    SERVICE=@SERVICE@ # none, user or system
    OWNER=@OWNER@     # the system user that runs the service; empty otherwise
    VERSION=$(cd "$PREFIX/current" && pwd -P)
    PYTHON=$VERSION/bin/python
    PID_FILE=$DATA/run/server.pid
    LOG=$PREFIX/log/server.log
}

# t ENGLISH FRENCH
t() {
    case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
        fr*) printf '%s\n' "$2" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

fail() {
    t "$@" >&2
    exit 1
}

step() {
    "$PYTHON" "$VERSION/steps.py" "$@"
}

# Everything that touches the data runs as the user who owns it.
as_owner() {
    if [ -n "$OWNER" ] && [ "$(id -u)" = 0 ]; then
        runuser -u "$OWNER" -- "$@"
    else
        "$@"
    fi
}

manager() {
    if [ "$SERVICE" = user ]; then
        systemctl --user "$@"
    else
        systemctl "$@"
    fi
}

# Leaves the process number in $pid; fails where the server does not run.
running() {
    pid=0
    if [ "$SERVICE" != none ]; then
        manager is-active --quiet chatbot-server
        return
    fi
    [ -f "$PID_FILE" ] || return 1
    pid=$(cat "$PID_FILE")
    alive && belongs_to_us && return
    pid=0
    return 1
}

# A process that has ended but was not yet waited for (Z) still answers kill -0.
alive() {
    kill -0 "$pid" 2>/dev/null || return 1
    [ ! -r "/proc/$pid/stat" ] || ! grep -q ') Z ' "/proc/$pid/stat"
}

# After a restart of the machine the number may be another program's.
belongs_to_us() {
    if [ -r "/proc/$pid/cmdline" ]; then
        tr '\0' ' ' <"/proc/$pid/cmdline"
    else
        ps -p "$pid" -o args=
    fi | grep -qF "$PREFIX/versions/"
}

address() {
    found=$(step listen "$CONFIG") || exit 1
    printf '%s\n' "${found##* }"
}

start() {
    url=$(address)
    began=$(date +%s) before=0
    if running && step ready "$url" >/dev/null; then
        t "Already running and able to answer: $url" "Déjà en marche et en état de répondre : $url"
        return
    elif running; then
        : # somebody else has just started it
    elif [ "$SERVICE" != none ]; then
        manager start chatbot-server || fail_to_start
    else
        mkdir -p "$DATA/run" "$PREFIX/log"
        chmod 700 "$PREFIX/log" # what it tells of visitors' requests is for its user alone
        [ ! -f "$LOG" ] || before=$(wc -c <"$LOG")
        CHATBOT_CONFIG=$CONFIG CHATBOT_LOG_FILE=$LOG step spawn "$PID_FILE" "$LOG" \
            "$PYTHON" "$VERSION/program.py" --config "$CONFIG" serve || exit 1
    fi
    # Also if it has ended already: then nobody waits for it.
    [ "$SERVICE" != none ] || pid=$(cat "$PID_FILE")
    t "Waiting until it can answer…" "Attente de la première réponse possible…"
    step wait "$url" "${CHATBOT_START_SECONDS:-180}" "$pid" >/dev/null || fail_to_start
    t "Ready: $url" "Prêt : $url"
}

fail_to_start() {
    t "The server did not become ready. The end of its log:" \
        "Le serveur n’est pas devenu prêt. La fin de son journal :" >&2
    last_lines "$before" "@$began" >&2 || true
    fail "Look for the cause with: $PREFIX/bin/chatbot-server doctor" \
        "Cherchez la cause avec : $PREFIX/bin/chatbot-server doctor"
}

# last_lines [BYTES TIME]: of all there is, or of what came after them
last_lines() {
    if [ "$SERVICE" = none ]; then
        tail -c "+$((${1:-0} + 1))" "$LOG" | tail -n 15
    elif [ "$SERVICE" = user ]; then
        journalctl --user --unit chatbot-server ${2:+--since "$2"} --lines 15 --no-pager --output cat
    else
        journalctl --unit chatbot-server ${2:+--since "$2"} --lines 15 --no-pager --output cat
    fi
}

stop() {
    if ! running; then
        t "Not running." "À l’arrêt."
        return
    fi
    if [ "$SERVICE" != none ]; then
        manager stop chatbot-server
    else
        kill -TERM "$pid"
        wait_for_end "${CHATBOT_STOP_SECONDS:-40}"
        # It leads its own session, so this reaches its children and nothing else.
        # No “--” before the number: dash and busybox do not know it there.
        ! alive || kill -KILL "-$pid" || true
        wait_for_end 10
        rm -f "$PID_FILE"
    fi
    t "Stopped." "Arrêté."
}

wait_for_end() {
    seconds=$1
    while alive && [ "$seconds" -gt 0 ]; do
        sleep 1
        seconds=$((seconds - 1))
    done
}

status() {
    url=$(address)
    if ! running; then
        fail "Not running. Start it with: $PREFIX/bin/chatbot-server start" \
            "À l’arrêt. Pour démarrer : $PREFIX/bin/chatbot-server start"
    fi
    step ready "$url" >/dev/null ||
        fail "Running, but not able to answer yet: $url" "En marche, mais pas encore en état de répondre : $url"
    t "Running and able to answer: $url" "En marche et en état de répondre : $url"
}

main() {
    places
    case ${1:-} in
        start | stop | status) "$1" ;;
        restart)
            stop
            start
            ;;
        log) last_lines ;;
        *)
            # With the latter, its help names the words above too.
            CHATBOT_CONFIG=$CONFIG CHATBOT_CONTROL=1
            export CHATBOT_CONFIG CHATBOT_CONTROL
            # Not “-m chatbot_server”: that would take one that lies in this folder.
            as_owner "$PYTHON" "$VERSION/program.py" "$@"
            ;;
    esac
}

main "$@"
