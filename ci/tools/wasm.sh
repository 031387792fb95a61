# shellcheck shell=bash
# Brings what compiles the plugin to WebAssembly. Sourced by ci/setup after debian.sh.
#
# In this order: the wasm32-unknown-unknown target that is already there; the one rustup can add; the Rust
# of Debian with its library sources, from which the standard library for the target is compiled along with
# the plugin. harness/build.rs looks for them in the same order.

wasm_target=wasm32-unknown-unknown

has_wasm_target() { [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$wasm_target/lib" ]; }

debian_rust_version() { /usr/bin/rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9.]*\).*/\1/p'; }

has_debian_rust() {
    local version
    version=$(debian_rust_version)
    [ -n "$version" ] && at_least "$version" "$(pinned debian-rust least)" \
        && [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library/std ]
}

# A linker for the second way: the one rustup ships, or Debian's.
has_wasm_linker() {
    compgen -G "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/*/bin/rust-lld" >/dev/null || command -v wasm-ld >/dev/null
}

require_rust() {
    local least version
    least=$(pinned rust least)
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        fail "Rust is not installed." "Install Rust $least or newer with rustup (https://rustup.rs) and run this again."
    fi
    version=$(rustc --version | sed -n 's/^rustc \([0-9.]*\).*/\1/p')
    at_least "$version" "$least" || fail "Rust $version is too old: this project needs $least or newer." \
        "Run 'rustup update stable' (found: $(command -v rustc)), and run this again."
}

# limited SECONDS COMMAND...: `timeout` where there is one.
limited() { if command -v timeout >/dev/null; then timeout "$@"; else shift; "$@"; fi; }

provide_wasm() {
    local log="$GIFT_CACHE/logs/wasm.log" packages
    begin_step "WebAssembly target of Rust"
    require_rust
    if has_wasm_target; then end_step "found in $(rustc --print sysroot)"; return 0; fi
    if command -v rustup >/dev/null \
        && run_in_background "$log" last_line limited 60 rustup target add "$wasm_target" && has_wasm_target; then
        end_step "added by rustup"
        return 0
    fi
    if has_debian_rust && has_wasm_linker; then end_step "Debian's Rust $(debian_rust_version) with its sources, found"; return 0; fi

    packages=$(pinned debian-rust packages)
    has_wasm_linker || packages="$packages lld"
    local by_hand="Do one of these and run this again: with rustup, 'rustup target add $wasm_target'; on Debian and Ubuntu, 'apt-get install $packages'; elsewhere, whatever your system calls the Rust standard library for $wasm_target."
    command -v apt-get >/dev/null || fail "Rust's $wasm_target target is missing, and neither rustup nor apt-get could bring it." "$by_hand"
    can_be_root \
        || fail "Rust's $wasm_target target is missing; rustup could not add it, and installing Debian's packages needs root." "$by_hand"
    # shellcheck disable=SC2086 # a list of package names
    install_packages "$log" $packages || {
        say "$(tail -n 8 "$log")"
        fail "apt-get could not install $packages." "$by_hand The whole output is in $log."
    }
    has_debian_rust || fail "Debian's Rust is $(debian_rust_version), the plugin needs $(pinned debian-rust least) or newer." "$by_hand"
    has_wasm_linker || fail "No linker for $wasm_target: neither rust-lld nor wasm-ld is there." "$by_hand"
    end_step "Debian's Rust $(debian_rust_version) with its sources, installed"
}
