{{/*
The context every template works on: the chosen system's tree, with defaults merged into each
service and references resolved. It is computed from .Values and never written back there, since
Helm renders templates in an order of its own and each would see the writes of the others.

Usage: {{- $scope := dict "root" $ }}{{- include "gift.context" $scope }}{{- $context := $scope.context }}

Sets .context, which is the same map for every template and read only, but for what helpers keep in it:
  root         the root scope (Release, Chart, Capabilities, Values, Files)
  system       name of the system
  environment  name of the environment
  namespace    where objects go that name no namespace
  path         where the tree stands in the values, for messages
  tree         the tree, its variables filled in, without nulls, items of switched-off groups switched off
  known        names of all services, those switched off included
  services     name -> effective service: defaults, then its profile, then its own values, then
                 name, path, labels, selector, namespace, serviceName, servicePorts, mainPort
  existing     name -> true for each namespace that is there already
  global       the settings for every chart, never null
  chart        name and version of the chart, as a label
  treeLabels   the labels of every object: those of the release and those of the tree
  variables    what gift.expand fills in: {system}, {project} and {environment}, with their braces

What many objects ask for is made once and kept, each by its own helper: labels under "firstLabels" and
"labelTexts", of the context and of each service, and data of ConfigMaps under "configData".
*/}}
{{- define "gift.context" -}}
{{- /* Composed by the template that comes first and kept for the others. It is the same whoever composes it. */}}
{{- $kept := printf "context of %s" .root.Template.BasePath }}
{{- if not (hasKey .root.Release $kept) }}
{{- $composed := dict }}
{{- include "gift.composeContext" (dict "root" .root "context" $composed) }}
{{- $_ := set .root.Release $kept $composed }}
{{- end }}
{{- $_ := set . "context" (get .root.Release $kept) }}
{{- end }}

