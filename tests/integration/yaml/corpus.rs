//! The documents, the same in every run.

use super::written::WRITTEN;
use std::collections::BTreeSet;

/// Scalars on every border of YAML 1.1, of Go's numbers and of JSON's.
const SCALARS: &[&str] = &[
    "",
    "~",
    "null",
    "Null",
    "NULL",
    "nULL",
    "true",
    "True",
    "TRUE",
    "tRue",
    "false",
    "False",
    "FALSE",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "YES",
    "yEs",
    "no",
    "No",
    "NO",
    "nO",
    "on",
    "On",
    "ON",
    "oN",
    "off",
    "Off",
    "OFF",
    "oFF",
    "0",
    "-0",
    "+0",
    "00",
    "1",
    "-1",
    "+1",
    "--1",
    "+-1",
    "01",
    "07",
    "08",
    "09",
    "010",
    "0644",
    "0o644",
    "0O644",
    "0o8",
    "-0o7",
    "+0o7",
    "-010",
    "0x",
    "0x1F",
    "0X1f",
    "-0x10",
    "+0x10",
    "0xg",
    "0b",
    "0b1",
    "0B101",
    "0b2",
    "-0b101",
    "+0b1",
    "1_000",
    "_1",
    "1_",
    "1__0",
    "0x_1",
    "0_7",
    "1_.5",
    "1.0",
    "1.",
    ".5",
    ".",
    "..",
    "+.5",
    "-.5",
    "1.5",
    "-1.5",
    "1.5e3",
    "1e3",
    "1E3",
    "1e+3",
    "1e-3",
    "1e",
    "1e+",
    "e3",
    ".e3",
    "1.e3",
    "1e3.5",
    "1e400",
    "-1e400",
    "1e-400",
    "1e15",
    "1e20",
    "1e21",
    "1e22",
    "123456789012345678901234567890",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "+9223372036854775808",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "0xffffffffffffffff",
    "0x10000000000000000",
    "-0x8000000000000000",
    "0.1",
    "0.30000000000000004",
    "1.7976931348623157e308",
    "5e-324",
    "100000000000000000000",
    "4503599627370497.5",
    "9007199254740993",
    "9007199254740993.0",
    "1.0000000000000000000001",
    "0.0",
    "-0.0",
    ".nan",
    ".NaN",
    ".NAN",
    ".Nan",
    "nan",
    "NaN",
    ".inf",
    ".Inf",
    ".INF",
    "-.inf",
    "+.inf",
    "-.INF",
    "+.Inf",
    "inf",
    "Infinity",
    "-inf",
    "2001-01-01",
    "2001-1-1",
    "2001-13-01",
    "2001-02-30",
    "2001-02-29",
    "2000-02-29",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14T21:59:43Z",
    "2001-12-14 21:59:43",
    "2001-12-14 21:59:43.10",
    "2001-12-14 21:59:43.10 -5",
    "2001-12-14 21:59:43Z",
    "2001-12-14t1:2:3Z",
    "12:30",
    "1:2:3",
    "12:30:45",
    "-1:30",
    "190:20:30.15",
    "0:0",
    "100m",
    "2Gi",
    "50%",
    "1,000",
    "1 000",
    "a",
    "a b",
    "a-b",
    "a:b",
    "a: b",
    "a #b",
    "a# b",
    "-a",
    "- a",
    "?a",
    "? a",
    ":a",
    ": a",
    "*",
    "&",
    "!",
    "!a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "\"",
    "'",
    "#a",
    ",a",
    "[a",
    "]a",
    "{a",
    "}a",
    "a,b",
    "a]",
    "a}",
    "a[b",
    "a{b",
    "=",
    "<<",
    "==",
    "-",
    "--",
    "---",
    "...",
    "--- a",
    "... a",
    "?",
    ":",
    "::",
    "a:",
    "a::b",
    "선물",
    "émoji 🎁",
    "\u{a0}",
    "a\u{a0}b",
    "\u{feff}a",
    "a\u{feff}b",
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "\u{7f}",
    "a\u{0}b",
    "a\u{1}b",
    "a\u{1b}b",
    "a\tb",
    "\ta",
    "a\t",
    "a \tb",
    "a\\b",
    "a\\nb",
    "$(A)",
    "${A}",
    "{{ a }}",
    "http://a/b?c=d&e#f",
    "a@b",
    "a'b",
    "a\"b",
    "a''b",
    "it's",
    "1.2.3",
    "1.2.3.4",
    "v1",
    "0x1p-2",
    "1p3",
    "0.5e",
    "+",
    "+a",
    "1+1",
    "1-1",
    "0-1",
    "infinity",
    "0xdeadBEEF",
    "0777",
    "0o0777",
    "1e1_0",
    "1_0e1",
    "1_000.5",
    "0.1_5",
    "._5",
    "0_",
    "0__",
    "-_1",
    "TrUe",
    "truE",
    "yess",
    "o",
    "O",
    "of",
    "Y ",
    "nul",
    "Nulll",
    "~a",
    "~ a",
    "aGVsbG8=",
    "aGVsbG8",
    "/w==",
    "gICA",
    "=aa",
    "a=b",
    "null ",
    "-1e3",
    "+1e3",
    "-1.0",
    "+1.0",
    "1.10",
    "00.5",
    "01.5",
    "-01",
    "+01",
    "-08",
    "0x0",
    "0b0",
    "0o0",
    "1e0",
    "0e0",
    "0e5",
    "1.5e300",
    "-0x0",
];

