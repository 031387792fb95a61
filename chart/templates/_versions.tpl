{{/*
The API version of a kind on the cluster's version of Kubernetes. Asked of the version and not of
.Capabilities.APIVersions, which under `helm template` is that of Helm itself.
Usage: {{ include "gift.apiVersion" (dict "context" $context "kind" "HorizontalPodAutoscaler") }}
*/}}
{{- define "gift.apiVersion" -}}
{{- $since := dict
  "HorizontalPodAutoscaler" (list ">=1.23.0-0" "autoscaling/v2" "autoscaling/v2beta2")
  "PodDisruptionBudget" (list ">=1.21.0-0" "policy/v1" "policy/v1beta1")
  "CronJob" (list ">=1.21.0-0" "batch/v1" "batch/v1beta1") }}
{{- $choice := index $since .kind }}
{{- ternary (index $choice 1) (index $choice 2) (semverCompare (index $choice 0) .context.root.Capabilities.KubeVersion.Version) }}
{{- end }}
