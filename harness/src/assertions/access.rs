//! Bindings lead from roles to accounts that are there, and what is granted is used.

use super::{Assertion, Context, namespace::effective};
use crate::objects::{Object, Objects};
use gift_plugin::protocol::{Finding, Severity};
use gift_plugin::yaml::{Node, Path};
use std::collections::HashSet;

/// A binding's role and service accounts exist.
pub(super) struct BindingTarget;

fn is_binding(object: &Object<'_>) -> bool {
    object.group() == "rbac.authorization.k8s.io"
        && matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding")
}

/// Roles that every cluster has.
fn is_of_kubernetes(namespace: &str, kind: &str, name: &str) -> bool {
    match kind {
        "ClusterRole" => {
            matches!(name, "admin" | "cluster-admin" | "edit" | "view") || name.starts_with("system:")
        }
        _ => {
            namespace == KUBERNETES
                && (name == "extension-apiserver-authentication-reader" || name.starts_with("system:"))
        }
    }
}

/// The namespace in which Kubernetes keeps roles and accounts of its own.
const KUBERNETES: &str = "kube-system";

/// The service accounts a binding is for: where each stands, its namespace and its name.
fn accounts<'s>(binding: &'s Object<'_>, own: &'s str) -> Vec<(Path, &'s str, &'s str)> {
    let subjects = binding.root().get("subjects").and_then(Node::as_sequence).unwrap_or_default();
    let account = |(index, subject): (usize, &'s Node<'_>)| {
        let text = |key| subject.get(key).and_then(Node::as_str);
        (text("kind") == Some("ServiceAccount")).then_some(())?;
        Some((Path::root().key("subjects").index(index), text("namespace").unwrap_or(own), text("name")?))
    };
    subjects.iter().enumerate().filter_map(account).collect()
}

/// The service account a pod's spec names, by either of the two fields that do (PodSpec, Kubernetes API).
pub(super) fn account_of<'s>(spec: &'s Node<'_>) -> Option<&'s str> {
    ["serviceAccountName", "serviceAccount"]
        .into_iter()
        .find_map(|field| spec.get(field).and_then(Node::as_str))
}

/// The service accounts of the stream, by namespace and name.
fn known<'s>(objects: &'s Objects<'_>, context: &Context<'s>) -> HashSet<(&'s str, &'s str)> {
    objects.kind("ServiceAccount").map(|account| (effective(account, context), account.name())).collect()
}

impl Assertion for BindingTarget {
    fn id(&self) -> &'static str {
        "binding-target"
    }

    fn title(&self) -> &'static str {
        "a role binding gives a role that is there to service accounts that are there"
    }

    fn explanation(&self) -> &'static str {
        "The API server takes a binding to a role or an account that is not there, and it grants nothing: requests \
         are forbidden when they are made. Roles of Kubernetes itself are there; so are accounts called `default`. \
         Accounts of namespaces in which the stream has nothing, and of kube-system, are somebody else's."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}\nsubjects: [{kind: ServiceAccount, name: shop, namespace: default}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}\nsubjects: [{kind: ServiceAccount, name: web, namespace: default}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let namespaces: HashSet<_> = objects.iter().map(|object| effective(object, context)).collect();
        let roles: HashSet<_> = objects
            .iter()
            .filter(|object| matches!(object.kind(), "Role" | "ClusterRole"))
            .map(|role| (effective(role, context), role.kind(), role.name()))
            .collect();
        let accounts_there = known(objects, context);
        let mut findings = Vec::new();
        for binding in objects.iter().filter(|object| is_binding(object)) {
            let own = effective(binding, context);
            let text = |key| binding.root().at(&["roleRef", key]).and_then(Node::as_str).unwrap_or_default();
            let (kind, name) = (text("kind"), text("name"));
            let namespace = if kind == "Role" { own } else { "" };
            let is_there =
                roles.contains(&(namespace, kind, name)) || is_of_kubernetes(namespace, kind, name);
            if !is_there {
                let message = format!("there is no {kind} `{name}` in the release");
                let help = "Correct the name, or add the role.";
                findings.push(binding.finding(self.id(), "roleRef.name", message, help));
            }
            for (path, namespace, name) in accounts(binding, own) {
                let is_foreign =
                    namespace.is_empty() || namespace == KUBERNETES || !namespaces.contains(namespace);
                if !is_foreign && name != "default" && !accounts_there.contains(&(namespace, name)) {
                    let message = format!("there is no ServiceAccount `{name}` in namespace `{namespace}`");
                    let help = "Correct the name, or add the account.";
                    findings.push(binding.finding(self.id(), path.key("name"), message, help));
                }
            }
        }
        findings
    }
}

