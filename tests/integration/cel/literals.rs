//! Literals, chosen for what is at their borders.

use super::choices::Choices;

/// What numbers, texts and so on are made of, by the name the rules use.
pub(super) fn pool(name: &str) -> &'static [&'static str] {
    match name {
        "url" => URLS,
        "ip" => ADDRESSES,
        "cidr" => RANGES,
        "quantity" => QUANTITIES,
        "semver" => VERSIONS,
        "regex" => PATTERNS,
        "template" => TEMPLATES,
        "duration" => DURATIONS,
        "timestamp" => TIMESTAMPS,
        "zone" => ZONES,
        "name" => NAMES,
        "formatName" | "format" => FORMATS,
        "int" => INTS,
        "double" => DOUBLES,
        "bool" => &["true", "false", "1", "0", "t", "F", "TRUE", "True", "yes", "tRUE", ""],
        other => panic!("no pool {other}"),
    }
}

/// Text of all sorts.
pub(super) const TEXTS: &[&str] = &[
    "", "a", "b", "ab", "abc", "ABC", "a b", " a ", "a,b,c", "a.b-c", "aaa", "1", "-7", "1.5", "true", "%s", "é", "ÄÖ",
    "日本語", "😀x", "x\u{301}", "line\nbreak", "tab\t", "quote'\"", "back\\slash", "\u{0}", "\u{7f}", "\u{2028}",
    "\u{a0}x", "ß", "İ", "object", "100m", "10.0.0.1", "/",
];

