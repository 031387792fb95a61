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

/// ClusterRoles that every cluster has.
fn is_of_kubernetes(name: &str) -> bool {
    matches!(name, "admin" | "cluster-admin" | "edit" | "view") || name.starts_with("system:")
}

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
         are forbidden when they are made. ClusterRoles of Kubernetes itself are there; so are accounts called \
         `default`. Accounts of namespaces in which the stream has nothing are somebody else's."
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
                roles.contains(&(namespace, kind, name)) || (kind == "ClusterRole" && is_of_kubernetes(name));
            if !is_there {
                let message = format!("there is no {kind} `{name}` in the release");
                let help = "Correct the name, or add the role.";
                findings.push(binding.finding(self.id(), "roleRef.name", message, help));
            }
            for (path, namespace, name) in accounts(binding, own) {
                let is_foreign = namespace.is_empty() || !namespaces.contains(namespace);
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
        let used: HashSet<_> = objects
            .pod_templates()
            .map(|template| {
                let account = template.template.at(&["spec", "serviceAccountName"]).and_then(Node::as_str);
                (effective(template.object, context), account.unwrap_or("default"))
            })
            .collect();
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
