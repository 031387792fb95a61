# What a team that uses conftest asks of its manifests: the rules of this project which are widest spread,
# in Rego. The benchmark harness/benches/peers holds conftest against it.
package main

import rego.v1

pod := input.spec if input.kind == "Pod"

pod := input.spec.template.spec if input.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"}

pod := input.spec.jobTemplate.spec.template.spec if input.kind == "CronJob"

containers contains container if some container in pod.containers

containers contains container if some container in pod.initContainers

named := sprintf("%s %s", [input.kind, input.metadata.name])

deny contains message if {
	some label in ["app", "project", "tier"]
	not input.metadata.labels[label]
	message := sprintf("%s: the label %s is missing", [named, label])
}

deny contains message if {
	some container in containers
	not regex.match(`^([^@]*/)?[^/:@]+:[^/:@]+(@.+)?$`, container.image)
	message := sprintf("%s: the image of %s has no tag", [named, container.name])
}

deny contains message if {
	some container in containers
	endswith(container.image, ":latest")
	message := sprintf("%s: the image of %s has the tag latest", [named, container.name])
}

deny contains message if {
	some container in containers
	some amount in ["requests", "limits"]
	some resource in ["cpu", "memory", "ephemeral-storage"]
	not container.resources[amount][resource]
	message := sprintf("%s: %s has no %s of %s", [named, container.name, amount, resource])
}

deny contains message if {
	some container in containers
	units.parse(container.resources.limits.cpu) > 1.5
	message := sprintf("%s: %s may use more than 1500m of cpu", [named, container.name])
}

deny contains message if {
	some container in containers
	container.securityContext.privileged
	message := sprintf("%s: %s is privileged", [named, container.name])
}

deny contains message if {
	some container in containers
	not container.securityContext.allowPrivilegeEscalation == false
	message := sprintf("%s: %s may escalate privileges", [named, container.name])
}

deny contains message if {
	some container in containers
	not container.securityContext.readOnlyRootFilesystem
	message := sprintf("%s: the root file system of %s can be written", [named, container.name])
}

deny contains message if {
	some container in containers
	not "ALL" in container.securityContext.capabilities.drop
	message := sprintf("%s: %s keeps capabilities", [named, container.name])
}

deny contains message if {
	some container in containers
	count(object.get(container, ["securityContext", "capabilities", "add"], [])) > 0
	message := sprintf("%s: %s adds capabilities", [named, container.name])
}

deny contains message if {
	some container in containers
	not container.securityContext.runAsNonRoot
	not pod.securityContext.runAsNonRoot
	message := sprintf("%s: %s may run as root", [named, container.name])
}

deny contains message if {
	some container in containers
	not container.securityContext.seccompProfile
	not pod.securityContext.seccompProfile
	message := sprintf("%s: %s has no seccomp profile", [named, container.name])
}

deny contains message if {
	some shared in ["hostNetwork", "hostPID", "hostIPC"]
	pod[shared]
	message := sprintf("%s: %s is shared with the node", [named, shared])
}

deny contains message if {
	some volume in pod.volumes
	volume.hostPath
	message := sprintf("%s: the volume %s is a path of the node", [named, volume.name])
}

deny contains message if {
	some container in pod.containers
	some probe in ["livenessProbe", "readinessProbe"]
	not container[probe]
	message := sprintf("%s: %s has no %s", [named, container.name, probe])
}

deny contains message if {
	some container in containers
	some variable in container.env
	variable.value
	regex.match(`(?i)(password|passwd|secret|token|credential|api[-_.]?key)$`, variable.name)
	message := sprintf("%s: the variable %s of %s holds a secret", [named, variable.name, container.name])
}

deny contains message if {
	pod
	not pod.serviceAccountName
	message := sprintf("%s: runs with the default service account", [named])
}

deny contains message if {
	input.kind == "ConfigMap"
	some key, value in input.data
	regex.match(`(?i)(password|passwd|secret|token|credential|api[-_.]?key)$`, key)
	message := sprintf("%s: %s holds a secret", [named, key])
}

deny contains message if {
	input.kind == "Service"
	input.spec.type in {"NodePort", "LoadBalancer"}
	message := sprintf("%s: is of the type %s", [named, input.spec.type])
}

deny contains message if {
	input.kind == "HorizontalPodAutoscaler"
	object.get(input.spec, "minReplicas", 1) < 2
	message := sprintf("%s: may leave a single pod", [named])
}

deny contains message if {
	input.kind == "PodDisruptionBudget"
	input.spec.maxUnavailable in {0, "0%"}
	message := sprintf("%s: permits no eviction", [named])
}

deny contains message if {
	not input.metadata.namespace in {"bench"}
	message := sprintf("%s: is in another namespace", [named])
}
