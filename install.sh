#!/bin/sh
# Installs Chatbot Server from this checkout: ./install.sh --run
# It only defines functions until its last line, so a half-copied script does nothing.
# Its parts are in packaging/install. POSIX sh, tested with dash and busybox.
# shellcheck disable=SC2034,SC2154  # variables are shared with the parts
set -eu

usage() {
    t "Usage: $me [OPTION…]

  --run             install, start, and wait until the server can answer
  --upgrade         put this version in the place of the installed one
  --rollback        go back to the version before the last upgrade
  --uninstall       remove the program; your data and configuration stay
  --purge           remove everything, data and configuration too
  --prefix FOLDER   install everything in FOLDER
  --host ADDRESS    where to listen (127.0.0.1: this machine only)
  --port NUMBER     (8080)
  --model MODEL     auto: the embedded one; none: quote your pages only; or a model file
  --offline FOLDER  take everything from FOLDER, made by scripts/offline-bundle
  --no-service      do not use systemd; without it the server runs in the background
  --dry-run         show what would be done, and change nothing
  --yes             do not ask
  --quiet           say only what went wrong
  --help

Each option can be given as a variable: CHATBOT_PORT=9000, CHATBOT_NO_SERVICE=1.
More: docs/install.md" "Usage : $me [OPTION…]

  --run             installer, démarrer et attendre que le serveur puisse répondre
  --upgrade         remplacer la version installée par celle-ci
  --rollback        revenir à la version d’avant la dernière mise à niveau
  --uninstall       retirer le programme ; vos données et réglages restent
  --purge           tout retirer, données et réglages compris
  --prefix DOSSIER  tout installer dans DOSSIER
  --host ADRESSE    où écouter (127.0.0.1 : cette machine seulement)
  --port NUMÉRO     (8080)
  --model MODÈLE    auto : celui fourni ; none : citer vos pages seulement ; ou un fichier
  --offline DOSSIER tout prendre dans DOSSIER, préparé par scripts/offline-bundle
  --no-service      sans systemd ; le serveur tourne alors en arrière-plan
  --dry-run         montrer ce qui serait fait, sans rien changer
  --yes             ne rien demander
  --quiet           ne dire que ce qui a échoué
  --help

Chaque option peut être une variable : CHATBOT_PORT=9000, CHATBOT_NO_SERVICE=1.
Pour en savoir plus : docs/install.md"
}

read_variables() {
    for name in YES DRY_RUN RUN NO_SERVICE UPGRADE ROLLBACK UNINSTALL PURGE QUIET HELP; do
        value=$(eval "printf %s \"\${CHATBOT_$name:-}\"")
        case $value in
            1 | true | yes | on) switch "$name" ;;
            '' | 0 | false | no | off) ;;
            *) misuse "CHATBOT_$name is $value; it can be 1 or 0." "CHATBOT_$name vaut « $value » ; c’est 1 ou 0." ;;
        esac
    done
    prefix=${CHATBOT_PREFIX:-} host=${CHATBOT_HOST:-} port=${CHATBOT_PORT:-}
    model=${CHATBOT_MODEL:-} offline=${CHATBOT_OFFLINE:-}
}

switch() {
    case $1 in
        YES) yes=1 ;;
        DRY_RUN) dry_run=1 ;;
        RUN) run=1 ;;
        NO_SERVICE) no_service=1 ;;
        UPGRADE) upgrade=1 ;;
        ROLLBACK) rollback=1 ;;
        UNINSTALL) uninstall=1 ;;
        PURGE) uninstall=1 purge=1 ;;
        QUIET) quiet=1 ;;
        HELP) help=1 ;;
    esac
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --yes | --dry-run | --run | --no-service | --upgrade | --rollback | --uninstall | --purge | --quiet | --help)
                switch "$(printf '%s' "${1#--}" | tr 'a-z-' 'A-Z_')"
                ;;
            -h) help=1 ;;
            --prefix | --host | --port | --model | --offline)
                # A forgotten value is not the option that follows.
                case ${2:-} in '' | --*) misuse "$1 needs a value." "$1 demande une valeur." ;; esac
                assign "$1" "$2"
                shift
                ;;
            --prefix=* | --host=* | --port=* | --model=* | --offline=*) assign "${1%%=*}" "${1#*=}" ;;
            *) misuse "Unknown option: $1$(meant "$1")" "Option inconnue : $1$(meant "$1")" ;;
        esac
        shift
    done
}

