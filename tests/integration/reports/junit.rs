//! JUnit XML, for which there is no standard: against what the schema of Jenkins' xUnit plugin allows.
//!
//! That schema (`junit-10.xsd`) is closed, and the strictest of those in use. No package registry has it and a
//! validator for it, so its elements and attributes are listed here.

use super::written;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::BTreeMap;

struct Element {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
    has_text: bool,
}

const OUTPUT: &[&str] = &["system-out", "system-err"];

const ELEMENTS: &[Element] = &[
    Element {
        name: "testsuites",
        required: &[],
        optional: &["name", "time", "tests", "failures", "errors"],
        children: &["testsuite"],
        has_text: false,
    },
    Element {
        name: "testsuite",
        required: &["name", "tests", "failures", "errors"],
        optional: &[
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "group",
            "file",
            "log",
            "url",
        ],
        children: &["testcase", "testsuite", "properties", OUTPUT[0], OUTPUT[1]],
        has_text: false,
    },
    Element {
        name: "testcase",
        required: &["name"],
        optional: &["time", "classname", "group"],
        children: &["failure", "error", "skipped", OUTPUT[0], OUTPUT[1]],
        has_text: false,
    },
    Element { name: "failure", required: &[], optional: &["type", "message"], children: &[], has_text: true },
    Element { name: "error", required: &[], optional: &["type", "message"], children: &[], has_text: true },
    Element { name: OUTPUT[0], required: &[], optional: &[], children: &[], has_text: true },
    Element { name: OUTPUT[1], required: &[], optional: &[], children: &[], has_text: true },
];

/// What was counted in a report.
#[derive(Debug, Default)]
struct Counted {
    elements: BTreeMap<&'static str, usize>,
    /// What the attributes of all suites say.
    said: BTreeMap<String, usize>,
}

fn element(name: &str) -> Result<&'static Element, String> {
    ELEMENTS.iter().find(|element| element.name == name).ok_or_else(|| format!("there is no element {name}"))
}

fn begin(
    tag: &BytesStart<'_>,
    parent: Option<&Element>,
    counted: &mut Counted,
) -> Result<&'static Element, String> {
    let name = str::from_utf8(tag.name().into_inner()).unwrap().to_owned();
    let element = element(&name)?;
    match parent {
        Some(parent) if !parent.children.contains(&element.name) => {
            return Err(format!("{name} may not stand in {}", parent.name));
        }
        None if name != "testsuites" => return Err(format!("{name} is no root")),
        _ => {}
    }
    *counted.elements.entry(element.name).or_default() += 1;
    let mut missing = element.required.to_vec();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = str::from_utf8(attribute.key.into_inner()).unwrap();
        if !element.required.contains(&key) && !element.optional.contains(&key) {
            return Err(format!("{name} has no attribute {key}"));
        }
        missing.retain(|required| *required != key);
        let value = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .map_err(|error| error.to_string())?
            .into_owned();
        is_writable(&value)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match key {
            "time" if !value.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest)) => {
                return Err(format!("{value} is no time"));
            }
            "tests" | "failures" | "errors" => {
                let number: usize = value.parse().map_err(|_| format!("{value} is no number"))?;
                if name == "testsuite" {
                    *counted.said.entry(key.to_owned()).or_default() += number;
                }
            }
            _ => {}
        }
    }
    if missing.is_empty() { Ok(element) } else { Err(format!("{name} lacks {missing:?}")) }
}

/// Whether XML 1.0 can hold the text.
fn is_writable(text: &str) -> Result<(), String> {
    let fits = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(fits) { Ok(()) } else { Err(format!("{text:?} has what XML cannot hold")) }
}

/// Holds a report against the schema.
fn check(xml: &str) -> Result<Counted, String> {
    is_writable(xml)?;
    let mut reader = Reader::from_str(xml);
    let (mut open, mut counted): (Vec<&Element>, _) = (Vec::new(), Counted::default());
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => open.push(begin(&tag, open.last().copied(), &mut counted)?),
            Event::Empty(tag) => drop(begin(&tag, open.last().copied(), &mut counted)?),
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                let text = text.decode().map_err(|error| error.to_string())?;
                let has_text = open.last().is_some_and(|element| element.has_text);
                if !has_text && !text.trim().is_empty() {
                    return Err(format!("{text:?} stands between elements"));
                }
            }
            Event::GeneralRef(reference) => {
                let known = ["lt", "gt", "amp", "quot", "apos"];
                let name = reference.decode().map_err(|error| error.to_string())?;
                if !name.starts_with('#') && !known.contains(&name.as_ref()) {
                    return Err(format!("there is no &{name};"));
                }
            }
            Event::Decl(_) if open.is_empty() => {}
            Event::Eof if open.is_empty() => break,
            other => return Err(format!("{other:?} has no place there")),
        }
    }
    let count = |name: &str| counted.elements.get(name).copied().unwrap_or_default();
    for (said, name) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
        if counted.said[said] != count(name) {
            return Err(format!("{said}: {} are said, {} are there", counted.said[said], count(name)));
        }
    }
    Ok(counted)
}

#[test]
fn every_report_keeps_the_schema() {
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for written in written("junit") {
        let counted = check(&written.text).unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", written.about, written.text);
        });
        for (element, times) in counted.elements {
            *all.entry(element).or_default() += times;
        }
    }
    for element in ["testcase", "failure", "error", "system-out"] {
        assert!(all.contains_key(element), "no report has {element}: {all:?}");
    }
}

#[test]
fn the_check_bites() {
    let good = r#"<testsuites><testsuite name="a" tests="1" failures="1" errors="0"><testcase name="b" time="0.1"><failure>c &lt; d</failure></testcase></testsuite></testsuites>"#;
    check(good).unwrap();
    for (from, to) in [
        ("errors=\"0\"", "errors=\"0\" disabled=\"0\""),
        ("errors=\"0\"", ""),
        ("failures=\"1\"", "failures=\"0\""),
        ("time=\"0.1\"", "time=\"1e-1\""),
        ("<testcase name=\"b\"", "<testcase"),
        ("<failure>", "<failure><b/>"),
        ("&lt;", "<"),
        ("&lt;", "&none;"),
        ("c ", "c \u{1}"),
        ("</testcase>", "text</testcase>"),
        ("</testsuites>", ""),
        ("<testsuites>", "<testsuites name=\"a\" name=\"b\">"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(check(&bad).is_err(), "{bad}");
    }
}
