{{/*
The context every template works on: the chosen system's tree, with defaults merged into each
service and references resolved. It is computed from .Values and never written back there, since
Helm renders templates in an order of its own and each would see the writes of the others.

Usage: {{- $context := dict }}{{- include "gift.context" (dict "root" $ "context" $context) }}

Fills $context with
  root         the root scope (Release, Chart, Capabilities, Values, Files)
  system       name of the system
  environment  name of the environment
  namespace    where objects go that name no namespace
  path         where the tree stands in the values, for messages
  tree         the tree, its variables filled in, without nulls, items of switched-off groups switched off
  known        names of all services, those switched off included
  services     name -> effective service: defaults, then its profile, then its own values, then
                 name, path, labels, selector, namespace, serviceName, servicePorts
*/}}
{{- define "gift.context" -}}
{{- /* Composed by the template that comes first and kept for the others, which read it only. It is the same whoever composes it. */}}
{{- $kept := printf "context of %s" .root.Template.BasePath }}
{{- if not (hasKey .root.Release $kept) }}
{{- $composed := dict }}
{{- include "gift.composeContext" (dict "root" .root "context" $composed) }}
{{- $_ := set .root.Release $kept $composed }}
{{- end }}
{{- range $key, $value := index .root.Release $kept }}
{{- $_ := set $.context $key $value }}
{{- end }}
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
{{- $stated := deepCopy (index $root.Values $system) }}
{{- $declared := include "gift.declaredVariables" $stated | fromJson }}
{{- if $declared }}
{{- $text := toJson (omit $stated "variables") }}
{{- range $key, $value := $declared }}
{{- $text = replace (printf "{%s}" $key) $value $text }}
{{- end }}
{{- $stated = mustMerge (fromJson $text) (pick $stated "variables") }}
{{- end }}
{{- /* Looking at every map takes longer than all the rest, and few trees hold a null. */}}
{{- $holdsNull := contains ":null" (toJson $stated) }}
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
{{- $variables := dict "system" $system "project" (dig "project" "" $tree) "environment" (dig "environment" "" $tree) }}
{{- $namespace := include "gift.expand" (dict "text" (dig "namespace" $root.Release.Namespace $tree) "variables" $variables) }}
{{- $services := dict }}
{{- range $name, $own := $tree.services }}
{{- $stack := list (deepCopy (dig "defaults" dict $tree)) }}
{{- with dig "profile" "" $own }}
{{- if not (hasKey (dig "profiles" dict $tree) .) }}
{{- fail (printf "%s.services.%s.profile: there is no profile %q. Known profiles: %s." $system $name . (keys (dig "profiles" dict $tree) | sortAlpha | join ", " | default "none")) }}
{{- end }}
{{- $stack = append $stack (deepCopy (dig "profiles" . dict $stated)) }}
{{- end }}
{{- $service := dict }}
{{- range append $stack (deepCopy (dig "services" $name dict $stated)) }}
{{- $service = mustMergeOverwrite $service . }}
{{- end }}
{{- if and $holdsNull (contains ":null" (toJson $service)) }}
{{- include "gift.prune" $service }}
{{- end }}
{{- if and (dig "enabled" true $service) (dig "groups" (dig "group" "" $service) "enabled" true $tree) }}
{{- $named := mustMerge (dict "name" $name) $variables }}
{{- $labels := dict }}
{{- range $key, $value := dig "labels" dict $service }}
{{- $_ := set $labels $key (include "gift.expand" (dict "text" $value "variables" $named)) }}
{{- end }}
{{- $selector := dict }}
{{- range $key, $value := dig "selector" dict $service }}
{{- $_ := set $selector $key (include "gift.expand" (dict "text" $value "variables" $named)) }}
{{- end }}
{{- $ports := dict }}
{{- if dig "service" "enabled" true $service }}
{{- range $portName, $port := dig "ports" dict $service }}
{{- $_ := set $ports $portName (dict "port" (int64 $port.port) "targetPort" (int64 $port.port) "protocol" (dig "protocol" "TCP" $port)) }}
{{- end }}
{{- range $portName, $port := dig "service" "ports" dict $service }}
{{- $_ := set $ports $portName (mustMergeOverwrite (dig $portName (dict "protocol" "TCP") $ports) $port) }}
{{- end }}
{{- range $portName, $port := deepCopy $ports }}
{{- if not (dig "enabled" true $port) }}
{{- $_ := unset $ports $portName }}
{{- end }}
{{- end }}
{{- end }}
{{- $_ := set $service "name" $name }}
{{- $_ = set $service "path" (printf "%s.services.%s" $system $name) }}
{{- $_ = set $service "labels" $labels }}
{{- $_ = set $service "selector" $selector }}
{{- with dig "image" "repository" "" $service }}
{{- $_ = set $service "image" (mustMergeOverwrite (deepCopy $service.image) (dict "repository" (include "gift.expand" (dict "text" . "variables" $named)))) }}
{{- end }}
{{- with dig "affinity" dict $service }}
{{- $_ = set $service "affinity" (include "gift.expand" (dict "text" (toJson .) "variables" $named) | fromJson) }}
{{- end }}
{{- $_ = set $service "namespace" (include "gift.expand" (dict "text" (dig "namespace" $namespace $service) "variables" $named)) }}
{{- $_ = set $service "serviceName" (include "gift.expand" (dict "text" (dig "service" "name" "{name}" $service) "variables" $named)) }}
{{- $_ = set $service "servicePorts" $ports }}
{{- $_ = set $services $name $service }}
{{- end }}
{{- end }}
{{- $_ := set $context "root" $root }}
{{- $_ = set $context "system" $system }}
{{- $_ = set $context "environment" (dig "environment" "" $tree) }}
{{- $_ = set $context "variables" $variables }}
{{- $_ = set $context "namespace" $namespace }}
{{- $_ = set $context "path" $system }}
{{- $_ = set $context "known" (keys $tree.services | sortAlpha) }}
{{- $_ = set $context "services" $services }}
{{- $_ = set $context "tree" $tree }}
{{- end }}

{{/*
Removes from a map, in depth, every null (removed by the user) and every item that says
`enabled: false` in a map of items. Changes the map it is given, so give it a copy.
*/}}
{{- define "gift.prune" -}}
{{- $map := . }}
{{- range $key, $value := $map }}
{{- if kindIs "invalid" $value }}
{{- $_ := unset $map $key }}
{{- else if kindIs "map" $value }}
{{- include "gift.prune" $value }}
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
{{- range $field, $items := omit . "defaults" "groups" "labels" "services" "sharedLabels" "variables" }}
{{- if kindIs "map" $items }}
{{- range $_, $item := $items }}
{{- if kindIs "map" $item }}
{{- $group := dig "group" "" $item }}
{{- if and (kindIs "string" $group) $group (not (dig $group "enabled" true $groups)) }}
{{- $_ := set $item "enabled" false }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A text with {name}, {system}, {project} and {environment} filled in.
Usage: {{ include "gift.expand" (dict "text" "{name}-svc" "variables" (dict "name" "api")) }}
*/}}
{{- define "gift.expand" -}}
{{- $text := .text }}
{{- if contains "{" $text }}
{{- range $key, $value := .variables }}
{{- $text = replace (printf "{%s}" $key) $value $text }}
{{- end }}
{{- end }}
{{- $text }}
{{- end }}
