//! What blanks look like.
//!
//! Depends on [`crate::rules::strings`] for comments. One pass: a byte that can begin a blank, at the
//! beginning of a word, is looked at more closely; all others are passed over.

use crate::rules::strings::is_in_comment;
use std::ops::Range;

/// What a text is for: a word such as `placeholder` is a blank in a setting and a name elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Kind {
    /// The value of a variable, of a ConfigMap or a Secret.
    Setting,
    /// Any other text.
    Any,
}

/// Words after `<` that ask for something.
const REQUESTS: &[&str] =
    &["your", "insert", "replace", "change", "enter", "fill", "put", "todo", "placeholder"];

/// Words after `your`, without anything between.
const POSSESSIONS: &[&str] =
    &["domain", "company", "org", "password", "secret", "token", "apikey", "username", "host"];

/// The first blank in a text, and the form it is known by.
pub(in crate::rules) fn marker(text: &str, kind: Kind) -> Option<(Range<usize>, &'static str)> {
    let bytes = text.as_bytes();
    let mut in_word = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let begins = !in_word;
        in_word = byte.is_ascii_alphanumeric();
        let may_begin = matches!(byte | 0x20, b'c' | b'f' | b'p' | b'r' | b't' | b'x' | b'y') || byte == b'<';
        if !may_begin || !begins && byte != b'<' {
            continue;
        }
        let candidate = Candidate { text, bytes, at, kind };
        if let Some((length, form)) = candidate.form()
            && !is_in_comment(text, at)
        {
            return Some((at..at + length, form));
        }
    }
    None
}

/// A place where a blank may begin.
#[derive(Clone, Copy)]
struct Candidate<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    kind: Kind,
}