/// A service account that is granted something runs a pod.
pub(super) struct GrantUsed;

impl Assertion for GrantUsed {
    fn id(&self) -> &'static str {
        "grant-used"
    }

    fn title(&self) -> &'static str {
        "what is granted to a service account is granted to one that some pod uses"
    }

    fn explanation(&self) -> &'static str {
        "Rights that no pod uses help nobody but whoever gets at the account's token. Mostly the pod names another \
         account than the binding does, and is forbidden what it needs."
    }

    fn severity(&self) -> (Severity, &'static str) {
        (Severity::Warning, "The account may be used from outside the cluster, by a pipeline for instance.")
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web}\nroleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: web, namespace: default}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web}]}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web}\nroleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: web, namespace: default}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {serviceAccountName: web, containers: [{name: web}]}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let mut used: HashSet<_> = objects
            .pod_templates()
            .map(|template| {
                let account = template.template.get("spec").and_then(account_of).unwrap_or("default");
                (effective(template.object, context), account)
            })
            .collect();
        // What stands for pods an operator makes says it in the same words.
        used.extend(objects.iter().filter_map(|object| {
            let account = object.root().get("spec").and_then(account_of)?;
            Some((effective(object, context), account))
        }));
        let known = known(objects, context);
        let mut findings = Vec::new();
        for binding in objects.iter().filter(|object| is_binding(object)) {
            for (path, namespace, name) in accounts(binding, effective(binding, context)) {
                if known.contains(&(namespace, name)) && !used.contains(&(namespace, name)) {
                    let message =
                        format!("no pod uses the ServiceAccount `{name}` that this grants something");
                    let help = "Name the account in the pod's `serviceAccountName`, or remove the grant.";
                    findings.push(binding.finding(self.id(), path, message, help));
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n";
    const ACCOUNT: &str = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n";

    #[test]
    fn roles_and_accounts_of_kubernetes_itself_are_there() {
        let binding = |namespace: &str, role: &str, account: &str| {
            let stream = format!(
                "{BINDING}metadata: {{name: web, namespace: {namespace}}}\nroleRef: {{kind: Role, name: {role}}}\nsubjects: [{{kind: ServiceAccount, name: {account}, namespace: kube-system}}]\n"
            );
            findings(&stream, "binding-target").len()
        };
        assert_eq!(
            binding("kube-system", "extension-apiserver-authentication-reader", "horizontal-pod-autoscaler"),
            0
        );
        assert_eq!(binding("apps", "extension-apiserver-authentication-reader", "default"), 1);
        assert_eq!(binding("kube-system", "reader", "default"), 1);
    }

    #[test]
    fn an_account_is_used_by_either_field_and_by_what_stands_for_pods() {
        let grant = format!(
            "{BINDING}metadata: {{name: web}}\nroleRef: {{kind: ClusterRole, name: view}}\nsubjects: [{{kind: ServiceAccount, name: web, namespace: default}}]\n{ACCOUNT}"
        );
        let of = |other: &str| findings(&format!("{grant}---\n{other}\n"), "grant-used").len();
        assert_eq!(of("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: []}}"), 1);
        for field in ["serviceAccount", "serviceAccountName"] {
            let spec = format!("spec: {{{field}: web}}");
            assert_eq!(of(&format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, {spec}}}")), 0);
            assert_eq!(
                of(&format!("{{apiVersion: a.io/v1, kind: Agent, metadata: {{name: p}}, {spec}}}")),
                0
            );
        }
    }
}
