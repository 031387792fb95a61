//! Text between quotes, as the API server's messages show it.
//!
//! Depends on nothing else in the crate.

use std::fmt::Write as _;

/// Whether Go prints the character as it is.
fn is_printable(character: char) -> bool {
    // Behind a letter a mark stands for itself.
    let mut after_letter = [0; 5];
    after_letter[0] = b'a';
    let length = 1 + character.encode_utf8(&mut after_letter[1..]).len();
    std::str::from_utf8(&after_letter[..length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

/// `source` in double quotes, with everything that cannot be printed written as an escape.
pub(super) fn quoted(source: &str) -> String {
    let mut text = String::with_capacity(source.len() + 2);
    text.push('"');
    for character in source.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{7}' => text.push_str("\\a"),
            '\u{8}' => text.push_str("\\b"),
            '\u{b}' => text.push_str("\\v"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\'' => text.push('\''),
            printable if is_printable(printable) => text.push(printable),
            other => {
                let code = u32::from(other);
                // Writing to a string cannot fail.
                let _ = match code {
                    0..0x80 => write!(text, "\\x{code:02x}"),
                    0x80..0x1_0000 => write!(text, "\\u{code:04x}"),
                    _ => write!(text, "\\U{code:08x}"),
                };
            }
        }
    }
    text.push('"');
    text
}
