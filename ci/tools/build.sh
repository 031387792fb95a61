# shellcheck shell=bash disable=SC2154 # tools_folder and use_pinned_only come from the files before this one
# Builds one pinned Go tool into the user cache, or finds it there, or links what the user already has.
# Sourced by ci/setup after progress.sh and pinned.sh; needs Go only when something must be built.
#
# $GIFT_CACHE/tools/<name>-<version>-<key>/   one finished build; key: go.mod, go.sum, flags, Go version and
#                                              the sources that are this repository's own
# $GIFT_CACHE/bin/<binary>                    links to what is to be used
#
# A build takes place in a temporary folder beside the finished ones and is moved into place as a whole,
# so whatever is there is complete. Go's own build cache keeps the packages of a build that was cut off.

build_folder=""
build_lock=""

clean_up_build() {
    stop_background
    if [ -n "$build_folder" ]; then rm -rf "$build_folder"; build_folder=""; fi
    if [ -n "$build_lock" ]; then rm -rf "$build_lock"; build_lock=""; fi
}

# Go as this project calls it: no toolchain is fetched, no setting of the user's gets in the way.
go_command=(env GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=0 go)

# require_go TOOL PARAGRAPH: checks once that Go is there and new enough.
go_checked=""
require_go() {
    [ -z "$go_checked" ] || return 0
    local least version
    least=$(pinned go least)
    command -v go >/dev/null || fail "Go is not installed, and $1 has to be built." \
        "Install Go $least or newer from https://go.dev/dl (or your system's packages), put it on PATH and run this again; what is finished is kept. $2"
    version=$(GOTOOLCHAIN=local go env GOVERSION)
    at_least "$version" "$least" || fail "$version is too old: $1 needs Go $least or newer." \
        "Install a newer Go from https://go.dev/dl, put it first on PATH and run this again. Found: $(command -v go)."
    go_checked=$version
}

