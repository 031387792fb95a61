{{/*
An image reference. A digest wins over the tag; global.imageRegistry over the image's own registry.
Usage: {{ include "gift.image" (dict "context" $context "image" $service.image) }}
*/}}
{{- define "gift.image" -}}
{{- $image := .image }}
{{- $registry := (.context.root.Values.global | default dict).imageRegistry | default $image.registry }}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ $image.repository }}
{{- with $image.tag }}:{{ . }}{{ end }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
Names of the pull secrets of a pod, those of global first, each once.
Usage: {{ include "gift.imagePullSecrets" (dict "context" $context "names" $service.imagePullSecrets) }}
*/}}
{{- define "gift.imagePullSecrets" -}}
{{- $names := concat ((.context.root.Values.global | default dict).imagePullSecrets | default list) (.names | default list) | uniq }}
{{- if $names }}
imagePullSecrets:
{{- range $names }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}
