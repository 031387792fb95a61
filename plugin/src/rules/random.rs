//! Whether a text looks as if a machine had drawn it, or a person had made it hard to guess.
//!
//! Depends on [`super::placeholder`] for blanks. Words, of which names are made, are told by how long they are
//! and by the pairs of letters in them.

use super::placeholder::{Kind, marker};

/// The most bytes of a text that is looked at.
pub(super) const LONGEST: usize = 512;

/// The letters that often follow a letter, from `a` to `z`: the 160 commonest pairs in the words of manifests,
/// 85 in 100 of all. Of pairs that are drawn, 24 in 100 are among them.
const OFTEN_BEHIND: [&str; 26] = [
    "bcdgilmnoprstu",
    "aeil",
    "aehiklort",
    "aeios",
    "acdfglmnprstvwx",
    "aeio",
    "er",
    "aeot",
    "cdefglmnoprstv",
    "",
    "e",
    "aeilostu",
    "aeiop",
    "acdefgiost",
    "cdlmnoprstuvw",
    "aeiloprt",
    "",
    "aceikorstvy",
    "cehiopstu",
    "acehiloprst",
    "belnprst",
    "aei",
    "ao",
    "",
    "",
    "",
];

/// Judges a text without spaces.
pub(super) fn looks_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !(8..=LONGEST).contains(&bytes.len()) || !bytes.iter().all(|byte| is_of_secrets(*byte)) {
        return false;
    }
    let is_reference = ["://", "$(", "${"].iter().any(|sign| text.contains(sign));
    let is_path = text.starts_with(['/', '.']) && !is_base64(bytes);
    !is_reference
        && !is_path
        && marker(text, Kind::Setting).is_none()
        && (is_hexadecimal(bytes) || has_short_stretches(bytes) || has_no_words(bytes))
}

/// What is drawn from letters, digits and signs changes between them more often than names do.
fn has_short_stretches(bytes: &[u8]) -> bool {
    let (letters, digits) = (count(bytes, u8::is_ascii_alphabetic), count(bytes, u8::is_ascii_digit));
    let is_mixed = letters >= 3 && (digits >= 2 || digits >= 1 && bytes.len() < 16 || bytes.len() >= 24);
    is_mixed
        && !matches!(bytes, [b'%' | b'*', ..])
        && bytes.len() * 10 < stretches(bytes) * 27
        && entropy(bytes) >= if bytes.len() < 12 { 2.5 } else { 3.0 }
}

/// What is drawn mostly from letters has few of the pairs that words are made of.
fn has_no_words(bytes: &[u8]) -> bool {
    let digits = count(bytes, u8::is_ascii_digit);
    let signs = count(bytes, |byte| {
        !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.' | b'/' | b'=')
    });
    let has = |is: fn(&u8) -> bool| usize::from(bytes.iter().any(is));
    let classes = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + usize::from(digits > 0)
        + usize::from(signs > 0);
    let pairs = || bytes.windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphabetic));
    let (all, often) = (pairs().count(), pairs().filter(|pair| is_often(pair)).count());
    // Names have a number or a sign, rarely three.
    let most = if digits + signs >= 3 { 60 } else { 45 };
    bytes.len() >= 12
        && classes >= 2
        && all >= 4
        && often * 100 <= all * most
        && bytes.len() * 10 < stretches(bytes) * 45
        && entropy(bytes) >= 3.0
}

/// Keys and digests in hexadecimal, of 16 digits or more.
fn is_hexadecimal(bytes: &[u8]) -> bool {
    let is = |letters: std::ops::RangeInclusive<u8>| {
        bytes.iter().all(|byte| byte.is_ascii_digit() || letters.contains(byte))
    };
    let digits = count(bytes, u8::is_ascii_digit);
    bytes.len() >= 16
        && (is(b'a'..=b'f') || is(b'A'..=b'F'))
        && digits * 6 >= bytes.len()
        && bytes.len() - digits >= 3
        && entropy(bytes) >= 3.0
}

