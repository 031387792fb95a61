{{/*
An image reference. A digest wins over the tag; global.imageRegistry over the image's own registry.
Usage: {{ include "gift.image" (dict "context" $context "image" $service.image) }}
*/}}
{{- define "gift.image" -}}
{{- $image := .image }}
{{- $registry := or .context.global.imageRegistry $image.registry }}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ $image.repository }}
{{- with $image.tag }}:{{ . }}{{ end }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
Names of the pull secrets of a pod, those of global first, each once.
Usage: {{ include "gift.imagePullSecrets" (dict "context" $context "names" $service.imagePullSecrets) }}
*/}}
{{- define "gift.imagePullSecrets" -}}
{{- $global := .context.global.imagePullSecrets }}
{{- if or $global .names }}
{{- $names := concat ($global | default list) (.names | default list) | uniq }}
imagePullSecrets:
{{- range $names }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}
