# Sourced by install.sh: from a whole version to a running one, and back.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

# Let this version be the one that runs: in one moment, for the program and its command.
activate() {
    steps flip "$prefix/current" "versions/$1"
    mkdir -p "$prefix/bin"
    [ -L "$control" ] || ln -s ../current/control.sh "$control"
    link_command
    write_service
}

# Into a folder of PATH, where it is one's own; what another program has there stays.
link_command() {
    [ -n "$link" ] || return 0
    mkdir -p "${link%/*}" 2>/dev/null || return 0
    if [ ! -e "$link" ] || [ "$(readlink "$link")" = "$control" ]; then
        steps flip "$link" "$control" 2>/dev/null || true
    fi
}

# follow_links CONTROL: what led to the command where its folder was before leads to it again.
follow_links() {
    for place in /usr/local/bin/chatbot-server "${HOME:-}/.local/bin/chatbot-server" "${1%/share/*}/bin/chatbot-server"; do
        [ "$(readlink "$place" 2>/dev/null)" != "$1" ] || steps flip "$place" "$control" 2>/dev/null || true
    done
}

# How the command of this installation is typed: by its name where PATH leads to it.
command_line() {
    if [ -f "$control" ] && cmp -s "$(command -v chatbot-server)" "$control"; then
        echo chatbot-server
    else
        quoted "$control"
    fi
}

unit_file() {
    case $service in
        none) ;;
        user) printf '%s\n' "${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/chatbot-server.service" ;;
        system) echo /etc/systemd/system/chatbot-server.service ;;
    esac
}

write_service() {
    unit=$(unit_file)
    [ -n "$unit" ] || return 0
    template=chatbot-server.service
    [ "$service" = system ] || template=chatbot-server-user.service
    mkdir -p "${unit%/*}"
    fill "$here/packaging/$template" "" >"$unit.new"
    if cmp -s "$unit.new" "$unit"; then
        rm "$unit.new"
    else
        mv "$unit.new" "$unit"
        manager daemon-reload
    fi
    # Also where the last run was stopped right before.
    manager is-enabled --quiet chatbot-server || manager enable --quiet chatbot-server
}

manager() {
    if [ "$service" = user ]; then systemctl --user "$@"; else systemctl "$@"; fi
}

control() {
    if [ -n "$quiet" ]; then "$control" "$@" >/dev/null; else "$control" "$@"; fi
}

# The process is there, whether or not it can answer.
server_runs() {
    if [ "$service" = none ]; then
        [ -n "$(steps servers "$prefix" "$config")" ]
    else
        manager is-active --quiet chatbot-server
    fi
}

serves_well() {
    waiting_for "whether it can answer" "sa réponse"
    told "$control" status
}

# Where none was seen to run, there is nothing to say of it.
stop_by_command() {
    if [ -n "$was_running" ]; then control stop || true; else "$control" stop >/dev/null 2>&1 || true; fi
}

# Also a server that the command of an older version cannot find.
stop_server() {
    stop_by_command
    [ "$service" != none ] || steps stop "$prefix" "$config" 40 >/dev/null
}

# ---------------------------------------------------------------- upgrades

# What an upgrade has come to, for the next run if this one is stopped in any way.
note_upgrade() {
    printf '%s\n' "from=$installed" "to=$id" "was_running=$was_running" "saved=$saved" >"$prefix/.upgrade.new"
    mv "$prefix/.upgrade.new" "$prefix/.upgrade"
}

noted() {
    sed -n "s/^$1=//p" "$prefix/.upgrade"
}

# The old version stays until the new one answers, and comes back if it does not.
upgrade() {
    say "Upgrading from $installed to $id" "Passage de $installed à $id"
    build
    waiting_for "a look at the settings" "la vérification des réglages"
    told program config check || explain_program
    fetch_model
    was_running='' was_well='' saved=''
    ! server_runs || was_running=1
    ! serves_well || was_well=1
    note_upgrade
    upgrading=1
    [ -z "$was_running" ] ||
        step "Stopping $installed, when its answers are finished" "Arrêt de $installed, une fois ses réponses finies"
    stop_server
    step "Bringing the database to the form of the new version (of SQLite’s, a copy is kept)" \
        "Passage de la base de données à la forme de la nouvelle version (de celle de SQLite, une copie est gardée)"
    saved=$(steps_of_version save "$config" "$data/backups" "before-$id")
    note_upgrade
    quietly program migrate
    activate "$id"
    [ -n "$was_running$run" ] || step "Trying $id: it is started, and stopped again" "Essai de $id : démarrage, puis arrêt"
    control start
    [ -z "$was_well" ] || serves_well
    end_upgrade
    say "Upgraded. The version before is kept: $installed (to go back: $(command_line) rollback)" \
        "Mise à niveau faite. La version précédente est gardée : $installed (pour revenir : $(command_line) rollback)"
}

