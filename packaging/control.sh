#!/bin/sh
# chatbot-server: what is about the server's process is done here; every other word is the program's.
# install.sh puts the places of this installation where the @…@ are. POSIX sh (dash, busybox).
# shellcheck disable=SC1111,SC2016
set -eu

# shellcheck disable=SC2034  # OWNER is used in system mode only
places() {
    PREFIX=@PREFIX@
    DATA=@DATA@
    CONFIG=@CONFIG@
    SERVICE=@SERVICE@ # none, user or system
    OWNER=@OWNER@     # the system user that runs the service; empty otherwise
    MOVED_FROM=
    follow_folder
    VERSION=$(cd "$PREFIX/current" 2>/dev/null && pwd -P) ||
        fail "There is no Chatbot Server at $PREFIX any more." "Il n’y a plus de Chatbot Server à $PREFIX."
    # shellcheck source=packaging/owner.sh
    . "$VERSION/owner.sh"
    PYTHON=$VERSION/bin/python
    PID_FILE=$DATA/run/server.pid
    LOG=$PREFIX/log/server.log
    # How this command is called in what it and the program say.
    ME=chatbot-server
    cmp -s "$(command -v chatbot-server)" "$VERSION/control.sh" || ME=$(quoted "$PREFIX/bin/chatbot-server")
}

# An installation in one folder is where this script lies, also after the folder was moved or copied.
follow_folder() {
    own=$(cd "$(dirname "$0")/.." 2>/dev/null && pwd -P) || return 0
    [ -f "$own/.chatbot-server" ] && [ -d "$own/versions" ] && [ "$SERVICE" != system ] || return 0
    [ "$own" != "$(cd "$PREFIX" 2>/dev/null && pwd -P)" ] || return 0
    MOVED_FROM=$PREFIX PREFIX=$own DATA=$own/data CONFIG=$own/config.yaml
}

quoted() {
    case $1 in
        *[!A-Za-z0-9/._+-]*) printf "'%s'\n" "$1" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

# t ENGLISH FRENCH
t() {
    case ${CHATBOT_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
        fr*) printf '%s\n' "$2" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

fail() {
    t "$@" >&2
    exit 1
}

# Most starts of Python go well, so that it is only looked at after one that did not.
step() {
    "$PYTHON" "$VERSION/steps.py" "$@" || { failed=$? && check_python && return "$failed"; }
}

# Upgrades of a system take a Python away, or leave another one at its place.
check_python() {
    why=$("$PYTHON" -I -c 'import chatbot_server' 2>&1) && return
    case $why in
        *[Pp]'ermission denied'*)
            fail "$(id -un) may not run the Python of this installation, $PYTHON. Do it as the user who installed this." \
                "$(id -un) n’a pas le droit de lancer le Python de cette installation, $PYTHON. Faites-le sous le compte qui a installé."
            ;;
    esac
    fail "The Python that this was installed with has gone. Repair it with: $(installer_line) --run" \
        "Le Python de cette installation a disparu. Réparez-la avec : $(installer_line) --run"
}

# ------------------------------------------------------------ whose server

manager() {
    # The folder, also where somebody became this user without logging in.
    XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl "--$SERVICE" "$@"
}

# Whether the server's process is there; without systemd, $pid is its number.
running() {
    if [ "$SERVICE" = none ]; then
        [ -n "$pid" ]
        return
    fi
    state=$(manager is-active chatbot-server 2>/dev/null) || true
    [ -n "$state" ] || fail "systemd cannot be asked from here. Do it as the user who installed this, logged in." \
        "systemd n’est pas joignable d’ici. Faites-le sous le compte qui a installé, après connexion."
    [ "$state" = active ] || [ "$state" = activating ] || [ "$state" = reloading ]
}

# see STEP…: its address, where it keeps its state, its process, its version, and what it says.
see() {
    seen=$(step "$@") || exit 1
    { read -r url && read -r run_dir && read -r pid && read -r serving && said=$(cat); } <<END
$seen
END
}

