# Sourced by install.sh: what the machine must have; everything missing is listed at once.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

miss() {
    missing="$missing
  - $(t "$@")"
}

check_machine() {
    missing='' packages=''
    system=$(uname -s) machine=$(uname -m)
    case $system in
        Linux | Darwin) ;;
        *) miss "This system ($system) is not supported; Linux and macOS are." "Ce système ($system) n’est pas pris en charge ; Linux et macOS le sont." ;;
    esac
    check_processor
    check_python
    count_needs
    check_room "$prefix" "$needed_disk"
    [ "$service" != system ] || check_room "$data" 400
    check_memory
    [ -n "$installed" ] || [ -f "$config" ] || check_port
    [ -z "$missing" ] || report_missing
}

check_processor() {
    choose_locks "$system" "$machine"
    case $system-$machine in
        *-x86_64 | *-amd64 | *-arm64 | Linux-aarch64) ;;
        *) miss "This processor ($machine) is not supported; 64-bit x86 and ARM are." "Ce processeur ($machine) n’est pas pris en charge ; x86 et ARM 64 bits le sont." ;;
    esac
    [ "$model" != none ] && [ "$system" = Linux ] || return 0
    if [ "$machine" = x86_64 ] && ! grep -qw avx2 /proc/cpuinfo; then
        miss "This processor has no AVX2, which the language model needs. Add --model none: answers are then quoted from your pages." \
            "Ce processeur n’a pas AVX2, nécessaire au modèle de langage. Ajoutez --model none : les réponses citeront vos pages."
    fi
    for libc in /lib/ld-musl-*; do
        [ ! -e "$libc" ] || [ -e /lib64/ld-linux-x86-64.so.2 ] || [ -e /lib/ld-linux-aarch64.so.1 ] ||
            miss "There is no language model engine for this system’s C library (musl). Add --model none, or use a Debian-like system." \
                "Aucun moteur de modèle n’existe pour la bibliothèque C de ce système (musl). Ajoutez --model none, ou prenez un système comme Debian."
    done
}

