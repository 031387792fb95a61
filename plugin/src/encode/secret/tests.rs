use super::*;
use crate::yaml::load_stream;
use proptest::prelude::*;

fn encode(text: &str) -> String {
    encode_with(text, &BTreeMap::new()).unwrap().text.unwrap_or_else(|| text.to_owned())
}

fn encode_with(text: &str, sources: &BTreeMap<String, String>) -> Result<Encoded, EncodeError> {
    let documents = load_stream(text, &Limits::default()).unwrap();
    encode_document(text, &documents[0], sources)
}

fn sources() -> BTreeMap<String, String> {
    BTreeMap::from([("shop/prod/TOKEN".to_owned(), "dG9rZW4=".to_owned())])
}

#[test]
fn string_data_alone_is_renamed_and_its_values_encoded_in_place() {
    assert_eq!(
        encode(
            "# Source: a\napiVersion: v1\nkind: Secret # s\nstringData: # plain\n  A: hi # a\n  B: 'x y'\n  C: \"1\"\ntype: Opaque\n"
        ),
        "# Source: a\napiVersion: v1\nkind: Secret # s\ndata: # plain\n  A: aGk= # a\n  B: eCB5\n  C: \"MQ==\"\ntype: Opaque\n"
    );
}

#[test]
fn block_scalars_keep_their_line_breaks() {
    assert_eq!(
        encode(
            "apiVersion: v1\nkind: Secret\nstringData:\n  a: |\n    one\n    two\n\n  b: >-\n    x\n    y\n  c:\n"
        ),
        "apiVersion: v1\nkind: Secret\ndata:\n  a: b25lCnR3bwo=\n\n  b: eCB5\n  c: \"\"\n"
    );
}

#[test]
fn string_data_joins_data_and_wins() {
    assert_eq!(
        encode(
            "apiVersion: v1\nkind: Secret\ndata:\n  A: b2xk\n  B: a2VlcA==\nstringData:\n  A: new\n  C: added\ntype: Opaque\n"
        ),
        "apiVersion: v1\nkind: Secret\ndata:\n  A: bmV3\n  B: a2VlcA==\n  C: YWRkZWQ=\ntype: Opaque\n"
    );
    assert_eq!(
        encode("stringData: {A: hi}\nkind: Secret\napiVersion: v1\ndata:\n  B: a2VlcA=="),
        "kind: Secret\napiVersion: v1\ndata:\n  B: a2VlcA==\n  A: aGk=\n"
    );
}

#[test]
fn empty_data_gives_way() {
    for data in ["data:\n", "data: null\n", "data: {}\n"] {
        let text = format!("apiVersion: v1\nkind: Secret\n{data}stringData:\n  A: hi\n");
        let out = encode(&text);
        let documents = load_stream(&out, &Limits::default()).unwrap();
        assert_eq!(documents[0].root.at(&["data", "A"]).unwrap().as_str(), Some("aGk="), "{out}");
        assert!(documents[0].root.get("stringData").is_none(), "{out}");
    }
}

#[test]
fn json_documents_stay_json() {
    assert_eq!(
        encode(
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"stringData\":{\"A\":\"hi\"},\"data\":{\"B\":\"eA==\"}}\n"
        ),
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"B\":\"eA==\", \"A\": \"aGk=\"}}\n"
    );
    assert_eq!(
        encode("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"stringData\":{\"A\":\"hi\"}}"),
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"A\":\"aGk=\"}}"
    );
}

#[test]
fn secrets_inside_lists_are_encoded_where_they_stand() {
    assert_eq!(
        encode(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  stringData: {A: hi}\n- apiVersion: v1\n  kind: Secret\n  stringData: {A: hi}\n- stringData: {A: ho}\n  apiVersion: v1\n  kind: Secret\n"
        ),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  stringData: {A: hi}\n- apiVersion: v1\n  kind: Secret\n  data: {A: aGk=}\n- data: {A: aG8=}\n  apiVersion: v1\n  kind: Secret\n"
    );
}

#[test]
fn layouts_no_small_change_fits_are_written_anew() {
    let aliased = "apiVersion: v1\nkind: Secret\nmetadata:\n  annotations: &a {A: hi}\nstringData: *a\n";
    let out = encode(aliased);
    assert!(out.starts_with("{\"apiVersion\": \"v1\""), "{out}");
    assert!(out.contains("\"data\": {\"A\": \"aGk=\"}") && !out.contains("stringData"), "{out}");
    let binary = "apiVersion: v1\nkind: Secret\nstringData:\n  A: !!binary aGk=\n";
    let documents = encode(binary);
    assert_eq!(
        load_stream(&documents, &Limits::default()).unwrap()[0].root.at(&["data", "A"]).unwrap().as_str(),
        Some("aGk=")
    );
}

