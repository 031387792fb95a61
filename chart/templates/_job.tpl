{{/*
The spec of a Job, alone or in a CronJob.
Usage: {{ include "gift.jobSpec" (dict "context" $context "service" $service) }}
*/}}
{{- define "gift.jobSpec" -}}
{{- $job := dig "job" dict .service }}
{{- range $field := list "activeDeadlineSeconds" "backoffLimit" "completions" "parallelism" "ttlSecondsAfterFinished" }}
{{- if hasKey $job $field }}
{{ $field }}: {{ index $job $field | int64 }}
{{- end }}
{{- end }}
{{- with $job.completionMode }}
completionMode: {{ . }}
{{- end }}
{{- if hasKey $job "suspend" }}
suspend: {{ $job.suspend }}
{{- end }}
template:
  {{- include "gift.podTemplate" . | nindent 2 }}
{{- end }}