const NAMES: &[&str] = &[
    "a", "web", "web-1", "Web", "-a", "a-", "a_b", "a.b", "1", "1a", "", "example.com/name", "/x", "a/", "a b",
    "app.kubernetes.io/name", "8d4f2b8e-1c2d-4e5f-8a9b-0c1d2e3f4a5b", "2024-02-30", "2024-02-29", "YWJj", "YWJ",
    "2024-01-01T00:00:00Z", "https://a.b/c", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const FORMATS: &[&str] = &[
    "dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix", "dns1123SubdomainPrefix",
    "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime", "email",
];

const INTS: &[&str] = &[
    "0", "1", "-1", "7", "42", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "+5", "018", " 1",
    "1.0", "1e3", "0x1f", "", "18446744073709551615", "18446744073709551616", "1_000", "-0", "abc", "٣",
];

const DOUBLES: &[&str] = &[
    "0", "1", "-1.5", "1e3", "1E-3", ".5", "5.", "NaN", "nan", "Inf", "-inf", "Infinity", "+1", "1e400", "1e-400",
    "0x1p-2", "1_0", "", "abc", " 1", "infinit", "1e", "0x1", "1.7976931348623157e308",
];

const QUANTITIES: &[&str] = &[
    "0", "1", "-1", "100m", "0.1", "1.5", "1.5Gi", "1Gi", "1G", "1024Mi", "1e3", "1E3", "1e-3", "1E", "1Ei", "8Ei", "16Ei",
    "+1", "1k", "1K", "1Ki", "1n", "0.5n", "1u", "1.0001", "12345678901234567890", "9223372036854775807",
    "9223372036854775808", "0.0000000001", "1.", ".5", ".", "", "abc", "1GB", "1 Gi", "--1", "1m1", "1e", "1e+2", "00.10",
    "-0", "-100m", "1234567890.123456789", "3e18", "1e19", "0Ki", "1.1Ki", "-1.5Mi", "1Pi", "999999999999999999m", "1i",
];

const URLS: &[&str] = &[
    "https://example.com", "https://example.com:8080/a/b?c=d&e=f#g", "http://user:pass@host/path", "HTTP://Host/", "/a/b", "//host/x",
    "example.com", "", "*", "mailto:a@b", "https://[::1]:80/", "https://[::1%25eth0]/", "http://a b/", "http://a/%zz", "http://a/%41?x=%20&x=1",
    "ftp://h:port/", "http://h:99999/", ":80", "1http://x", "http://h/a b", "http://h?q", "http://h?", "http://h/?a;b", "http://h#", "a:b:c",
    "http://[::1", "http://h/\u{e9}", "http://\u{e9}/", "http:///x", "https://h/a//b/../c", "http://h/%2F", "?a=b", "#x", "http://h?a=b=c&d",
    "http://h/+a?b=+", "http://192.168.0.1/", "http://h\t/",
];

const ADDRESSES: &[&str] = &[
    "10.0.0.1", "127.0.0.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "01.2.3.4", "1.2.3", "1.2.3.4.5", "::1", "::", "fe80::1", "fe80::1%eth0",
    "2001:db8::1", "2001:DB8::1", "2001:0db8::1", "2001:db8:0:0:0:0:0:1", "::ffff:1.2.3.4", "::1.2.3.4", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "12345::", "g::", "ff02::1", "224.0.0.1", "169.254.1.1", "", "a", ":", "1.2.3.", ".1.2.3", "1..2.3", "::%", "fe80::%", "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4", "::1:", "1:2:3:4:5:6:7::", "1.2.3.4 ", "-1.2.3.4", "1.2.3.a", "239.1.1.1",
];

const RANGES: &[&str] = &[
    "10.0.0.0/8", "10.1.2.3/8", "192.168.0.0/16", "0.0.0.0/0", "10.0.0.0/33", "10.0.0.0/32", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0/8", "10.0.0.0/08",
    "10.0.0.0/-1", "10.0.0.0/+8", "::/0", "2001:db8::/32", "2001:db8::1/129", "::ffff:1.2.3.4/96", "fe80::1%eth0/64", "10.0.0.0/8/8", "", "a/b", "10.0.0.0/999999999999999999999",
    "10.0.0.0/ 8", "1.2.3.4/31", "::1/128",
];

const VERSIONS: &[&str] = &[
    "1.2.3", "0.0.0", "1.2.3-rc.1", "1.2.3-rc.01", "1.2.3+build", "1.2.3-a.b+c.d", "v1.2.3", "1.2", "1", "1.2.3.4", "01.2.3", "1.02.3", "1.2.03", "", "a.b.c", "1.2.3-",
    "1.2.3+", "1.2.-3", "1.2.3-é", "18446744073709551615.0.0", "18446744073709551616.0.0", " 1.2.3", "1.2.3 ", "v1", "v1.2", "1.2.3-1", "1.2.3-alpha", "1.2.3-alpha.1",
    "1.2.3-alpha.beta", "1.10.0", "1..3", "v01.02.03", "1.2.3-+", "1.2.3--", "V1.2.3",
];

const PATTERNS: &[&str] = &[
    "^a", "a$", "[a-z]+", "(a|b)*c", "(?i)A", "\\\\d+", "a{2}", "a{2,}", "a{1001}", "(", "[", "*", "a**", "a++", "x*", ".", "\\\\pL", "\\\\p{Greek}", "\\\\p{Nope}", "(?P<n>a)", "(?<n>a)",
    "\\\\bq", "[[:alpha:]]", "\\\\Qa.b\\\\E", "(?=a)", "\\\\1", "[^,]+", "^$", "", "(?s).", "(?m)^b", "é", "\\\\x{1F600}", "a|", "[b-a]", "\\\\", "(?U)a+", "\\\\z", "\\\\Z", "\\\\C", "[\\\\d\\\\s]", "a??",
];

const TEMPLATES: &[&str] = &[
    "%s", "%d", "%f", "%.2f", "%e", "%.3e", "%b", "%x", "%X", "%o", "%%", "%", "%q", "a%sb%d", "%s %s", "no", "", "%.", "%.f", "%.0f", "%s%", "%%s", "%5d", "%.99999999999999999999f", "é%sé", "%.10f", "%.1s", "%-d",
];

const DURATIONS: &[&str] = &[
    "1s", "1h30m", "-1.5s", "0", "1ms", "1us", "1µs", "1ns", "1d", "1", "", "1.5", "h", "1h 1m", "9223372036854775807ns", "9223372036854775808ns", "-9223372036854775808ns", "2562047h47m16s", "2562048h",
    "0.1ns", "+5s", ".5s", "1.s", "-.5h", "--1s", "1e3s", "1S",
];

const TIMESTAMPS: &[&str] = &[
    "2024-02-29T12:34:56Z", "2023-02-29T00:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00.123456789Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z",
    "0000-12-31T23:59:59Z", "2024-01-01", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z", "2024-13-01T00:00:00Z", "", "x", "2024-01-01t00:00:00z", "2024-01-01T00:00:00-05:30",
    "2024-01-01T00:00:00.5Z", "1969-12-31T23:59:59.5Z", "2024-01-01T00:00:00+25:00", "2024-12-31T23:59:59-00:30", "2024-01-01T0:00:00Z", "2024-01-01T00:00:00,5Z",
];

const ZONES: &[&str] = &[
    "UTC", "+02:00", "-05:30", "02:00", "", "Europe/Berlin", "nowhere", "+2:00", "14:00", "-14:00", "a:b", "00:-30", "+:", "1:2:3",
];

pub(super) fn int(choices: &mut Choices) -> String {
    match choices.below(10) {
        0..6 => choices.below(5).to_string(),
        6 => format!("-{}", choices.below(4)),
        7 => format!("0x{:x}", choices.below(300)),
        _ => (*choices.of(&[
            "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4294967296", "-2147483649", "0x7fffffffffffffff", "-0x1", "9007199254740993", "1000000", "00", "07", "0X1",
        ]))
        .to_owned(),
    }
}

pub(super) fn uint(choices: &mut Choices) -> String {
    match choices.below(6) {
        0..4 => format!("{}u", choices.below(5)),
        4 => format!("0x{:x}U", choices.below(300)),
        _ => (*choices.of(&["18446744073709551615u", "18446744073709551616u", "9223372036854775808u", "0u", "-1u", "9007199254740993u"])).to_owned(),
    }
}

pub(super) fn double(choices: &mut Choices) -> String {
    match choices.below(4) {
        0 | 1 => format!("{}.{}", choices.below(4), choices.of(&["0", "5", "25", "1"])),
        2 => format!("-{}.5", choices.below(3)),
        _ => (*choices.of(&[
            "1e3", "1E+3", ".5", "-0.0", "1.5e-7", "1e308", "1e309", "1e-400", "9223372036854775808.0", "9223372036854775807.0", "-9223372036854775808.0", "18446744073709551616.0", "9007199254740993.0", "1.", "1e", "123456789.125",
            "0.1", "1e21", "1e20", "0.000001", "0.0000001", "100000.0", "1000000.0", "(0.0/0.0)", "(1.0/0.0)", "double('NaN')", "double('-Infinity')",
        ]))
        .to_owned(),
    }
}

/// Any text as a literal, in one of the ways of writing one.
pub(super) fn string(choices: &mut Choices, text: &str) -> String {
    let plain = !text.contains(['\'', '"', '\\', '\n', '\r', '\t', '\0']);
    match choices.below(10) {
        0 if plain => format!("\"{text}\""),
        1 if plain => format!("'''{text}'''"),
        2 if plain => format!("r'{text}'"),
        3 if plain => format!("\"\"\"{text}\"\"\""),
        4 => {
            let escaped = |character: char| match (u32::from(character), choices.below(4)) {
                (code @ 0..0x80, 0) => format!("\\x{code:02x}"),
                (code @ 0..0x100, 1) => format!("\\{code:03o}"),
                (code @ 0..0x1_0000, _) => format!("\\u{code:04x}"),
                (code, _) => format!("\\U{code:08X}"),
            };
            format!("'{}'", text.chars().map(escaped).collect::<String>())
        }
        _ => {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
            format!("'{escaped}'")
        }
    }
}

pub(super) fn bytes(choices: &mut Choices) -> String {
    (*choices.of(&["b'a'", "b''", "b'abc'", "b\"\\xff\"", "b'\\377'", "b'''a'''", "br'\\x'", "b'é'", "B'b'", "b'\\u00e9'", "b'\\x00\\x01'"])).to_owned()
}
