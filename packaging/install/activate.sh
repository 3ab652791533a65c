# Sourced by install.sh: from a whole version to a running one, and back; and removal.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

# Let this version be the one that runs: in one moment, for the program and its command.
activate() {
    steps flip "$prefix/current" "versions/$1"
    mkdir -p "$prefix/bin"
    [ -L "$control" ] || ln -s ../current/control.sh "$control"
    write_service
}

write_service() {
    case $service in
        none) return 0 ;;
        user) unit=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/chatbot-server.service template=chatbot-server-user.service ;;
        system) unit=/etc/systemd/system/chatbot-server.service template=chatbot-server.service ;;
    esac
    capabilities=CapabilityBoundingSet=
    [ "$service" != system ] || [ "${port:-8080}" -ge 1024 ] ||
        capabilities="CapabilityBoundingSet=CAP_NET_BIND_SERVICE\\nAmbientCapabilities=CAP_NET_BIND_SERVICE"
    mkdir -p "${unit%/*}"
    fill "$here/packaging/$template" "" >"$unit.new"
    if cmp -s "$unit.new" "$unit"; then
        rm "$unit.new"
        return
    fi
    mv "$unit.new" "$unit"
    manager daemon-reload
    manager enable --quiet chatbot-server
}

manager() {
    if [ "$service" = user ]; then systemctl --user "$@"; else systemctl "$@"; fi
}

control() {
    if [ -n "$quiet" ]; then "$control" "$@" >/dev/null; else "$control" "$@"; fi
}

# The old version stays until the new one answers, and comes back if it does not.
upgrade() {
    say "Upgrading from $installed to $id" "Passage de $installed à $id"
    build
    quietly program config check
    fetch_model
    was_running='' saved=''
    ! "$control" status >/dev/null 2>&1 || was_running=1
    upgrading=1
    control stop
    saved=$(steps_of_version save "$config" "$data/backups" "before-$id")
    quietly program migrate
    activate "$id"
    control start
    upgrading=
    [ -n "$was_running$run" ] || control stop
    prune
    say "Upgraded. The version before is kept: $installed" "Mise à niveau faite. La version précédente est gardée : $installed"
}

# The new version failed, or somebody lost patience: everything as it was.
go_back() {
    upgrading=
    t "The upgrade did not succeed. Going back to $installed." "La mise à niveau a échoué. Retour à $installed." >&2
    "$control" stop >/dev/null 2>&1 || true
    [ -z "$saved" ] || steps_of_version restore "$config" "$saved"
    activate "$installed"
    rm -rf "$prefix/versions/$id"
    if [ -n "$was_running" ] && ! control start; then
        t "The old version does not start either. Its log: $control log" \
            "L’ancienne version ne démarre pas non plus. Son journal : $control log" >&2
    fi
    t "The old version is in place as before." "L’ancienne version est en place comme avant." >&2
}

# Two versions stay: the one that runs and the one before it.
prune() {
    for folder in "$prefix"/versions/*; do
        case ${folder##*/} in
            "$id" | "$installed") ;;
            *) rm -rf "$folder" ;;
        esac
    done
    for folder in "$prefix"/packages/*; do
        cat "$prefix"/versions/*/lib/python*/site-packages/packages.pth | grep -qF "$folder/" || rm -rf "$folder"
    done
}

# ----------------------------------------------------------------- removal

remove() {
    [ -f "$data/.chatbot-server" ] || [ -d "$prefix/versions" ] ||
        die "There is no Chatbot Server at $prefix." "Il n’y a pas de Chatbot Server à $prefix."
    if [ -n "$purge" ]; then
        say "To be removed: $prefix, $data and $config, with every conversation." \
            "À retirer : $prefix, $data et $config, avec toutes les conversations."
    else
        say "To be removed: the program in $prefix. Staying: $data and $config." \
            "À retirer : le programme dans $prefix. Restent : $data et $config."
    fi
    [ -z "$dry_run" ] || return 0
    confirm "Go on?" "Continuer ?" "${purge:+always}"
    [ ! -x "$control" ] || control stop || true
    remove_service
    rm -rf "$prefix/current" "$prefix/current.new" "$prefix/versions" "$prefix/packages" "${prefix:?}/bin" "$prefix/log" "$tmp" "$data/run"
    [ -z "$purge" ] || remove_data
    rmdir "$prefix" 2>/dev/null || true
    say "Removed." "Retiré."
    [ -n "$purge" ] || say "Your data is still in $data; ./install.sh --run finds it again." \
        "Vos données sont toujours dans $data ; ./install.sh --run les retrouvera."
}

remove_service() {
    case $service in
        none) return 0 ;;
        user) unit=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/chatbot-server.service ;;
        system) unit=/etc/systemd/system/chatbot-server.service ;;
    esac
    [ -f "$unit" ] || return 0
    manager disable --quiet chatbot-server || true
    rm -f "$unit"
    manager daemon-reload || true
}

remove_data() {
    rm -rf "$data" "$config"
    [ "$service" = system ] || return 0
    rmdir "${config%/*}" 2>/dev/null || true
    userdel "$owner" 2>/dev/null || true
}

# whole