is_current() {
    [ -z "$serving" ] || [ "$serving" = "$VERSION" ]
}

# ------------------------------------------------------- start, stop, tell

start() {
    tell_meanwhile "Getting ready to start…" "Préparation du démarrage…"
    [ -z "$MOVED_FROM" ] || tell_moved
    ! as_root_for_owner || hand_over_files
    began=$(date +%s) before=0
    launch
    if [ "$said" != started ] && ! is_current; then
        t "Another version is still running; it is stopped first." "Une autre version tourne encore ; elle est d’abord arrêtée."
        end_server >/dev/null
        launch
    fi
    end_telling
    if [ "$said" = ready ]; then
        t "Already running and able to answer: $url" "Déjà en marche et en état de répondre : $url"
        return
    fi
    tell_meanwhile "Waiting until it can answer…" "Attente de la première réponse possible…"
    [ "$SERVICE" = none ] || pid=$SERVICE
    seconds=180 found=$said
    [ "$found" != closed ] || seconds=30 # it ran already: it has just begun, or listens elsewhere
    said=$(step wait "$url" "${CHATBOT_START_SECONDS:-$seconds}" "$run_dir" "$pid") || true
    end_telling
    case $said in
        ready)
            # From now on the settings are the operator's, and no installer's options change them.
            as_owner sh -c ': >"$0"' "$DATA/.was-ready"
            t "Ready: $url" "Prêt : $url"
            ;;
        failed) tell_without_model ;;
        *) fail_to_start ;;
    esac
}

tell_moved() {
    t "This folder was at $MOVED_FROM. So that PATH and systemd find it here: $(installer_line) --run" \
        "Ce dossier était à $MOVED_FROM. Pour que PATH et systemd le trouvent ici : $(installer_line) --run" >&2
    [ "$SERVICE" = none ] || exit 1
}

# Starts it where it does not run; then $said is “started”, else what the running one says.
launch() {
    if [ "$SERVICE" = none ]; then
        spawn
        return
    fi
    see look "$PREFIX" "$CONFIG"
    ! running || return 0
    manager reset-failed chatbot-server 2>/dev/null || true
    manager start chatbot-server || { said=ended found=started && fail_to_start; }
    said=started
}

spawn() {
    mkdir -p "$DATA/run" "$PREFIX/log" 2>/dev/null ||
        fail "$PREFIX cannot be written to by $(id -un). Check its owner and its rights." \
            "$(id -un) ne peut pas écrire dans $PREFIX. Vérifiez son propriétaire et ses droits."
    chmod 700 "$PREFIX/log" # what it tells of visitors' requests is for its user alone
    [ ! -f "$LOG" ] || before=$(wc -c <"$LOG")
    export_places
    CHATBOT_LOG_FILE=$LOG
    export CHATBOT_LOG_FILE
    see launch "$PREFIX" "$CONFIG" "$PID_FILE" "$LOG"
}

# tell_meanwhile ENGLISH FRENCH: what is waited for, until end_telling.
tell_meanwhile() {
    tell_wait "$@" &
    waiting=$!
    trap 'kill -9 "$waiting" 2>/dev/null || true' EXIT # it may be too young for a gentler signal
}

end_telling() {
    kill -9 "$waiting" 2>/dev/null || true
    [ ! -t 1 ] || printf '\r\033[K'
}

# Silent for the first second: it may be done already.
tell_wait() {
    sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null || return 0
    t "$@"
    [ -t 1 ] || return 0
    seconds=1
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        seconds=$((seconds + 1))
        printf '\r  %s s\r' "$seconds"
    done
}

# Nothing where none was cut off.
tell_of_upgrade() {
    [ ! -f "$PREFIX/.upgrade" ] ||
        t "An upgrade was cut off. Put it in order with: $(installer_line) --run" \
            "Une mise à niveau a été interrompue. Pour la remettre en ordre : $(installer_line) --run"
}

