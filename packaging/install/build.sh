# Sourced by install.sh: one version beside the others, its configuration and its model.
# shellcheck shell=sh disable=SC2154,SC2034  # its variables are shared with install.sh

# A step of steps.py with the machine's Python.
steps() {
    "$python" "$here/packaging/steps.py" "$@"
}

# Afterwards versions/$id is whole, or the script has stopped and it is not there.
build() {
    version=$prefix/versions/$id
    umask 022
    mkdir -p "$prefix/versions" "$tmp" || die "$prefix cannot be written to." "On ne peut pas écrire dans $prefix."
    [ -z "$owner" ] || make_owner
    [ ! -f "$version/.complete" ] || return 0
    build_packages
    step "Installing Chatbot Server ${id%-*}" "Installation de Chatbot Server ${id%-*}"
    rm -rf "$version"
    unfinished=$version
    quietly "$python" -m venv --without-pip "$version"
    install_project
    write_control
    quietly program --version
    : >"$version/.complete"
    unfinished=
}

# The packages of one lock file, shared by the versions that have the same: an upgrade that
# changes only our own code takes seconds, and no more room.
build_packages() {
    # shellcheck disable=SC2086  # a list of words
    lock_sum=$(cd "$here" && cat $locks | cksum)
    packages_folder=$prefix/packages/$python_version-${lock_sum%% *}
    [ ! -f "$packages_folder/.complete" ] || return 0
    rm -rf "$packages_folder"
    mkdir -p "$prefix/packages"
    unfinished=$packages_folder
    step "Making a virtual environment" "Création de l’environnement virtuel"
    quietly "$python" -m venv "$packages_folder"
    step "Installing the packages, each checked by its hash (a minute or two)" \
        "Installation des paquets, chacun vérifié par son empreinte (une à deux minutes)"
    set --
    for lock in $locks; do set -- "$@" -r "$here/$lock"; done
    pip install --require-hashes "$@"
    : >"$packages_folder/.complete"
    unfinished=
}

# Built outside the checkout, with a setuptools that is checked by its hash too.
install_project() {
    wheel=$(find_wheel "${offline:-/nonexistent}")
    if [ -z "$wheel" ]; then
        quietly steps stage "$here" "$tmp/source"
        pip install --require-hashes --target "$tmp/build" -r "$here/requirements/build.lock"
        PYTHONPATH=$tmp/build pip wheel --no-build-isolation --no-deps --wheel-dir "$tmp/wheel" "$tmp/source"
        wheel=$(find_wheel "$tmp/wheel")
    fi
    modules=$(modules_of "$version")
    pip install --no-deps --target "$modules" "$wheel"
    modules_of "$packages_folder" >"$modules/packages.pth"
}

modules_of() {
    "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
}

