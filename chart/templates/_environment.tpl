{{/*
The env list of a container, one entry for each key.
Usage: {{ include "gift.env" (dict "context" $context "env" $service.env "namespace" $service.namespace "path" $path) }}
*/}}
{{- define "gift.env" -}}
{{- $context := .context }}
{{- $namespace := .namespace }}
{{- $path := .path }}
{{- range $key, $value := .env }}
- name: {{ $key }}
{{- if kindIs "string" $value }}
  value: {{ quote $value }}
{{- else if not (kindIs "map" $value) }}
  value: {{ include "gift.scalar" $value | quote }}
{{- else if hasKey $value "service" }}
  value: {{ include "gift.uri" (dict "context" $context "reference" $value "namespace" $namespace "path" (printf "%s.%s" $path $key)) | quote }}
{{- else }}
  valueFrom:
  {{- if hasKey $value "config" }}
    configMapKeyRef:
      name: {{ $value.config }}
      key: {{ dig "key" $key $value }}
  {{- else if hasKey $value "secret" }}
    secretKeyRef:
      name: {{ $value.secret }}
      key: {{ dig "key" $key $value }}
  {{- else if hasKey $value "field" }}
    fieldRef:
      fieldPath: {{ $value.field }}
  {{- else }}
    resourceFieldRef:
      resource: {{ $value.resource }}
      {{- with $value.container }}
      containerName: {{ . }}
      {{- end }}
      {{- with $value.divisor }}
      divisor: {{ . | quote }}
      {{- end }}
  {{- end }}
  {{- if hasKey $value "optional" }}
      optional: {{ $value.optional }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
