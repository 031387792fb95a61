{{/*
The spec of a PersistentVolumeClaim.
Usage: {{ include "gift.claimSpec" (dict "context" $context "claim" $claim) }}
*/}}
{{- define "gift.claimSpec" -}}
accessModes:
  {{- toYaml (dig "accessModes" (list "ReadWriteOnce") .claim) | nindent 2 }}
{{- $class := dig "storageClass" "" .claim | default (dig "storageClass" "" .context.global) }}
{{- with $class }}
storageClassName: {{ . }}
{{- end }}
{{- with .claim.volumeName }}
volumeName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ include "gift.scalar" .claim.size | quote }}
{{- end }}
