//! The shapes of well-known secrets.
//!
//! Depends on [`super::strings`] for comments and on [`super::placeholder`] for blanks. One pass over a
//! text: a byte that can begin a shape is looked at more closely, all others are passed over. Matchers are
//! written out, for compiling patterns would cost more than the whole of judging an ordinary stream.

use super::placeholder::{Kind, marker};
use super::strings::is_in_comment;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::ops::Range;

/// A secret that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// What it is, for a message.
    pub what: &'static str,
    /// Where it stands.
    pub part: Range<usize>,
}

/// A token that begins with a fixed text: what it is, how it begins, how many characters follow at least.
struct Token(&'static str, &'static str, usize);

/// Sorted by their first byte, which is what is looked for.
const TOKENS: &[Token] = &[
    Token("an age secret key", "AGE-SECRET-KEY-1", 58),
    Token("an AWS access key", "AKIA", 16),
    Token("an AWS access key", "ASIA", 16),
    Token("a Google API key", "AIza", 35),
    Token("a SendGrid API key", "SG.", 60),
    Token("a DigitalOcean token", "dop_v1_", 64),
    Token("a GitLab token", "gldt-", 20),
    Token("a GitLab token", "glpat-", 20),
    Token("a GitLab token", "glptt-", 40),
    Token("a GitLab token", "glrt-", 20),
    Token("a GitHub token", "github_pat_", 36),
    Token("a GitHub token", "gho_", 36),
    Token("a GitHub token", "ghp_", 36),
    Token("a GitHub token", "ghr_", 36),
    Token("a GitHub token", "ghs_", 36),
    Token("a GitHub token", "ghu_", 36),
    Token("a Slack webhook", "hooks.slack.com/services/T", 30),
    Token("a Hugging Face token", "hf_", 34),
    Token("a Vault token", "hvb.", 90),
    Token("a Vault token", "hvs.", 24),
    Token("an npm token", "npm_", 36),
    Token("a PyPI token", "pypi-AgEI", 40),
    Token("a Stripe key", "rk_live_", 20),
    Token("a Stripe key", "rk_test_", 20),
    Token("an Anthropic API key", "sk-ant-", 40),
    Token("an OpenAI API key", "sk-proj-", 40),
    Token("a Stripe key", "sk_live_", 20),
    Token("a Stripe key", "sk_test_", 20),
    Token("a Shopify token", "shpat_", 32),
    Token("a Stripe webhook secret", "whsec_", 32),
    Token("a Slack token", "xapp-", 30),
    Token("a Slack token", "xoxa-", 30),
    Token("a Slack token", "xoxb-", 30),
    Token("a Slack token", "xoxe-", 30),
    Token("a Slack token", "xoxp-", 30),
    Token("a Slack token", "xoxr-", 30),
    Token("a Slack token", "xoxs-", 30),
    Token("a Google OAuth token", "ya29.", 30),
];

/// The first secret in a text that is known by its shape.
pub(super) fn find(text: &str) -> Option<Shape> {
    let bytes = text.as_bytes();
    let mut in_word = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let begins = !in_word;
        in_word = byte.is_ascii_alphanumeric() || byte == b'_';
        let found = match byte {
            b':' => address(text, at),
            b'-' if begins => private_key(text, at),
            b'"' => registry(text, at),
            b'A' | b'B' | b'L' | b'S' | b'b' | b'd' | b'e' | b'g' | b'h' | b'n' | b'p' | b'r' | b's'
            | b'w' | b'x' | b'y'
                if begins =>
            {
                token(text, at).or_else(|| match byte {
                    b'A' => storage_key(text, at),
                    b'B' | b'b' => basic(text, at),
                    b'L' => encoded_private_key(text, at),
                    b'e' => web_token(text, at),
                    _ => None,
                })
            }
            _ => None,
        };
        if found.is_some() && !is_in_comment(text, at) {
            return found;
        }
    }
    None
}

fn shape(what: &'static str, start: usize, end: usize) -> Option<Shape> {
    Some(Shape { what, part: start..end })
}

