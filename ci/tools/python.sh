# shellcheck shell=bash disable=SC2154 # variables come from the files sourced before this one
# Programs that come from Python's packages, in an environment of their own. Sourced by ci/setup after build.sh and
# debian.sh.
#
# $GIFT_CACHE/tools/linters-<key>/   the environment; `complete` in it says that it is whole, for one cannot be
#                                     made elsewhere and moved. key: linters/requirements.txt and Python's version
#
# requirements.txt has the checksum of every package, and pip installs nothing else. Only wheels are taken:
# nothing of a package runs while it is installed, and nothing is downloaded from elsewhere.

linters=(pre-commit check-jsonschema hadolint)

linters_home() {
    printf '%s\n' "$GIFT_CACHE/tools/linters-$({ python3 --version; cat "$tools_folder/linters/requirements.txt"; } 2>/dev/null | hash_of)"
}

make_linters() {
    python3 -m venv --clear "$1" &&
        "$1/bin/pip" install --disable-pip-version-check --no-input --progress-bar off --only-binary :all: --require-hashes \
            --requirement "$tools_folder/linters/requirements.txt" &&
        touch "$1/complete"
}

# provide_linters: one step of ci/setup.
provide_linters() {
    local home log="$GIFT_CACHE/logs/linters.log" outcome="kept" binary
    begin_step "Linters"
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        if ! command -v apt-get >/dev/null || ! can_be_root; then
            end_step "left out: the tests of delivery need Python 3 with venv, which only root can install"
            return 0
        fi
        install_packages "$log" python3 python3-venv || {
            say "$(tail -n 8 "$log")"
            fail "apt-get could not install Python." "Install Python 3 with venv as your system does, and run this again. The whole output is in $log."
        }
    fi
    home=$(linters_home)
    if [ ! -e "$home/complete" ]; then
        take_lock linters
        if [ ! -e "$home/complete" ]; then
            run_in_background "$log" last_line make_linters "$home" || {
                say "$(tail -n 8 "$log")"
                fail "The linters could not be installed." "Check the network and pip's index (pip config list), and run this again. The whole output is in $log."
            }
            outcome="installed"
        fi
        rm -rf "$build_lock"
        build_lock=""
    fi
    for binary in "${linters[@]}"; do link "$binary" "$home/bin/$binary"; done
    end_step "$outcome"
}
