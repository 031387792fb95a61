//! Names of settings which say that the value is secret.
//!
//! Depends on nothing. A name is judged by its last words: `DB_PASSWORD` holds a password, while
//! `PASSWORD_FILE` says where one is.

/// Last words of the names of secrets.
const LAST: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "secret",
    "token",
    "credential",
    "credentials",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authkey",
    "signingkey",
    "secrets",
    "passwords",
    "tokens",
];

/// Words which, before `key`, say that the key is secret.
const KEYS: &[&str] = &[
    "access",
    "account",
    "api",
    "app",
    "application",
    "auth",
    "cookie",
    "encryption",
    "hmac",
    "jwt",
    "license",
    "master",
    "private",
    "secret",
    "session",
    "signing",
    "storage",
];

/// Whether a setting of this name holds a secret.
pub(super) fn names_a_secret(name: &str) -> bool {
    let (before, last) = last_words(name);
    if eq(last, "key") {
        return KEYS.iter().any(|word| eq(before, word));
    }
    LAST.iter().any(|word| eq(last, word))
        || ["password", "passwd", "apikey", "secretkey"].iter().any(|word| ends_with(last, word))
}

/// The last word but one and the last, cut at signs, digits at the end and changes of case.
fn last_words(name: &str) -> (&str, &str) {
    let name = name.trim_end_matches(|character: char| !character.is_ascii_alphabetic());
    let (rest, last) = cut(name);
    let rest = rest.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
    (cut(rest).1, last)
}

/// Everything before the last word, and the last word.
fn cut(name: &str) -> (&str, &str) {
    let bytes = name.as_bytes();
    let start = (1..bytes.len())
        .rev()
        .find(|&at| {
            !bytes[at - 1].is_ascii_alphanumeric()
                || bytes[at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase()
        })
        .unwrap_or(0);
    // Only ASCII was looked for, so this is a boundary; anything else is one word.
    name.split_at_checked(start).unwrap_or(("", name))
}

fn eq(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn ends_with(word: &str, ending: &str) -> bool {
    word.len().checked_sub(ending.len()).and_then(|at| word.get(at..)).is_some_and(|end| eq(end, ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_decide() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "password",
            "spring.datasource.password",
            "PGPASSWORD",
            "API_KEY",
            "apiKey",
            "x-api-key",
            "AWS_SECRET_ACCESS_KEY",
            "jwtSecret",
            "GITHUB_TOKEN",
            "TOKEN_1",
            "client-secret",
            "ACCESS_TOKEN2",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "",
            "PASSWORD_FILE",
            "TOKEN_URL",
            "secretName",
            "tokenTTL",
            "KEY",
            "PUBLIC_KEY",
            "sortKey",
            "tokenizer",
            "compass",
            "passwordPolicy",
            "é",
            "__",
            "topologyKey",
            "bypass_cache",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
