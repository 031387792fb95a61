{{/*
Checksum annotations of a pod: one for each ConfigMap and Secret of the tree the service consumes,
over just the keys it consumes, so that a change restarts the pods it concerns and no others.
A secret reference is hashed as the reference: rendering never sees what it stands for. With
--refresh-checksums the plugin makes the checksum anew when it fills the reference.

Usage: {{ include "gift.checksums" (dict "context" $context "service" $service "annotations" $annotations) }}
Fills `annotations` with checksum/configmap-<name> and checksum/secret-<name>.
*/}}
{{- define "gift.checksums" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- $annotations := .annotations }}
{{- $consumed := dict "config" dict "secret" dict }}
{{- include "gift.consumed" (dict "container" $service "consumed" $consumed) }}
{{- range $_, $container := $service.initContainers }}
{{- include "gift.consumed" (dict "container" $container "consumed" $consumed) }}
{{- end }}
{{- range $_, $container := $service.sidecars }}
{{- include "gift.consumed" (dict "container" $container "consumed" $consumed) }}
{{- end }}
{{- range $_, $volume := $service.volumes }}
{{- range $source := prepend (dig "projected" "sources" list $volume) $volume }}
{{- with dig "configMap" "name" "" $source }}
{{- $_ := set $consumed.config . (dict "*" true) }}
{{- end }}
{{- with dig "secret" "secretName" (dig "secret" "name" "" $source) $source }}
{{- $_ := set $consumed.secret . (dict "*" true) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $keys := $consumed.config }}
{{- $config := dig "configMaps" $name dict $context.tree }}
{{- if and $config (dig "enabled" true $config) (not $config.existing) }}
{{- include "gift.configData" (dict "context" $context "name" $name "config" $config) }}
{{- $data := get $context.configData $name }}
{{- if hasKey $keys "*" }}
{{- $data = mustMerge dict $data ($config.binaryData | default dict) }}
{{- end }}
{{- $_ := set $annotations (printf "checksum/configmap-%s" $name | trunc 72) (include "gift.checksum" (dict "data" $data "keys" $keys)) }}
{{- end }}
{{- end }}
{{- range $name, $keys := $consumed.secret }}
{{- $secret := dig "secrets" $name dict $context.tree }}
{{- if and $secret (dig "enabled" true $secret) (not $secret.existing) (not (dig "external" "enabled" false $secret)) }}
{{- $data := dict }}
{{- $stringData := dict }}
{{- include "gift.secretData" (dict "context" $context "secret" $secret "data" $data "stringData" $stringData) }}
{{- if $stringData }}
{{- $data = mustMergeOverwrite $data $stringData }}
{{- end }}
{{- $_ := set $annotations (printf "checksum/secret-%s" $name | trunc 72) (include "gift.checksum" (dict "data" $data "keys" $keys)) }}
{{- end }}
{{- end }}
{{- with $service.files }}
{{- $_ := set $annotations "checksum/files" (toJson . | sha256sum) }}
{{- end }}
{{- end }}

{{/*
The keys of ConfigMaps and Secrets a container consumes, added to `consumed`: config and secret, each
name -> key -> true, the key * for all of them.
*/}}
{{- define "gift.consumed" -}}
{{- $consumed := .consumed }}
{{- range $key, $value := .container.env }}
{{- if kindIs "map" $value }}
{{- range $kind, $name := pick $value "config" "secret" }}
{{- $all := get $consumed $kind }}
{{- if not (hasKey $all $name) }}
{{- $_ := set $all $name dict }}
{{- end }}
{{- $_ := set (get $all $name) (dig "key" $key $value) true }}
{{- end }}
{{- end }}
{{- end }}
{{- range $source := .container.envFrom }}
{{- if hasKey $source "config" }}
{{- $_ := set $consumed.config $source.config (dict "*" true) }}
{{- else if hasKey $source "secret" }}
{{- $_ := set $consumed.secret $source.secret (dict "*" true) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The checksum of the named keys of a map, of all of it where one is *. */}}
{{- define "gift.checksum" -}}
{{- $data := .data }}
{{- if not (hasKey .keys "*") }}
{{- $data = dict }}
{{- range $key, $_ := .keys }}
{{- if hasKey $.data $key }}
{{- $_ := set $data $key (get $.data $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $data | sha256sum }}
{{- end }}
