//! Which resource an object is: the API server's rules speak of resources, objects of kinds.
//!
//! Depends on [`crate::yaml`]. Without a cluster to ask, the plural is made as the API conventions
//! and CRD authors make it: regular English, with the exceptions Kubernetes itself has.

use crate::protocol::ObjectReference;
use crate::yaml::Node;

/// An object's identity as admission sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The API group, empty for the core group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The plural that rules name.
    pub plural: String,
    /// The name, or empty.
    pub name: &'a str,
    /// The namespace the object states, or empty.
    pub namespace: &'a str,
    /// Whether objects of this kind live in a namespace.
    pub namespaced: bool,
}

/// Kinds without a namespace; a custom resource is taken to have one unless it is listed here.
const CLUSTER_SCOPED: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("cert-manager.io", &["ClusterIssuer"]),
    ("external-secrets.io", &["ClusterExternalSecret", "ClusterSecretStore"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("security.openshift.io", &["SecurityContextConstraints"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
];

impl<'a> Resource<'a> {
    /// The identity of `object`, `None` when it has no kind or no apiVersion.
    #[must_use]
    pub fn of(object: &'a Node<'_>) -> Option<Self> {
        let text = |keys: &[&str]| object.at(keys).and_then(Node::as_str);
        let kind = text(&["kind"]).filter(|kind| !kind.is_empty())?;
        let api_version = text(&["apiVersion"]).filter(|version| !version.is_empty())?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let namespaced =
            !CLUSTER_SCOPED.iter().any(|(scoped, kinds)| *scoped == group && kinds.contains(&kind));
        Some(Self {
            group,
            version,
            kind,
            plural: plural(kind),
            name: text(&["metadata", "name"]).unwrap_or_default(),
            namespace: text(&["metadata", "namespace"]).unwrap_or_default(),
            namespaced,
        })
    }
}

/// How a finding names an object, as far as it says who it is.
#[must_use]
pub fn reference(object: &Node<'_>) -> ObjectReference {
    let text = |keys: &[&str]| object.at(keys).and_then(Node::as_str).unwrap_or_default().to_owned();
    ObjectReference {
        api_version: text(&["apiVersion"]),
        kind: text(&["kind"]),
        namespace: text(&["metadata", "namespace"]),
        name: text(&["metadata", "name"]),
    }
}

fn plural(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    if matches!(lower.as_str(), "endpoints" | "securitycontextconstraints") {
        return lower;
    }
    if let Some(stem) = lower.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| lower.ends_with(end));
    format!("{lower}{}", if hisses { "es" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_those_of_the_api() {
        for (kind, resource) in [
            ("Pod", "pods"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Endpoints", "endpoints"),
            ("SecurityContextConstraints", "securitycontextconstraints"),
            ("EndpointSlice", "endpointslices"),
            ("StorageClass", "storageclasses"),
            ("Gateway", "gateways"),
            ("PodDisruptionBudget", "poddisruptionbudgets"),
            ("IPAddress", "ipaddresses"),
        ] {
            assert_eq!(plural(kind), resource);
        }
    }
}
