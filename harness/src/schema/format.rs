//! The formats of texts that schemas of custom resources may ask for.
//!
//! Those an API server checks; it passes over every other name. Depends on the plugin's readers, which
//! read as Go's libraries do.

use gift_plugin::cel::{Cidr, Duration, NamedFormat, Pattern, Timestamp};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

/// A format of texts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// One a reader or a pattern decides.
    Text(&'static str, fn(&str) -> bool),
    /// A whole number that fits 32 bits.
    Int32,
    /// A number that fits 32 bits.
    Float,
}

impl Format {
    /// The format of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        // As the API server reads the name: `date-time` is `datetime`.
        let text = |words, decides| Some(Self::Text(words, decides));
        match name.replace('-', "").as_str() {
            "int32" => Some(Self::Int32),
            "float" => Some(Self::Float),
            "byte" => text("Base64", is_base64),
            "date" => text("a date, `2026-01-31`", |text| NamedFormat::Date.mistakes(text).is_empty()),
            "datetime" => text("a date and time, `2026-01-31T12:00:00Z`", is_time),
            "duration" => text("a duration, `1h30m`", |text| Duration::parse(text).is_ok()),
            "uri" => text("a URI", |text| NamedFormat::Uri.mistakes(text).is_empty()),
            "uuid" => text("a UUID", |text| NamedFormat::Uuid.mistakes(text).is_empty()),
            "ipv4" => text("an IPv4 address", |text| text.parse::<Ipv4Addr>().is_ok()),
            "ipv6" => text("an IPv6 address", |text| text.parse::<Ipv6Addr>().is_ok()),
            "cidr" => text("a range of addresses, `10.0.0.0/8`", |text| Cidr::parse(text).is_ok()),
            "mac" => text("a MAC address", is_mac),
            "hostname" => text("a host name", is_host_name),
            _ => None,
        }
    }
}

fn is_mac(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Pattern>> = OnceLock::new();
    let source = r"^([0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4})$";
    PATTERN.get_or_init(|| Pattern::new(source).ok()).as_ref().is_none_or(|pattern| pattern.matches(text))
}

fn is_host_name(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Pattern>> = OnceLock::new();
    const LABEL: &str = "[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?";
    let compiled = PATTERN.get_or_init(|| Pattern::new(&format!(r"^{LABEL}(\.{LABEL})*$")).ok());
    compiled.as_ref().is_none_or(|pattern| pattern.matches(text))
}

/// Whether a text is Base64 as Go's decoder takes it: line breaks anywhere, padding in the end.
pub(super) fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    if text.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
        let joined: String = text.chars().filter(|letter| !matches!(letter, '\n' | '\r')).collect();
        return is_base64(&joined);
    }
    // What the last bits hold is nobody's concern.
    const LENIENT: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text).is_ok()
}

/// Whether a text is a date and time as RFC 3339 writes it.
pub(super) fn is_time(text: &str) -> bool {
    Timestamp::parse(text).is_ok()
}