assign() {
    [ -n "$2" ] || misuse "$1 needs a value." "$1 demande une valeur."
    case $1 in
        --prefix) prefix=$2 ;;
        --host) host=${2#[} host=${host%]} ;;
        --port) port=$2 ;;
        --model) model=$2 ;;
        --offline) offline=$2 ;;
    esac
}

# The option that begins most like the mistyped one.
meant() {
    for length in 7 6 5; do
        for known in --prefix --port --host --model --offline --run --yes --dry-run --no-service \
            --upgrade --rollback --uninstall --purge --quiet --help; do
            case $known in
                "$(printf "%.${length}s" "$1")"*)
                    t " (did you mean $known?)" " (vouliez-vous dire $known ?)"
                    return
                    ;;
            esac
        done
    done
}

check_options() {
    [ -z "$uninstall" ] || [ -z "$run$upgrade$rollback" ] ||
        misuse "Install or remove, not both." "Installer ou retirer, pas les deux."
    [ -z "$rollback" ] || [ -z "$upgrade" ] ||
        misuse "Upgrade or go back, not both." "Mettre à niveau ou revenir, pas les deux."
    case ${port:-8080} in
        *[!0-9]* | ??????* | 0*) bad_port ;;
    esac
    [ "${port:-8080}" -le 65535 ] || bad_port
    case $model in
        '' | auto | none) ;;
        *)
            [ -f "$model" ] ||
                misuse "--model is auto, none or a model file, and there is no file $model. Other models are fetched afterwards: chatbot-server models list" \
                    "--model vaut auto, none ou un fichier de modèle, et il n’y a pas de fichier $model. D’autres modèles se récupèrent ensuite : chatbot-server models list"
            ;;
    esac
    [ -z "$offline" ] || [ -d "$offline" ] || misuse "No such folder: $offline" "Ce dossier n’existe pas : $offline"
    [ -z "$offline" ] || offline=$(absolute "$offline")
    case $model in '' | auto | none) ;; *) model=$(absolute "$model") ;; esac
}

bad_port() {
    misuse "The port is a number from 1 to 65535, not $port." "Le port est un nombre de 1 à 65535, pas « $port »."
}

