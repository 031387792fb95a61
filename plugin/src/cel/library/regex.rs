//! Regular expressions: RE2's syntax, as Go reads it, on an engine with linear time.
//!
//! The engine's own syntax differs in places, so a pattern is translated first: `\d`, `\w`, `\s`
//! and `\b` mean ASCII, `\Q…\E` quotes, a lone `{` is a brace, brackets nest in no class.
//!
//! Depends on the engine of the `regex` crate.

use super::{CallContext, INT, Outcome, Overload, STRING, STRINGS, int, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Text, Value};
use regex_automata::meta::{BuildError, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ast::ErrorKind;
use std::cell::RefCell;
use std::sync::Arc;

const BOOL: Shape = Shape::Is(Kind::Bool);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("matches", &[STRING, STRING], BOOL, matches),
    Overload::method("matches", &[STRING, STRING], BOOL, matches),
    Overload::method("find", &[STRING, STRING], STRING, find),
    Overload::method("findAll", &[STRING, STRING], STRINGS, find_all),
    Overload::method("findAll", &[STRING, STRING, INT], STRINGS, find_all),
];

/// How many bytes a compiled pattern may take.
const MAX_SIZE: usize = 4 << 20;

/// How often a repetition may repeat, as in Go.
const MAX_REPEAT: u32 = 1000;

/// How many compiled patterns are kept: those a policy takes from its parameters are few, and are
/// asked for once for each value they are held against.
const KEPT: usize = 32;

thread_local! {
    static COMPILED: RefCell<Vec<(String, Arc<Regex>)>> = const { RefCell::new(Vec::new()) };
}

/// The compiled form of a pattern written in RE2's syntax. Shared: a copy would have to make the room it
/// searches in anew.
pub(in crate::cel) fn compile(pattern: &str) -> Result<Arc<Regex>, String> {
    let kept = |compiled: &RefCell<Vec<(String, Arc<Regex>)>>| {
        compiled.borrow().iter().find(|(known, _)| known == pattern).map(|(_, regex)| Arc::clone(regex))
    };
    if let Some(regex) = COMPILED.with(kept) {
        return Ok(regex);
    }
    let regex = Arc::new(build(pattern)?);
    COMPILED.with(|compiled| {
        let mut compiled = compiled.borrow_mut();
        if compiled.len() == KEPT {
            compiled.remove(0);
        }
        compiled.push((pattern.to_owned(), Arc::clone(&regex)));
    });
    Ok(regex)
}

fn build(pattern: &str) -> Result<Regex, String> {
    let translated =
        Translator { pattern, position: 0, output: String::with_capacity(pattern.len() + 8) }.translate()?;
    // Nobody asks what groups matched. Looking for literals first would make long texts faster, and the
    // many patterns that are held against a few short texts slower.
    let configuration = Regex::config()
        .which_captures(WhichCaptures::Implicit)
        .auto_prefilter(false)
        .nfa_size_limit(Some(MAX_SIZE));
    Regex::builder().configure(configuration).build(&translated).map_err(|error| explanation(&error))
}

/// What the API server says about a pattern that is none.
pub(in crate::cel) fn message(error: &str) -> String {
    format!("error parsing regexp: {error}")
}

/// A pattern in RE2's syntax, compiled.
///
/// ```
/// use gift_plugin::cel::Pattern;
///
/// let pattern = Pattern::new(r"^\d+[smh]$")?;
/// assert!(pattern.matches("30s") && !pattern.matches("30"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Regex>);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn new(source: &str) -> Result<Self, String> {
        build(source).map(Arc::new).map(Self)
    }

    /// Whether it matches anywhere in a text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn explanation(error: &BuildError) -> String {
    match error.syntax_error() {
        Some(regex_syntax::Error::Parse(error)) if *error.kind() == ErrorKind::ClassRangeInvalid => {
            let span = error.span();
            let range = &error.pattern()[span.start.offset..span.end.offset];
            format!("invalid character class range: `{range}`")
        }
        // The last line says what is wrong, the ones before show the translated pattern.
        Some(error) => {
            error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
        None => "expression too large".to_owned(),
    }
}

