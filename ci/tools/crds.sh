# shellcheck shell=bash disable=SC2154 # variables come from the files sourced before this one
# Brings real CustomResourceDefinitions for embedded clusters, out of Go modules. Sourced by ci/setup after
# build.sh.
#
# $GIFT_CACHE/crds   leads to a finished folder below $GIFT_CACHE/tools: one folder for each module, and in
#                    it the module's own files
#
# Which modules, in which versions, and where in them: the head of harness/schemas/custom-resources.txt, so
# that the schemas the harness brings along and the definitions in the cluster are the same. ci/tools/crds.sum
# has their checksums. None of it is compiled, and none of it is part of this repository.

crds_modules=$tools_folder/../../harness/schemas/custom-resources.txt
crds_sums=$tools_folder/crds.sum

crds_home() {
    local key
    key=$({ sed -n 's/^module //p' "$crds_modules"; cat "$crds_sums"; } | hash_of)
    printf '%s\n' "$GIFT_CACHE/tools/crds-$key"
}

# module_folder PATH VERSION SUM FILE: the module's folder, once its checksum is the one that FILE pins.
module_folder() {
    local answer log="$GIFT_CACHE/logs/modules.log"
    answer=$(cd "$build_folder" && GOTOOLCHAIN=local GOFLAGS=-mod=mod GOWORK=off go mod download -json "$1@$2" 2>"$log") || {
        printf '%s\n' "$answer" >>"$log"
        explain_failed_build "$1 $2" "$log"
    }
    grep -qF "\"Sum\": \"$3\"" <<<"$answer" ||
        fail "What was downloaded for $1 $2 is not what $4 pins." \
            "Do not use it. If the version was changed on purpose, change its line in that file as well."
    sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p' <<<"$answer"
}

# provide_crds: one step of ci/setup.
provide_crds() {
    local home path version place folder sum outcome="kept" modules=0
    begin_step "Definitions of custom resources"
    home=$(crds_home)
    if [ ! -d "$home" ]; then
        require_go "Definitions of custom resources" ""
        take_lock crds
        build_folder=$(mktemp -d "$GIFT_CACHE/tools/.crds.XXXXXX")
        while read -r path version place _; do
            tell "$path $version"
            sum=$(awk -v path="$path" -v version="$version" '$1 == path && $2 == version { print $3 }' "$crds_sums")
            folder=$(module_folder "$path" "$version" "$sum" ci/tools/crds.sum) || exit 2
            mkdir -p "$build_folder/$path"
            if [ -d "$folder/$place" ]; then
                find "$folder/$place" -name '*.yaml' ! -name 'kustomization.yaml' -exec cp {} "$build_folder/$path/" \;
            else
                cp "$folder/$place" "$build_folder/$path/"
            fi
            modules=$((modules + 1))
        done < <(sed -n 's/^module //p' "$crds_modules")
        chmod -R u+w "$build_folder"
        mv "$build_folder" "$home"
        build_folder=""
        rm -rf "$build_lock"
        build_lock=""
        outcome="from $modules modules"
    fi
    ln -sfn "$home" "$GIFT_CACHE/crds"
    end_step "$outcome"
}