impl Candidate<'_> {
    /// The length of the blank that begins here, and its form.
    fn form(self) -> Option<(usize, &'static str)> {
        match self.bytes[self.at] {
            b'c' | b'C' => self.two_words("change", &["me"]).map(|length| (length, "CHANGE_ME")),
            b'y' | b'Y' => self.yours(),
            b'<' => self.bracketed(),
            b'r' | b'R' => self.replace(),
            b't' | b'T' => ["TODO", "TBD"].into_iter().find_map(|word| Some((self.alone(word)?, word))),
            b'f' | b'F' => match self.alone("FIXME") {
                Some(length) => Some((length, "FIXME")),
                None => self
                    .two_words("fill", &["me", "in"])
                    .filter(|_| self.is_capital())
                    .map(|length| (length, "FILL_ME")),
            },
            b'p' | b'P' => self.named_so(),
            _ => self.crossed_out(),
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn before(&self) -> Option<u8> {
        self.at.checked_sub(1).map(|before| self.bytes[before])
    }

    fn is_capital(&self) -> bool {
        self.bytes[self.at].is_ascii_uppercase()
    }

    /// Whether the text is one word, as addresses, names and keys are, and prose is not.
    fn is_one_word(&self) -> bool {
        !self.text.trim().bytes().any(|byte| byte.is_ascii_whitespace())
    }

    /// `first` and one of `seconds` with at most one sign between, in any case, no letter behind.
    fn two_words(&self, first: &str, seconds: &[&str]) -> Option<usize> {
        let rest = self.rest();
        let behind = strip(rest, first)?;
        let joined = match behind.first() {
            Some(b'_' | b'-') => &behind[1..],
            _ => behind,
        };
        let end = seconds.iter().find_map(|second| strip(joined, second))?;
        (!end.first().is_some_and(u8::is_ascii_alphabetic)).then(|| rest.len() - end.len())
    }

    fn yours(&self) -> Option<(usize, &'static str)> {
        // bring-your-own-key
        if matches!(self.before(), Some(b'_' | b'-')) {
            return None;
        }
        let rest = self.rest();
        let behind = strip(rest, "your")?;
        if let Some((b'_' | b'-', next)) = behind.split_first() {
            let next = next.first()?;
            if rest.starts_with(b"YOUR") && (next.is_ascii_uppercase() || next.is_ascii_digit()) {
                return Some((word_length(rest), "YOUR_…"));
            }
            return (next.is_ascii_alphanumeric() && self.is_one_word())
                .then(|| (word_length(rest), "your-…"));
        }
        let owned = POSSESSIONS.iter().find_map(|word| strip(behind, word))?;
        let ends = !owned.first().is_some_and(u8::is_ascii_alphabetic);
        (ends && self.is_one_word()).then(|| (rest.len() - owned.len(), "your-…"))
    }

    fn bracketed(&self) -> Option<(usize, &'static str)> {
        let inside = &self.rest()[1..];
        let end =
            inside.iter().take(80).position(|byte| matches!(byte, b'>' | b'<' | b'\n' | b'=' | b'/'))?;
        let (inside, closed) = (&inside[..end], inside[end] == b'>');
        if !closed || inside.is_empty() {
            return None;
        }
        let asks = REQUESTS.iter().any(|request| {
            strip(inside, request).is_some_and(|behind| match behind.first() {
                None => matches!(*request, "todo" | "placeholder"),
                Some(b'_' | b'-') => behind.len() > 1,
                Some(b' ') => *request == "your" || strip(&behind[1..], "your").is_some(),
                _ => false,
            })
        });
        if asks {
            return Some((end + 2, "<your-…>"));
        }
        let is_name = inside
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'));
        let has_words = inside.iter().any(|byte| matches!(byte, b'_' | b'-'));
        (is_name && has_words && self.is_one_word()).then_some((end + 2, "<NAME_OF_SOMETHING>"))
    }

    fn replace(&self) -> Option<(usize, &'static str)> {
        if let Some(length) = self.two_words("replace", &["me"]) {
            return Some((length, "REPLACE_ME"));
        }
        let length = self.two_words("replace", &["with", "this"])?;
        let goes_on = matches!(self.rest().get(length), Some(b'_' | b'-'));
        (goes_on && self.at == 0 && self.is_one_word()).then(|| (word_length(self.rest()), "REPLACE_ME"))
    }

    /// A word that is the whole text, or the whole value in a line of it; or the first part of one.
    fn alone(&self, word: &str) -> Option<usize> {
        let behind = self.rest().strip_prefix(word.as_bytes())?;
        let goes_on = self.at == 0 && matches!(behind, [b'_' | b'-', _, ..]) && self.is_one_word();
        (goes_on || self.is_value(word.len())).then_some(word.len())
    }

    fn named_so(&self) -> Option<(usize, &'static str)> {
        let behind = strip(self.rest(), "placeholder")?;
        let is_blank = self.kind == Kind::Setting
            && (self.is_value("placeholder".len())
                || self.at == 0 && self.is_one_word() && !behind.is_empty());
        is_blank.then_some(("placeholder".len(), "placeholder"))
    }

    /// Three crosses or more, and nothing but crosses; four in the place of a host or an account.
    fn crossed_out(&self) -> Option<(usize, &'static str)> {
        let rest = self.rest();
        let cross = rest[0];
        let run = rest.iter().take_while(|byte| **byte == cross).count();
        let all = rest.iter().take_while(|byte| **byte == cross || matches!(byte, b'-' | b'.')).count();
        let whole = run >= 3 && self.is_value(all) && rest[..all].last() == Some(&cross);
        let in_address = cross == b'x'
            && run >= 4
            && !matches!(self.before(), Some(b'_' | b'-' | b'.'))
            && matches!(rest.get(run), Some(b'.' | b'/' | b':' | b'@'))
            && self.is_one_word();
        (whole || in_address).then_some((if whole { all } else { run }, "xxx…"))
    }

    /// Whether the `length` bytes here are a value: all of the text, or of what follows a sign of
    /// assignment in a line.
    fn is_value(&self, length: usize) -> bool {
        let ends = match self.rest().get(length) {
            None => true,
            Some(b'"' | b'\'') => true,
            Some(byte) => matches!(byte, b'\n' | b'\r' | b',' | b';'),
        };
        let unquoted = self.bytes[..self.at].trim_ascii_end();
        let begins = match unquoted.last() {
            None => true,
            Some(b'"' | b'\'') => unquoted.len() == self.at,
            Some(b'=' | b':') => true,
            _ => false,
        };
        begins && ends
    }
}

/// What is behind a prefix, which is compared in any case.
fn strip<'b>(bytes: &'b [u8], prefix: &str) -> Option<&'b [u8]> {
    let (head, behind) = bytes.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix.as_bytes()).then_some(behind)
}

