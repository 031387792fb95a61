package main

import (
	"slices"

	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// sortFile is Helm's way from a file to objects.
func sortFile(file map[string]string) (rendering.Objects, error) {
	ofHooks, manifests, err := releaseutil.SortManifests(file, nil, releaseutil.InstallOrder)
	return rendering.Objects{Hooks: hooks(ofHooks), Others: rendering.Each(manifests, func(manifest releaseutil.Manifest) rendering.Object {
		return rendering.Object{Source: manifest.Name, Kind: manifest.Head.Kind, Text: manifest.Content}
	})}, err
}

// kind reads what that way reads of a document that is no hook.
func kind(document string) (string, bool) {
	var head releaseutil.SimpleHead
	if err := yaml.Unmarshal([]byte(document), &head); err != nil {
		return "", false
	}
	if head.Metadata != nil {
		if _, isHook := head.Metadata.Annotations[release.HookAnnotation]; isHook {
			return "", false
		}
	}
	return head.Kind, true
}

func hooks(of []*release.Hook) []rendering.Object {
	return rendering.Each(of, func(hook *release.Hook) rendering.Object {
		return rendering.Object{Source: hook.Path, Kind: hook.Kind, Text: hook.Manifest, Test: slices.Contains(hook.Events, release.HookTest)}
	})
}
