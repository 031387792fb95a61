{{/*
The port of a service that a reference means: the one it names, else the only one, else `http`.
Usage: {{ include "gift.portName" (dict "service" $service "port" "http" "path" "gift.configMaps.…") }}
*/}}
{{- define "gift.portName" -}}
{{- $ports := .service.servicePorts }}
{{- $wanted := dig "port" "" . }}
{{- if $wanted }}
{{- if not (hasKey $ports $wanted) }}
{{- fail (printf "%s: service %s has no port %q. It has: %s." .path .service.name $wanted (keys $ports | sortAlpha | join ", " | default "none")) }}
{{- end }}
{{- $wanted }}
{{- else if eq (len $ports) 1 }}
{{- keys $ports | first }}
{{- else if hasKey $ports "http" }}http
{{- else }}
{{- fail (printf "%s: service %s has several ports or none, name one with port:. It has: %s." .path .service.name (keys $ports | sortAlpha | join ", " | default "none")) }}
{{- end }}
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
{{- $found := dict }}
{{- include "gift.findService" (dict "context" .context "name" .reference.service "path" .path "found" $found) }}
{{- $service := $found.service }}
{{- $portName := include "gift.portName" (dict "service" $service "port" (dig "port" "" .reference) "path" .path) }}
{{- $host := $service.serviceName }}
{{- if ne $service.namespace .namespace }}
{{- $host = printf "%s.%s" $host $service.namespace }}
{{- end }}
{{- $port := index $service.servicePorts $portName "port" | int64 }}
{{- $part := dig "part" "uri" .reference }}
{{- if eq $part "host" }}{{ $host }}
{{- else if eq $part "port" }}{{ $port }}
{{- else if eq $part "address" }}{{ $host }}:{{ $port }}
{{- else }}{{ printf "%s://%s:%d%s" (dig "scheme" "http" .reference) $host $port (dig "path" "" .reference) }}
{{- end }}
{{- end }}

{{/*
A scalar of the values as text. Numbers go through JSON: everything else writes 1e+06 for 1000000.
*/}}
{{- define "gift.scalar" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{/*
The data of a ConfigMap of the tree, every value resolved to text, put into `data`.
Usage: {{ include "gift.configData" (dict "context" $context "name" $name "config" $config "data" $data) }}
*/}}
{{- define "gift.configData" -}}
{{- $context := .context }}
{{- $config := .config }}
{{- $data := .data }}
{{- $path := printf "%s.configMaps.%s.data" $context.path .name }}
{{- range $key, $value := dig "data" dict $config }}
{{- if kindIs "map" $value }}
{{- $_ := set $data $key (include "gift.uri" (dict "context" $context "reference" $value "namespace" (dig "namespace" $context.namespace $config) "path" (printf "%s.%s" $path $key))) }}
{{- else }}
{{- $_ := set $data $key (include "gift.scalar" $value) }}
{{- end }}
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
{{- range $key, $value := dig "data" dict .secret }}
{{- $_ := set $data $key $value }}
{{- end }}
{{- range $key, $source := dig "secretRefs" dict .secret }}
{{- $_ := set $data $key (printf "secretRef:%s/%s/%s" $context.system $context.environment $source) }}
{{- end }}
{{- range $key, $value := dig "stringData" dict .secret }}
{{- $_ := set $stringData $key (include "gift.scalar" $value) }}
{{- end }}
{{- end }}

{{/*
The name of an object of the tree: what its `name` says, else its key.
Usage: {{ include "gift.itemName" (dict "context" $context "key" $key "item" $item) }}
*/}}
{{- define "gift.itemName" -}}
{{- include "gift.expand" (dict "text" (dig "name" .key .item) "variables" .context.variables) }}
{{- end }}
