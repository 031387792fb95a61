{{/*
The port of a service that a reference means: the one it names, else the only one, else `http`.
Usage: {{ include "gift.portName" (dict "service" $service "port" "http" "path" "gift.configMaps.…") }}
*/}}
{{- define "gift.portName" -}}
{{- $ports := .service.servicePorts }}
{{- $meant := .port | default .service.mainPort }}
{{- if not (hasKey $ports $meant) }}
{{- $known := keys $ports | sortAlpha | join ", " | default "none" }}
{{- if .port }}
{{- fail (printf "%s: service %s has no port %q. It has: %s." .path .service.name .port $known) }}
{{- end }}
{{- fail (printf "%s: service %s has several ports or none, name one with port:. It has: %s." .path .service.name $known) }}
{{- end }}
{{- $meant }}
{{- end }}

{{/*
A service by name, or a failure that lists the known ones. The service is put into `found`.
Usage: {{ include "gift.findService" (dict "context" $context "name" $name "path" $path "found" $found) }}
*/}}
{{- define "gift.findService" -}}
{{- if not (hasKey .context.services .name) }}
{{- if has .name .context.known }}
{{- fail (printf "%s: service %q is switched off. Remove the reference, or set %s.services.%s.enabled to true." .path .name .context.path .name) }}
{{- end }}
{{- fail (printf "%s: there is no service %q. Known services: %s." .path .name (join ", " .context.known)) }}
{{- end }}
{{- $_ := set .found "service" (index .context.services .name) }}
{{- end }}

{{/*
The URI of a service: <scheme>://<Service>[.<namespace>]:<port><path>, or the part of it that is asked
for. The namespace is there only when the one who asks lives in another.
Usage: {{ include "gift.uri" (dict "context" $context "reference" (dict "service" "api") "namespace" $namespace "path" $valuesPath) }}
*/}}
{{- define "gift.uri" -}}
{{- $reference := .reference }}
{{- $found := dict }}
{{- include "gift.findService" (dict "context" .context "name" $reference.service "path" .path "found" $found) }}
{{- $service := $found.service }}
{{- $portName := $service.mainPort }}
{{- if or $reference.port (not $portName) }}
{{- $portName = include "gift.portName" (dict "service" $service "port" $reference.port "path" .path) }}
{{- end }}
{{- $host := $service.serviceName }}
{{- if ne $service.namespace .namespace }}
{{- $host = printf "%s.%s" $host $service.namespace }}
{{- end }}
{{- $port := int64 (index $service.servicePorts $portName "port") }}
{{- $part := $reference.part | default "uri" }}
{{- if eq $part "uri" }}{{ printf "%s://%s:%d%s" (dig "scheme" "http" $reference) $host $port ($reference.path | default "") }}
{{- else if eq $part "host" }}{{ $host }}
{{- else if eq $part "port" }}{{ $port }}
{{- else if eq $part "address" }}{{ $host }}:{{ $port }}
{{- end }}
{{- end }}

{{/*
A scalar of the values as text. Numbers go through JSON: everything else writes 1e+06 for 1000000.
*/}}
{{- define "gift.scalar" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{/*
The data of a ConfigMap of the tree, every value resolved to text. It is kept in the context, under
"configData", since pods ask for it too; nobody may change it.
Usage: {{ include "gift.configData" (dict "context" $context "name" $name "config" $config) }}{{ $data := get $context.configData $name }}
*/}}
{{- define "gift.configData" -}}
{{- $context := .context }}
{{- if not (hasKey $context.configData .name) }}
{{- $data := deepCopy (.config.data | default dict) }}
{{- $path := printf "%s.configMaps.%s.data" $context.path .name }}
{{- $namespace := dig "namespace" $context.namespace .config }}
{{- range $key, $value := $data }}
{{- if not (kindIs "string" $value) }}
{{- if kindIs "map" $value }}
{{- $value = include "gift.uri" (dict "context" $context "reference" $value "namespace" $namespace "path" (printf "%s.%s" $path $key)) }}
{{- else }}
{{- $value = include "gift.scalar" $value }}
{{- end }}
{{- $_ := set $data $key $value }}
{{- end }}
{{- end }}
{{- $_ := set $context.configData .name $data }}
{{- end }}
{{- end }}

{{/*
The data of a Secret of the tree, put into `data` (encoded values and references) and `stringData`.
Usage: {{ include "gift.secretData" (dict "context" $context "secret" $secret "data" $data "stringData" $stringData) }}
*/}}
{{- define "gift.secretData" -}}
{{- $context := .context }}
{{- $data := .data }}
{{- $stringData := .stringData }}
{{- range $key, $value := .secret.data }}
{{- $_ := set $data $key $value }}
{{- end }}
{{- range $key, $source := .secret.secretRefs }}
{{- $_ := set $data $key (printf "secretRef:%s/%s/%s" $context.system $context.environment $source) }}
{{- end }}
{{- range $key, $value := .secret.stringData }}
{{- $_ := set $stringData $key (include "gift.scalar" $value) }}
{{- end }}
{{- end }}

{{/*
The name of an object of the tree: what its `name` says, else its key.
Usage: {{ include "gift.itemName" (dict "context" $context "key" $key "item" $item) }}
*/}}
{{- define "gift.itemName" -}}
{{- $name := dig "name" .key .item }}
{{- if contains "{" $name }}
{{- include "gift.expand" (dict "text" $name "variables" .context.variables) }}
{{- else }}
{{- $name }}
{{- end }}
{{- end }}
