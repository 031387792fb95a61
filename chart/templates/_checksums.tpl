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
{{- $configs := dict }}
{{- $secrets := dict }}
{{- $containers := list $service }}
{{- range $field := list "initContainers" "sidecars" }}
{{- range $_, $container := dig $field dict $service }}
{{- $containers = append $containers $container }}
{{- end }}
{{- end }}
{{- range $container := $containers }}
{{- range $key, $value := dig "env" dict $container }}
{{- if kindIs "map" $value }}
{{- if hasKey $value "config" }}
{{- $_ := set $configs $value.config (append (dig $value.config list $configs) (dig "key" $key $value)) }}
{{- else if hasKey $value "secret" }}
{{- $_ := set $secrets $value.secret (append (dig $value.secret list $secrets) (dig "key" $key $value)) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $source := dig "envFrom" list $container }}
{{- if hasKey $source "config" }}
{{- $_ := set $configs $source.config (append (dig $source.config list $configs) "*") }}
{{- else if hasKey $source "secret" }}
{{- $_ := set $secrets $source.secret (append (dig $source.secret list $secrets) "*") }}
{{- end }}
{{- end }}
{{- end }}
{{- range $_, $volume := dig "volumes" dict $service }}
{{- $sources := list $volume }}
{{- range dig "projected" "sources" list $volume }}
{{- $sources = append $sources . }}
{{- end }}
{{- range $source := $sources }}
{{- with dig "configMap" "name" "" $source }}
{{- $_ := set $configs . (append (dig . list $configs) "*") }}
{{- end }}
{{- with dig "secret" "secretName" (dig "secret" "name" "" $source) $source }}
{{- $_ := set $secrets . (append (dig . list $secrets) "*") }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $keys := $configs }}
{{- $config := dig "configMaps" $name dict $context.tree }}
{{- if and $config (dig "enabled" true $config) (not (dig "existing" false $config)) }}
{{- $data := dict }}
{{- include "gift.configData" (dict "context" $context "name" $name "config" $config "data" $data) }}
{{- if has "*" $keys }}
{{- $data = mustMerge $data (dig "binaryData" dict $config) }}
{{- else }}
{{- $data = include "gift.pick" (dict "map" $data "keys" $keys) | fromJson }}
{{- end }}
{{- $_ := set $.annotations (printf "checksum/configmap-%s" $name | trunc 72) (toJson $data | sha256sum) }}
{{- end }}
{{- end }}
{{- range $name, $keys := $secrets }}
{{- $secret := dig "secrets" $name dict $context.tree }}
{{- if and $secret (dig "enabled" true $secret) (not (dig "existing" false $secret)) (not (dig "external" "enabled" false $secret)) }}
{{- $data := dict }}
{{- $stringData := dict }}
{{- include "gift.secretData" (dict "context" $context "secret" $secret "data" $data "stringData" $stringData) }}
{{- $data = mustMergeOverwrite $data $stringData }}
{{- if not (has "*" $keys) }}
{{- $data = include "gift.pick" (dict "map" $data "keys" $keys) | fromJson }}
{{- end }}
{{- $_ := set $.annotations (printf "checksum/secret-%s" $name | trunc 72) (toJson $data | sha256sum) }}
{{- end }}
{{- end }}
{{- with dig "files" dict $service }}
{{- $_ := set $.annotations "checksum/files" (toJson . | sha256sum) }}
{{- end }}
{{- end }}

{{/* The named keys of a map as JSON, in the order of their names. */}}
{{- define "gift.pick" -}}
{{- $picked := dict }}
{{- range .keys }}
{{- if hasKey $.map . }}
{{- $_ := set $picked . (index $.map .) }}
{{- end }}
{{- end }}
{{- toJson $picked }}
{{- end }}