{{/* The work of gift.context, done once for each rendering. */}}
{{- define "gift.composeContext" -}}
{{- $root := .root }}
{{- $context := .context }}
{{- $system := $root.Values.system }}
{{- $trees := list }}
{{- range $key, $value := $root.Values }}
{{- if and (kindIs "map" $value) (hasKey $value "services") }}
{{- $trees = append $trees $key }}
{{- end }}
{{- end }}
{{- if not (has $system $trees) }}
{{- fail (printf "system: the values hold no tree %q. There are: %s. Set system to one of them, or add the values which bring it (-f values/%s/base.yaml)." $system (join ", " (sortAlpha $trees)) $system) }}
{{- end }}
{{- $stated := index $root.Values $system }}
{{- $declared := include "gift.declaredVariables" $stated | fromJson }}
{{- $text := toJson (omit $stated "variables") }}
{{- if $declared }}
{{- range $key, $value := $declared }}
{{- $text = replace (printf "{%s}" $key) $value $text }}
{{- end }}
{{- $stated = mustMerge (fromJson $text) (pick $stated "variables") }}
{{- end }}
{{- /* Looking at every map takes longer than all the rest, and few trees hold a null. */}}
{{- $holdsNull := contains ":null" $text }}
{{- /* The values stay as they are; what follows changes the copy. */}}
{{- $tree := deepCopy $stated }}
{{- if $holdsNull }}
{{- $rest := omit $tree "services" "profiles" }}
{{- include "gift.prune" $rest }}
{{- range $name, $own := $tree.services }}
{{- if kindIs "invalid" $own }}
{{- $_ := unset $tree.services $name }}
{{- end }}
{{- end }}
{{- $tree = mustMerge $rest (pick $tree "services" "profiles") }}
{{- end }}
{{- include "gift.switchOff" $tree }}
{{- $variables := dict "{system}" $system "{project}" (dig "project" "" $tree) "{environment}" (dig "environment" "" $tree) }}
{{- $namespace := include "gift.expand" (dict "text" (dig "namespace" $root.Release.Namespace $tree) "variables" $variables) }}
{{- $services := dict }}
{{- range $name, $own := $tree.services }}
{{- /* What several services share is copied, for a merge keeps what it is given. */}}
{{- $service := deepCopy ($tree.defaults | default dict) }}
{{- with $own.profile }}
{{- if not (hasKey (dig "profiles" dict $tree) .) }}
{{- fail (printf "%s.services.%s.profile: there is no profile %q. Known profiles: %s." $system $name . (keys (dig "profiles" dict $tree) | sortAlpha | join ", " | default "none")) }}
{{- end }}
{{- $profile := deepCopy (dig "profiles" . dict $stated) }}
{{- $service = mustMergeOverwrite $service $profile }}
{{- if and $holdsNull (contains ":null" (toJson $profile)) }}
{{- include "gift.pruneBy" (dict "map" $service "by" $profile) }}
{{- end }}
{{- end }}
{{- $service = mustMergeOverwrite $service $own }}
{{- if and $holdsNull (contains ":null" (toJson $own)) }}
{{- include "gift.pruneBy" (dict "map" $service "by" $own) }}
{{- end }}
{{- if and (dig "enabled" true $service) (dig "groups" (dig "group" "" $service) "enabled" true $tree) }}
{{- $named := mustMerge (dict "{name}" $name) $variables }}
{{- $labels := dict }}
{{- range $key, $value := $service.labels }}
{{- if contains "{" $value }}
{{- $value = include "gift.expand" (dict "text" $value "variables" $named) }}
{{- end }}
{{- $_ := set $labels $key $value }}
{{- end }}
{{- $selector := dict }}
{{- range $key, $value := $service.selector }}
{{- if contains "{" $value }}
{{- $value = include "gift.expand" (dict "text" $value "variables" $named) }}
{{- end }}
{{- $_ := set $selector $key $value }}
{{- end }}
{{- $ports := dict }}
{{- $settings := $service.service | default dict }}
{{- if dig "enabled" true $settings }}
{{- range $portName, $port := $service.ports }}
{{- $number := int64 $port.port }}
{{- $_ := set $ports $portName (dict "port" $number "targetPort" $number "protocol" (dig "protocol" "TCP" $port)) }}
{{- end }}
{{- range $portName, $port := $settings.ports }}
{{- $_ := set $ports $portName (mustMergeOverwrite (dig $portName (dict "protocol" "TCP") $ports) $port) }}
{{- end }}
{{- range $portName, $port := $ports }}
{{- if not (dig "enabled" true $port) }}
{{- $_ := unset $ports $portName }}
{{- end }}
{{- end }}
{{- end }}
{{- $_ := set $service "name" $name }}
{{- $_ = set $service "path" (printf "%s.services.%s" $system $name) }}
{{- $_ = set $service "labels" $labels }}
{{- $_ = set $service "selector" $selector }}
{{- $image := $service.image | default dict }}
{{- if contains "{" ($image.repository | default "") }}
{{- $_ = set $image "repository" (include "gift.expand" (dict "text" $image.repository "variables" $named)) }}
{{- end }}
{{- with $service.affinity }}
{{- $stated := toJson . }}
{{- $affinity := include "gift.expand" (dict "text" $stated "variables" $named) }}
{{- if ne $affinity $stated }}
{{- $_ = set $service "affinity" (fromJson $affinity) }}
{{- end }}
{{- end }}
{{- $place := dig "namespace" $namespace $service }}
{{- if contains "{" $place }}
{{- $place = include "gift.expand" (dict "text" $place "variables" $named) }}
{{- end }}
{{- $_ = set $service "namespace" $place }}
{{- $_ = set $service "serviceName" (include "gift.expand" (dict "text" (dig "name" "{name}" $settings) "variables" $named)) }}
{{- $_ = set $service "servicePorts" $ports }}
{{- /* The port that is meant where none is named. */}}
{{- $_ = set $service "mainPort" (ternary "http" "" (hasKey $ports "http")) }}
{{- if eq (len $ports) 1 }}
{{- $_ = set $service "mainPort" (keys $ports | first) }}
{{- end }}
{{- $_ = set $service "labelTexts" dict }}
{{- $_ = set $services $name $service }}
{{- end }}
{{- end }}
{{- $existing := dict }}
{{- range $key, $item := dig "namespaces" dict $tree }}
{{- if dig "existing" false $item }}
{{- $_ := set $existing (include "gift.expand" (dict "text" (dig "name" $key $item) "variables" $variables)) true }}
{{- end }}
{{- end }}
{{- $treeLabels := dict "app.kubernetes.io/instance" $root.Release.Name "app.kubernetes.io/part-of" $system }}
{{- range $key, $value := $tree.labels }}
{{- $_ := set $treeLabels $key (include "gift.expand" (dict "text" $value "variables" $variables)) }}
{{- end }}
{{- $_ := set $context "root" $root }}
{{- $_ = set $context "global" ($root.Values.global | default dict) }}
{{- $_ = set $context "chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- $_ = set $context "treeLabels" $treeLabels }}
{{- $_ = set $context "system" $system }}
{{- $_ = set $context "environment" (dig "environment" "" $tree) }}
{{- $_ = set $context "variables" $variables }}
{{- $_ = set $context "namespace" $namespace }}
{{- $_ = set $context "path" $system }}
{{- $_ = set $context "known" (keys $tree.services | sortAlpha) }}
{{- $_ = set $context "services" $services }}
{{- $_ = set $context "existing" $existing }}
{{- $_ = set $context "labelTexts" dict }}
{{- $_ = set $context "configData" dict }}
{{- $_ = set $context "tree" $tree }}
{{- end }}

{{/*
Removes from a map, in depth, every null (removed by the user). Changes the map it is given, so give it
a copy. It goes where a null is and nowhere else: to write a map as JSON is cheaper than to look at it.
*/}}
{{- define "gift.prune" -}}
{{- $map := . }}
{{- range $key, $value := $map }}
{{- if $value }}
{{- if kindIs "map" $value }}
{{- if contains ":null" (toJson $value) }}
{{- include "gift.prune" $value }}
{{- end }}
{{- end }}
{{- else if kindIs "invalid" $value }}
{{- $_ := unset $map $key }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Removes from `map` every null that `by`, which was merged into it, brought along. Changes the map.
*/}}
{{- define "gift.pruneBy" -}}
{{- $map := .map }}
{{- range $key, $value := .by }}
{{- if $value }}
{{- if kindIs "map" $value }}
{{- if contains ":null" (toJson $value) }}
{{- include "gift.pruneBy" (dict "map" (get $map $key) "by" $value) }}
{{- end }}
{{- end }}
{{- else if kindIs "invalid" $value }}
{{- $_ := unset $map $key }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The variables a tree declares and gives a text, as JSON. One without a text stays as it is wherever it
stands, and the validation tells.
*/}}
{{- define "gift.declaredVariables" -}}
{{- $declared := dict }}
{{- range $key, $value := dig "variables" dict . | default dict }}
{{- if $value }}
{{- $_ := set $declared $key $value }}
{{- end }}
{{- end }}
{{- toJson $declared }}
{{- end }}

{{/*
Switches off every item of a map of items whose group is switched off. Changes the tree it is given.
*/}}
{{- define "gift.switchOff" -}}
{{- $groups := dig "groups" dict . }}
{{- if $groups }}
{{- range $field, $items := omit . "defaults" "groups" "labels" "services" "sharedLabels" "variables" }}
{{- if kindIs "map" $items }}
{{- range $_, $item := $items }}
{{- if kindIs "map" $item }}
{{- $group := $item.group }}
{{- if and $group (kindIs "string" $group) (not (dig $group "enabled" true $groups)) }}
{{- $_ := set $item "enabled" false }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A text with {name}, {system}, {project} and {environment} filled in.
Usage: {{ include "gift.expand" (dict "text" "{name}-svc" "variables" (dict "{name}" "api")) }}
*/}}
{{- define "gift.expand" -}}
{{- $text := .text }}
{{- if contains "{" $text }}
{{- range $placeholder, $value := .variables }}
{{- $text = replace $placeholder $value $text }}
{{- end }}
{{- end }}
{{- $text }}
{{- end }}