# The pages answer; the reason is for whoever runs the server.
tell_without_model() {
    t "Running without its language model: $url
$(step trouble "$CONFIG")
Until then, answers are quoted from your pages. Afterwards: $ME restart" \
        "En marche sans son modèle de langue : $url
$(step trouble "$CONFIG")
D’ici là, les réponses citent vos pages. Ensuite : $ME restart"
}

fail_as_closed() {
    fail "Running, but nothing listens at $url. If it was started just now, look again in a moment; if server.host or server.port was changed: $ME restart" \
        "En marche, mais rien n’écoute à $url. S’il vient d’être démarré, regardez de nouveau dans un instant ; si server.host ou server.port a changé : $ME restart"
}

fail_to_start() {
    [ "$said$found" != closedclosed ] || fail_as_closed
    if [ "$said" = other ]; then
        t "Another program answers at $url." "Un autre programme répond à $url." >&2
    fi
    t "The server did not become ready. The end of its log:" \
        "Le serveur n’est pas devenu prêt. La fin de son journal :" >&2
    last_lines 15 "$before" "@$began" >&2 || true
    case $said in
        other | ended) ;;
        closed | silent | starting)
            fail "It is still starting; this machine may be slow or busy. Look again with: $ME status" \
                "Il démarre encore ; cette machine est peut-être lente ou occupée. Regardez de nouveau avec : $ME status"
            ;;
        *) t "It runs, but cannot answer: $said" "Il tourne, mais ne peut pas répondre : $said" >&2 ;;
    esac
    tell_of_upgrade >&2
    fail "Look for the cause with: $ME doctor" "Cherchez la cause avec : $ME doctor"
}

stop() {
    tell_meanwhile "Looking whether it runs…" "Recherche d’un serveur en marche…"
    count=0
    [ "$SERVICE" != none ] || pid=$(step servers "$PREFIX" "$CONFIG" | sed -n 1p)
    if running; then
        count=1
        end_telling
        tell_meanwhile "Waiting for its last answers…" "Attente de ses dernières réponses…"
    fi
    if [ "$SERVICE" = none ]; then
        count=$(end_server) || exit 1 # also a web server that has outlived its parent
    elif [ "$count" = 1 ]; then
        manager stop chatbot-server
    fi
    end_telling
    if [ "$count" = 0 ]; then t "It was not running." "Il n’était pas en marche."; else t "Stopped." "Arrêté."; fi
}

restart() {
    stop
    start
}

# Prints how many servers there were.
end_server() {
    if [ "$SERVICE" = none ]; then
        step stop "$PREFIX" "$CONFIG" "${CHATBOT_STOP_SECONDS:-40}" && rm -f "$PID_FILE"
    else
        manager stop chatbot-server
    fi
}

status() {
    tell_meanwhile "Looking whether it runs…" "Recherche d’un serveur en marche…"
    see look "$PREFIX" "$CONFIG"
    if ! running; then
        end_telling
        tell_of_upgrade >&2
        fail "Not running. Start it with: $ME start" "À l’arrêt. Pour démarrer : $ME start"
    fi
    end_telling
    case $said in
        ready) t "Running and able to answer: $url" "En marche et en état de répondre : $url" ;;
        failed) tell_without_model && exit 1 ;;
        other) fail "Running, but another program answers at $url. Stop that one, or choose another server.port." \
            "En marche, mais un autre programme répond à $url. Arrêtez-le, ou choisissez un autre server.port." ;;
        starting) fail "Still starting: $url" "Démarrage en cours : $url" ;;
        silent) fail "Running, but without an answer for five seconds: $url" "En marche, mais sans réponse depuis cinq secondes : $url" ;;
        closed) fail_as_closed ;;
        *) fail "Running, but not able to answer: $url