end_upgrade() {
    upgrading=
    rm -f "$prefix/.upgrade"
    [ -n "$was_running$run" ] || control stop
    prune
}

# The new version failed, or somebody lost patience: everything as it was.
go_back() {
    upgrading=
    t "The upgrade did not succeed. Going back to $installed." "La mise à niveau a échoué. Retour à $installed." >&2
    waiting_for "putting $installed back" "la remise en place de $installed"
    with_progress put_old_in_place
    if [ -n "$was_running" ] && ! control start; then
        t "The old version is in place, but does not start either. Its log: $(command_line) log" \
            "L’ancienne version est en place, mais ne démarre pas non plus. Son journal : $(command_line) log" >&2
    else
        t "The old version is in place as before." "L’ancienne version est en place comme avant." >&2
    fi
}

put_old_in_place() {
    stop_server >/dev/null 2>&1
    [ -z "$saved" ] || steps_of_version restore "$config" "$saved" >/dev/null
    activate "$installed"
    rm -f "$prefix/.upgrade"
    [ -z "$built" ] || delete "$prefix/versions/$id"
}

# An upgrade was cut off by force (power, kill -9). Where the new version is in place and starts,
# it is finished; else the old one starts again, with its database only if it must.
resume_upgrade() {
    from=$(noted from) to=$(noted to) was_running=$(noted was_running) saved=$(noted saved)
    say "An upgrade from $from to $to was cut off; it is put in order first." \
        "Une mise à niveau de $from à $to a été interrompue ; elle est d’abord remise en ordre."
    version=$prefix/versions/$installed built=
    if [ "$installed" = "$to" ] && is_whole_version "$from"; then
        activate "$to"
        control start && { [ -n "$was_running" ] || control stop; } && rm -f "$prefix/.upgrade" && return
        control stop || true
    fi
    if is_whole_version "$from"; then
        version=$prefix/versions/$from installed=$from
        activate "$from"
        program migrate >/dev/null 2>&1 || [ -z "$saved" ] || put_back "$saved"
        [ -z "$was_running" ] || control start || true
    fi
    rm -f "$prefix/.upgrade"
}

# put_back COPY: of the database.
put_back() {
    replaced=$(steps_of_version restore "$config" "$1")
    say "The database is the one from before the upgrade. The newer one is kept: $replaced" \
        "La base de données est celle d’avant la mise à niveau. La plus récente est gardée : $replaced"
}

is_whole_version() {
    [ -n "$1" ] && [ -f "$prefix/versions/$1/.complete" ]
}

# Back to the version before, with a database that it can read.
roll_back() {
    [ -n "$installed" ] || die "There is no Chatbot Server at $prefix." "Il n’y a pas de Chatbot Server à $prefix."
    previous=$(cd "$prefix/versions" && for folder in *; do
        [ "$folder" = "$installed" ] || ! is_whole_version "$folder" || printf '%s\n' "$folder"
    done | sed -n 1p)
    [ -n "$previous" ] || die "No earlier version is kept at $prefix." "Aucune version antérieure n’est gardée à $prefix."
    say "To go back from $installed to $previous." "Pour revenir de $installed à $previous."
    [ -z "$dry_run" ] || return 0
    confirm "Go back?" "Revenir ?"
    was_running='' version=$prefix/versions/$previous copy=$data/backups/before-$installed.db
    ! server_runs || was_running=1
    stop_server
    waiting_for "whether $previous can read the database" "l’accord entre $previous et la base de données"
    if ! told program migrate; then
        [ -f "$copy" ] || {
            cat "$tmp/output" >&2
            [ -z "$was_running" ] || control start
            die "There is no copy of the database from before the upgrade ($copy). Nothing was changed." \
                "Il n’y a pas de copie de la base de données d’avant la mise à niveau ($copy). Rien n’a été changé."
        }
        put_back "$copy"
    fi
    activate "$previous"
    [ -z "$was_running" ] || control start || exit 1
    say "Gone back to $previous." "Retour à $previous effectué."
}

# Two versions stay: the one that runs and the one before it.
prune() {
    for folder in "$prefix"/versions/*; do
        case ${folder##*/} in
            "$id" | "$installed") ;;
            *) delete "$folder" ;;
        esac
    done
    for folder in "$prefix"/packages/*; do
        readlink "$prefix"/versions/*/packages | grep -qxF "../../packages/${folder##*/}" || delete "$folder"
    done
}

# whole
