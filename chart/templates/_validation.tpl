{{/*
What a schema cannot see: rules that join several values. Collects every breach and fails once.
Each message names the path in the values and what to do.
Usage: {{ include "gift.validate" $context }}
*/}}
{{- define "gift.validate" -}}
{{- $context := . }}
{{- $tree := .tree }}
{{- $root := .path }}
{{- $problems := dict "list" list }}
{{- include "gift.validateTree" (dict "context" $context "problems" $problems) }}
{{- range $key, $other := .root.Values }}
{{- if and (ne $key $context.system) (kindIs "map" $other) (hasKey $other "services") }}
{{- /* A tree by the side is in nobody's way, but one for an environment was meant to be deployed. */}}
{{- with dig "environment" "" $other }}
{{- if ne . "default" }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.environment" $key) "message" (printf "values of the system %s, for %s, are given to the system %s. Leave them out, or set system to %s and give its base.yaml too." $key . $context.system $key)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $service := .services }}
{{- include "gift.validateService" (dict "context" $context "service" $service "problems" $problems) }}
{{- end }}
{{- $owners := dict }}
{{- range $name, $service := .services }}
{{- if $service.servicePorts }}
{{- $key := printf "%s/%s" $service.namespace $service.serviceName }}
{{- if hasKey $owners $key }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.service.name" $service.path) "message" (printf "%s is also the Service of %s; give it another name." $service.serviceName (get $owners $key))) }}
{{- end }}
{{- $_ := set $owners $key $name }}
{{- end }}
{{- end }}
{{- range $name, $config := dig "configMaps" dict $tree }}
{{- if dig "enabled" true $config }}
{{- include "gift.validateKeys" (dict "problems" $problems "maps" (pick $config "data" "binaryData" "labels" "annotations") "fields" (list "data" "binaryData" "labels" "annotations") "path" (printf "%s.configMaps.%s" $root $name)) }}
{{- range $key, $value := $config.data }}
{{- if kindIs "map" $value }}
{{- include "gift.validateService.reference" (dict "context" $context "problems" $problems "reference" $value "path" (printf "%s.configMaps.%s.data.%s" $root $name $key)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $secret := dig "secrets" dict $tree }}
{{- if dig "enabled" true $secret }}
{{- $path := printf "%s.secrets.%s" $root $name }}
{{- include "gift.validateKeys" (dict "problems" $problems "maps" (pick $secret "data" "stringData" "secretRefs" "labels" "annotations") "fields" (list "data" "stringData" "secretRefs" "labels" "annotations") "path" $path) }}
{{- $external := dig "external" dict $secret }}
{{- if dig "enabled" false $external }}
{{- if and (eq (dig "storeKind" "SecretStore" $external) "SecretStore") (not (hasKey (dig "secretStores" dict $tree) (dig "store" "" $external))) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.external.store" $path) "message" (printf "there is no store %q. Known under %s.secretStores: %s." (dig "store" "" $external) $root (keys (dig "secretStores" dict $tree) | sortAlpha | join ", " | default "none"))) }}
{{- end }}
{{- if not (dig "data" dict $external) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.external.data" $path) "message" "no keys; say for each which entry of the store it comes from.") }}
{{- end }}
{{- else if and (dig "secretRefs" dict $secret) (not $context.environment) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.secretRefs" $path) "message" (printf "a reference names the environment; set %s.environment." $root)) }}
{{- end }}
{{- $plain := pick $secret "data" "stringData" }}
{{- range $key, $_ := $secret.secretRefs }}
{{- range $other, $held := $plain }}
{{- if hasKey $held $key }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.secretRefs.%s" $path $key) "message" (printf "%s holds the key as well; set %s.%s (or the key in it) to null." $other $path $other)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $ingress := dig "ingresses" dict $tree }}
{{- if dig "enabled" true $ingress }}
{{- range $index, $rule := dig "rules" list $ingress }}
{{- range $position, $item := $rule.paths }}
{{- include "gift.validateService.reference" (dict "context" $context "problems" $problems "reference" (pick $item "service" "port") "path" (printf "%s.ingresses.%s.rules[%d].paths[%d]" $root $name $index $position)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $binding := dig "roleBindings" dict $tree }}
{{- if dig "enabled" true $binding }}
{{- $path := printf "%s.roleBindings.%s" $root $name }}
{{- if eq (hasKey $binding "role") (hasKey $binding "clusterRole") }}
{{- include "gift.problem" (dict "problems" $problems "path" $path "message" "give exactly one of role and clusterRole.") }}
{{- end }}
{{- if and (hasKey $binding "role") (not (hasKey (dig "roles" dict $tree) (dig "role" "" $binding))) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.role" $path) "message" (printf "there is no role %q. Known roles: %s." $binding.role (keys (dig "roles" dict $tree) | sortAlpha | join ", " | default "none"))) }}
{{- end }}
{{- range dig "services" list $binding }}
{{- include "gift.validateService.reference" (dict "context" $context "problems" $problems "reference" (dict "service" .) "anyPort" true "path" (printf "%s.services" $path)) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $binding := dig "clusterRoleBindings" dict $tree }}
{{- if dig "enabled" true $binding }}
{{- range dig "services" list $binding }}
{{- include "gift.validateService.reference" (dict "context" $context "problems" $problems "reference" (dict "service" .) "anyPort" true "path" (printf "%s.clusterRoleBindings.%s.services" $root $name)) }}
{{- end }}
{{- end }}
{{- end }}
{{- with $problems.list }}
{{- fail (printf "%d problem(s) in the values of %s:\n  - %s\n" (len .) $context.system (join "\n  - " .)) }}
{{- end }}
{{- end }}

{{/* Checks what concerns the tree as a whole: Kubernetes' version, variables and groups. */}}
{{- define "gift.validateTree" -}}
{{- $context := .context }}
{{- $tree := $context.tree }}
{{- $root := $context.path }}
{{- $problems := .problems }}
{{- with dig "kubeVersion" "" $tree }}
{{- if not (semverCompare . $context.root.Capabilities.KubeVersion.Version) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.kubeVersion" $root) "message" (printf "these values ask for Kubernetes %s and this is %s; upgrade the cluster, or remove what needs it and lower the bound. For helm template, say --kube-version." . $context.root.Capabilities.KubeVersion.Version)) }}
{{- end }}
{{- end }}
{{- $stated := index $context.root.Values $context.system }}
{{- range $name, $value := dig "variables" dict $stated | default dict }}
{{- if has $name (list "name" "project" "system" "environment" "service" "namespace") }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.variables.%s" $root $name) "message" "the chart fills in this name itself; choose another one.") }}
{{- else if not $value }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.variables.%s" $root $name) "message" (printf "no value, and {%s} stands in these values; set it, for example --set %s.variables.%s=…" $name $root $name)) }}
{{- end }}
{{- end }}
{{- range $place, $namespace := ternary (include "gift.statedNamespaces" $context | fromJson) dict (empty $problems.list) }}
{{- if not (and (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" $namespace) (le (len $namespace) 63)) }}
{{- include "gift.problem" (dict "problems" $problems "path" $place "message" (printf "%q is no name for a namespace: up to 63 of a-z, 0-9 and -, with a letter or digit at either end." $namespace)) }}
{{- end }}
{{- end }}
{{- $known := keys (dig "groups" dict $tree) | sortAlpha }}
{{- range $field, $items := omit $tree "defaults" "groups" "labels" "sharedLabels" "variables" }}
{{- if kindIs "map" $items }}
{{- range $name, $item := $items }}
{{- if kindIs "map" $item }}
{{- with dig "group" "" $item }}
{{- if not (has . $known) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.%s.%s.group" $root $field $name) "message" (printf "there is no group %q. Known groups: %s." . (join ", " $known | default "none"))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with dig "defaults" "group" "" $tree }}
{{- if not (has . $known) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.defaults.group" $root) "message" (printf "there is no group %q. Known groups: %s." . (join ", " $known | default "none"))) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The namespaces the tree states, by their place in the values, as JSON. */}}
{{- define "gift.statedNamespaces" -}}
{{- $places := dict }}
{{- if dig "namespace" "" .tree }}
{{- $_ := set $places (printf "%s.namespace" .path) .namespace }}
{{- end }}
{{- range $name, $service := .services }}
{{- if ne $service.namespace $.namespace }}
{{- $_ := set $places (printf "%s.namespace" $service.path) $service.namespace }}
{{- end }}
{{- end }}
{{- toJson $places }}
{{- end }}

{{/* Adds a problem. Usage: {{ include "gift.problem" (dict "problems" $problems "path" $path "message" $text) }} */}}
{{- define "gift.problem" -}}
{{- $_ := set .problems "list" (append .problems.list (printf "%s: %s" .path .message)) }}
{{- end }}

{{/*
Checks that no key was read as a boolean, in these fields of `maps`.
Usage: {{ include "gift.validateKeys" (dict "problems" $problems "maps" (pick $config "data" "labels") "fields" (list "data" "labels") "path" $path) }}
*/}}
{{- define "gift.validateKeys" -}}
{{- /* Hardly ever is there one, and the text tells at once. */}}
{{- $text := toJson .maps }}
{{- if or (contains "\"true\":" $text) (contains "\"false\":" $text) }}
{{- range $field := .fields }}
{{- with get $.maps $field }}
{{- $map := . }}
{{- if or (hasKey . "true") (hasKey . "false") }}
{{- range $key := list "true" "false" }}
{{- if hasKey $map $key }}
{{- include "gift.problem" (dict "problems" $.problems "path" (printf "%s.%s.%s" $.path $field $key) "message" (printf "YAML reads an unquoted %s as %s; put the key in quotes." (ternary "y, yes, on or true" "n, no, off or false" (eq $key "true")) $key)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Checks {service, port}: the service is there, switched on, and has the port. */}}
{{- define "gift.validateService.reference" -}}
{{- $context := .context }}
{{- $name := .reference.service }}
{{- if not (hasKey $context.services $name) }}
{{- if has $name $context.known }}
{{- include "gift.problem" (dict "problems" .problems "path" .path "message" (printf "service %q is switched off. Remove the reference, or set %s.services.%s.enabled to true." $name $context.path $name)) }}
{{- else }}
{{- include "gift.problem" (dict "problems" .problems "path" .path "message" (printf "there is no service %q. Known services: %s." $name (join ", " $context.known))) }}
{{- end }}
{{- else if not .anyPort }}
{{- $service := get $context.services $name }}
{{- $port := .reference.port }}
{{- if not (hasKey $service.servicePorts ($port | default $service.mainPort)) }}
{{- $list := keys $service.servicePorts | sortAlpha | join ", " | default "none" }}
{{- if $port }}
{{- include "gift.problem" (dict "problems" .problems "path" .path "message" (printf "service %s has no port %q. It has: %s." $name $port $list)) }}
{{- else }}
{{- include "gift.problem" (dict "problems" .problems "path" .path "message" (printf "service %s has no single port; name one with port. It has: %s." $name $list)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Checks one effective service. */}}
{{- define "gift.validateService" -}}
{{- $context := .context }}
{{- $service := .service }}
{{- $problems := .problems }}
{{- $path := $service.path }}
{{- $tree := $context.tree }}
{{- if not $service.selector }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.selector" $path) "message" (printf "pods cannot be told apart; set it here or in %s.defaults, for example {app: \"{name}\"}." $context.path)) }}
{{- end }}
{{- if not $service.kind }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.kind" $path) "message" (printf "set it here or in %s.defaults: Deployment, StatefulSet, DaemonSet, Job or CronJob." $context.path)) }}
{{- end }}
{{- include "gift.validateKeys" (dict "problems" $problems "maps" (pick $service "labels" "annotations" "podLabels" "podAnnotations") "fields" (list "labels" "annotations" "podLabels" "podAnnotations") "path" $path) }}
{{- range $key, $value := $service.selector }}
{{- /* Mostly a label of the service itself, and then there is nothing to put together. */}}
{{- if or (not $value) (ne $value (get $service.labels $key)) (hasKey ($service.podLabels | default dict) $key) }}
{{- if ne $value (dig $key "" (mustMerge dict (dig "podLabels" dict $service) $service.labels (dict "app.kubernetes.io/name" $service.name "app.kubernetes.io/instance" $context.root.Release.Name "app.kubernetes.io/part-of" $context.system))) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.selector.%s" $path $key) "message" (printf "the pods do not carry %s=%s; add it to labels, or change the selector." $key $value)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $containers := dict $path $service }}
{{- range $field, $those := pick $service "initContainers" "sidecars" }}
{{- range $name, $container := $those }}
{{- if dig "enabled" true $container }}
{{- $_ := set $containers (printf "%s.%s.%s" $path $field $name) $container }}
{{- end }}
{{- end }}
{{- end }}
{{- range $containerPath, $container := $containers }}
{{- $image := $container.image | default dict }}
{{- if not $image.repository }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.image.repository" $containerPath) "message" "no image; set the repository.") }}
{{- end }}
{{- if not (or $image.tag $image.digest) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.image.tag" $containerPath) "message" "no version; set a tag or a digest.") }}
{{- end }}
{{- with $container.env }}
{{- include "gift.validateKeys" (dict "problems" $problems "maps" (pick $container "env") "fields" (list "env") "path" $containerPath) }}
{{- include "gift.validateEnv" (dict "context" $context "problems" $problems "env" . "path" (printf "%s.env" $containerPath)) }}
{{- end }}
{{- range $mountPath, $mount := $container.volumeMounts }}
{{- if not (or (hasKey (dig "volumes" dict $service) $mount.volume) (hasKey (dig "volumeClaims" dict $service) $mount.volume) (and $service.files (eq $mount.volume "files"))) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.volumeMounts.%s" $containerPath $mountPath) "message" (printf "there is no volume %q. Known volumes: %s." $mount.volume (concat (keys (dig "volumes" dict $service)) (keys (dig "volumeClaims" dict $service)) | sortAlpha | join ", " | default "none"))) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $edge := $service.dependsOn }}
{{- if eq $name $service.name }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.dependsOn.%s" $path $name) "message" "a service cannot depend on itself; remove it.") }}
{{- end }}
{{- $target := get $context.services $name }}
{{- if not (and $target (or (not $edge.port) (hasKey $target.servicePorts $edge.port))) }}
{{- include "gift.validateService.reference" (dict "context" $context "problems" $problems "reference" (dict "service" $name "port" $edge.port) "anyPort" (not $edge.port) "path" (printf "%s.dependsOn.%s" $path $name)) }}
{{- end }}
{{- end }}
{{- range $name, $edge := $service.dependsOnExternal }}
{{- if not (hasKey (dig "externals" dict $tree) $name) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.dependsOnExternal.%s" $path $name) "message" (printf "there is no external %q. Known externals: %s." $name (keys (dig "externals" dict $tree) | sortAlpha | join ", " | default "none"))) }}
{{- end }}
{{- end }}
{{- range $portName, $port := $service.servicePorts }}
{{- if not (hasKey $port "port") }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.service.ports.%s" $path $portName) "message" "no number; set port, or a container port of the same name under ports.") }}
{{- else if not (hasKey $port "targetPort") }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.service.ports.%s" $path $portName) "message" "no container port of this name; set targetPort, or add it under ports.") }}
{{- end }}
{{- end }}
{{- if and (eq ($service.kind | default "") "CronJob") (not (dig "cronJob" "schedule" "" $service)) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.cronJob.schedule" $path) "message" "a CronJob needs a schedule, such as \"0 3 * * *\".") }}
{{- end }}
{{- if or (and $service.autoscaling $service.autoscaling.enabled) (and $service.podDisruptionBudget $service.podDisruptionBudget.enabled) }}
{{- include "gift.validateAvailability" . }}
{{- end }}
{{- end }}

{{/* Checks the references in the env of a container. `path` is that of the env. */}}
{{- define "gift.validateEnv" -}}
{{- $context := .context }}
{{- $problems := .problems }}
{{- $tree := $context.tree }}
{{- range $key, $value := .env }}
{{- if kindIs "map" $value }}
{{- $kinds := keys (pick $value "config" "secret" "service" "field" "resource") }}
{{- if ne (len $kinds) 1 }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.%s" $.path $key) "message" (printf "give exactly one of config, secret, service, field and resource; there is %s. Set the others to null." (sortAlpha $kinds | join ", " | default "none"))) }}
{{- else if hasKey $value "service" }}
{{- include "gift.validateService.reference" (dict "context" $context "problems" $problems "reference" $value "path" (printf "%s.%s" $.path $key)) }}
{{- else if or (hasKey $value "config") (hasKey $value "secret") }}
{{- $field := ternary "configMaps" "secrets" (hasKey $value "config") }}
{{- $name := get $value (ternary "config" "secret" (hasKey $value "config")) }}
{{- $known := get $tree $field | default dict }}
{{- $target := dig $name dict $known }}
{{- $wanted := dig "key" $key $value }}
{{- if not $target }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.%s" $.path $key) "message" (printf "there is no %s.%s.%s. Known: %s. One made elsewhere is declared with existing: true." $context.path $field $name (keys $known | sortAlpha | join ", " | default "none"))) }}
{{- else if not (dig "enabled" true $target) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.%s" $.path $key) "message" (printf "%s.%s.%s is switched off. Remove the reference, or switch it on." $context.path $field $name)) }}
{{- else if not (or $target.existing (and (or (hasKey ($target.data | default dict) $wanted) (hasKey ($target.secretRefs | default dict) $wanted)) (not (dig "external" "enabled" false $target)))) }}
{{- include "gift.validateKey" (dict "context" $context "problems" $problems "target" $target "wanted" $wanted "optional" $value.optional "name" (printf "%s.%s" $field $name) "path" (printf "%s.%s" $.path $key)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Checks that a ConfigMap or Secret of the tree has the key, unless it is optional. */}}
{{- define "gift.validateKey" -}}
{{- $target := .target }}
{{- $keys := list }}
{{- if dig "external" "enabled" false $target }}
{{- $keys = keys (dig "external" "data" dict $target) }}
{{- else }}
{{- range $source := list "data" "binaryData" "stringData" "secretRefs" }}
{{- $keys = concat $keys (keys (dig $source dict $target)) }}
{{- end }}
{{- end }}
{{- if not (or (has .wanted $keys) .optional) }}
{{- include "gift.problem" (dict "problems" .problems "path" .path "message" (printf "%s.%s has no key %q. It has: %s." .context.path .name .wanted ($keys | sortAlpha | join ", " | default "none"))) }}
{{- end }}
{{- end }}

{{/* Checks replicas, autoscaling and the disruption budget against one another. */}}
{{- define "gift.validateAvailability" -}}
{{- $service := .service }}
{{- $problems := .problems }}
{{- $path := $service.path }}
{{- $autoscaling := $service.autoscaling | default dict }}
{{- $pods := dig "replicas" 1 $service | int64 }}
{{- if $autoscaling.enabled }}
{{- $pods = dig "minReplicas" 1 $autoscaling | int64 }}
{{- if not (has $service.kind (list "Deployment" "StatefulSet")) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.autoscaling" $path) "message" (printf "a %s cannot be scaled; set enabled to false." $service.kind)) }}
{{- end }}
{{- if not (hasKey $autoscaling "maxReplicas") }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.autoscaling.maxReplicas" $path) "message" "set how many pods there may be at most.") }}
{{- else if lt (int64 $autoscaling.maxReplicas) $pods }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.autoscaling.maxReplicas" $path) "message" (printf "%d is below minReplicas, %d; raise it." (int64 $autoscaling.maxReplicas) $pods)) }}
{{- end }}
{{- if not (or (dig "averageUtilization" dict $autoscaling) (dig "metrics" list $autoscaling)) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.autoscaling.averageUtilization" $path) "message" "nothing to scale by; set a percentage for cpu or memory, or metrics.") }}
{{- end }}
{{- range $resource, $_ := dig "averageUtilization" dict $autoscaling }}
{{- if not (dig "resources" "requests" $resource "" $service) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.autoscaling.averageUtilization.%s" $path $resource) "message" (printf "utilization is a share of the request; set resources.requests.%s." $resource)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $budget := $service.podDisruptionBudget | default dict }}
{{- if $budget.enabled }}
{{- if eq (hasKey $budget "minAvailable") (hasKey $budget "maxUnavailable") }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.podDisruptionBudget" $path) "message" "give exactly one of minAvailable and maxUnavailable; set the other to null.") }}
{{- else if hasKey $budget "minAvailable" }}
{{- if or (eq (toString $budget.minAvailable) "100%") (and (not (kindIs "string" $budget.minAvailable)) (ge (int64 $budget.minAvailable) $pods)) }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.podDisruptionBudget.minAvailable" $path) "message" (printf "of %d pod(s) none may go, so no node could be drained; lower it, or run more pods." $pods)) }}
{{- end }}
{{- else if has (toString $budget.maxUnavailable) (list "0" "0%") }}
{{- include "gift.problem" (dict "problems" $problems "path" (printf "%s.podDisruptionBudget.maxUnavailable" $path) "message" "no pod may go, so no node could be drained; set it to 1 or more.") }}
{{- end }}
{{- end }}
{{- end }}