# require_space KILOBYTES WHAT
require_space() {
    local free
    free=$(df -Pk "$GIFT_CACHE" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$1" ] || fail "Not enough room to build $2: $((free / 1024)) MB free under $GIFT_CACHE, $(($1 / 1024)) MB needed." \
        "Make room, or set GIFT_CACHE (and GOCACHE, GOMODCACHE) to a larger disk, and run this again."
}

# link BINARY TARGET: atomically, even over an older link.
link() {
    local new="$GIFT_CACHE/bin/.$1.$$"
    ln -sfn "$2" "$new"
    mv -f "$new" "$GIFT_CACHE/bin/$1"
}

build_key() {
    {
        cat "$tools_folder/$2/go.mod" "$tools_folder/$2/go.sum"
        pinned "$1" binaries
        pinned "$1" define
        for folder in $(pinned "$1" sources); do
            (cd "$tools_folder/$folder" && find . -type f | LC_ALL=C sort | while IFS= read -r file; do
                printf '%s %s\n' "$file" "$(hash_of <"$file")"
            done)
        done
        GOTOOLCHAIN=local go env GOVERSION GOOS GOARCH GOAMD64 GOARM64 2>/dev/null || true
    } | hash_of
}

# own_tool SECTION: path and version of the user's own that fits, or nothing.
own_tool() {
    local name path version
    for name in $(pinned "$1" own); do
        while IFS= read -r path; do
            case $path in "$GIFT_CACHE"/*) continue ;; esac
            version=$(version_of "$path")
            if fits "$version" "$1"; then printf '%s %s\n' "$path" "$version"; return 0; fi
        done < <(type -ap "$name" 2>/dev/null)
    done
}

# describe_build LOG: Go names each package as it is compiled, and each module as it is downloaded.
describe_build() {
    awk '/^go: downloading/ { modules++; next } { packages++ }
        END { if (packages) printf "%d packages compiled", packages; else printf "%d modules downloaded", modules }' "$1"
}

# take_lock SECTION: one build of a tool at a time; a lock whose owner is gone is taken over, and what the
# owner left half done is removed.
take_lock() {
    local lock="$GIFT_CACHE/tools/.$1.lock" owner unowned=0
    while ! mkdir "$lock" 2>/dev/null; do
        owner=$(cat "$lock/owner" 2>/dev/null || true)
        if [ -z "$owner" ]; then unowned=$((unowned + 1)); fi
        if [ $unowned -gt 5 ] || { [ -n "$owner" ] && ! is_setup "$owner"; }; then
            rm -rf "$lock"
            continue
        fi
        tell "process ${owner:-unknown} is building this as well; waiting for it"
        sleep 1
    done
    build_lock=$lock
    printf '%s\n' $$ >"$lock/owner"
    rm -rf "$GIFT_CACHE/tools/.$1."??????
}

# is_setup PID: whether that process runs and is a ci/setup (after a reboot its number may be another's).
is_setup() {
    kill -0 "$1" 2>/dev/null || return 1
    [ ! -r "/proc/$1/cmdline" ] || tr '\0' ' ' <"/proc/$1/cmdline" | grep -q setup
}

# without_use SECTION HOME: why a tool that stands in for another is not built, or nothing.
without_use() {
    local other own
    other=$(pinned "$1" for)
    [ -n "$other" ] || return 0
    own=$(version_of "$GIFT_CACHE/bin/$other")
    if [ -n "$own" ] && [ "$own" != "$(pinned "$other" version)" ]; then
        printf 'left out: %s is your %s' "$other" "$own"
    elif [ ! -d "$2" ] && ! command -v go >/dev/null; then
        printf 'left out: without Go, %s does its work, only slower' "$other"
    fi
}

# provide SECTION: one step of ci/setup.
provide() {
    local section=$1 version module home key binary own entry log title idle advice=""
    title=$(pinned "$section" title)
    version=$(pinned "$section" version)
    module=$(pinned "$section" module)
    begin_step "$title $version"

    if ! grep -Eq "(^|[[:space:]])$(pinned "$section" source) v$version( |\$)" "$tools_folder/$module/go.mod"; then
        fail "ci/tools/versions says $title $version, ci/tools/$module/go.mod says otherwise." \
            "Change both together: cd ci/tools/$module && go get $(pinned "$section" source)@v$version && go mod tidy."
    fi

    key=$(build_key "$section" "$module")
    home="$GIFT_CACHE/tools/$section-$version-$key"
    idle=$(without_use "$section" "$home")
    if [ -n "$idle" ]; then
        for entry in $(pinned "$section" binaries); do rm -f "$GIFT_CACHE/bin/${entry%%=*}"; done
        end_step "$idle"
        return 0
    fi
    if [ ! -d "$home" ] && [ -z "$use_pinned_only" ]; then
        own=$(own_tool "$section")
        if [ -n "$own" ]; then
            binary=$(pinned "$section" binaries)
            link "${binary%%=*}" "${own% *}"
            end_step "yours, ${own##* }, at ${own% *}"
            return 0
        fi
    fi

    local outcome="kept"
    if [ ! -d "$home" ]; then
        [ -z "$(pinned "$section" own)" ] || advice="A $title of your own on PATH that is at least $(pinned "$section" least) would do as well."
        require_go "$title" "$advice"
        require_space 2500000 "$title"
        take_lock "$section"
        if [ ! -d "$home" ]; then
            build "$section" "$module" "$home"
            outcome="built"
        fi
        rm -rf "$build_lock"
        build_lock=""
    fi
    for entry in $(pinned "$section" binaries); do link "${entry%%=*}" "$home/${entry%%=*}"; done
    end_step "$outcome"
}

build() {
    local section=$1 module=$2 home=$3 title entry setting define="" packages=() log
    title=$(pinned "$section" title)
    for entry in $(pinned "$section" binaries); do packages+=("${entry#*=}"); done
    for setting in $(pinned "$section" define); do define="$define -X $setting"; done
    log="$GIFT_CACHE/logs/$section.log"
    build_folder=$(mktemp -d "$GIFT_CACHE/tools/.$section.XXXXXX")
    run_in_background "$log" describe_build "${go_command[@]}" build -C "$tools_folder/$module" -v -trimpath -buildvcs=false \
        -ldflags "-s -w$define" -o "$build_folder/" "${packages[@]}" || explain_failed_build "$title" "$log"
    # Go names a binary after its package's last element, or the one before a version suffix.
    for entry in $(pinned "$section" binaries); do rename_binary "${entry%%=*}" "${entry#*=}"; done
    mv "$build_folder" "$home"
    build_folder=""
}

rename_binary() {
    local built
    built=$(basename "$2")
    case $built in v[0-9]*) built=$(basename "$(dirname "$2")") ;; esac
    if [ "$built" != "$1" ]; then mv "$build_folder/$built" "$build_folder/$1"; fi
    chmod 755 "$build_folder/$1"
}

explain_failed_build() {
    local tail_of_log
    tail_of_log=$(grep -v '^go: downloading' "$2" | tail -n 12)
    say "$tail_of_log"
    case $tail_of_log in
        *"no space left on device"*) fail "The disk is full: $1 could not be built." \
            "Make room (go clean -cache frees Go's build cache), or point GIFT_CACHE, GOCACHE and GOMODCACHE to a larger disk, and run this again." ;;
        *"checksum mismatch"*) fail "What was downloaded for $1 is not what this project pinned." \
            "Do not use it. Empty the module cache with 'go clean -modcache' and run this again; if it happens again, the module proxy in use hands out something else." ;;
        *"dial tcp"* | *"no such host"* | *"connection refused"* | *"i/o timeout"* | *"TLS handshake"*) fail "The sources of $1 could not be downloaded." \
            "Check the network and GOPROXY ($(go env GOPROXY)), and run this again; what was downloaded is kept." ;;
        *) fail "$1 could not be built." "Go's whole output is in $2. What was compiled is kept, so running this again goes on from there." ;;
    esac
}
