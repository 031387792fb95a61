//! Objects as the types of k8s-openapi.

use super::{Object, Objects, ObjectsError};
use crate::diagnosis::{Category, Diagnose};
use k8s_openapi::Resource;
use serde::de::DeserializeOwned;

/// Why an object has no typed form.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    /// The stream is not YAML.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// The object does not have its kind's shape.
    #[error(
        "{kind} {name} in line {line} of the stream ({template}) does not have the shape of its kind: {source}"
    )]
    Shape {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// Where its document begins in the stream, from 1.
        line: usize,
        /// The template it came from.
        template: String,
        /// What does not fit.
        source: serde_json::Error,
    },
}

impl Diagnose for TypedError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Objects(error) => error.help(),
            Self::Shape { kind, .. } => {
                Some(format!("`kubectl explain {kind} --recursive` shows the fields and their types."))
            }
        }
    }
}

impl Object<'_> {
    /// The object as its type.
    ///
    /// # Errors
    ///
    /// [`TypedError::Shape`] when a field has another type than the kind gives it.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, TypedError> {
        serde_json::from_value(self.to_json()).map_err(|source| TypedError::Shape {
            kind: self.kind().to_owned(),
            name: self.name().to_owned(),
            line: self.position(self.root().span.start).0,
            template: self.source().to_owned(),
            source,
        })
    }
}

impl Objects<'_> {
    /// Every object of a type's kind and API version.
    ///
    /// ```
    /// use gift_harness::objects::Objects;
    /// use k8s_openapi::api::core::v1::Service;
    ///
    /// let objects = Objects::read(b"{apiVersion: v1, kind: Service, metadata: {name: web}}")?;
    /// assert_eq!(objects.all::<Service>()?[0].metadata.name.as_deref(), Some("web"));
    /// # Ok::<(), gift_harness::objects::TypedError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TypedError::Shape`] for the first object that does not have the shape of its kind.
    pub fn all<T: Resource + DeserializeOwned>(&self) -> Result<Vec<T>, TypedError> {
        self.iter()
            .filter(|object| object.kind() == T::KIND && object.api_version() == T::API_VERSION)
            .map(Object::typed)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::apps::v1::Deployment;

    #[test]
    fn a_wrong_type_names_the_object_and_its_line() {
        let objects = Objects::read(
            b"\n# Source: web/templates/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: many, selector: {}, template: {}}\n",
        )
        .unwrap();
        let error = objects.all::<Deployment>().unwrap_err();
        assert!(
            error.to_string().starts_with("Deployment web in line 3 of the stream (web/templates/d.yaml)"),
            "{error}"
        );
    }

    #[test]
    fn another_version_of_the_kind_is_another_type() {
        let objects = Objects::read(b"{apiVersion: extensions/v1beta1, kind: Deployment}").unwrap();
        assert!(objects.all::<Deployment>().unwrap().is_empty());
    }
}