#[test]
fn plaintext_that_looks_encoded_is_encoded_once_all_the_same() {
    assert_eq!(
        encode(
            "apiVersion: v1\nkind: Secret\nstringData:\n  K: Yn2kjibddFAWtnPJ2AFlL8WXmohJMCvmgQggaEypa5E=\n"
        ),
        "apiVersion: v1\nkind: Secret\ndata:\n  K: WW4ya2ppYmRkRkFXdG5QSjJBRmxMOFdYbW9oSk1Ddm1nUWdnYUV5cGE1RT0=\n"
    );
}

#[test]
fn references_in_data_are_filled() {
    let text = "apiVersion: v1\nkind: Secret\ndata:\n  T: secretRef:shop/prod/TOKEN\n  U: eA==\n";
    let result = encode_with(text, &sources()).unwrap();
    assert_eq!(result.text.unwrap(), "apiVersion: v1\nkind: Secret\ndata:\n  T: dG9rZW4=\n  U: eA==\n");
    assert_eq!((result.encoded, result.resolved), (0, 1));
}

#[test]
fn text_in_string_data_is_never_a_reference() {
    assert_eq!(
        encode("apiVersion: v1\nkind: Secret\nstringData: {A: 'secretRef:x'}\n"),
        format!("apiVersion: v1\nkind: Secret\ndata: {{A: {}}}\n", STANDARD.encode("secretRef:x"))
    );
}

#[test]
fn a_reference_without_a_source_is_an_error_that_names_the_key() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {T: 'secretRef:shop/prod/OTHER'}\n";
    assert_eq!(
        encode_with(text, &sources()),
        Err(EncodeError::Missing { secret: "s".into(), key: "T".into(), name: "shop/prod/OTHER".into() })
    );
}

#[test]
fn what_is_no_secret_or_needs_nothing_is_not_touched() {
    for text in [
        "apiVersion: v1\nkind: Secret\ndata:\n  A: b2xk\n",
        "apiVersion: example.com/v1\nkind: Secret\nstringData: {A: x}\n",
        "apiVersion: v1\nkind: ConfigMap\ndata: {A: 'secretRef:x'}\n",
        "apiVersion: v1\nkind: Secret\nstringData: {A: 1}\n",
    ] {
        assert_eq!(encode_with(text, &BTreeMap::new()).unwrap(), Encoded::default(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_plaintext_arrives_in_data_exactly_once(
        plain in proptest::collection::btree_map("[A-Za-z][A-Za-z0-9_.-]{0,12}", any::<String>(), 1..5),
        kept in proptest::collection::btree_map("[A-Za-z][A-Za-z0-9_.-]{0,12}", any::<Vec<u8>>(), 0..4),
        crlf in any::<bool>(),
    ) {
        use crate::yaml::quoted;
        let mut text = String::from("apiVersion: v1\nkind: Secret\n");
        if !kept.is_empty() {
            text.push_str("data:\n");
            for (key, value) in &kept {
                text.push_str(&format!("    {}: {}\n", quoted(key), quoted(&STANDARD.encode(value))));
            }
        }
        text.push_str("stringData:\n");
        for (key, value) in &plain {
            text.push_str(&format!("  {}: {}\n", quoted(key), quoted(value)));
        }
        text.push_str("type: Opaque\n");
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let out = encode(&text);
        let documents = load_stream(&out, &Limits::default()).unwrap();
        let data = documents[0].root.get("data").unwrap().as_mapping().unwrap();
        prop_assert!(documents[0].root.get("stringData").is_none());
        prop_assert!(!out.starts_with('{'), "{}", out);
        let mut expected: BTreeMap<String, Vec<u8>> = kept;
        expected.extend(plain.into_iter().map(|(key, value)| (key, value.into_bytes())));
        prop_assert_eq!(data.len(), expected.len());
        for (key, bytes) in expected {
            let encoded = data.get(&key).unwrap().as_str().unwrap();
            prop_assert_eq!(STANDARD.decode(encoded).unwrap(), bytes);
        }
    }
}
