//! URLs: `url('https://example.com:8080/a?b=c').getPort()`.
//!
//! A URL is read as the API server reads it, which is more lenient than the standard for URLs of
//! browsers. Depends on [`super::ip`] and [`super::quoting`].

use super::quoting::quoted;
use super::{BOOL, CallContext, Outcome, Overload, STRING, STRINGS, ip, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Key, Map, Opaque, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

const URL: Shape = Shape::Is(Kind::Url);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("url", &[STRING], URL, url),
    Overload::function("isURL", &[STRING], BOOL, is_url),
    Overload::method("getScheme", &[URL], STRING, scheme),
    Overload::method("getHost", &[URL], STRING, host),
    Overload::method("getHostname", &[URL], STRING, hostname),
    Overload::method("getPort", &[URL], STRING, port),
    Overload::method("getEscapedPath", &[URL], STRING, escaped_path),
    Overload::method("getQuery", &[URL], Shape::Map(&STRING, &STRINGS), query),
];

/// An absolute URL, or a path with its query.
#[derive(Clone, Debug)]
pub struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
    /// The URL in its normal form, by which two are compared.
    normal: String,
}

impl PartialEq for Url {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.normal)
    }
}

impl Url {
    /// Reads a URL.
    ///
    /// ```
    /// use gift_plugin::cel::Url;
    ///
    /// assert_eq!(Url::parse("HTTPS://example.com/a"), Url::parse("https://example.com/a"));
    /// assert_eq!(Url::parse("example.com"), Err(r#"parse "example.com": invalid URI for request"#.to_owned()));
    /// ```
    ///
    /// # Errors
    ///
    /// The API server's message.
    pub fn parse(source: &str) -> Result<Self, String> {
        Self::validate(source)?;
        let (body, fragment) = source.split_once('#').unwrap_or((source, ""));
        let message = |read: &str, error: String| format!("parse {}: {error}", quoted(read));
        let parts = Parts::read(body, false).map_err(|error| message(body, error))?;
        let decoded_fragment = decoded(fragment, Part::Fragment).map_err(|error| message(source, error))?;
        let path = parts.escaped_path();
        let mut normal = String::with_capacity(source.len());
        if !parts.scheme.is_empty() {
            normal.push_str(&parts.scheme);
            normal.push(':');
        }
        match parts.opaque.is_empty() {
            false => normal.push_str(parts.opaque),
            true => {
                let has_owner = !parts.host.is_empty() || parts.user.is_some();
                if has_owner || (parts.has_authority && !path.is_empty()) {
                    normal.push_str("//");
                }
                if let Some(user) = &parts.user {
                    normal.push_str(user);
                    normal.push('@');
                }
                normal.push_str(&encoded(&parts.host, Part::Host));
                normal.push_str(&path);
            }
        }
        if parts.forced_query || !parts.query.is_empty() {
            normal.push('?');
            normal.push_str(parts.query);
        }
        if !fragment.is_empty() {
            normal.push('#');
            normal.push_str(&kept_or_encoded(fragment, &decoded_fragment, Part::Fragment));
        }
        Ok(Self {
            host: String::from_utf8_lossy(&parts.host).into_owned(),
            path,
            query: parts.query.to_owned(),
            scheme: parts.scheme,
            normal,
        })
    }

    /// Whether `source` is a URL.
    ///
    /// # Errors
    ///
    /// The API server's message.
    pub(super) fn validate(source: &str) -> Result<(), String> {
        match Parts::read(source, true) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("parse {}: {error}", quoted(source))),
        }
    }

    /// The host and the port.
    fn host_and_port(&self) -> (&str, &str) {
        let (host, port) = match self.host.rfind(':') {
            Some(colon) if is_port(&self.host[colon..]) => (&self.host[..colon], &self.host[colon + 1..]),
            _ => (self.host.as_str(), ""),
        };
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }

    /// The parameters of the query; a part that is wrongly encoded is left out.
    fn parameters(&self) -> BTreeMap<String, Vec<String>> {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for part in self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Ok(name), Ok(value)) = (decoded(name, Part::Query), decoded(value, Part::Query)) else {
                continue;
            };
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            parameters.entry(text(name)).or_default().push(text(value));
        }
        parameters
    }
}

