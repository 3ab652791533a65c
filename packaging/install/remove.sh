# Sourced by install.sh: removal of the program, and with --purge of all it ever wrote.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

remove() {
    is_ours || die "There is no Chatbot Server at $prefix." "Il n’y a pas de Chatbot Server à $prefix."
    find_data
    if [ -n "$purge" ]; then
        case $data_folder in "$prefix"/*) places=$prefix ;; *) places="$prefix, $data_folder, $config" ;; esac
        say "To be removed: $places, with the settings and every conversation." \
            "À retirer : $places, avec les réglages et toutes les conversations."
        [ -z "$database_away" ] || say "Staying, because it is another server’s: the database $database_away" \
            "Reste, car elle est sur un autre serveur : la base de données $database_away"
    else
        say "To be removed: the program in $prefix. Staying: $data_folder and $config." \
            "À retirer : le programme dans $prefix. Restent : $data_folder et $config."
    fi
    [ -z "$dry_run" ] || return 0
    if [ -n "$purge" ]; then
        confirm_loss "Delete all of it, for ever?" "Tout supprimer, pour toujours ?"
    else
        confirm "Go on?" "Continuer ?"
    fi
    refuse_another
    end_for_good
    remove_service
    unlink_command
    step "Deleting the files" "Suppression des fichiers"
    rm -f "$prefix/current" "$prefix/current.new"
    with_progress delete "$prefix"/versions/* "$prefix"/packages/*
    rm -rf "$prefix/versions" "$prefix/packages" "${prefix:?}/bin" "$prefix/log" "$tmp" \
        "$prefix/.upgrade" "$prefix/.upgrade.new" "${data_folder:?}/run"
    [ -z "$purge" ] || remove_data
    rm -f "$prefix/.chatbot-server"
    rmdir "$prefix" 2>/dev/null || true
    say "Removed." "Retiré."
    [ -n "$purge" ] || say "Your data is still in $data_folder. To use it again, run $me with: --run$again" \
        "Vos données sont toujours dans $data_folder. Pour les réutiliser, lancez $me avec : --run$again"
}

# Wherever an installer has linked the command, run by another user or with another HOME than now.
unlink_command() {
    for place in "$link" /usr/local/bin/chatbot-server "${HOME:-}/.local/bin/chatbot-server" \
        "${prefix%/share/*}/bin/chatbot-server"; do
        [ "$(readlink "$place" 2>/dev/null)" != "$control" ] || rm -f "$place"
    done
}

# Nothing is deleted under a server that goes on.
end_for_good() {
    python=$prefix/current/bin/python was_running=''
    [ -x "$python" ] || python=$(command -v python3) || return 0
    ! server_runs || was_running=1
    [ ! -x "$control" ] || stop_by_command
    [ "$service" = none ] || return 0
    steps stop "$prefix" "$config" 40 >/dev/null ||
        die "The server is still running; nothing was removed." "Le serveur tourne toujours ; rien n’a été retiré."
}

# Where the settings say the data is: in $data_folder; in $database_away a database elsewhere.
find_data() {
    data_folder=$data database_away=''
    version=$prefix/current
    [ -x "$version/bin/python" ] && [ -f "$config" ] || return 0
    said=$(steps_of_version data "$config" 2>/dev/null) || return 0
    data_folder=$(printf '%s\n' "$said" | sed -n 1p)
    database_away=$(printf '%s\n' "$said" | sed -n 2p)
}

remove_service() {
    unit=$(unit_file)
    [ -n "$unit" ] && [ -f "$unit" ] || return 0
    manager disable --quiet chatbot-server || true
    rm -f "$unit"
    manager daemon-reload || true
}

remove_data() {
    if [ "$data_folder" != "$data" ] && [ ! -f "$data_folder/.chatbot-server" ]; then
        # A folder that somebody chose for it: only what is the program's own.
        (cd "$data_folder" && rm -rf chatbot.db chatbot.db-wal chatbot.db-shm models backups run reserve setup-token)
        rmdir "$data_folder" 2>/dev/null || true
    else
        with_progress rm -rf "$data_folder"
    fi
    rm -rf "$data" "$config"
    [ "$service" = system ] || return 0
    rmdir "${config%/*}" 2>/dev/null || true
    userdel "$owner" 2>/dev/null || true
}

# whole
