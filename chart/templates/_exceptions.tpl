{{/*
The annotation that excepts an object from rules, added to `annotations`.
Usage: {{- include "gift.exceptions" (dict "exceptions" $service.exceptions "annotations" $annotations) }}
*/}}
{{- define "gift.exceptions" -}}
{{- $entries := list }}
{{- range $rule, $exception := .exceptions }}
{{- $entries = append $entries (dict "rule" $rule "reason" $exception.reason "expires" $exception.expires) }}
{{- end }}
{{- with $entries }}
{{- $_ := set $.annotations "policies.gift.dev/exceptions" (toJson .) }}
{{- end }}
{{- end }}

{{/*
The match conditions by which a policy in the cluster leaves alone what the values except from it, as a
YAML list. A cluster has no notion of the last day of an exception: the next rendering has.
Usage: {{ include "gift.policyExceptions" (dict "context" $context "rule" "pinned-image-tag") | fromYamlArray }}
*/}}
{{- define "gift.policyExceptions" -}}
{{- $rule := .rule }}
{{- $context := .context }}
{{- $conditions := list }}
{{- range $name, $service := $context.services }}
{{- if hasKey (dig "exceptions" dict $service) $rule }}
{{- $expression := printf "!has(object.metadata.labels) || !(\"app.kubernetes.io/name\" in object.metadata.labels) || object.metadata.labels[\"app.kubernetes.io/name\"] != %q" $name }}
{{- $conditions = append $conditions (dict "name" (printf "service-%s" $name) "expression" $expression) }}
{{- end }}
{{- end }}
{{- range $field, $kind := dict "configMaps" "ConfigMap" "secrets" "Secret" }}
{{- range $name, $item := dig $field dict $context.tree }}
{{- if hasKey (dig "exceptions" dict $item) $rule }}
{{- $expression := printf "object.kind != %q || object.metadata.name != %q" $kind $name }}
{{- $conditions = append $conditions (dict "name" (printf "%s-%s" (lower $kind) $name) "expression" $expression) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $conditions }}
{{- end }}
