{{/*
The pod template of a service, whatever its kind: metadata and spec.
Usage: {{ include "gift.podTemplate" (dict "context" $context "service" $service) | nindent 4 }}
*/}}
{{- define "gift.podTemplate" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- $annotations := $service.podAnnotations }}
{{- if dig "checksums" "enabled" true $service }}
{{- $annotations = deepCopy ($annotations | default dict) }}
{{- include "gift.checksums" (dict "context" $context "service" $service "annotations" $annotations) }}
{{- end -}}
metadata:
  labels:
    {{- include "gift.labels" (dict "context" $context "name" $service.name "service" $service "labels" $service.podLabels "pod" true) | nindent 4 }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "gift.podSpec" . | trim | nindent 2 }}
{{- end }}

{{/*
The spec of a service's pods.
Usage: {{ include "gift.podSpec" (dict "context" $context "service" $service) | nindent 2 }}
*/}}
{{- define "gift.podSpec" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- /* What is stated of these, each list in the order of its names. */}}
{{- range $field, $value := pick $service "automountServiceAccountToken" "enableServiceLinks" "hostNetwork" "hostPID" "shareProcessNamespace" }}
{{ $field }}: {{ $value }}
{{- end }}
{{- range $field, $value := pick $service "setHostnameAsFQDN" }}
{{ $field }}: {{ $value }}
{{- end }}
{{- range $field, $value := pick $service "priorityClassName" "runtimeClassName" "schedulerName" }}
{{ $field }}: {{ $value | quote }}
{{- end }}
{{- range $field, $value := pick $service "dnsPolicy" "nodeName" "subdomain" }}
{{ $field }}: {{ $value | quote }}
{{- end }}
{{- range $field, $value := pick $service "hostname" }}
{{ $field }}: {{ $value | quote }}
{{- end }}
{{- if hasKey $service "terminationGracePeriodSeconds" }}
terminationGracePeriodSeconds: {{ int64 $service.terminationGracePeriodSeconds }}
{{- end }}
{{- if or (eq $service.kind "Job") (eq $service.kind "CronJob") }}
restartPolicy: {{ dig "restartPolicy" "OnFailure" $service }}
{{- end }}
{{- with include "gift.serviceAccountName" $service }}
serviceAccountName: {{ . }}
{{- end }}
{{- include "gift.imagePullSecrets" (dict "context" $context "names" $service.imagePullSecrets) }}
{{- with $service.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $waits := and $service.waitFor $service.waitFor.enabled }}
{{- $initContainers := "" }}
{{- if or $waits $service.initContainers }}
{{- $initContainers = include "gift.initContainers" . | trim }}
{{- end }}
{{- if $initContainers }}
initContainers:
  {{- $initContainers | nindent 2 }}
{{- end }}
containers:
  - name: {{ dig "containerName" $service.name $service }}
    {{- include "gift.container" (dict "context" $context "service" $service "container" $service "path" $service.path) | trim | nindent 4 }}
  {{- range $name, $container := $service.sidecars }}
  {{- if dig "enabled" true $container }}
  - name: {{ $name }}
    {{- include "gift.container" (dict "context" $context "service" $service "container" $container "path" (printf "%s.sidecars.%s" $service.path $name)) | trim | nindent 4 }}
  {{- end }}
  {{- end }}
{{- if or $service.volumes $service.files $service.volumeClaims }}
{{- with include "gift.volumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- with $service.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $service.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range $_, $constraint := . }}
  {{- if dig "enabled" true $constraint }}
  - {{- toYaml (mustMerge (omit $constraint "enabled") (dict "labelSelector" (dict "matchLabels" $service.selector))) | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The name of a service's ServiceAccount; empty for the namespace's own. */}}
{{- define "gift.serviceAccountName" -}}
{{- if dig "serviceAccount" "create" false . -}}
{{ dig "serviceAccount" "name" .name . }}
{{- else -}}
{{ dig "serviceAccount" "name" "" . }}
{{- end }}
{{- end }}

{{/*
The init containers of a service: waits for what it depends on, then its own in the order of names.
A restartPolicy of Always makes one of its own a sidecar that starts before the service.
*/}}
{{- define "gift.initContainers" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- $wait := $service.waitFor | default dict }}
{{- if $wait.enabled }}
{{- range $name, $edge := $service.dependsOn }}
{{- if dig "wait" true $edge }}
{{- $found := dict }}
{{- $path := printf "%s.dependsOn.%s" $service.path $name }}
{{- include "gift.findService" (dict "context" $context "name" $name "path" $path "found" $found) }}
{{- $target := $found.service }}
{{- $portName := include "gift.portName" (dict "service" $target "port" (dig "port" "" $edge) "path" $path) }}
{{- $host := ternary $target.serviceName (printf "%s.%s" $target.serviceName $target.namespace) (eq $target.namespace $service.namespace) }}
{{- $port := index $target.servicePorts $portName "port" | int64 }}
- name: {{ printf "wait-for-%s" $name | trunc 63 | trimSuffix "-" }}
  image: {{ include "gift.image" (dict "context" $context "image" $wait.image) | quote }}
  {{- with $wait.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  command:
    - sh
    - -c
    - {{ printf "until timeout 2 nc -z %s %d; do echo 'waiting for %s:%d'; sleep 2; done" $host $port $host $port | quote }}
  {{- with $wait.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $wait.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{ end }}
{{- end }}
{{- end }}
{{- range $name, $container := $service.initContainers }}
{{- if dig "enabled" true $container }}
- name: {{ $name }}
  {{- include "gift.container" (dict "context" $context "service" $service "container" $container "path" (printf "%s.initContainers.%s" $service.path $name)) | trim | nindent 2 }}
{{ end }}
{{- end }}
{{- end }}

{{/*
A container without its name. `container` has the container's keys; for the main one it is the
service itself. Files of the service are mounted in the main container only.
*/}}
{{- define "gift.container" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- $container := .container -}}
image: {{ include "gift.image" (dict "context" $context "image" $container.image) | quote }}
{{- with $container.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- if and (ne .path $service.path) (hasKey $container "restartPolicy") }}
restartPolicy: {{ $container.restartPolicy }}
{{- end }}
{{- with $container.command }}
command:
  {{- range . }}
  - {{ include "gift.scalar" . | quote }}
  {{- end }}
{{- end }}
{{- with $container.args }}
args:
  {{- range . }}
  - {{ include "gift.scalar" . | quote }}
  {{- end }}
{{- end }}
{{- with $container.workingDir }}
workingDir: {{ . | quote }}
{{- end }}
{{- with $container.ports }}
ports:
  {{- range $name, $port := . }}
  {{- if dig "enabled" true $port }}
  - name: {{ $name }}
    containerPort: {{ int64 $port.port }}
    {{- with $port.hostPort }}
    hostPort: {{ int64 . }}
    {{- end }}
    protocol: {{ dig "protocol" "TCP" $port }}
  {{- end }}
  {{- end }}
{{- end }}
{{- with $container.envFrom }}
envFrom:
  {{- range . }}
  - {{ ternary "configMapRef" "secretRef" (hasKey . "config") }}:
      name: {{ dig "config" (dig "secret" "" .) . }}
    {{- with .prefix }}
    prefix: {{ . | quote }}
    {{- end }}
  {{- end }}
{{- end }}
{{- with $container.env }}
env:
  {{- include "gift.env" (dict "context" $context "env" . "namespace" $service.namespace "path" (printf "%s.env" $.path)) | trim | nindent 2 }}
{{- end }}
{{- with $container.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $container.probes }}
{{- $probes := . }}
{{- range $probe := list "startup" "readiness" "liveness" }}
{{- with get $probes $probe }}
{{- if dig "enabled" true . }}
{{ $probe }}Probe:
  {{- toYaml (omit . "enabled") | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with $container.lifecycle }}
lifecycle:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $container.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $main := eq .path $service.path }}
{{- $files := and $main $service.files }}
{{- $claims := and $main $service.volumeClaims }}
{{- if or $container.volumeMounts $files $claims }}
volumeMounts:
  {{- range $mountPath, $mount := $container.volumeMounts }}
  - name: {{ $mount.volume }}
    mountPath: {{ $mountPath | quote }}
    {{- with omit $mount "volume" }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- range $key, $file := $files | default dict }}
  - name: files
    mountPath: {{ $file.path | quote }}
    subPath: {{ $key | quote }}
    readOnly: true
  {{- end }}
  {{- range $name, $claim := $claims | default dict }}
  {{- with $claim.mountPath }}
  - name: {{ $name }}
    mountPath: {{ . | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The volumes of a service: its own, its files, and its claims where they are no templates. */}}
{{- define "gift.volumes" -}}
{{- $service := .service }}
{{- range $name, $volume := $service.volumes }}
{{- if dig "enabled" true $volume }}
- name: {{ $name }}
  {{- toYaml (omit $volume "enabled") | nindent 2 }}
{{ end }}
{{- end }}
{{- with $service.files }}
- name: files
  configMap:
    name: {{ $service.name }}-files
    items:
      {{- range $key, $file := . }}
      - key: {{ $key | quote }}
        path: {{ $key | quote }}
        {{- if hasKey $file "mode" }}
        mode: {{ int64 $file.mode }}
        {{- end }}
      {{- end }}
{{ end }}
{{- if ne $service.kind "StatefulSet" }}
{{- range $name, $claim := $service.volumeClaims }}
- name: {{ $name }}
  persistentVolumeClaim:
    claimName: {{ $service.name }}-{{ $name }}
{{ end }}
{{- end }}
{{- end }}
