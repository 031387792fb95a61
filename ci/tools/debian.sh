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
    run_in_background "$log" last_line as_root env DEBIAN_FRONTEND=noninteractive sh -c '
        apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "$@"
}

has_web_server() { command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; }

# The web server and the signer of the tests of publishing. No other part needs them, so their absence stops none.
provide_publishers() {
    local log="$GIFT_CACHE/logs/publishers.log" packages=""
    begin_step "nginx and GnuPG"
    has_web_server || packages="$packages nginx-light"
    command -v gpg >/dev/null || packages="$packages gnupg"
    if [ -z "$packages" ]; then end_step "found"; return 0; fi
    if ! command -v apt-get >/dev/null || ! can_be_root; then
        end_step "left out: the tests of publishing need$packages, which only root can install"
        return 0
    fi
    # shellcheck disable=SC2086 # a list of package names
    install_packages "$log" $packages || {
        say "$(tail -n 8 "$log")"
        fail "apt-get could not install$packages." "Install them as your system does, and run this again. The whole output is in $log."
    }
    end_step "installed$packages"
}

# What builds the container image, with the shell in it, and what compiles Jenkins' files where there is Java. As above,
# their absence stops no other part.
provide_deliverers() {
    local log="$GIFT_CACHE/logs/deliverers.log" packages=""
    begin_step "buildah, busybox and Groovy"
    command -v buildah >/dev/null || packages="$packages buildah"
    has_static_busybox || packages="$packages busybox-static"
    if command -v java >/dev/null && ! command -v groovyc >/dev/null; then packages="$packages groovy"; fi
    if [ -z "$packages" ]; then end_step "found"; return 0; fi
    if ! command -v apt-get >/dev/null || ! can_be_root; then
        end_step "left out: the tests of delivery would use$packages, which only root can install"
        return 0
    fi
    # shellcheck disable=SC2086 # a list of package names
    install_packages "$log" $packages || {
        say "$(tail -n 8 "$log")"
        fail "apt-get could not install$packages." "Install them as your system does, and run this again. The whole output is in $log."
    }
    end_step "installed$packages"
}

has_static_busybox() { command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1; }