find_wheel() {
    for file in "$1/chatbot_server-${id%-*}"-*.whl; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

pip() {
    [ -z "$offline" ] || set -- "$@" --no-index --find-links "$offline"
    quietly "$packages_folder/bin/python" -m pip --no-input --disable-pip-version-check "$@"
}

# Run with the output kept away; if it fails, the reason in one sentence.
quietly() {
    # In our folder: /tmp may be small, or forbid programs.
    TMPDIR=$tmp "$@" >"$tmp/output" 2>&1 || explain "$tmp/output"
}

explain() {
    # venv does not say why its pip could not be unpacked, so the disk is asked too.
    free=$(df -Pk "$prefix" | awk 'NR == 2 { print int($4 / 1024) }')
    if [ "$free" -lt 20 ] || grep -qiE 'No space left|Disk quota|File too large' "$1"; then
        die "The disk at $prefix is full. Make room and run this again." "Le disque de $prefix est plein. Faites de la place et recommencez."
    elif grep -q 'DO NOT MATCH THE HASHES' "$1"; then
        die "A package is not the one that was checked for this version (its hash differs). Nothing was installed." \
            "Un paquet n’est pas celui vérifié pour cette version (son empreinte diffère). Rien n’a été installé."
    elif grep -qE 'No matching distribution|Could not find a version|No url found' "$1"; then
        die "A package could not be found: $(reason "$1"). $(where_from en)" "Un paquet est introuvable : $(reason "$1"). $(where_from fr)"
    elif grep -qiE 'Connection|Temporary failure|timed out|SSLError|ProxyError' "$1"; then
        die "The packages could not be fetched: no connection. Run this again when there is one, or use --offline." \
            "Les paquets n’ont pas pu être récupérés : pas de connexion. Recommencez plus tard, ou utilisez --offline."
    fi
    die "This step failed: $(reason "$1")" "Cette étape a échoué : $(reason "$1")"
}

reason() {
    { grep -E '^ *(ERROR|[A-Za-z]*Error):' "$1" || tail -n 1 "$1"; } | head -n 1 | sed 's/^ *ERROR: *//'
}

where_from() {
    if [ -n "$offline" ]; then
        [ "$1" = en ] && echo "Fill $offline with scripts/offline-bundle." || echo "Remplissez $offline avec scripts/offline-bundle."
    else
        [ "$1" = en ] && echo "Check the connection and pip’s settings." || echo "Vérifiez la connexion et les réglages de pip."
    fi
}

# The command of this installation: a part of the version, so that it changes in the same moment.
write_control() {
    cp "$here/packaging/steps.py" "$here/packaging/program.py" "$version"
    fill "$here/packaging/control.sh" "'" >"$version/control.sh"
    chmod 755 "$version/control.sh"
}

# fill TEMPLATE QUOTE: the template with this installation's places.
fill() {
    sed -e "s|@PREFIX@|$2$prefix$2|g" -e "s|@DATA@|$2$data$2|g" -e "s|@CONFIG@|$2$config$2|g" \
        -e "s|@SERVICE@|$service|g" -e "s|@OWNER@|$owner|g" -e "s|@CAPABILITIES@|${capabilities:-}|g" "$1"
}

# ---------------------------------------------------------- what a version needs

# The program itself, as the user who will own the data.
program() {
    if [ -n "$owner" ]; then
        (cd / && runuser -u "$owner" -- "$version/bin/python" "$version/program.py" --config "$config" "$@")
    else
        "$version/bin/python" "$version/program.py" --config "$config" "$@"
    fi
}

make_data() {
    (umask 077 && mkdir -p "$data" && : >>"$data/.chatbot-server") ||
        die "$data cannot be written to." "On ne peut pas écrire dans $data."
    [ -n "$owner" ] || return 0
    mkdir -p "${config%/*}"
    chown "$owner:$owner" "$data" "$data/.chatbot-server" "${config%/*}"
    chmod 750 "$data" "${config%/*}"
}

make_owner() {
    id "$owner" >/dev/null 2>&1 ||
        quietly useradd --system --user-group --home-dir "$data" --no-create-home --shell /usr/sbin/nologin "$owner"
}

# Only where there is none: what the operator wrote is never touched.
configure() {
    make_data
    if [ -f "$config" ]; then
        [ -z "$host$port$model" ] || [ -n "$installed" ] ||
            say "Your settings in $config are kept; --host, --port and --model are for a first installation." \
                "Vos réglages dans $config sont gardés ; --host, --port et --model servent à la première installation."
        program init >"$tmp/output" 2>&1 || explain_program
        return
    fi
    case ${model:-auto} in
        auto) chosen=$embedded ;;
        none) chosen=none ;;
        *)
            chosen=$model
            step "Trying the model" "Essai du modèle"
            program models check "$chosen" >"$tmp/output" 2>&1 || explain_program
            ;;
    esac
    set -- --port "${port:-8080}" --host "${host:-127.0.0.1}" --model "$chosen"
    [ "$service" != system ] || set -- "$@" --data-dir "$data"
    step "Writing the settings: $config" "Écriture des réglages : $config"
    if ! program init "$@" >"$tmp/output" 2>&1; then
        rm -f "$config"
        explain_program
    fi
}

explain_program() {
    cat "$tmp/output" >&2
    exit 1
}

# The embedded model, where the settings ask for it; a fetch that was cut goes on where it stopped.
fetch_model() {
    [ "$(steps_of_version model "$config")" = "$embedded" ] || return 0
    step "Fetching the embedded model" "Récupération du modèle fourni"
    set -- models pull "$embedded"
    [ -z "$offline" ] || set -- "$@" --offline "$offline"
    if [ -n "$quiet" ]; then
        program "$@" >/dev/null 2>"$tmp/output" || explain_program
        return
    fi
    # What it says at the end is for those who use it by hand; its progress is on stderr.
    program "$@" >/dev/null || die "The model was not fetched. Run this again to go on, or add --model none." \
        "Le modèle n’a pas été récupéré. Relancez pour reprendre, ou ajoutez --model none."
}

# A step that reads the configuration, with the installed Python.
steps_of_version() {
    "$version/bin/python" "$here/packaging/steps.py" "$@"
}

# whole
