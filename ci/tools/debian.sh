# shellcheck shell=bash
# Programs that come from the system's packages. Sourced by ci/setup after progress.sh and pinned.sh.

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# install_packages LOG PACKAGE ...: with apt-get, as root.
install_packages() {
    local log=$1
    shift
    # shellcheck disable=SC2016 # for the shell that root has
    run_in_background "$log" last_line as_root env DEBIAN_FRONTEND=noninteractive sh -c '
        apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "$@"
}

# provide_packages NAME WHO PACKAGE ...: as root, with apt-get; who needs them is told where that cannot be, for no other
# part needs them. Ends the step.
provide_packages() {
    local log="$GIFT_CACHE/logs/$1.log" who=$2
    shift 2
    if [ $# = 0 ]; then end_step "found"; return 0; fi
    if ! command -v apt-get >/dev/null || ! can_be_root; then
        end_step "left out: $who $*, which only root can install"
        return 0
    fi
    install_packages "$log" "$@" || {
        say "$(tail -n 8 "$log")"
        fail "apt-get could not install $*." "Install them as your system does, and run this again. The whole output is in $log."
    }
    end_step "installed $*"
}

has_web_server() { command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; }

# The web server and the signers of the tests of publishing.
provide_publishers() {
    local packages=()
    begin_step "nginx, GnuPG and OpenSSL"
    has_web_server || packages+=(nginx-light)
    command -v gpg >/dev/null || packages+=(gnupg)
    command -v gpgv >/dev/null || packages+=(gpgv)
    command -v openssl >/dev/null || packages+=(openssl)
    provide_packages publishers "the tests of publishing need" "${packages[@]}"
}

# What builds the container image, with the shell in it, and what compiles Jenkins' files where there is Java.
provide_deliverers() {
    local packages=()
    begin_step "buildah, busybox and Groovy"
    command -v buildah >/dev/null || packages+=(buildah)
    has_static_busybox || packages+=(busybox-static)
    if command -v java >/dev/null && ! command -v groovyc >/dev/null; then packages+=(groovy); fi
    provide_packages deliverers "the tests of delivery would use" "${packages[@]}"
}

has_static_busybox() { command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1; }
