//! Examples are put together here, for whole ones would be taken for true by those who look for secrets.

use super::*;
use base64::engine::general_purpose::STANDARD as ENCODE;
use proptest::prelude::*;

const BODY: &str = "k7Gd92mQxL0vR4tYb8NcZa5WsE3fHj6UpK1oIiDqXgTzVy9MrBnPl2wC8eAuJ4hF";

fn what(text: &str) -> Option<&'static str> {
    find(text).map(|found| {
        assert!(text.get(found.part.clone()).is_some_and(|part| !part.is_empty()), "{text}");
        found.what
    })
}

fn private_key_of(title: &str, body: &str) -> String {
    format!("-----BEGIN {title}-----\n{body}\n-----END {title}-----\n")
}

#[test]
fn every_token_is_known_with_its_least_length_and_no_shorter() {
    for Token(expected, prefix, least) in TOKENS {
        let is_upper = matches!(*prefix, "AKIA" | "ASIA");
        let body: String =
            BODY.repeat(2).chars().filter(|character| !is_upper || !character.is_ascii_lowercase()).collect();
        let whole = format!("{prefix}{}", &body[..*least]);
        assert_eq!(what(&whole), Some(*expected), "{prefix}");
        assert_eq!(what(&format!("key: \"{whole}\"\n")), Some(*expected), "{prefix}");
        assert_eq!(what(&whole[..whole.len() - 1]), None, "{prefix}");
        assert_eq!(what(&format!("a{whole}")), None, "{prefix}");
        assert_eq!(what(&format!("# {whole}\na: 1\n")), None, "{prefix}");
        assert_eq!(what(&format!("{prefix}{}", "x".repeat(*least))), None, "{prefix}");
    }
}

#[test]
fn private_keys_need_a_body() {
    for title in
        ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        assert_eq!(what(&private_key_of(title, BODY)), Some("a private key"));
        assert_eq!(what(&private_key_of(title, BODY).replace('\n', "\\n")), Some("a private key"));
        assert_eq!(
            what(&format!("a: |\n  {}", private_key_of(title, BODY).replace('\n', "\n  "))),
            Some("a private key")
        );
        assert_eq!(what(&private_key_of(title, "...")), None);
    }
    assert_eq!(what(&private_key_of("CERTIFICATE", BODY)), None);
    assert_eq!(what(&private_key_of("PUBLIC KEY", BODY)), None);
    let encoded = ENCODE.encode(private_key_of("RSA PRIVATE KEY", BODY));
    assert_eq!(
        what(&format!("users:\n- user:\n    client-key-data: {encoded}\n")),
        Some("a private key in Base64")
    );
    let encoded = ENCODE.encode(private_key_of("CERTIFICATE", BODY));
    assert_eq!(what(&format!("    client-certificate-data: {encoded}\n")), None);
}

#[test]
fn web_tokens_are_read_to_be_sure() {
    let encode = |text: &str| URL.encode(text).trim_end_matches('=').to_owned();
    let header = encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    let body = encode("{\"sub\":\"1234\",\"admin\":true}");
    let whole = format!("{header}.{body}.{}", &BODY[..43]);
    assert_eq!(what(&format!("Authorization: Bearer {whole}")), Some("a JSON Web Token"));
    assert_eq!(what(&format!("{header}.{body}")), None);
    assert_eq!(what(&format!("{}.{body}.{}", encode("{\"typ\":\"something\"}"), &BODY[..43])), None);
}

#[test]
fn addresses_need_a_password_of_their_own() {
    for text in [
        "postgres://app:k7Gd92m@db/app",
        "a=https://x:p%40ss@y",
        "amqp://guest:guest@mq:5672",
        "redis://:k7Gd92m@r",
    ] {
        assert_eq!(what(text), Some("an address with a password"), "{text}");
    }
    for text in [
        "https://example.com/a:b@c",
        "https://example.com",
        "https://user@example.com",
        "postgres://app:$(DB_PASSWORD)@db",
        "postgres://app:${DB_PASSWORD}@db",
        "postgres://app:{{ .Values.password }}@db",
        "postgres://app:<your-password>@db",
        "postgres://app:CHANGE_ME@db",
        "postgres://user:password@db",
        "postgres://app:****@db",
        "postgres://app:%s@db",
        "https://a b:c@d",
        "# postgres://app:k7Gd92m@db\na: 1\n",
        "://app:k7Gd92m@db",
        "http://x:80,http://y:80/@",
    ] {
        assert_eq!(what(text), None, "{text}");
    }
}

#[test]
fn users_and_passwords_are_decoded_to_be_sure() {
    let encoded = ENCODE.encode("app:k7Gd92m");
    assert_eq!(
        what(&format!("Authorization: Basic {encoded}")),
        Some("a user and password for Basic authentication")
    );
    let config = format!("{{\"auths\": {{\"r.example.com\": {{\"auth\": \"{encoded}\"}}}}}}");
    assert_eq!(what(&config), Some("the credentials of a registry"));
    let quoted = config.replace('"', "\\\"");
    assert_eq!(what(&quoted), Some("the credentials of a registry"), "{quoted}");
    for other in ["app", "app:", ":k7Gd92m", "user:password", "app:CHANGE_ME"] {
        let encoded = ENCODE.encode(other);
        assert_eq!(what(&format!("Basic {encoded}")), None, "{other}");
        assert_eq!(what(&format!("{{\"auth\": \"{encoded}\"}}")), None, "{other}");
    }
    assert_eq!(what("Basic authentication"), None);
    assert_eq!(what("{\"auth\": \"enabled\"}"), None);
    let storage = format!("AccountName=a;AccountKey={}==;EndpointSuffix=x", &BODY.repeat(2)[..86]);
    assert_eq!(what(&storage), Some("an Azure Storage key"));
}

proptest! {
    #[test]
    fn any_text_can_be_looked_at(text in "(?s).{0,60}") {
        what(&text);
    }

    #[test]
    fn pieces_of_shapes_do_no_harm(pieces in proptest::collection::vec(prop_oneof![
        Just("-----BEGIN "), Just("PRIVATE KEY-----"), Just("://"), Just("@"), Just(":"), Just("eyJ"), Just("."), Just("Basic "),
        Just("\"auth\""), Just("\""), Just("LS0tLS1CRUdJTi"), Just("AKIA"), Just("é"), Just("\n"), Just("k7Gd92mQxL0v"), Just("=="),
    ], 0..12)) {
        what(&pieces.concat());
    }

    #[test]
    fn prose_holds_no_secret(words in proptest::collection::vec("[a-zA-Z]{1,12}", 0..30)) {
        prop_assert_eq!(what(&words.join(" ")), None);
    }
}
