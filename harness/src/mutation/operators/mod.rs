//! The mistakes there are, those about one thing in one file.
//!
//! An operator makes only what changes something: where the stream shows that nothing depends on what it would
//! change, it says so or leaves it out.

mod images;
mod keys;
mod labels;
mod network;
mod ports;
mod privileges;
mod probes;
mod quantities;
mod references;
mod secrets;
mod shape;
mod targets;
mod text;
mod volumes;

use super::Operator;

static ALL: &[&Operator] = &[
    &labels::SELECTOR_DROPPED,
    &labels::SELECTOR_CHANGED,
    &labels::POD_DROPPED,
    &labels::POD_CHANGED,
    &labels::SERVICE_DROPPED,
    &labels::SERVICE_CHANGED,
    &labels::REQUIRED_DROPPED,
    &labels::INVALID,
    &ports::TARGET_SHIFTED,
    &ports::SERVICE_SHIFTED,
    &ports::CONTAINER_SHIFTED,
    &ports::NAME_CHANGED,
    &probes::PORT_SHIFTED,
    &keys::CONFIG_RENAMED,
    &keys::SECRET_RENAMED,
    &keys::CONFIG_DROPPED,
    &keys::SECRET_DROPPED,
    &references::CONFIG_MAP,
    &references::SECRET,
    &references::KEY,
    &references::SOURCE,
    &references::VOLUME,
    &references::CLAIM,
    &references::SERVICE_ACCOUNT,
    &references::ADDRESS,
    &volumes::DROPPED,
    &volumes::MOUNT_RENAMED,
    &shape::KEY_TWICE,
    &shape::OBJECT_TWICE,
    &shape::NAMESPACE,
    &shape::FIELD_MISSPELT,
    &shape::TYPE_CHANGED,
    &shape::API_REMOVED,
    &shape::KIND_MISSPELT,
    &shape::NAME_TOO_LONG,
    &shape::NAME_UPPER_CASE,
    &shape::INDENTATION,
    &quantities::LIMITS_DROPPED,
    &quantities::REQUESTS_DROPPED,
    &quantities::LIMIT_RAISED,
    &quantities::REQUEST_ABOVE_LIMIT,
    &quantities::QUOTA_EXCEEDED,
    &images::LATEST,
    &images::UNTAGGED,
    &privileges::PRIVILEGED,
    &privileges::ROOT,
    &privileges::ESCALATION,
    &privileges::CAPABILITY,
    &privileges::HOST_PATH,
    &privileges::HOST_NETWORK,
    &targets::AUTOSCALER,
    &targets::BUDGET,
    &targets::INGRESS,
    &targets::INGRESS_PORT,
    &targets::ROLE,
    &network::WIDENED,
    &network::NARROWED,
    &network::PORT_SHIFTED,
    &network::DROPPED,
    &secrets::NOT_ENCODED,
    &secrets::IN_CONFIG_MAP,
    &secrets::IN_VARIABLE,
    &text::PLACEHOLDER,
    &text::TEMPLATE,
    &text::NO_VALUE,
    &text::SCIENTIFIC,
];

/// Every operator, in the order they are made.
///
/// ```
/// assert!(gift_harness::mutation::all().iter().any(|operator| operator.id == "image-latest"));
/// ```
#[must_use]
pub fn all() -> &'static [&'static Operator] {
    ALL
}

/// The operator with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Operator> {
    ALL.iter().copied().find(|operator| operator.id == id)
}