const TAGS: &[&str] = &[
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!binary",
    "!!timestamp",
    "!!seq",
    "!!map",
    "!!set",
    "!!omap",
    "!!merge",
    "!!unknown",
    "!",
    "!local",
    "!<tag:yaml.org,2002:str>",
    "!<tag:yaml.org,2002:int>",
    "!<x>",
    "!e!x",
    "!!",
    "!<>",
    "!<",
    "!a!b!c",
    "!%41",
    "!!s%74r",
];

/// All documents, each once.
pub(super) fn corpus() -> Vec<String> {
    let mut documents: Vec<String> = WRITTEN.iter().map(|text| (*text).to_owned()).collect();
    for scalar in SCALARS {
        for context in [
            "{}",
            "{}\n",
            "a: {}\n",
            "- {}\n",
            "[{}]",
            "[{}, b]",
            "{a: {}}",
            "{{}: a}",
            "{}: a\n",
            "a: {} # c\n",
            "a: {}\nb: c\n",
            "? {}\n: b\n",
            "a: &x {}\nb: *x\n",
            "a:\n  {}\n",
            "a: '{}'\n",
            "a: \"{}\"\n",
            "a: |\n  {}\n",
            "a: >-\n  {}\n  b\n",
            "--- {}\n",
            "a:\n- {}\n- b\n",
        ] {
            documents.push(context.replacen("{}", scalar, 1));
        }
    }
    for tag in TAGS {
        for scalar in SCALARS.iter().step_by(3) {
            documents.push(format!("a: {tag} {scalar}\n"));
            documents.push(format!("a: {tag} '{scalar}'\n"));
        }
        for context in [
            "a: T [b]\n",
            "a: T {b: c}\n",
            "T a: b\n",
            "a: T\n",
            "a: T\n  b: c\n",
            "a: T |\n  b\n",
            "a: &x T b\n",
            "a: T &x b\n",
            "T\na: b\n",
            "[T a]",
            "{T a: T b}",
        ] {
            documents.push(context.replace('T', tag));
        }
    }
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..1_500 {
        let mut text = String::new();
        block(&mut random, 0, 0, &mut text);
        for _ in 0..2 {
            documents.push(broken(&mut random, &text));
        }
        documents.push(text);
    }
    let mut seen = BTreeSet::new();
    // Nothing behind a second `---` is read by the library; a stream is cut there before it is asked.
    documents
        .retain(|document| gift_plugin::yaml::split(document).len() < 2 && seen.insert(document.clone()));
    documents
}

/// A generator that needs no crate and gives the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound as u64).unwrap()
    }

    fn one<'s>(&mut self, choices: &[&'s str]) -> &'s str {
        choices[self.below(choices.len())]
    }
}

/// A node in block style at an indentation, after which the text is at the start of a line.
fn block(random: &mut Random, indent: usize, depth: usize, out: &mut String) {
    let items = 1 + random.below(4);
    let is_mapping = random.below(3) > 0;
    for item in 0..items {
        if random.below(8) == 0 {
            out.push_str(random.one(&["\n", "# c\n", "   # c\n", "#\n"]));
        }
        out.push_str(&" ".repeat(indent));
        if is_mapping {
            if item > 0 && random.below(12) == 0 {
                out.push_str(random.one(&[
                    "<<: *x1",
                    "<<: {m: 1, k0: merged}",
                    "<<: [*x1, *x2]",
                    "<<: [{m: 1}, {m: 2, n: 3}]",
                    "<<: 1",
                    "'<<': {m: 1}",
                ]));
                out.push('\n');
                continue;
            }
            let key = random
                .one(&["k", "k", "'q", "\"d", "? c", "k with space ", "9", "true", "~", "1.5"])
                .to_owned();
            let number = random.below(6);
            match key.as_bytes()[0] {
                b'\'' => out.push_str(&format!("{key}{number}'")),
                b'"' => out.push_str(&format!("{key}{number}\"")),
                b'?' => {
                    out.push_str(&format!("{key}{number}\n{}", " ".repeat(indent)));
                }
                b'k' => out.push_str(&format!("{key}{number}")),
                _ => out.push_str(&key),
            }
            out.push_str(random.one(&[":", ":", ":", " :"]));
        } else {
            out.push('-');
        }
        value(random, indent, depth, is_mapping, out);
    }
}