/// The pattern of a call: prepared when it is a literal, else compiled now.
fn pattern(context: &mut CallContext<'_>, arguments: &[Value<'_>]) -> Result<Arc<Regex>, EvaluationError> {
    if let Some(regex) = context.regex {
        return Ok(Arc::clone(regex));
    }
    let pattern = text(arguments, 1)?;
    context.budget.spend(100 + pattern.len() as u64 * 20)?;
    compile(pattern).map_err(|error| EvaluationError::function(message(&error)))
}

fn matches<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend(1 + target.len() as u64 / 4)?;
    let regex = pattern(context, arguments)?;
    Ok(Value::Bool(regex.is_match(target)))
}

fn target<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Result<Text<'a>, EvaluationError> {
    let target = arguments.first().and_then(Value::to_text).ok_or(EvaluationError::NoSuchOverload)?;
    context.budget.spend(1 + target.as_str().len() as u64 / 4)?;
    Ok(target)
}

fn find<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = target(context, arguments)?;
    let regex = pattern(context, arguments)?;
    Ok(match &target {
        Text::Borrowed(target) => {
            Value::borrowed(regex.find(target).map_or("", |found| &target[found.range()]))
        }
        Text::Shared(target) => {
            Value::text(regex.find(target.as_ref()).map_or("", |found| &target[found.range()]))
        }
    })
}

fn find_all<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = target(context, arguments)?;
    let limit = if arguments.len() > 2 { int(arguments, 2)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let regex = pattern(context, arguments)?;
    Ok(match &target {
        Text::Borrowed(target) => Value::List(
            regex
                .find_iter(target)
                .take(limit)
                .map(|found| Value::borrowed(&target[found.range()]))
                .collect(),
        ),
        Text::Shared(target) => {
            Value::texts(regex.find_iter(target.as_ref()).take(limit).map(|found| &target[found.range()]))
        }
    })
}

struct Translator<'p> {
    pattern: &'p str,
    position: usize,
    output: String,
}

impl<'p> Translator<'p> {
    fn rest(&self) -> &'p str {
        &self.pattern[self.position..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.position += next.len_utf8();
        Some(next)
    }

    /// Copies `length` bytes.
    fn copy(&mut self, length: usize) {
        self.output.push_str(&self.rest()[..length]);
        self.position += length;
    }

    fn translate(mut self) -> Result<String, String> {
        // Where the repetition before began, if there is one: it may not be repeated again.
        let mut repeated = None;
        let mut anything = false;
        let mut open = 0;
        while let Some(character) = self.rest().chars().next() {
            let start = self.position;
            let quantifier = match character {
                '*' | '+' | '?' => {
                    self.copy(1);
                    true
                }
                '{' => match self.repetition()? {
                    Some(length) => {
                        self.copy(length);
                        true
                    }
                    None => {
                        self.next();
                        self.output.push_str("\\{");
                        false
                    }
                },
                '}' => {
                    self.next();
                    self.output.push_str("\\}");
                    false
                }
                '\\' => {
                    self.next();
                    self.escape()?;
                    false
                }
                '[' => {
                    self.class()?;
                    false
                }
                '(' => {
                    open += usize::from(self.group()?);
                    repeated = None;
                    anything = false;
                    continue;
                }
                ')' => {
                    if open == 0 {
                        return Err(format!("unexpected ): `{}`", self.pattern));
                    }
                    open -= 1;
                    self.copy(1);
                    false
                }
                other => {
                    self.next();
                    self.output.push(other);
                    false
                }
            };
            if quantifier && self.rest().starts_with('?') {
                self.copy(1);
            }
            if let (true, Some(before)) = (quantifier, repeated) {
                let written = &self.pattern[before..self.position];
                return Err(format!("invalid nested repetition operator: `{written}`"));
            }
            if quantifier && !anything {
                let written = &self.pattern[start..self.position];
                return Err(format!("missing argument to repetition operator: `{written}`"));
            }
            repeated = quantifier.then_some(start);
            anything = character != '|';
        }
        if open > 0 {
            return Err(format!("missing closing ): `{}`", self.pattern));
        }
        Ok(self.output)
    }

