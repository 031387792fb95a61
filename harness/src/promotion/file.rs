//! One values file and the tags it states.

use super::PromotionError;
use crate::objects::to_json;
use gift_plugin::yaml::{Limits, Lines, Node, Value, load_stream, quoted};
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A values file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFile {
    path: PathBuf,
    system: String,
    text: String,
}

/// The tag of a service, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// The service.
    pub service: String,
    /// Its tag.
    pub tag: String,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// What a service is to run in place of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The service.
    pub service: String,
    /// The tag so far.
    pub before: String,
    /// The tag from now on, which may be the same.
    pub after: String,
    /// The line of the file, from 1.
    pub line: usize,
}

impl TagFile {
    pub(super) fn read(path: PathBuf, system: &str) -> Result<Self, PromotionError> {
        let text = fs::read_to_string(&path)
            .map_err(|source| PromotionError::Read { path: path.clone(), source })?;
        let file = Self { path, system: system.to_owned(), text };
        file.root(&file.text)?;
        Ok(file)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn root<'t>(&self, text: &'t str) -> Result<Node<'t>, PromotionError> {
        let documents = load_stream(text, &Limits::default()).map_err(|error| {
            let (line, column) = Lines::new(text).position(error.at);
            PromotionError::Yaml { path: self.path.clone(), line, column, message: error.to_string() }
        })?;
        let nothing = Node { value: Value::Null, span: gift_plugin::yaml::Span::default() };
        Ok(documents.into_iter().next().map_or(nothing, |document| document.root))
    }

    /// The tags it states, in its order; what is no text is left out.
    pub(super) fn tags(&self) -> Vec<Tag> {
        let Ok(root) = self.root(&self.text) else { return Vec::new() };
        let services = root.at(&[&self.system, "services"]).and_then(Node::as_mapping);
        let entries = services.map(|services| services.entries()).unwrap_or_default();
        entries.iter().filter_map(|entry| self.get(&entry.key).ok()).collect()
    }

    /// The tag of a service.
    pub(super) fn get(&self, service: &str) -> Result<Tag, PromotionError> {
        let root = self.root(&self.text)?;
        let node = self.node(&root, service).ok_or_else(|| self.without(&root, service))?;
        let line = self.line(node);
        let tag = node.as_str().ok_or_else(|| PromotionError::NoText {
            path: self.path.clone(),
            line,
            service: service.to_owned(),
        })?;
        Ok(Tag { service: service.to_owned(), tag: tag.to_owned(), file: self.path.clone(), line })
    }

    fn node<'r, 't>(&self, root: &'r Node<'t>, service: &str) -> Option<&'r Node<'t>> {
        root.at(&[&self.system, "services", service, "image", "tag"]).filter(|node| node.value != Value::Null)
    }

    fn without(&self, root: &Node<'_>, service: &str) -> PromotionError {
        let services = root.at(&[&self.system, "services"]).and_then(Node::as_mapping);
        let entries = services.map(|services| services.entries()).unwrap_or_default().iter();
        let stated = entries.filter(|entry| self.node(root, &entry.key).is_some());
        PromotionError::NoTag {
            path: self.path.clone(),
            system: self.system.clone(),
            service: service.to_owned(),
            services: stated.map(|entry| entry.key.clone().into_owned()).collect(),
        }
    }

    /// Whether it pins the image of a service by a digest.
    pub(super) fn has_digest(&self, service: &str) -> bool {
        self.root(&self.text).is_ok_and(|root| {
            root.at(&[&self.system, "services", service, "image", "digest"])
                .is_some_and(|digest| digest.as_str().is_some_and(|digest| !digest.is_empty()))
        })
    }

    fn line(&self, node: &Node<'_>) -> usize {
        Lines::new(&self.text).position(node.span.start).0
    }

    /// Sets the tag of a service, in memory.
    pub(super) fn set(&mut self, service: &str, tag: &str) -> Result<Change, PromotionError> {
        if !is_tag(tag) {
            return Err(PromotionError::Tag { tag: tag.to_owned() });
        }
        if self.has_digest(service) {
            return Err(PromotionError::Digest { path: self.path.clone(), service: service.to_owned() });
        }
        let before = self.get(service)?;
        let change = Change {
            service: service.to_owned(),
            before: before.tag,
            after: tag.to_owned(),
            line: before.line,
        };
        if change.before == change.after {
            return Ok(change);
        }
        let root = self.root(&self.text)?;
        let node = self.node(&root, service).ok_or_else(|| self.without(&root, service))?;
        let span = node.span;
        let written = written_like(&self.text[span.start..span.end], tag);
        let text = format!("{}{written}{}", &self.text[..span.start], &self.text[span.end..]);
        // Read again: through an anchor, or a merge, more than the one tag may have become another.
        let mut expected = to_json(&root);
        let pointer = format!("/{}/services/{service}/image/tag", self.system);
        if let Some(there) = expected.pointer_mut(&pointer) {
            *there = tag.into();
        }
        let found = self.root(&text).map(|root| to_json(&root));
        if found.is_ok_and(|found| found == expected) {
            self.text = text;
            Ok(change)
        } else {
            let (path, service) = (self.path.clone(), service.to_owned());
            Err(PromotionError::Shared { path, line: change.line, service })
        }
    }

    /// Writes the file in one step, so that nobody meets half of it.
    pub(super) fn write(&self) -> Result<(), PromotionError> {
        let write = || -> io::Result<()> {
            // A link stays one.
            let path = fs::canonicalize(&self.path)?;
            let folder = path.parent().unwrap_or(Path::new("."));
            let mut new = tempfile::NamedTempFile::new_in(folder)?;
            new.write_all(self.text.as_bytes())?;
            new.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
            new.persist(&path)?;
            Ok(())
        };
        write().map_err(|source| PromotionError::Write { path: self.path.clone(), source })
    }
}

/// What registries take: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A tag in the quotes of the one before; in double ones where it would not be a text without.
fn written_like(before: &str, tag: &str) -> String {
    match before.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{tag}{quote}"),
        _ => {
            let plain = format!("tag: {tag}\n");
            let is_text = load_stream(&plain, &Limits::default())
                .is_ok_and(|read| read.first().and_then(|it| it.root.get("tag")?.as_str()) == Some(tag));
            if is_text { tag.to_owned() } else { quoted(tag) }
        }
    }
}
