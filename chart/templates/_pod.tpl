{{/*
The pod template of a service, whatever its kind: metadata and spec.
Usage: {{ include "gift.podTemplate" (dict "context" $context "service" $service) | nindent 4 }}
*/}}
{{- define "gift.podTemplate" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- $annotations := deepCopy (dig "podAnnotations" dict $service) }}
{{- if dig "checksums" "enabled" true $service }}
{{- include "gift.checksums" (dict "context" $context "service" $service "annotations" $annotations) }}
{{- end -}}
metadata:
  labels:
    {{- include "gift.labels" (dict "context" $context "name" $service.name "service" $service "labels" (dig "podLabels" dict $service) "pod" true) | nindent 4 }}
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
{{- range $field := list "automountServiceAccountToken" "enableServiceLinks" "hostNetwork" "hostPID" "shareProcessNamespace" "setHostnameAsFQDN" }}
{{- if hasKey $service $field }}
{{ $field }}: {{ index $service $field }}
{{- end }}
{{- end }}
{{- range $field := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" "nodeName" "subdomain" "hostname" }}
{{- if hasKey $service $field }}
{{ $field }}: {{ index $service $field | quote }}
{{- end }}
{{- end }}
{{- if hasKey $service "terminationGracePeriodSeconds" }}
terminationGracePeriodSeconds: {{ int64 $service.terminationGracePeriodSeconds }}
{{- end }}
{{- if has $service.kind (list "Job" "CronJob") }}
restartPolicy: {{ dig "restartPolicy" "OnFailure" $service }}
{{- end }}
{{- with include "gift.serviceAccountName" $service }}
serviceAccountName: {{ . }}
{{- end }}
{{- include "gift.imagePullSecrets" (dict "context" $context "names" (dig "imagePullSecrets" list $service)) }}
{{- with dig "podSecurityContext" dict $service }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $initContainers := include "gift.initContainers" . | trim }}
{{- if $initContainers }}
initContainers:
  {{- $initContainers | nindent 2 }}
{{- end }}
containers:
  - name: {{ dig "containerName" $service.name $service }}
    {{- include "gift.container" (dict "context" $context "service" $service "container" $service "path" $service.path) | trim | nindent 4 }}
  {{- range $name, $container := dig "sidecars" dict $service }}
  {{- if dig "enabled" true $container }}
  - name: {{ $name }}
    {{- include "gift.container" (dict "context" $context "service" $service "container" $container "path" (printf "%s.sidecars.%s" $service.path $name)) | trim | nindent 4 }}
  {{- end }}
  {{- end }}
{{- with include "gift.volumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- range $field := list "nodeSelector" "affinity" "dnsConfig" }}
{{- with dig $field dict $service }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- range $field := list "tolerations" "hostAliases" }}
{{- with dig $field list $service }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with dig "topologySpreadConstraints" dict $service }}
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
{{- $wait := dig "waitFor" dict $service }}
{{- if dig "enabled" false $wait }}
{{- range $name, $edge := dig "dependsOn" dict $service }}
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
  {{- with dig "image" "pullPolicy" "" $wait }}
  imagePullPolicy: {{ . }}
  {{- end }}
  command:
    - sh
    - -c
    - {{ printf "until timeout 2 nc -z %s %d; do echo 'waiting for %s:%d'; sleep 2; done" $host $port $host $port | quote }}
  {{- range $field := list "resources" "securityContext" }}
  {{- with dig $field dict $wait }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{ end }}
{{- end }}
{{- end }}
{{- range $name, $container := dig "initContainers" dict $service }}
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
{{- with dig "image" "pullPolicy" "" $container }}
imagePullPolicy: {{ . }}
{{- end }}
{{- if and (ne .path $service.path) (hasKey $container "restartPolicy") }}
restartPolicy: {{ $container.restartPolicy }}
{{- end }}
{{- range $field := list "command" "args" }}
{{- with dig $field list $container }}
{{ $field }}:
  {{- range . }}
  - {{ include "gift.scalar" . | quote }}
  {{- end }}
{{- end }}
{{- end }}
{{- with dig "workingDir" "" $container }}
workingDir: {{ . | quote }}
{{- end }}
{{- with dig "ports" dict $container }}
ports:
  {{- range $name, $port := . }}
  {{- if dig "enabled" true $port }}
  - name: {{ $name }}
    containerPort: {{ int64 $port.port }}
    {{- with dig "hostPort" 0 $port }}
    hostPort: {{ int64 . }}
    {{- end }}
    protocol: {{ dig "protocol" "TCP" $port }}
  {{- end }}
  {{- end }}
{{- end }}
{{- with dig "envFrom" list $container }}
envFrom:
  {{- range . }}
  - {{ ternary "configMapRef" "secretRef" (hasKey . "config") }}:
      name: {{ dig "config" (dig "secret" "" .) . }}
    {{- with dig "prefix" "" . }}
    prefix: {{ . | quote }}
    {{- end }}
  {{- end }}
{{- end }}
{{- with dig "env" dict $container }}
env:
  {{- include "gift.env" (dict "context" $context "env" . "namespace" $service.namespace "path" (printf "%s.env" $.path)) | trim | nindent 2 }}
{{- end }}
{{- with dig "resources" dict $container }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $probe := list "startup" "readiness" "liveness" }}
{{- with dig "probes" $probe dict $container }}
{{- if dig "enabled" true . }}
{{ $probe }}Probe:
  {{- toYaml (omit . "enabled") | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- range $field := list "lifecycle" "securityContext" }}
{{- with dig $field dict $container }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- $files := ternary (dig "files" dict $service) dict (eq .path $service.path) }}
{{- $claims := ternary (dig "volumeClaims" dict $service) dict (eq .path $service.path) }}
{{- if or (dig "volumeMounts" dict $container) $files $claims }}
volumeMounts:
  {{- range $mountPath, $mount := dig "volumeMounts" dict $container }}
  - name: {{ $mount.volume }}
    mountPath: {{ $mountPath | quote }}
    {{- with omit $mount "volume" }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- range $key, $file := $files }}
  - name: files
    mountPath: {{ $file.path | quote }}
    subPath: {{ $key | quote }}
    readOnly: true
  {{- end }}
  {{- range $name, $claim := $claims }}
  {{- with dig "mountPath" "" $claim }}
  - name: {{ $name }}
    mountPath: {{ . | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The volumes of a service: its own, its files, and its claims where they are no templates. */}}
{{- define "gift.volumes" -}}
{{- $service := .service }}
{{- range $name, $volume := dig "volumes" dict $service }}
{{- if dig "enabled" true $volume }}
- name: {{ $name }}
  {{- toYaml (omit $volume "enabled") | nindent 2 }}
{{ end }}
{{- end }}
{{- with dig "files" dict $service }}
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
{{- range $name, $claim := dig "volumeClaims" dict $service }}
- name: {{ $name }}
  persistentVolumeClaim:
    claimName: {{ $service.name }}-{{ $name }}
{{ end }}
{{- end }}
{{- end }}
