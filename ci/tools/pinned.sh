# shellcheck shell=bash
# Reads ci/tools/versions and compares versions. Sourced; depends on awk alone.

tools_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# pinned SECTION KEY: the value, or nothing.
pinned() {
    awk -v section="[$1]" -v key="$2" '
        /^[[:space:]]*(#|$)/ { next }
        /^\[/ { here = ($0 == section); next }
        here { split($0, part, " = "); if (part[1] == key) { sub(/^[^=]*= /, ""); print; exit } }
    ' "$tools_folder/versions"
}

# sections_of PART: the sections of one part, in the order of the file.
sections_of() {
    awk -v part="part = $1" '/^\[/ { section = substr($0, 2, length($0) - 2) } $0 == part { print section }' \
        "$tools_folder/versions"
}

# at_least VERSION LEAST: compares the numbers of x.y.z; a prerelease counts as its release.
at_least() {
    awk -v a="$1" -v b="$2" 'BEGIN {
        sub(/^[^0-9]*/, "", a); sub(/[-+~].*/, "", a); split(a, x, "."); split(b, y, ".")
        for (i = 1; i <= 3; i++) { if (x[i] + 0 > y[i] + 0) exit 0; if (x[i] + 0 < y[i] + 0) exit 1 }
        exit 0
    }'
}

# fits VERSION SECTION: least <= version < below
fits() {
    [ -n "$1" ] && at_least "$1" "$(pinned "$2" least)" && ! at_least "$1" "$(pinned "$2" below)"
}

# version_of COMMAND: what a helm or kubectl says of itself, without the v; nothing when it does not answer.
version_of() {
    case $(basename "$1") in
        helm*) "$1" version --template '{{.Version}}' 2>/dev/null </dev/null | sed -n 's/^v\([0-9][0-9.]*\).*/\1/p' | head -n 1 ;;
        kubectl*) "$1" version --client -o json 2>/dev/null </dev/null | sed -n 's/.*"gitVersion": "v\([0-9][0-9.]*\).*/\1/p' | head -n 1 ;;
    esac
}

hash_of() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-16; }