/// The parts of a URL without its fragment.
#[derive(Default)]
struct Parts<'s> {
    scheme: String,
    /// What follows the scheme when it is no path.
    opaque: &'s str,
    /// The user information, encoded.
    user: Option<String>,
    /// Whether there is a `//` in front of the path, with or without a host behind it.
    has_authority: bool,
    host: Vec<u8>,
    written_path: &'s str,
    path: Vec<u8>,
    query: &'s str,
    /// Whether there is a `?` with nothing behind it.
    forced_query: bool,
}

impl<'s> Parts<'s> {
    /// Reads the parts; `strict` refuses what is neither an absolute URL nor an absolute path.
    fn read(source: &'s str, strict: bool) -> Result<Self, String> {
        if source.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if source.is_empty() && strict {
            return Err("empty url".to_owned());
        }
        let mut parts = Self::default();
        if source == "*" {
            parts.written_path = source;
            parts.path = source.into();
            return Ok(parts);
        }
        let (scheme, rest) = split_scheme(source)?;
        parts.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        parts.forced_query = query.is_empty() && source.ends_with('?');
        parts.query = query;
        if !rest.starts_with('/') {
            if !parts.scheme.is_empty() {
                parts.opaque = rest;
                return Ok(parts);
            }
            if strict {
                return Err("invalid URI for request".to_owned());
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let may_have_authority = !parts.scheme.is_empty() || (!strict && !rest.starts_with("///"));
        if let Some(behind) = rest.strip_prefix("//").filter(|_| may_have_authority) {
            let (authority, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
            parts.has_authority = true;
            parts.read_authority(authority)?;
            rest = path;
        }
        parts.path = decoded(rest, Part::Path)?;
        parts.written_path = rest;
        Ok(parts)
    }

    fn read_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = read_host(&self.scheme, host)?;
        let Some(user) = user else { return Ok(()) };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
        if !user.bytes().all(allowed) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(password)),
            None => (user, None),
        };
        let mut normal = encoded(&decoded(name, Part::User)?, Part::User);
        if let Some(password) = password {
            normal.push(':');
            normal.push_str(&encoded(&decoded(password, Part::User)?, Part::User));
        }
        self.user = Some(normal);
        Ok(())
    }

    fn escaped_path(&self) -> String {
        if self.path == b"*" {
            return "*".to_owned();
        }
        kept_or_encoded(self.written_path, &self.path, Part::Path)
    }
}

/// The scheme, if there is one, and what is behind it.
fn split_scheme(source: &str) -> Result<(&str, &str), String> {
    let Some(end) =
        source.find(|character: char| !(character.is_ascii_alphanumeric() || "+-.".contains(character)))
    else {
        return Ok(("", source));
    };
    match (source[end..].strip_prefix(':'), source.bytes().next()) {
        (Some(_), Some(b':')) => Err("missing protocol scheme".to_owned()),
        (Some(rest), Some(first)) if first.is_ascii_alphabetic() => Ok((&source[..end], rest)),
        _ => Ok(("", source)),
    }
}

/// Whether `text` is nothing, or a colon and digits.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read_host(scheme: &str, host: &str) -> Result<Vec<u8>, String> {
    let invalid_port = |port: &str| Err(format!("invalid port {} after host", quoted(port)));
    match host.rfind('[') {
        None => {}
        Some(1..) => return Err("invalid IP-literal".to_owned()),
        Some(0) => {
            let Some(close) = host.rfind(']') else { return Err("missing ']' in host".to_owned()) };
            let (literal, port) = (&host[1..close], &host[close + 1..]);
            if !is_port(port) {
                return invalid_port(port);
            }
            let literal = match literal.find("%25") {
                Some(zone) => {
                    [decoded(&literal[..zone], Part::Host)?, decoded(&literal[zone..], Part::Zone)?].concat()
                }
                None => decoded(literal, Part::Host)?,
            };
            let shown = String::from_utf8_lossy(&literal);
            let read = ip::read(&shown).map_err(|error| format!("invalid host: {error}"))?;
            if read.address.is_ipv4() {
                return Err("invalid IP-literal".to_owned());
            }
            return Ok([b"[", literal.as_slice(), b"]", port.as_bytes()].concat());
        }
    }
    if let (Some(first), Some(last)) = (host.find(':'), host.rfind(':')) {
        // Some databases list several hosts, each with its port, in one URL.
        let port = if matches!(scheme, "http" | "https") { &host[first..] } else { &host[last..] };
        if !is_port(port) {
            return invalid_port(port);
        }
    }
    decoded(host, Part::Host)
}

