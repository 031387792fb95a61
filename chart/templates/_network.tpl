{{/*
The ports of a service as a NetworkPolicy sees them: those of its pods.
Usage: {{ include "gift.networkPorts" (dict "service" $service "port" "http" "path" $path) }}
  port  the one Service port meant; all of them without it
*/}}
{{- define "gift.networkPorts" -}}
{{- $only := "" }}
{{- if dig "port" "" . }}
{{- $only = include "gift.portName" . }}
{{- end }}
{{- range $name, $port := .service.servicePorts }}
{{- if or (not $only) (eq $only $name) }}
- port: {{ if kindIs "string" $port.targetPort }}{{ $port.targetPort }}{{ else }}{{ int64 $port.targetPort }}{{ end }}
  protocol: {{ $port.protocol }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The pods of a service as a peer, with their namespace where it is another one.
Usage: {{ include "gift.networkPeer" (dict "service" $service "namespace" $namespace) }}
*/}}
{{- define "gift.networkPeer" -}}
- podSelector:
    matchLabels:
      {{- toYaml .service.selector | nindent 6 }}
{{- if ne .service.namespace .namespace }}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .service.namespace }}
{{- end }}
{{- end }}

{{/* The egress rule to the cluster's DNS. */}}
{{- define "gift.networkDns" -}}
{{- $dns := dig "networkPolicy" "dns" dict .tree -}}
- to:
    - namespaceSelector:
        matchLabels:
          {{- toYaml (dig "namespaceLabels" dict $dns) | nindent 10 }}
      podSelector:
        matchLabels:
          {{- toYaml (dig "podLabels" dict $dns) | nindent 10 }}
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}
