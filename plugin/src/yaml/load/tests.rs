use super::*;
use crate::yaml::Value;

fn one(text: &str) -> Document<'_> {
    let mut documents = load_stream(text, &Limits::default()).unwrap();
    assert_eq!(documents.len(), 1, "{text:?}");
    documents.remove(0)
}

fn error(text: &str) -> LoadErrorKind {
    load_stream(text, &Limits::default()).unwrap_err().kind
}

fn text_of<'a>(text: &'a str, path: &[&str]) -> &'a str {
    let span = one(text).root.at(path).unwrap().span;
    &text[span.start..span.end]
}

#[test]
fn every_value_knows_the_bytes_it_was_written_as() {
    let text = "a: 'x'\nb:\n  c: |\n    line\n    two\n\n  d: {e: [1, 2]}\nf:\n- g: >-\n    folded\n# end\n";
    assert_eq!(text_of(text, &["a"]), "'x'");
    assert_eq!(text_of(text, &["b", "c"]), "|\n    line\n    two");
    assert_eq!(text_of(text, &["b", "d"]), "{e: [1, 2]}");
    assert_eq!(text_of(text, &["b"]), "c: |\n    line\n    two\n\n  d: {e: [1, 2]}");
    let document = one(text);
    let folded = document.root.get("f").unwrap().as_sequence().unwrap()[0].get("g").unwrap();
    assert_eq!(&text[folded.span.start..folded.span.end], ">-\n    folded");
    assert_eq!(folded.as_str(), Some("folded"));
}

#[test]
fn block_scalars_behind_tags_and_anchors_begin_at_their_indicator() {
    assert_eq!(text_of("a: !!str &x |+\n  v\n\nb: 1\n", &["a"]), "|+\n  v");
    assert_eq!(text_of("a: |\n\nb: 1\n", &["a"]), "|");
}

#[test]
fn spans_count_from_the_start_of_the_stream() {
    let text = "a: 1\n---\nb: é\nc: 2\n";
    let documents = load_stream(text, &Limits::default()).unwrap();
    let span = documents[1].root.get("c").unwrap().span;
    assert_eq!(&text[span.start..span.end], "2");
}

#[test]
fn quoted_scalars_are_text_and_plain_ones_are_read() {
    let document = one("a: \"yes\"\nb: yes\nc: '1'\nd: 1\ne: !!str 1\nf:\ng: ~\nh: ''\n");
    let value = |key| document.root.get(key).unwrap().value.clone();
    assert_eq!(value("a"), Value::String("yes".into()));
    assert_eq!(value("b"), Value::Bool(true));
    assert_eq!(value("c"), Value::String("1".into()));
    assert_eq!(value("d"), Value::Int(1));
    assert_eq!(value("e"), Value::String("1".into()));
    assert_eq!(value("f"), Value::Null);
    assert_eq!(value("g"), Value::Null);
    assert_eq!(value("h"), Value::String("".into()));
}

#[test]
fn aliases_stand_for_their_anchors_and_merges_give_way_to_explicit_keys() {
    let document = one("base: &b {x: 1, w: 2}\none:\n  <<: *b\n  w: 3\ntwo: *b\n");
    assert_eq!(document.root.at(&["one", "x"]).unwrap().value, Value::Int(1));
    assert_eq!(document.root.at(&["one", "w"]).unwrap().value, Value::Int(3));
    assert_eq!(document.root.at(&["two", "w"]).unwrap().value, Value::Int(2));
    assert!(document.duplicates.is_empty());
    let sequence = one("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]\n");
    assert_eq!(sequence.root.at(&["c", "x"]).unwrap().value, Value::Int(1));
    assert_eq!(sequence.root.at(&["c", "z"]).unwrap().value, Value::Int(3));
}

#[test]
fn a_key_written_twice_is_noticed_and_the_last_one_wins() {
    let document = one("a: 1\nb: {c: 1, c: 2}\na: 2\n");
    assert_eq!(document.root.get("a").unwrap().value, Value::Int(2));
    let keys: Vec<_> = document.duplicates.iter().map(|duplicate| duplicate.key.as_ref()).collect();
    assert_eq!(keys, ["c", "a"]);
}

#[test]
fn comments_and_empty_documents_hold_no_document() {
    for text in ["", "\n", "# a\n", "---\n---\n", "--- # c\n", "\u{feff}# bom\n"] {
        assert_eq!(load_stream(text, &Limits::default()).unwrap(), [], "{text:?}");
    }
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    assert_eq!(one("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\n").root.get("b").unwrap().as_str(), Some("x\ny\n"));
}

#[test]
fn what_is_no_document_says_why_and_where() {
    assert!(matches!(error("a: [1\n"), LoadErrorKind::Syntax(_)));
    // The stream is cut at `---`, and a directive alone is no document.
    assert!(matches!(error("%YAML 1.1\n---\na: 1\n"), LoadErrorKind::Syntax(_)));
    assert!(matches!(error("a: 1\n b: 2\n"), LoadErrorKind::Syntax(_)));
    assert!(matches!(error("a: *x\n"), LoadErrorKind::Syntax(_)));
    assert_eq!(error("? [a]\n: 1\n"), LoadErrorKind::Key);
    assert_eq!(error("~: 1\n"), LoadErrorKind::Key);
    assert_eq!(error("<<: 1\n"), LoadErrorKind::Merge);
    assert_eq!(error("a: &a [*a]\n"), LoadErrorKind::Recursion);
    assert_eq!(error("a: 1\n...\nb: 2\n"), LoadErrorKind::SecondDocument);
    assert!(matches!(error("a: .nan\n"), LoadErrorKind::Scalar(_)));
    let at = load_stream("a: 1\n---\nb: .nan\n", &Limits::default()).unwrap_err().at;
    assert_eq!(at, 12);
}

#[test]
fn nesting_beyond_the_limit_is_an_error() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(load_stream(&deep(128), &Limits::default()).is_ok());
    assert_eq!(error(&deep(129)), LoadErrorKind::Depth(128));
    assert!(matches!(error(&deep(5000)), LoadErrorKind::Depth(_) | LoadErrorKind::Syntax(_)));
}

#[test]
fn aliases_that_multiply_are_an_error() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert_eq!(error(&bomb), LoadErrorKind::Aliases(100_000));
}
