#!/bin/sh
# Chatbot Server @VERSION@, its installer in one file: sh chatbot-server-@VERSION@.sh --run
# What stands at its end is checked, unpacked into a folder of its own, and its install.sh run.
# Nothing happens before the last line was read, so that a file cut short does nothing.
# shellcheck disable=SC1111
set -eu

refuse() {
    case ${CHATBOT_LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
        fr*) echo "$2" >&2 ;;
        *) echo "$1" >&2 ;;
    esac
    exit 1
}

decode() {
    if command -v base64 >/dev/null; then
        base64 -d
    else
        openssl base64 -d
    fi
}

checksum() {
    if command -v sha256sum >/dev/null; then
        sha256sum
    elif command -v shasum >/dev/null; then
        shasum -a 256
    else
        openssl dgst -sha256 -r
    fi | cut -d ' ' -f 1
}

main() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/chatbot-server.XXXXXX" 2>/dev/null || mktemp -d "$HOME/chatbot-server.XXXXXX") ||
        refuse "There is no folder to unpack into. Name one: TMPDIR=/some/folder" "Aucun dossier pour décompresser. Indiquez-en un : TMPDIR=/un/dossier"
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 130' INT TERM HUP
    payload | decode >"$folder/payload" 2>/dev/null || true
    [ "$(checksum <"$folder/payload")" = @SUM@ ] ||
        refuse "This file is not whole, or was changed, or the disk of $folder is full: its checksum differs. Fetch it again." \
            "Ce fichier est incomplet ou modifié, ou le disque de $folder est plein : son empreinte diffère. Récupérez-le de nouveau."
    gzip -dc <"$folder/payload" | (cd "$folder" && tar -xf -) ||
        refuse "It cannot be unpacked into $folder. Is its disk full?" "Impossible de décompresser dans $folder. Son disque est-il plein ?"
    rm "$folder/payload"
    CHATBOT_INSTALLER="sh chatbot-server-@VERSION@.sh"
    case $0 in *.sh) CHATBOT_INSTALLER="sh $0" ;; esac
    # It removes the folder at its end; as the same process, so that signals reach it.
    CHATBOT_UNPACKED=$folder
    export CHATBOT_INSTALLER CHATBOT_UNPACKED
    exec sh "$folder/install.sh" "$@"
}

payload() {
    cat <<'END_OF_PAYLOAD'
@PAYLOAD@
END_OF_PAYLOAD
}

{ main "$@"; }
