{{/*
The labels of an object, or of a pod template, as YAML lines.

Usage: {{ include "gift.labels" (dict "context" $context "name" $name "service" $service "labels" $extra "pod" false) }}
  name     app.kubernetes.io/name
  service  the service the object belongs to; without it the tree's sharedLabels apply
  labels   labels of this very object; they win, over app.kubernetes.io/name, instance and part-of too,
           for a document may state those otherwise
  pod      for pod templates: leaves out what changes with versions, so that no new version of
           the chart or of the system restarts a pod
*/}}
{{- define "gift.labels" -}}
{{- $context := .context }}
{{- $tree := $context.tree }}
{{- $labels := dict }}
{{- $_ := set $labels "app.kubernetes.io/name" .name }}
{{- $_ = set $labels "app.kubernetes.io/instance" $context.root.Release.Name }}
{{- $_ = set $labels "app.kubernetes.io/part-of" $context.system }}
{{- range $source := list (dig "labels" dict $tree) (ternary dict (dig "sharedLabels" dict $tree) (hasKey . "service")) (dig "service" "labels" dict .) (dig "labels" dict .) }}
{{- range $key, $value := $source }}
{{- $_ := set $labels $key (include "gift.expand" (dict "text" $value "variables" $context.variables)) }}
{{- end }}
{{- end }}
{{- $_ = set $labels "app.kubernetes.io/managed-by" $context.root.Release.Service }}
{{- if not (dig "pod" false .) }}
{{- $_ = set $labels "helm.sh/chart" (printf "%s-%s" $context.root.Chart.Name $context.root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- with dig "version" "" $tree }}
{{- $_ = set $labels "app.kubernetes.io/version" . }}
{{- end }}
{{- end }}
{{- toYaml $labels }}
{{- end }}

{{/*
The metadata of an object: name, namespace, labels, annotations.

Usage: {{ include "gift.metadata" (dict "context" $context "name" $name "of" $service.name "service" $service "labels" $labels "annotations" $annotations "namespace" $namespace) }}
  of        app.kubernetes.io/name, the object's own name without it
  exceptions  from policies, beside those of the service
  namespace where it goes; "" for objects of the whole cluster
*/}}
{{- define "gift.metadata" -}}
{{- $namespace := dig "namespace" .context.namespace . -}}
name: {{ .name }}
{{- if $namespace }}
namespace: {{ $namespace }}
{{- end }}
labels:
  {{- $arguments := dict "context" .context "name" (dig "of" .name .) "labels" (dig "labels" dict .) }}
  {{- if hasKey . "service" }}
  {{- $_ := set $arguments "service" .service }}
  {{- end }}
  {{- include "gift.labels" $arguments | nindent 2 }}
{{- $annotations := deepCopy (dig "annotations" dict .) }}
{{- include "gift.exceptions" (dict "exceptions" (mustMerge dict (dig "exceptions" dict .) (dig "service" "exceptions" dict .)) "annotations" $annotations) }}
{{- range $key, $item := dig "namespaces" dict .context.tree }}
{{- if and (dig "existing" false $item) (eq $namespace (include "gift.itemName" (dict "context" $.context "key" $key "item" $item))) }}
{{- $_ := set $annotations "gift.dev/existing-namespace" "true" }}
{{- end }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