/// Base64 with its padding, long enough to be no path.
fn is_base64(bytes: &[u8]) -> bool {
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = &bytes[..bytes.len() - padding];
    bytes.len() >= 24
        && bytes.len().is_multiple_of(4)
        && padding < 3
        && body.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_of_secrets(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=_-.!@#$%^&*~?".contains(&byte)
}

fn is_often(pair: &[u8]) -> bool {
    let place = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
    OFTEN_BEHIND[place(pair[0])].as_bytes().contains(&pair[1].to_ascii_lowercase())
}

fn count(bytes: &[u8], is: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().filter(|byte| is(byte)).count()
}

/// How many words, numbers and signs there are. A capital belongs to the letters after it.
fn stretches(bytes: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let mut count = usize::from(!bytes.is_empty());
    for (at, pair) in bytes.windows(2).enumerate() {
        let begins_word = at == 0 || class(bytes[at - 1]) != 1;
        let is_word = class(pair[0]) == 1 && class(pair[1]) == 0 && begins_word;
        count += usize::from(class(pair[0]) != class(pair[1]) && !is_word);
    }
    count
}

/// Shannon's, in bits for each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    #[allow(clippy::cast_precision_loss, reason = "never more than LONGEST bytes")]
    let length = bytes.len() as f64;
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_drawn_looks_random_and_names_do_not() {
        for text in [
            "k7Gd92mQxL0vR4",
            "p@ssw0rd",
            "S3cr3tP4ss",
            "9f86d081884c7d659a2feaa0c55ad015",
            "930470a34d87978013f844935bc90fb3779ed78d",
            "aB3dE6gH9jK2",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz",
            "550e8400-e29b-41d4-a716-446655440000",
            "dGhpcyBpcyBhIHNlY3JldCB2YWx1ZQ==",
            "/rtPpkg767oUsCtO4nK9sA==",
            "rmgGVVGZLoUJJBJcruspWHokzboaF0HPJ5foPC1sbdo=",
            "twaoiOxsrtBA1NaqlQlu",
            "XVaiYqNXPNX5Fgod",
            "CHrDFRjoWQ@Z=RIO",
            "f@I2c$L2Q7wpe#jb",
            "%k~$e*xb2iudsI06",
        ] {
            assert!(looks_random(text), "{text}");
        }
        for text in [
            "",
            "password",
            "hunter2-in-a-config-map",
            "my-release-postgresql",
            "cert-manager-webhook-ca",
            "admin123",
            "/var/run/secrets/token",
            "/etc/ssl/certs/k8s/x1/ca2.crt",
            "${DB_PASSWORD}",
            "$(TOKEN)",
            "a1$(TOKEN)b2C3d4",
            "{{ .Values.password }}",
            "https://x9K2.example.com/a1B2",
            "someObject.getFoo1Bar",
            "aaaaaaaa11111111",
            "CHANGE_ME_k7Gd92m",
            "with spaces 1A2b3C",
            "12345678901234567890",
            "serviceAccountToken",
            "mutatingWebhookConfigurationName",
            "XMLHttpRequestFactory",
            "KUBERNETES_SERVICE_HOST",
            "kubernetes.io/service-account-token",
            "vault-token-secret-1",
            "prometheus-kube-state-metrics-tls-v2",
            "postgresql14",
        ] {
            assert!(!looks_random(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_judged(text in "(?s).{0,40}") {
            looks_random(&text);
        }

        #[test]
        fn passwords_of_sixteen_drawn_characters_are_nearly_always_found(seed in any::<[u8; 16]>()) {
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
            let text: String = seed.iter().map(|byte| alphabet[usize::from(*byte) % 62] as char).collect();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            prop_assume!((2..=12).contains(&digits));
            prop_assume!(stretches(text.as_bytes()) >= 7);
            prop_assert!(entropy(text.as_bytes()) < 3.0 || looks_random(&text), "{text}");
        }
    }
}
