# Sourced by install.sh: where everything goes, and the plan shown before.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

# Where everything goes. As root with systemd and no --prefix: the places of a system service.
choose_places() {
    service=none owner=
    if [ "$(id -u)" = 0 ] && [ -z "$prefix$no_service" ] && [ -d /run/systemd/system ]; then
        service=system owner=chatbot
        prefix=/opt/chatbot-server data=/var/lib/chatbot-server config=/etc/chatbot-server/config.yaml
        return
    fi
    if [ -z "$prefix$no_service" ] && systemctl --user show-environment >/dev/null 2>&1; then
        service=user
    fi
    if [ -z "$prefix" ] && [ -z "${HOME:-}${XDG_DATA_HOME:-}" ]; then
        misuse "HOME is not set; name a folder with --prefix." "HOME n’est pas défini ; nommez un dossier avec --prefix."
    fi
    prefix=$(absolute "${prefix:-${XDG_DATA_HOME:-$HOME/.local/share}/chatbot-server}")
    prefix=${prefix%/}
    case $prefix in
        # Each of these means something to venv, to the shell or to systemd.
        *[\'\"\\\$\`%\|\&:]* | *"
"*) misuse "This folder’s name has characters that cannot be used: $prefix" \
            "Le nom de ce dossier a des caractères inutilisables : $prefix" ;;
    esac
    data=$prefix/data config=$prefix/config.yaml
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
refuse_strangers() {
    [ ! -d "$prefix" ] || [ -f "$data/.chatbot-server" ] || [ -d "$prefix/versions" ] && return
    [ -z "$(ls -A "$prefix")" ] ||
        die "$prefix has other things in it. Name an empty or new folder with --prefix." \
            "$prefix contient autre chose. Nommez un dossier vide ou nouveau avec --prefix."
}

show_plan() {
    case ${model:-auto} in
        auto) model_plan=$(t "SmolLM2-135M-Instruct, 98 MB, fetched once" "SmolLM2-135M-Instruct, 98 Mo, récupéré une fois") ;;
        none) model_plan=$(t "none: answers are quoted from your pages" "aucun : les réponses citent vos pages") ;;
        *) model_plan=$model ;;
    esac
    case $service in
        system) service_plan=$(t "systemd, as the user chatbot" "systemd, sous l’utilisateur chatbot") ;;
        user) service_plan=$(t "systemd, as you" "systemd, sous votre compte") ;;
        none) service_plan=$(t "in the background, without systemd" "en arrière-plan, sans systemd") ;;
    esac
    say "Chatbot Server ${id%-*} will be installed:
  program   $prefix  (Python $python_version)
  data      $data
  settings  $config
  address   http://${host:-127.0.0.1}:${port:-8080}
  model     $model_plan
  runs      $service_plan
  needs     about 900 MB of disk and 600 MB of memory" "Chatbot Server ${id%-*} va être installé :
  programme $prefix  (Python $python_version)
  données   $data
  réglages  $config
  adresse   http://${host:-127.0.0.1}:${port:-8080}
  modèle    $model_plan
  marche    $service_plan
  demande   environ 900 Mo de disque et 600 Mo de mémoire"
}

# whole