fn word_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(text: &str) -> Option<&'static str> {
        marker(text, Kind::Setting).map(|(_, form)| form)
    }

    #[test]
    fn blanks_are_known_by_their_forms() {
        for (text, expected) in [
            ("CHANGE_ME", "CHANGE_ME"),
            ("changeme", "CHANGE_ME"),
            ("change-me", "CHANGE_ME"),
            ("ChangeMe123", "CHANGE_ME"),
            ("postgres://app:CHANGE_ME_PASSWORD@db/app", "CHANGE_ME"),
            ("YOUR_ECR_URI/app:1", "YOUR_…"),
            ("see https://x/ for YOUR-TENANT", "YOUR_…"),
            ("https://your-tenant.example.com", "your-…"),
            ("yourdomain.com", "your-…"),
            ("<your-api-key>", "<your-…>"),
            ("arn:aws:iam::<YOUR_ACCOUNT>:role/x", "<your-…>"),
            ("<insert-token>", "<your-…>"),
            ("<put your token here>", "<your-…>"),
            ("<AWS_ACCOUNT_ID>.dkr.ecr.eu-west-1.amazonaws.com/x", "<NAME_OF_SOMETHING>"),
            ("REPLACE_ME", "REPLACE_ME"),
            ("replaceme", "REPLACE_ME"),
            ("REPLACE_WITH_TOKEN", "REPLACE_ME"),
            ("TODO", "TODO"),
            ("TODO_PASSWORD", "TODO"),
            ("a: 1\nb: TODO\n", "TODO"),
            ("a=FIXME\nb=1\n", "FIXME"),
            ("{\"a\": \"TBD\"}", "TBD"),
            ("FILL_ME_IN", "FILL_ME"),
            ("placeholder", "placeholder"),
            ("placeholder-placeholder", "placeholder"),
            ("xxx", "xxx…"),
            ("XXXXXXXX", "xxx…"),
            ("xxxxxxxx-xxxx-xxxx", "xxx…"),
            ("key: xxxx\n", "xxx…"),
            ("https://xxxx.supabase.co", "xxx…"),
        ] {
            assert_eq!(form(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn ordinary_words_are_none() {
        for text in [
            "",
            "changement",
            "change-metadata",
            "exchange_me",
            "Change me in the settings",
            "bring-your-own-key",
            "Put your name in",
            "yours",
            "<password>hunter2</password>",
            "<insert id=\"x\">",
            "<b>TODO</b>",
            "Usage: copy <SOURCE_FILE> <TARGET_FILE>",
            "a <FILE> b",
            "--replace-with=x",
            "replace",
            "replacement",
            "# TODO: later\na: 1\n",
            "TODO: remove this after the upgrade",
            "todo-list",
            "TODOS",
            "xx",
            "mktemp /tmp/x.XXXXXX",
            "xxl",
            "fill_inside",
            "user-placeholder",
            "docker.io/x/xxhash:1",
        ] {
            assert_eq!(form(text), None, "{text}");
        }
        assert_eq!(marker("placeholder", Kind::Any), None);
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at_and_a_blank_in_it_is_found(before in "(?s).{0,20}", after in "[^a-zA-Z].{0,20}") {
            if let Some((part, _)) = marker(&before, Kind::Any) {
                prop_assert!(before.get(part).is_some());
            }
            let text = format!("{before} CHANGE_ME{after}");
            prop_assert!(marker(&text, Kind::Any).is_some() || is_in_comment(&text, before.len() + 1), "{text:?}");
        }
    }
}
