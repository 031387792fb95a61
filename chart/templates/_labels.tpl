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
{{- $owner := or .service .context }}
{{- $name := or .of .name }}
{{- if or .labels .pod }}
{{- include "gift.composeLabels" (dict "context" .context "owner" $owner "name" $name "labels" .labels "pod" .pod) }}
{{- else }}
{{- /* Most objects have none of their own, so that an owner's are the same each time. */}}
{{- $text := get $owner.labelTexts $name }}
{{- if not $text }}
{{- $text = include "gift.composeLabels" (dict "context" .context "owner" $owner "name" $name) }}
{{- $_ := set $owner.labelTexts $name $text }}
{{- end }}
{{- $text }}
{{- end }}
{{- end }}

{{/* The work of gift.labels. `owner` is the service, or the context for what belongs to none. */}}
{{- define "gift.composeLabels" -}}
{{- $context := .context }}
{{- if not .owner.firstLabels }}
{{- include "gift.firstLabels" . }}
{{- end }}
{{- $labels := deepCopy .owner.firstLabels }}
{{- if not (hasKey $labels "app.kubernetes.io/name") }}
{{- $_ := set $labels "app.kubernetes.io/name" .name }}
{{- end }}
{{- range $key, $value := .labels }}
{{- if contains "{" $value }}
{{- $value = include "gift.expand" (dict "text" $value "variables" $context.variables) }}
{{- end }}
{{- $_ := set $labels $key $value }}
{{- end }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $context.root.Release.Service }}
{{- if not .pod }}
{{- $_ = set $labels "helm.sh/chart" $context.chart }}
{{- with $context.tree.version }}
{{- $_ = set $labels "app.kubernetes.io/version" . }}
{{- end }}
{{- end }}
{{- toYaml $labels }}
{{- end }}

{{/* Puts the labels that all objects of an owner begin with into the owner. */}}
{{- define "gift.firstLabels" -}}
{{- $context := .context }}
{{- $labels := deepCopy $context.treeLabels }}
{{- $own := .owner.labels }}
{{- if hasKey .owner "tree" }}
{{- $own = $context.tree.sharedLabels }}
{{- end }}
{{- range $key, $value := $own }}
{{- if contains "{" $value }}
{{- $value = include "gift.expand" (dict "text" $value "variables" $context.variables) }}
{{- end }}
{{- $_ := set $labels $key $value }}
{{- end }}
{{- $_ := set .owner "firstLabels" $labels }}
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
  {{- include "gift.labels" . | nindent 2 }}
{{- $annotations := .annotations }}
{{- $exceptions := and .service .service.exceptions }}
{{- $existing := and .context.existing (hasKey .context.existing $namespace) }}
{{- if or .exceptions $exceptions $existing }}
{{- $annotations = deepCopy (.annotations | default dict) }}
{{- include "gift.exceptions" (dict "exceptions" (mustMerge dict (.exceptions | default dict) ($exceptions | default dict)) "annotations" $annotations) }}
{{- if $existing }}
{{- $_ := set $annotations "gift.dev/existing-namespace" "true" }}
{{- end }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
