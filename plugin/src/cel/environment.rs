//! Which language an expression is compiled for: a Kubernetes version, and the names it may use.
//!
//! Depends on [`super::parser`], [`super::check`], [`super::plan`] and [`super::types`].

use super::check::check;
use super::error::CompileError;
use super::parser::parse;
use super::plan::plan;
use super::program::Program;
use super::types::{Kind, ObjectType, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The expression language of one minor version of Kubernetes.
///
/// The API server accepts a function in a new policy one version after it learned it, so that the
/// policy still works when the control plane is rolled back. This is the version meant here.
///
/// ```
/// use gift_plugin::cel::{Declarations, Environment};
///
/// let source = "isSemver('1.2.3')";
/// assert!(Environment::for_minor(34).compile(source, &Declarations::default()).is_ok());
/// let error = Environment::for_minor(30).compile(source, &Declarations::default()).unwrap_err();
/// assert!(error.message.contains("needs Kubernetes 1.34"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    minor: u32,
}

impl Environment {
    /// The language of Kubernetes `1.<minor>`.
    #[must_use]
    pub const fn for_minor(minor: u32) -> Self {
        Self { minor }
    }

    /// The version, without its `1.`.
    #[must_use]
    pub const fn minor(self) -> u32 {
        self.minor
    }

    /// Compiles `source`.
    ///
    /// # Errors
    ///
    /// The first thing the API server would refuse the expression for.
    pub fn compile(self, source: &str, declarations: &Declarations) -> Result<Program, CompileError> {
        let expression = parse(source, self.minor)?;
        let (mut root, result) = check(source, self.minor, declarations, &expression)?;
        plan(source, &mut root)?;
        Ok(Program { root, result })
    }
}

/// The names an expression may use, and what is known of their values.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    roots: BTreeMap<String, Type>,
    variables: BTreeMap<String, Type>,
}

impl Declarations {
    /// What a ValidatingAdmissionPolicy may use: `object`, `oldObject`, `params`, `request` and
    /// `namespaceObject`. Only the last two have known fields.
    #[must_use]
    pub fn admission() -> Self {
        let mut declarations = Self::default();
        for name in ["object", "oldObject", "params"] {
            declarations.declare(name, Type::Dyn);
        }
        declarations.declare("request", request_type());
        declarations.declare("namespaceObject", namespace_type());
        declarations
    }

    /// Lets expressions use the root variable `name`.
    pub fn declare(&mut self, name: impl Into<String>, of: Type) {
        self.roots.insert(name.into(), of);
    }

    /// Takes the root variable `name` away, `params` of a policy without parameters for instance.
    pub fn remove(&mut self, name: &str) {
        self.roots.remove(name);
    }

    /// Lets expressions use `variables.<name>`, whose expression has the type `of`.
    pub fn declare_variable(&mut self, name: impl Into<String>, of: &Type) {
        self.variables.insert(name.into(), of.of_variable());
    }

    pub(super) fn root(&self, name: &str) -> Option<&Type> {
        self.roots.get(name)
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Type> {
        self.variables.get(name)
    }

    pub(super) fn has_variables(&self) -> bool {
        !self.variables.is_empty()
    }

    /// The type of all variables as a whole.
    pub(super) fn variables_type() -> Type {
        object("kubernetes.variables", [])
    }
}

fn object(name: &'static str, fields: impl IntoIterator<Item = (&'static str, Type)>) -> Type {
    let fields = fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect();
    Type::Object(Arc::new(ObjectType { name, fields }))
}

/// The fields of `request`.
fn request_type() -> Type {
    let text = Type::STRING;
    let texts = Type::list(text.clone());
    let kind =
        object("kubernetes.GroupVersionKind", ["group", "version", "kind"].map(|name| (name, Type::STRING)));
    let resource = object(
        "kubernetes.GroupVersionResource",
        ["group", "version", "resource"].map(|name| (name, Type::STRING)),
    );
    let user = object(
        "kubernetes.UserInfo",
        [
            ("username", text.clone()),
            ("uid", text.clone()),
            ("groups", texts.clone()),
            ("extra", Type::map(text.clone(), texts)),
        ],
    );
    object(
        "kubernetes.AdmissionRequest",
        [
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", text.clone()),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", text.clone()),
            ("name", text.clone()),
            ("namespace", text.clone()),
            ("operation", text),
            ("userInfo", user),
            ("dryRun", Type::BOOL),
            ("options", Type::Dyn),
        ],
    )
}

/// The fields of `namespaceObject`.
fn namespace_type() -> Type {
    let text = Type::STRING;
    let time = Type::Plain(Kind::Timestamp);
    let labels = Type::map(text.clone(), text.clone());
    let texts = Type::list(text.clone());
    let condition = object(
        "kubernetes.NamespaceCondition",
        [
            ("status", text.clone()),
            ("type", text.clone()),
            ("lastTransitionTime", time.clone()),
            ("message", text.clone()),
            ("reason", text.clone()),
        ],
    );
    let metadata = object(
        "kubernetes.NamespaceMetadata",
        [
            ("name", text.clone()),
            ("generateName", text.clone()),
            ("namespace", text.clone()),
            ("labels", labels.clone()),
            ("annotations", labels),
            ("UID", text.clone()),
            ("creationTimestamp", time.clone()),
            ("deletionGracePeriodSeconds", Type::INT),
            ("deletionTimestamp", time),
            ("generation", Type::INT),
            ("resourceVersion", text.clone()),
            ("finalizers", texts.clone()),
        ],
    );
    object(
        "kubernetes.Namespace",
        [
            ("metadata", metadata),
            ("spec", object("kubernetes.NamespaceSpec", [("finalizers", texts)])),
            (
                "status",
                object(
                    "kubernetes.NamespaceStatus",
                    [("conditions", Type::list(condition)), ("phase", text)],
                ),
            ),
        ],
    )
}