# The system service's user sees nothing of home folders: a Python there, as pyenv's or uv's, is
# none for it.
is_hidden() {
    [ "$service" = system ] || return 1
    base=$("$1" -c 'import sys; print(sys.base_prefix)' 2>/dev/null) || return 1
    case $base in
        /root/* | /home/* | /run/user/*) hidden=$base ;;
        *) return 1 ;;
    esac
}

check_python() {
    python='' seen='' hidden=''
    # A Python that was named is the one that is meant.
    if [ -n "${CHATBOT_PYTHON:-}" ]; then
        set -- "$CHATBOT_PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11 python3.10
        [ "$service" != system ] || set -- "$@" /usr/bin/python3
    fi
    for candidate in "$@"; do
        answered=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 10))' 2>/dev/null) || continue
        seen="$seen ${answered% *}"
        [ "${answered#* }" = True ] || continue
        ! is_hidden "$candidate" || continue
        python_version=${answered% *}
        "$candidate" -c 'import venv, ensurepip' 2>/dev/null || continue
        python=$(command -v "$candidate")
        return
    done
    if [ -n "$hidden" ] && [ -z "${python_version:-}" ]; then
        packages="python"
        miss "A Python that the service’s user may run: the one in $hidden is closed to it. Install the system’s, or name another: CHATBOT_PYTHON=/path/to/python." \
            "Un Python que l’utilisateur du service puisse lancer : celui de $hidden lui est fermé. Installez celui du système, ou désignez-en un autre : CHATBOT_PYTHON=/chemin/vers/python."
    elif [ -n "${python_version:-}" ]; then
        packages="venv"
        [ -z "${CHATBOT_PYTHON:-}" ] || packages=
        miss "Python $python_version is here without its venv and ensurepip modules." "Python $python_version est là, mais sans ses modules venv et ensurepip."
    elif [ -n "${CHATBOT_PYTHON:-}" ]; then
        miss "CHATBOT_PYTHON=$CHATBOT_PYTHON is no Python 3.10 or newer${seen:+ (it is$seen)}." \
            "CHATBOT_PYTHON=$CHATBOT_PYTHON n’est pas un Python 3.10 ou plus récent${seen:+ (c’est$seen)}."
    elif [ -n "$seen" ]; then
        packages="newer"
        miss "Python 3.10 or newer (found:$seen)." "Python 3.10 ou plus récent (trouvé :$seen)."
    else
        packages="python"
        miss "Python 3.10 or newer with venv." "Python 3.10 ou plus récent avec venv."
    fi
}

# Leaves in $needed_disk and $needed_memory, in MB, what is still wanted: what an earlier run has
# made takes no room again. Measured: packages 650 MB (and most of it while they are fetched), model
# 100 MB and its prepared copy 90, encoder 120; memory 460 MB at rest, 700 after
# 200 questions, 750 with the engine’s caches full; without a model 390.
count_needs() {
    needed_disk=1200 needed_memory=800
    [ "$model" != none ] || needed_disk=1000 needed_memory=400
    packages_name=
    [ -n "$python" ] || return 0
    # shellcheck disable=SC2046,SC2086  # lists of words
    packages_name=$python_version-$(cd "$here" && steps checksum $locks)
    [ ! -f "$prefix/packages/$packages_name/.complete" ] || needed_disk=$((needed_disk - 800))
    [ ! -f "$data/models/$embedded_file" ] || [ "$model" = none ] || needed_disk=$((needed_disk - 190))
}

# In MB, on the disk of a folder that may not be there yet.
free_room() {
    folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1024) }'
}

# check_room FOLDER MEGABYTES
check_room() {
    free=$(free_room "$1")
    folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    [ -n "$installed" ] || [ "$free" -ge "$2" ] ||
        miss "$2 MB of free disk at $1 (there are $free)." "$2 Mo libres sur le disque à $1 (il y en a $free)."
    ! in_the_way "$1" >/dev/null || miss "$(in_the_way "$1") is a file; a folder is needed there. Choose another with --prefix." \
        "$(in_the_way "$1") est un fichier ; il faut un dossier à cet endroit. Choisissez-en un autre avec --prefix."
    case $([ -z "$python" ] || steps place "$folder") in
        noexec) miss "$folder is mounted noexec: programs cannot run there. Choose another folder with --prefix." \
            "$folder est monté « noexec » : aucun programme ne peut y tourner. Choisissez un autre dossier avec --prefix." ;;
        readonly) miss "$folder cannot be written to. Choose another folder with --prefix." \
            "On ne peut pas écrire dans $folder. Choisissez un autre dossier avec --prefix." ;;
    esac
}

# The file that stands where a folder on the way to this one would have to be.
in_the_way() {
    way=$1
    while [ ! -e "$way" ]; do way=$(dirname "$way"); done
    [ ! -d "$way" ] && printf '%s\n' "$way"
}

check_memory() {
    [ -r /proc/meminfo ] || return 0
    free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null) || limit=max
    [ "$limit" = max ] || [ $((limit / 1048576)) -ge "$free" ] || free=$((limit / 1048576))
    [ -n "$installed" ] || [ "$free" -ge "$needed_memory" ] ||
        miss "$needed_memory MB of free memory (there are $free). With --model none 400 are enough." \
            "$needed_memory Mo de mémoire libre (il y en a $free). Avec --model none, 400 suffisent."
}

check_port() {
    if [ -n "$python" ]; then
        reason=$(steps port "${host:-127.0.0.1}" "${port:-8080}") && return
    else
        # Without Python: a listening socket (state 0A) at that port, as Linux lists them.
        cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -qi ":$(printf %04X "${port:-8080}") [0-9A-F:]* 0A " || return 0
        reason=busy
    fi
    case $reason in
        host:*) miss "$host is not an address of this machine: ${reason#*: }. Choose another with --host." \
            "$host n’est pas une adresse de cette machine : ${reason#*: }. Choisissez-en une autre avec --host." ;;
        forbidden) miss "${host:-127.0.0.1}:$port cannot be used: ports below 1024 are for root. Choose another with --port." \
            "${host:-127.0.0.1}:$port est inutilisable : les ports sous 1024 sont à root. Choisissez-en un autre avec --port." ;;
        *)
            spare=${reason#busy}
            miss "${host:-127.0.0.1}:${port:-8080} cannot be used: another program listens there. Choose another with --port$spare." \
                "${host:-127.0.0.1}:${port:-8080} est inutilisable : un autre programme y écoute. Choisissez-en un autre avec --port$spare."
            ;;
    esac
}

report_missing() {
    t "Chatbot Server cannot be installed yet. What is missing:$missing" \
        "Chatbot Server ne peut pas encore être installé. Il manque :$missing" >&2
    [ -z "$packages" ] || t "
Install it with:
  $(package_line)
Then type the command again that you have just used." "
Installez-le avec :
  $(package_line)
Puis retapez la commande que vous venez d’utiliser." >&2
    t "
Nothing was changed." "
Rien n’a été changé." >&2
    exit 1
}

# The exact line for this distribution and for who types it.
package_line() {
    line=$(packages_as_root)
    case $line in
        apt-get* | dnf* | yum* | apk* | pacman* | zypper*)
            if [ "$(id -u)" = 0 ]; then
                :
            elif command -v sudo >/dev/null; then
                line=$(printf '%s\n' "$line" | sed 's/^/sudo /; s/&& /&sudo /')
            else
                line="su - -c '$line'"
            fi
            ;;
    esac
    printf '%s\n' "$line"
}

packages_as_root() {
    if [ "$packages" = newer ] && command -v apt-get >/dev/null; then
        # This system's own Python is the old one: its packages would bring the same again.
        t "a newer Python beside the system’s (uv python install 3.12, conda, pyenv), then: CHATBOT_PYTHON=/path/to/python3.12 $me --run" \
            "un Python plus récent à côté de celui du système (uv python install 3.12, conda, pyenv), puis : CHATBOT_PYTHON=/chemin/vers/python3.12 $me --run"
    elif command -v apt-get >/dev/null; then
        [ "$packages" = venv ] && echo "apt-get update && apt-get install -y python$python_version-venv" ||
            echo "apt-get update && apt-get install -y python3 python3-venv"
    elif command -v dnf >/dev/null; then
        echo "dnf install -y python3.12"
    elif command -v yum >/dev/null; then
        echo "yum install -y python3.12"
    elif command -v apk >/dev/null; then
        echo "apk add python3 py3-pip"
    elif command -v pacman >/dev/null; then
        echo "pacman -S --needed python"
    elif command -v zypper >/dev/null; then
        echo "zypper install -y python312"
    elif command -v brew >/dev/null; then
        echo "brew install python@3.13"
    else
        t "your system’s packages: Python 3.10 to 3.13" "les paquets de votre système : Python 3.10 à 3.13"
    fi
}

# whole