/// A part of a URL; each has other characters that stand for themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Query,
    Fragment,
}

impl Part {
    /// Whether `byte` stands for itself in such a part.
    fn allows(self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            return true;
        }
        let others: &[u8] = match self {
            Self::Path => b"$&+,/:;=@",
            Self::Host | Self::Zone => b"!$&'()*+,;=:[]<>\"",
            Self::User => b"$&+,;=",
            Self::Query => b"",
            Self::Fragment => b"$&+,/:;=?@!()*",
        };
        others.contains(&byte)
    }
}

/// `source` with its escapes resolved.
fn decoded(source: &str, part: Part) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(source.len());
    let mut rest = source.as_bytes();
    while let [byte, behind @ ..] = rest {
        match (byte, behind) {
            (b'%', _) => {
                let escape = || {
                    let escape = &rest[..rest.len().min(3)];
                    format!("invalid URL escape {}", quoted(&String::from_utf8_lossy(escape)))
                };
                let digit = |index: usize| behind.get(index).and_then(|byte| char::from(*byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(escape()) };
                let value = (high * 16 + low) as u8;
                let allowed = match part {
                    // A host may escape nothing but what is not ASCII; a percent sign starts a zone.
                    Part::Host => value >= 0x80 || value == b'%',
                    Part::Zone => value == b'%' || value == b' ' || Part::Host.allows(value),
                    _ => true,
                };
                if !allowed {
                    return Err(escape());
                }
                bytes.push(value);
                rest = &behind[2..];
                continue;
            }
            (b'+', _) if part == Part::Query => bytes.push(b' '),
            (byte, _)
                if matches!(part, Part::Host | Part::Zone) && byte.is_ascii() && !part.allows(*byte) =>
            {
                let character = char::from(*byte).to_string();
                return Err(format!("invalid character {} in host name", quoted(&character)));
            }
            (byte, _) => bytes.push(*byte),
        }
        rest = behind;
    }
    Ok(bytes)
}

/// `bytes` with everything escaped that does not stand for itself.
fn encoded(bytes: &[u8], part: Part) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match part.allows(*byte) {
            true => text.push(char::from(*byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// `written` if it could be a result of encoding `bytes`, else that result.
fn kept_or_encoded(written: &str, bytes: &[u8], part: Part) -> String {
    let kept = |byte: u8| b"!$&'()*+,;=:@[]%".contains(&byte) || part.allows(byte);
    if written.bytes().all(kept) { written.to_owned() } else { encoded(bytes, part) }
}

fn url<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let source = text(arguments, 0)?;
    context.budget.spend_bytes(source.len())?;
    match Url::parse(source) {
        Ok(url) => Ok(Value::opaque(Opaque::Url(url))),
        Err(error) => {
            Err(EvaluationError::function(format!("URL parse error during conversion from string: {error}")))
        }
    }
}

fn is_url<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let source = text(arguments, 0)?;
    context.budget.spend_bytes(source.len())?;
    Ok(Value::Bool(Url::validate(source).is_ok()))
}

fn target<'v>(arguments: &'v [Value<'_>]) -> Result<&'v Url, EvaluationError> {
    match arguments.first().and_then(Value::as_opaque) {
        Some(Opaque::Url(url)) => Ok(url),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn scheme<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::text(target(arguments)?.scheme.as_str()))
}

fn host<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::text(target(arguments)?.host.as_str()))
}

fn hostname<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::text(target(arguments)?.host_and_port().0))
}

fn port<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::text(target(arguments)?.host_and_port().1))
}

fn escaped_path<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::text(target(arguments)?.path.as_str()))
}

fn query<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let url = target(arguments)?;
    context.budget.spend_bytes(url.query.len())?;
    let entry = |(name, values): (String, Vec<String>)| (Key::String(name.into()), Value::texts(values));
    Ok(Value::Map(Arc::new(url.parameters().into_iter().map(entry).collect::<Map<'_>>())))
}