    /// The length of `{n}`, `{n,}` or `{n,m}` here; nothing when the brace is only a brace.
    fn repetition(&self) -> Result<Option<usize>, String> {
        let Some(end) = self.rest().find('}') else { return Ok(None) };
        let inner = &self.rest()[1..end];
        let (low, high) = inner.split_once(',').map_or((inner, None), |(low, high)| (low, Some(high)));
        let number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !number(low) || high.is_some_and(|high| !high.is_empty() && !number(high)) {
            return Ok(None);
        }
        let bound = |digits: &str| digits.parse::<u32>().unwrap_or(u32::MAX);
        let low = bound(low);
        let high = high.filter(|high| !high.is_empty()).map_or(low, bound);
        if low > MAX_REPEAT || high > MAX_REPEAT || high < low {
            return Err(format!("invalid repeat count: `{{{inner}}}`"));
        }
        Ok(Some(end + 1))
    }

    /// An opening bracket and the flags or the name behind it; gives whether there is to be a closing one.
    fn group(&mut self) -> Result<bool, String> {
        let Some(behind) = self.rest().strip_prefix("(?") else {
            self.copy(1);
            return Ok(true);
        };
        if behind.starts_with("P<")
            || (behind.starts_with('<') && !behind.starts_with("<=") && !behind.starts_with("<!"))
        {
            let named = self.rest();
            let Some(end) = named.find('>') else {
                return Err(format!("invalid named capture: `{named}`"));
            };
            let name = &named[named.find('<').map_or(0, |start| start + 1)..end];
            let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if name.is_empty() || !is_word {
                return Err(format!("invalid named capture: `{}`", &named[..=end]));
            }
            self.copy(end + 1);
            return Ok(true);
        }
        let length = behind.find(|flag| !matches!(flag, 'i' | 'm' | 's' | 'U' | '-')).unwrap_or(behind.len());
        match behind[length..].chars().next() {
            Some(end @ (':' | ')')) => {
                self.copy(2 + length + 1);
                Ok(end == ':')
            }
            Some(other) => {
                let written = &self.rest()[..2 + length + other.len_utf8()];
                Err(format!("invalid or unsupported Perl syntax: `{written}`"))
            }
            None => Err(format!("missing closing ): `{}`", self.pattern)),
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Result<(), String> {
        let Some(letter) = self.next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        match letter {
            'd' => self.output.push_str("[0-9]"),
            'D' => self.output.push_str("[^0-9]"),
            'w' => self.output.push_str("[0-9A-Za-z_]"),
            'W' => self.output.push_str("[^0-9A-Za-z_]"),
            's' => self.output.push_str("[\\t\\n\\x0C\\r ]"),
            'S' => self.output.push_str("[^\\t\\n\\x0C\\r ]"),
            'b' => self.output.push_str("(?-u:\\b)"),
            'B' => self.output.push_str("(?:\\A(?-u:\\b{start-half})|\\B)"),
            'A' => self.output.push_str("\\A"),
            'z' => self.output.push_str("\\z"),
            'Q' => {
                let quoted = self.rest();
                let end = quoted.find("\\E").unwrap_or(quoted.len());
                self.output.push_str(&regex_syntax::escape(&quoted[..end]));
                self.position += (end + 2).min(quoted.len());
            }
            other => self.character(other)?,
        }
        Ok(())
    }

    /// An escaped character, in a class or not.
    fn character(&mut self, letter: char) -> Result<(), String> {
        match letter {
            'a' => self.output.push_str("\\x07"),
            'f' => self.output.push_str("\\x0C"),
            'n' => self.output.push_str("\\n"),
            'r' => self.output.push_str("\\r"),
            't' => self.output.push_str("\\t"),
            'v' => self.output.push_str("\\x0B"),
            'p' | 'P' => {
                let length = if self.rest().starts_with('{') {
                    self.rest().find('}').map(|end| end + 1)
                } else {
                    self.rest().chars().next().map(char::len_utf8)
                };
                let rest = self.rest();
                let invalid = |name: &str| format!("invalid character class range: `\\{letter}{name}`");
                let name = &rest[..length.ok_or_else(|| invalid(rest))?];
                let class = format!("\\{letter}{name}");
                if regex_syntax::parse(&class).is_err() {
                    return Err(invalid(name));
                }
                self.output.push_str(&class);
                self.position += name.len();
            }
            'x' => {
                let digits = if self.rest().starts_with('{') {
                    self.rest().find('}').map(|end| (1, end, end + 1))
                } else {
                    Some((0, 2, 2))
                };
                let code = digits.and_then(|(start, end, length)| {
                    let code = u32::from_str_radix(self.rest().get(start..end)?, 16).ok()?;
                    Some((code, length))
                });
                let Some((code, length)) = code else {
                    return Err("invalid escape sequence: `\\x`".to_owned());
                };
                self.position += length;
                self.output.push_str(&format!("\\x{{{code:X}}}"));
            }
            '0'..='7' => {
                let octal: String =
                    self.rest().chars().take_while(|digit| ('0'..='7').contains(digit)).take(2).collect();
                if letter != '0' && octal.is_empty() {
                    return Err(format!("invalid escape sequence: `\\{letter}`"));
                }
                self.position += octal.len();
                let code = u32::from_str_radix(&format!("{letter}{octal}"), 8).unwrap_or_default();
                self.output.push_str(&format!("\\x{{{code:X}}}"));
            }
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => {
                self.output.push_str(&format!("\\x{{{:X}}}", u32::from(other)));
            }
            other => return Err(format!("invalid escape sequence: `\\{other}`")),
        }
        Ok(())
    }

    fn class(&mut self) -> Result<(), String> {
        let written = self.rest();
        let missing = || format!("missing closing ]: `{written}`");
        self.copy(1);
        if self.rest().starts_with('^') {
            self.copy(1);
        }
        let mut first = true;
        loop {
            let character = self.rest().chars().next().ok_or_else(missing)?;
            match character {
                ']' if !first => {
                    self.copy(1);
                    return Ok(());
                }
                '[' if self.rest().starts_with("[:") && self.rest().contains(":]") => {
                    let length = self.rest().find(":]").map_or(0, |end| end + 2);
                    self.copy(length);
                }
                '\\' => {
                    self.next();
                    let letter = self.next().ok_or_else(missing)?;
                    match letter {
                        'd' => self.output.push_str("0-9"),
                        'D' => self.output.push_str("[^0-9]"),
                        'w' => self.output.push_str("0-9A-Za-z_"),
                        'W' => self.output.push_str("[^0-9A-Za-z_]"),
                        's' => self.output.push_str("\\t\\n\\x0C\\r "),
                        'S' => self.output.push_str("[^\\t\\n\\x0C\\r ]"),
                        other => self.character(other)?,
                    }
                }
                '-' => {
                    self.next();
                    // A range in the middle, itself at an end.
                    let last = self.rest().starts_with(']');
                    self.output.push_str(if first || last { "\\-" } else { "-" });
                }
                '[' | ']' | '&' | '~' | '^' | '#' => {
                    self.next();
                    self.output.push('\\');
                    self.output.push(character);
                }
                other => {
                    self.next();
                    self.output.push(other);
                }
            }
            first = false;
        }
    }
}