fn value(random: &mut Random, indent: usize, depth: usize, in_mapping: bool, out: &mut String) {
    if random.below(6) == 0 {
        out.push_str(random.one(&[
            " &x1",
            " &x2",
            " !!str",
            " !!int",
            " &x3 !!str",
            " !t",
            " !!binary",
            " !!float",
        ]));
    }
    match random.below(if depth > 3 { 8 } else { 12 }) {
        0 => out.push_str(random.one(&["\n", " # c\n", "  \n"])),
        1..=3 => {
            out.push(' ');
            out.push_str(SCALARS[random.below(SCALARS.len())]);
            out.push_str(random.one(&["\n", " # c\n", " \n", "\r\n"]));
        }
        4 => {
            out.push(' ');
            flow(random, depth, out);
            out.push_str(random.one(&["\n", " # c\n", " \n"]));
        }
        5 => {
            out.push(' ');
            quoted(random, out);
            out.push('\n');
        }
        6 => literal(random, indent, out),
        7 => {
            out.push_str(random.one(&[
                " *x1\n",
                " *x2\n",
                " *x3\n",
                " *unknown\n",
                " plain\n    folded\n",
                " a\n\n     b # c\n",
            ]));
        }
        _ => {
            // A sequence in a mapping may stand at the mapping's own indentation.
            out.push_str(random.one(&["\n", "\n", " # c\n"]));
            let step = if in_mapping { random.below(4) } else { 1 + random.below(3) };
            block(random, indent + step.max(usize::from(!in_mapping)), depth + 1, out);
        }
    }
}

fn flow(random: &mut Random, depth: usize, out: &mut String) {
    let is_mapping = random.below(2) == 0;
    out.push(if is_mapping { '{' } else { '[' });
    for item in 0..random.below(4) {
        if item > 0 {
            out.push_str(random.one(&[", ", ",", " , ", ",\n      "]));
        }
        if is_mapping || random.below(6) == 0 {
            out.push_str(random.one(&[
                "k1: ",
                "k2: ",
                "\"q\":",
                "'s' : ",
                "? c : ",
                "k3",
                "k4:",
                "<<: ",
                "<<: *x1, m: ",
            ]));
        }
        match random.below(6) {
            0 if depth < 4 => flow(random, depth + 1, out),
            1 => quoted(random, out),
            2 => {
                out.push_str(random.one(&["*x1", "&x1 v", "!!str 1", "a b", "a\n     b", "a:b", "http://a"]))
            }
            _ => out.push_str(random.one(&["1", "yes", "v", "0x1f", "~", "", "1.5", "-1", "a#b", "null"])),
        }
    }
    if random.below(5) == 0 {
        out.push(',');
    }
    out.push(if is_mapping { '}' } else { ']' });
}

fn quoted(random: &mut Random, out: &mut String) {
    out.push_str(random.one(&[
        "''",
        "\"\"",
        "'a''b'",
        "'a\\nb'",
        "\"a\\nb\"",
        "\"\\x41\\u0042\\U00000043\"",
        "\"\\ud83c\\udf81\"",
        "\"\\ud83c\"",
        "\"\\q\"",
        "\"\\0\\a\\b\\t\\v\\f\\r\\e\"",
        "\"\\ \\\"\\/\\\\\\N\\_\\L\\P\"",
        "'a\n      b'",
        "'a\n\n      b'",
        "\"a\n      b\"",
        "\"a\\\n      b\"",
        "\"a \n \n      b\"",
        "'yes'",
        "\"1\"",
        "'unclosed",
        "\"unclosed",
        "'선물'",
        "\"\\x4\"",
        "'a'b",
        "\"a\" b",
        "\"\\u00e9\"",
        "'#'",
        "\": \"",
        "'- a'",
        "\"a\tb\"",
        "\"\\\tb\"",
        "\"\\xff\"",
    ]));
}

fn literal(random: &mut Random, indent: usize, out: &mut String) {
    out.push(' ');
    out.push_str(
        random.one(&["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|+3", "|0", "|10", "| # c", "|x"]),
    );
    out.push('\n');
    let pad = " ".repeat(indent + 1 + random.below(3));
    for _ in 0..random.below(5) {
        match random.below(6) {
            0 => out.push('\n'),
            1 => out.push_str(&format!("{pad}  more\n")),
            2 => out.push_str(&format!("{pad}trailing  \n")),
            3 => out.push_str(&format!("{pad}# no comment\n")),
            4 => out.push_str(&format!("{pad}\t tab\n")),
            _ => out.push_str(&format!("{pad}line: x\n")),
        }
    }
}

/// The text with one character changed, dropped or put in.
fn broken(random: &mut Random, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = random.below(characters.len());
    let mut broken: String = characters[..at].iter().collect();
    broken.push_str(random.one(&[
        "", " ", "\t", "\n", ":", ": ", "-", "'", "\"", "[", "]", "{", "}", ",", "#", " #", "&a ", "*", "!",
        "|", "%", "@", "\u{feff}", "\u{7}",
    ]));
    broken.extend(&characters[at + random.below(2)..]);
    broken
}
