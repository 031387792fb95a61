//! What pipelines call, on real git repositories, and the files they deploy by.

mod argocd;
mod artifact_hub;
mod changed;
mod configuration;
mod environments;
mod github;
mod gitlab;
mod hooks;
mod image;
mod jenkins;
mod linters;
mod promote;
mod published;
mod repository;
mod scripts;