$said
Look for the cause with: $ME doctor" "En marche, mais pas en état de répondre : $url
$said
Cherchez la cause avec : $ME doctor" ;;
    esac
    is_current || t "It is another version than the one installed. To change over: $ME restart" \
        "C’est une autre version que celle installée. Pour en changer : $ME restart"
}

# For scripts: the same in one line of JSON, and no sentence beside it.
status_in_json() {
    see look "$PREFIX" "$CONFIG"
    running || said=stopped
    step describe "$said" "$url" "$serving" "$VERSION"
    [ "$said" = ready ]
}

# last_lines COUNT [BYTES TIME]: of all there is, or of what came after them; “-f”: follow
last_lines() {
    count=$1 follow=
    [ "$count" != -f ] || { follow=-f && count=15; }
    case $count in
        '' | *[!0-9]*)
            t "log: “$1” is not a number of lines. Use: $ME log [-f | LINES]" \
                "log : « $1 » n’est pas un nombre de lignes. Utilisez : $ME log [-f | LIGNES]" >&2
            exit 2
            ;;
    esac
    if [ "$SERVICE" = none ]; then
        [ -f "$LOG" ] || fail "There is no log yet: $LOG" "Il n’y a pas encore de journal : $LOG"
        if [ -n "$follow" ]; then exec tail -n "$count" -f "$LOG"; fi
        tail -c "+$((${2:-0} + 1))" "$LOG" | tail -n "$count"
    else
        journalctl "--$SERVICE" --unit chatbot-server ${3:+--since "$3"} --lines "$count" $follow --no-pager --output cat
    fi
}

# -------------------------------------------------------------------- main

# explain_word WORD MORE…: it takes no more words, and nobody who asks for help wants it done.
explain_word() {
    word=$1
    case $1 in
        status) word="status [--json]" ;;
        log) word="log [-f | $(t LINES LIGNES)]" ;;
        uninstall | purge | rollback) word="$1 [--yes] [--dry-run] [--quiet]" ;;
    esac
    case $2 in
        -h | --help) t "Use: $ME $word. All commands: $ME --help" "Utilisez : $ME $word. Toutes les commandes : $ME --help" && exit ;;
    esac
    t "$1: there are too many words here. Use: $ME $word" "$1 : il y a trop de mots ici. Utilisez : $ME $word" >&2
    exit 2
}

installer_line() {
    if [ "$SERVICE" = system ]; then
        printf 'sh %s\n' "$VERSION/installer/install.sh"
    else
        printf "sh %s --prefix %s\n" "$(quoted "$VERSION/installer/install.sh")" "$(quoted "$PREFIX")"
    fi
}

installer() {
    CHATBOT_INSTALLER=$(t "the installer" "l’installateur")
    export CHATBOT_INSTALLER
    [ "$SERVICE" = system ] || set -- --prefix "$PREFIX" "$@"
    exec sh "$VERSION/installer/install.sh" "$@"
}

main() {
    places
    # “help start” is “start --help”, as with the program’s own words.
    case "${1:-} ${2:-}" in
        "help "start | "help "stop | "help "restart | "help "status | "help "log | "help "rollback | "help "uninstall | "help "purge)
            set -- "$2" --help
            ;;
    esac
    case ${1:-} in
        uninstall | purge | rollback)
            word=$1
            shift
            for option in "$@"; do
                case $option in --yes | --dry-run | --quiet) ;; *) explain_word "$word" "$option" ;; esac
            done
            installer "--$word" "$@"
            ;;
    esac
    case ${1:-} in
        status)
            case $#-${2:-} in
                1-*) status ;;
                2---json) status_in_json ;;
                *) explain_word "$@" ;;
            esac
            ;;
        start | stop | restart)
            [ $# = 1 ] || explain_word "$@"
            "$1"
            ;;
        log)
            case $#-${2:-} in [3-9]* | *--help | *-h) explain_word "$@" ;; esac
            last_lines "${2:-15}"
            ;;
        *) run_program "$@" ;;
    esac
}

main "$@"
