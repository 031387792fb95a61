package main

import (
	"maps"
	"slices"
	"strings"
	_ "unsafe" // for go:linkname

	"gift.dev/worker/session"
	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// sorted is one file's objects, those that are hooks and the others.
type sorted struct {
	hooks     []*release.Hook
	manifests []releaseutil.Manifest
}

//go:linkname sortHooksByKind helm.sh/helm/v4/pkg/release/v1/util.sortHooksByKind
func sortHooksByKind(hooks []*release.Hook, ordering releaseutil.KindSortOrder) []*release.Hook

//go:linkname sortManifestsByKind helm.sh/helm/v4/pkg/release/v1/util.sortManifestsByKind
func sortManifestsByKind(manifests []releaseutil.Manifest, ordering releaseutil.KindSortOrder) []releaseutil.Manifest

// sort gives all objects in the order of installation. Helm reads each file's YAML for that; it does so once
// here for each text of a file. Its order keeps what is of one kind in the order it came in, so files that
// are each in order are put in order together as they would be at once.
func (helm *helm) sort(files map[string]string) (sorted, error) {
	var all sorted
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		one := func() (sorted, error) {
			hooks, manifests, err := releaseutil.SortManifests(map[string]string{name: text}, nil, releaseutil.InstallOrder)
			return sorted{hooks, manifests}, err
		}
		var own sorted
		var err error
		if strings.Contains(text, release.HookAnnotation) {
			// Helm may have something to say about it, each time.
			own, err = one()
		} else {
			own, err = helm.sorted.Get(session.DigestOf([]byte(name+"\n"+text)), one)
		}
		if err != nil {
			return all, err
		}
		all.hooks = append(all.hooks, own.hooks...)
		all.manifests = append(all.manifests, own.manifests...)
	}
	all.hooks = sortHooksByKind(all.hooks, releaseutil.InstallOrder)
	all.manifests = sortManifestsByKind(all.manifests, releaseutil.InstallOrder)
	return all, nil
}
