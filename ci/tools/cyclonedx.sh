# shellcheck shell=bash
# Brings CycloneDX's schemas, which bills of materials are held against by the tests, out of a Go module.
# Sourced by ci/setup after crds.sh.
#
# $GIFT_CACHE/cyclonedx leads to a finished folder below $GIFT_CACHE/tools. None of it is compiled.

provide_cyclonedx() {
    local home path version folder outcome="kept"
    begin_step "Schemas of CycloneDX"
    path=$(pinned cyclonedx source)
    version=v$(pinned cyclonedx version)
    home=$GIFT_CACHE/tools/cyclonedx-$version
    if [ ! -d "$home" ]; then
        require_go "Schemas of CycloneDX" ""
        take_lock cyclonedx
        build_folder=$(mktemp -d "$GIFT_CACHE/tools/.cyclonedx.XXXXXX")
        folder=$(module_folder "$path" "$version" "$(pinned cyclonedx sum)" ci/tools/versions) || exit 2
        cp "$folder"/schema/*.json "$folder/LICENSE" "$build_folder/"
        chmod -R u+w "$build_folder"
        mv "$build_folder" "$home"
        build_folder=""
        rm -rf "$build_lock"
        build_lock=""
        outcome="from $path $version"
    fi
    ln -sfn "$home" "$GIFT_CACHE/cyclonedx"
    end_step "$outcome"
}
