# Sourced by install.sh: where everything goes, and the plan shown before.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

# Where everything goes. As root with systemd and no --prefix: the places of a system service.
choose_places() {
    service=none owner='' link=''
    if [ "$(id -u)" = 0 ] && [ -z "$prefix$no_service" ] && [ -d /run/systemd/system ]; then
        service=system owner=chatbot link=/usr/local/bin/chatbot-server
        prefix=/opt/chatbot-server data=/var/lib/chatbot-server config=/etc/chatbot-server/config.yaml
        return
    fi
    if [ -z "$prefix$no_service" ] && systemctl --user show-environment >/dev/null 2>&1; then
        service=user
    fi
    if [ -z "$prefix" ] && [ -z "${HOME:-}${XDG_DATA_HOME:-}" ]; then
        misuse "HOME is not set; name a folder with --prefix." "HOME n’est pas défini ; nommez un dossier avec --prefix."
    fi
    default=$(physical "$(absolute "${XDG_DATA_HOME:-${HOME:-}/.local/share}/chatbot-server")")
    prefix=$(physical "$(absolute "${prefix:-$default}")")
    [ "$prefix" != "$default" ] || link=$(link_place)
    case $prefix in
        /) misuse "--prefix needs a folder of its own, not /." "--prefix demande un dossier à lui, pas /." ;;
        # Each of these means something to venv, to the shell or to systemd.
        *[\'\"\\\$\`%\|\&:]* | *"
"*) misuse "This folder’s name has characters that cannot be used: $prefix" \
            "Le nom de ce dossier a des caractères inutilisables : $prefix" ;;
    esac
    data=$prefix/data config=$prefix/config.yaml
}

# A folder by the name that programs see, without links, doubled slashes and a slash at its end,
# also where it is not there yet.
physical() {
    folder=$1 rest=''
    while [ ! -d "$folder" ]; do
        rest=/${folder##*/}$rest
        folder=${folder%/*}
        [ -n "$folder" ] || folder=/
    done
    folder=$(cd "$folder" && pwd -P)
    printf '%s\n' "$folder/$rest" | sed 's|//*|/|g; s|\(.\)/$|\1|'
}

link_place() {
    if [ "$(id -u)" = 0 ]; then
        echo /usr/local/bin/chatbot-server
    else
        printf '%s\n' "${HOME:-}/.local/bin/chatbot-server"
    fi
}

# What an earlier run decided comes before what this one would.
remember_places() {
    control=$prefix/bin/chatbot-server
    [ -f "$control" ] || return 0
    service=$(sed -n 's/^ *SERVICE=\([a-z]*\).*/\1/p' "$control")
}

installed_version() {
    (cd "$prefix/current" 2>/dev/null && pwd -P | sed 's|.*/||') || true
}

# Our own folders carry a mark; nothing is ever written to, or removed from, another's.
is_ours() {
    [ -f "$prefix/.chatbot-server" ] || [ -f "$data/.chatbot-server" ] || [ -d "$prefix/versions" ]
}

refuse_strangers() {
    [ -d "$prefix" ] && ! is_ours || return 0
    [ -z "$(ls -A "$prefix")" ] ||
        die "$prefix has other things in it. Name an empty or new folder with --prefix." \
            "$prefix contient autre chose. Nommez un dossier vide ou nouveau avec --prefix."
}

show_plan() {
    case $model in
        '' | auto) model_plan=$(t "SmolLM2-135M-Instruct, 98 MB, fetched once" "SmolLM2-135M-Instruct, 98 Mo, récupéré une fois") ;;
        none) model_plan=$(t "none: answers are quoted from your pages" "aucun : les réponses citent vos pages") ;;
        *) model_plan=$model ;;
    esac
    shown_host=${host:-127.0.0.1}
    case $shown_host in *:*) shown_host="[$shown_host]" ;; esac
    address_plan=http://$shown_host:${port:-8080}
    if [ -f "$config" ]; then
        [ -n "$host$port" ] || address_plan=$(t "as in these settings" "selon ces réglages")
        [ -n "$model" ] || model_plan=$address_plan
    fi
    case $service in
        system) service_plan=$(t "systemd, as the user chatbot" "systemd, sous l’utilisateur chatbot") ;;
        user) service_plan=$(t "systemd, as you" "systemd, sous votre compte") ;;
        none) service_plan=$(t "in the background, without systemd, as $(id -un)" "en arrière-plan, sans systemd, sous $(id -un)") ;;
    esac
    say "Chatbot Server ${id%-*} will be installed:
  program   $prefix  (Python $python_version)
  data      $data
  settings  $config
  address   $address_plan
  model     $model_plan
  runs      $service_plan
  needs     about $needed_disk MB of disk and $needed_memory MB of memory" "Chatbot Server ${id%-*} va être installé :
  programme $prefix  (Python $python_version)
  données   $data
  réglages  $config
  adresse   $address_plan
  modèle    $model_plan
  marche    $service_plan
  demande   environ $needed_disk Mo de disque et $needed_memory Mo de mémoire"
}

# whole