/// How many bytes from `at` are of the kind.
fn run(text: &str, at: usize, is_one: impl Fn(u8) -> bool) -> usize {
    text.as_bytes().get(at..).unwrap_or_default().iter().take_while(|byte| is_one(**byte)).count()
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn token(text: &str, at: usize) -> Option<Shape> {
    let rest = text.get(at..)?;
    let Token(what, prefix, least) = TOKENS.iter().find(|Token(_, prefix, _)| rest.starts_with(prefix))?;
    let start = at + prefix.len();
    let is_path = prefix.contains('/');
    let length = run(text, start, |byte| is_token_byte(byte) || byte == b'.' || is_path && byte == b'/');
    let body = text.get(start..start + length)?;
    let fits = match *prefix {
        "AKIA" | "ASIA" => {
            length == *least && body.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
        _ => length >= *least,
    };
    // Documentation draws its examples so that nobody takes them for true.
    let is_example = body.contains("EXAMPLE") || body.contains("example") || has_little_variety(body);
    (fits && !is_example).then_some(())?;
    shape(what, at, start + length)
}

/// Whether a text is made of so few different bytes that nobody drew it.
fn has_little_variety(body: &str) -> bool {
    let mut seen = [false; 256];
    body.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|seen| **seen).count() < 7
}

/// `-----BEGIN … PRIVATE KEY-----` and a body, its line breaks real or written `\n`.
fn private_key(text: &str, at: usize) -> Option<Shape> {
    const BEGIN: &str = "-----BEGIN ";
    let rest = text.get(at..)?.strip_prefix(BEGIN)?;
    let title = rest.get(..run(rest, 0, |byte| byte != b'-' && byte != b'\n').min(64))?;
    if !title.ends_with("PRIVATE KEY") && title != "PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let body = rest[title.len()..].strip_prefix("-----")?;
    let body = body.trim_start_matches(['\n', '\r', ' ', '\t', '\\', 'n', 'r']);
    // A blank, or the dots of documentation.
    (run(body, 0, is_base64) >= 24).then_some(())?;
    shape("a private key", at, at + BEGIN.len() + title.len())
}

/// A private key in PEM, as Base64: `client-key-data` of a kubeconfig for one.
fn encoded_private_key(text: &str, at: usize) -> Option<Shape> {
    if !text.get(at..)?.starts_with("LS0tLS1CRUdJTi") {
        return None;
    }
    let head = text.get(at..at + 48)?;
    let plain = decode(head)?;
    let is_private = plain.windows(11).any(|window| window == b"PRIVATE KEY");
    is_private.then(|| shape("a private key in Base64", at, at + run(text, at, is_base64)))?
}

/// `eyJ….eyJ….…`
fn web_token(text: &str, at: usize) -> Option<Shape> {
    if !text.get(at..)?.starts_with("eyJ") {
        return None;
    }
    let header = run(text, at, is_token_byte);
    let body_at = at + header + 1;
    let body = run(text, body_at, is_token_byte);
    let signature_at = body_at + body + 1;
    let signature = run(text, signature_at, is_token_byte);
    let dots = [body_at, signature_at].iter().all(|at| text.as_bytes().get(at - 1) == Some(&b'.'));
    if !dots || header < 16 || body < 10 || signature < 20 {
        return None;
    }
    let header = URL.decode(text.get(at..at + header)?).ok()?;
    header.windows(5).any(|window| window == b"\"alg\"").then_some(())?;
    shape("a JSON Web Token", at, signature_at + signature)
}

/// `scheme://user:password@host`
fn address(text: &str, at: usize) -> Option<Shape> {
    let rest = text.get(at..)?.strip_prefix("://")?;
    let scheme = text.as_bytes()[..at].iter().rev().take(32).take_while(|byte| is_of_scheme(**byte)).count();
    let length = run(rest, 0, |byte| {
        !matches!(byte, b'/' | b' ' | b'\n' | b'\t' | b'"' | b'\'' | b'<' | b'>' | b',' | b'`')
    })
    .min(512);
    let (user, password) = rest.get(..length)?.rsplit_once('@')?.0.split_once(':')?;
    let is_blank = password.len() < 3
        || password.contains(['$', '{', '(', '*', '%', '[', '|', '\\']) && !is_percent_encoded(password)
        || password.contains("...")
        || marker(password, Kind::Setting).is_some()
        || matches!(user, "user" | "username" | "USER" | "USERNAME") && is_word_for_password(password);
    (scheme > 0 && !is_blank && !user.contains(['$', '{'])).then_some(())?;
    shape("an address with a password", at - scheme, at + 3 + length)
}

fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

fn is_percent_encoded(password: &str) -> bool {
    let is_hexadecimal =
        |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    !password.contains(['$', '{', '(', '*', '[', '|', '\\'])
        && password.split('%').skip(1).all(is_hexadecimal)
}

fn is_word_for_password(text: &str) -> bool {
    ["pass", "password", "passwd", "pwd", "secret"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `Basic dXNlcjpwYXNzd29yZA==`
fn basic(text: &str, at: usize) -> Option<Shape> {
    let rest = text.get(at..)?.strip_prefix("Basic ").or_else(|| text.get(at..)?.strip_prefix("basic "))?;
    let start = at + "Basic ".len();
    let length = run(rest, 0, is_base64);
    is_user_and_password(rest.get(..length)?).then_some(())?;
    shape("a user and password for Basic authentication", start, start + length)
}

/// `"auth": "dXNlcjpwYXNzd29yZA=="`, as in `.dockerconfigjson`; inside a quoted text each quote has a backslash.
fn registry(text: &str, at: usize) -> Option<Shape> {
    let rest = behind_quote(text.get(at..)?.strip_prefix("\"auth")?)?;
    let rest = behind_quote(rest.trim_start().strip_prefix(':')?.trim_start())?;
    let start = text.len() - rest.len();
    let length = run(rest, 0, is_base64);
    is_user_and_password(rest.get(..length)?).then_some(())?;
    shape("the credentials of a registry", start, start + length)
}

/// `AccountKey=…` of a connection string of Azure Storage.
fn storage_key(text: &str, at: usize) -> Option<Shape> {
    let rest = text.get(at..)?.strip_prefix("AccountKey=")?;
    let length = run(rest, 0, is_base64);
    (length == 88 && rest[..length].ends_with("==")).then_some(())?;
    shape("an Azure Storage key", at, at + "AccountKey=".len() + length)
}

fn behind_quote(text: &str) -> Option<&str> {
    text.strip_prefix('\\').unwrap_or(text).strip_prefix('"')
}

fn is_user_and_password(encoded: &str) -> bool {
    let Some(plain) = decode(encoded) else { return false };
    let Ok(plain) = String::from_utf8(plain) else { return false };
    let Some((user, password)) = plain.split_once(':') else { return false };
    let is_example = matches!(user, "user" | "username") && is_word_for_password(password);
    !user.is_empty()
        && password.len() >= 3
        && !plain.contains(char::is_control)
        && !is_example
        && marker(&plain, Kind::Setting).is_none()
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const ORDINARY: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

fn decode(encoded: &str) -> Option<Vec<u8>> {
    (encoded.len() >= 8).then(|| ORDINARY.decode(encoded).ok())?
}

#[cfg(test)]
mod tests;