absolute() {
    case $1 in
        /*) printf '%s\n' "$1" ;;
        *) printf '%s\n' "$(pwd)/$1" ;;
    esac
}

# -------------------------------------------------------------------- main

prepare() {
    # The folder that a released installer, one file, unpacked itself into.
    [ -z "${CHATBOT_UNPACKED:-}" ] || trap 'rm -rf "$CHATBOT_UNPACKED"' EXIT
    script=$0
    while [ -L "$script" ]; do
        target=$(readlink "$script")
        case $target in /*) script=$target ;; *) script=$(dirname "$script")/$target ;; esac
    done
    here=$(cd "$(dirname "$script")" && pwd)
    if [ ! -d "$here/packaging" ]; then
        echo "install.sh needs the rest of the sources beside it, and they are not in $here. Take the whole checkout, or the installer of a release, which is one file. / install.sh a besoin du reste des sources à côté de lui, et elles ne sont pas dans $here. Prenez le dépôt entier, ou l’installateur d’une version publiée, qui tient en un fichier." >&2
        exit 1
    fi
    for part in words places locks checks build activate next_steps remove; do
        file=$here/packaging/install/$part.sh
        if [ "$(tail -n 1 "$file" 2>/dev/null)" != "# whole" ]; then
            echo "This copy of Chatbot Server is not whole: $file. / Cette copie de Chatbot Server est incomplète : $file." >&2
            exit 1
        fi
        # shellcheck source=/dev/null
        . "$file"
    done
    yes='' dry_run='' run='' no_service='' upgrade='' rollback='' uninstall='' purge='' quiet='' help=''
    doing='' unfinished='' upgrading='' without_model='' built='' progress=''
    embedded=smollm2-135m-instruct embedded_file=SmolLM2-135M-Instruct.Q4_1.gguf
    # How this script is called, for what it says; a released installer says it itself.
    me=${CHATBOT_INSTALLER:-./install.sh}
    # What a person set for another Python is not for ours.
    unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV
}

# However it ends: nothing half-made stays, and an upgrade that was cut is taken back.
clean_up() {
    trap '' INT TERM HUP
    [ -z "${teller:-}" ] || kill -9 "$teller" 2>/dev/null || true
    [ -z "$upgrading" ] || go_back
    [ -z "$unfinished" ] || rm -rf "$unfinished"
    [ -z "${tmp:-}" ] || rm -rf "$tmp"
    [ -z "${CHATBOT_UNPACKED:-}" ] || rm -rf "$CHATBOT_UNPACKED"
    for folder in "${prefix:-}/versions" "${prefix:-}/packages"; do
        [ ! -d "$folder" ] || rmdir "$folder" 2>/dev/null || true
    done
    # The mark alone is nothing to keep.
    [ "$(ls -A "$prefix" 2>/dev/null)" != .chatbot-server ] || rm -rf "$prefix"
}

# Makes whatever is not there yet; an installation that was stopped goes on here.
install() {
    show_plan
    [ -z "$dry_run" ] || return 0
    confirm "Install?" "Installer ?"
    begin
    build
    configure
    activate "$id"
    say "Installed." "Installé."
    fetch_model
    [ -n "$run" ] || say "Start it with: $(command_line) start" "Pour démarrer : $(command_line) start"
}

# Nothing is missing, of the version in this folder.
is_whole() {
    version=$prefix/versions/$id
    [ "$installed" = "$id" ] && is_built && is_placed && [ -x "$control" ] && [ -f "$config" ] && has_model
}

start() {
    [ -x "$control" ] || return 0
    control start || exit 1
    [ -n "$quiet" ] || tell_next_steps
}

die_of_nothing() {
    die "There is no Chatbot Server at $prefix. To install: $me --run$again" \
        "Il n’y a pas de Chatbot Server à $prefix. Pour installer : $me --run$again"
}

# An installation of another version is there.
change_version() {
    if [ -n "$upgrade" ]; then
        [ -n "$dry_run" ] && say "To be upgraded: $installed to $id" "À mettre à niveau : $installed vers $id" && return
        confirm "Upgrade $installed to $id?" "Passer de $installed à $id ?"
        upgrade
    else
        say "Version $installed is installed; this one is $id. To change over: $me --upgrade$again" \
            "La version $installed est installée ; celle-ci est $id. Pour en changer : $me --upgrade$again"
    fi
}

main() {
    prepare
    read_variables
    read_options "$@"
    [ -z "$help" ] || { usage && return; }
    check_options
    choose_places
    tmp=$prefix/.tmp
    remember_places
    again=
    [ "$prefix" = "${default:-}" ] || [ "$service" = system ] || again=" --prefix $(quoted "$prefix")"
    if [ -n "$uninstall" ]; then
        remove
        return
    fi
    refuse_strangers
    [ -z "$upgrade$rollback" ] || is_ours || die_of_nothing
    # Half a second, but on a machine that is overloaded half a minute was seen.
    [ ! -t 1 ] || say "Looking at this machine…" "Examen de cette machine…"
    installed=$(installed_version)
    check_machine
    id=$(steps fingerprint "$here" "$locks" "$python_version")
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
    [ -n "$dry_run" ] || [ ! -d "$prefix/versions" ] || begin
    [ -n "$dry_run" ] || [ ! -f "$prefix/.upgrade" ] || resume_upgrade
    if [ -n "$rollback" ]; then
        roll_back
    elif [ -z "$installed" ] && [ -n "$upgrade" ]; then
        die_of_nothing
    elif [ -n "$installed" ] && [ "$installed" != "$id" ]; then
        change_version
    elif is_whole; then
        say "Chatbot Server ${id%-*} is installed at $prefix; there is nothing to install." \
            "Chatbot Server ${id%-*} est installé à $prefix ; il n’y a rien à installer."
    else
        install
    fi
    [ -z "$run" ] || [ -n "$dry_run" ] || start
    # All of it is in place and runs, but not as it was asked for.
    [ -z "$without_model" ] || exit 1
}

# In braces, because a copy cut after “main” would otherwise run it without its options.
{ main "$@"; }
