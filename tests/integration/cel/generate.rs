//! Expressions over all of the language, most of them well-typed.

use super::choices::Choices;
use super::grammar::{Bindings, Of, Part, Rule, rules};
use super::literals::{self, TEXTS, pool};
use super::tree::{Piece, Tree};
use super::world::fields;

/// How many parts of a hundred have another type than their place asks for.
const ILL_TYPED: usize = 1;

/// How many choices of a hundred may fall on a function that is not there.
const UNKNOWN: usize = 4;

/// How many expressions of a hundred are damaged as text.
const DAMAGED: usize = 3;

/// A variable of a policy.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) expression: Tree,
}

/// Generates expressions that may use the variables there are.
pub(super) struct Generator<'v> {
    pub(super) choices: Choices,
    pub(super) variables: &'v [Variable],
    /// The variables of the macros around the current part.
    scope: Vec<(String, Of)>,
    /// How many literals are around the current part whose elements are to have one type.
    literal: usize,
}

const SIMPLE: &[&str] = &["bool", "int", "string", "int", "string", "double", "uint"];
const ANY: &[&str] = &[
    "bool",
    "int",
    "string",
    "double",
    "uint",
    "null",
    "bytes",
    "duration",
    "timestamp",
    "quantity",
    "url",
    "ip",
    "cidr",
    "semver",
    "format",
    "type",
    "dyn",
];
const ORDERED: &[&str] = &["int", "string", "double", "uint", "bool", "timestamp", "duration", "bytes"];
const KEYS: &[&str] = &["string", "string", "string", "int", "uint", "bool"];

impl<'v> Generator<'v> {
    pub(super) const fn new(choices: Choices, variables: &'v [Variable]) -> Self {
        Self { choices, variables, scope: Vec::new(), literal: 0 }
    }

    /// A whole expression.
    pub(super) fn expression(&mut self) -> Tree {
        let of = match self.choices.below(10) {
            0..4 => Of::Plain("bool"),
            4 => Of::Plain("string"),
            5 => Of::Plain("int"),
            _ => self.any(),
        };
        let depth = 1 + self.choices.below(4);
        let tree = self.of(&of, depth);
        if self.choices.percent(DAMAGED) { self.damaged(&tree) } else { tree }
    }

    /// An expression of type `of` with about `depth` levels.
    pub(super) fn of(&mut self, of: &Of, depth: usize) -> Tree {
        if self.choices.percent(ILL_TYPED) {
            let other = self.any();
            return self.typed(&other, depth);
        }
        match of {
            Of::Plain("any") => {
                let of = self.any();
                self.typed(&of, depth)
            }
            Of::Plain("num") => {
                let of = Of::Plain(self.choices.of::<&str>(&["int", "uint", "double"]));
                self.typed(&of, depth)
            }
            Of::Plain("ordered") => {
                let of = Of::Plain(self.choices.of::<&str>(ORDERED));
                self.typed(&of, depth)
            }
            Of::Plain("index") => Tree::leaf(
                Of::Plain("int"),
                (*self.choices.of(&["0", "1", "2", "-1", "3", "100", "1", "0"])).to_owned(),
            ),
            of => self.typed(of, depth),
        }
    }

    fn any(&mut self) -> Of {
        match self.choices.below(12) {
            0 => Of::List(Box::new(self.simple())),
            1 => Of::Map(Box::new(Of::Plain(self.choices.of::<&str>(KEYS))), Box::new(self.simple())),
            2 => Of::Optional(Box::new(self.simple())),
            3 => Of::List(Box::new(Of::List(Box::new(self.simple())))),
            4..7 => self.simple(),
            _ => Of::Plain(self.choices.of::<&str>(ANY)),
        }
    }

    fn simple(&mut self) -> Of {
        Of::Plain(self.choices.of::<&str>(SIMPLE))
    }

    fn typed(&mut self, of: &Of, depth: usize) -> Tree {
        if depth == 0 || self.choices.percent(15) {
            return self.atom(of, depth);
        }
        let unknown = self.choices.percent(UNKNOWN);
        let fitting: Vec<(&'static Rule, Bindings)> = rules()
            .iter()
            .filter(|rule| rule.known || unknown)
            .filter(|rule| !(self.literal > 0 && rule.is_dynamic()))
            .filter_map(|rule| {
                let mut bindings = Bindings::new();
                rule.result.unify(of, &mut bindings).then_some((rule, bindings))
            })
            .collect();
        // What fits every type is a third of what is taken, or there would be little else.
        let special = fitting.iter().filter(|(rule, _)| !matches!(rule.result, Of::Parameter(_))).count();
        let general = fitting.len() - special;
        let at = if special == 0 || self.choices.percent(33) {
            self.choices.below(general)
        } else {
            general + self.choices.below(special)
        };
        let mut ordered: Vec<_> =
            fitting.iter().filter(|(rule, _)| matches!(rule.result, Of::Parameter(_))).collect();
        ordered.extend(fitting.iter().filter(|(rule, _)| !matches!(rule.result, Of::Parameter(_))));
        let (rule, bindings) = ordered[at];
        self.apply(rule, bindings.clone(), of, depth - 1)
    }

    fn apply(&mut self, rule: &Rule, mut bindings: Bindings, of: &Of, depth: usize) -> Tree {
        let outside = self.scope.len();
        let mut pieces = Vec::with_capacity(rule.parts.len());
        for part in &rule.parts {
            pieces.push(match part {
                Part::Text(text) => Piece::Text((*text).to_owned()),
                Part::Hole(of) => {
                    let of = self.bound(of, &mut bindings);
                    Piece::Part(self.of(&of, depth))
                }
                Part::Variable(of) => {
                    let of = self.bound(of, &mut bindings);
                    let name =
                        *self.choices.of(&["x", "y", "k", "v", "x", "y", "k", "v", "object", "_x", "string"]);
                    self.scope.push((name.to_owned(), of));
                    Piece::Text(name.to_owned())
                }
                Part::Pool(pool) => Piece::Part(self.literal_of(pool, depth)),
            });
        }
        self.scope.truncate(outside);
        // Operators bind as the text says; mostly that is made plain.
        let is_operation = matches!(rule.parts.get(1), Some(Part::Text(text)) if text.starts_with(' '));
        if is_operation && self.choices.percent(80) {
            pieces.insert(0, Piece::Text("(".to_owned()));
            pieces.push(Piece::Text(")".to_owned()));
        }
        Tree { of: of.clone(), pieces }
    }

    /// The type without parameters; new ones get a type here.
    fn bound(&mut self, of: &Of, bindings: &mut Bindings) -> Of {
        match of {
            Of::Parameter(name) => {
                if let Some(bound) = bindings.get(name) {
                    return bound.clone();
                }
                let chosen = match *name {
                    "K" | "L" => Of::Plain(self.choices.of::<&str>(KEYS)),
                    _ => self.simple(),
                };
                bindings.insert(name, chosen.clone());
                chosen
            }
            Of::List(of) => Of::List(Box::new(self.bound(of, bindings))),
            Of::Optional(of) => Of::Optional(Box::new(self.bound(of, bindings))),
            Of::Map(key, value) => {
                Of::Map(Box::new(self.bound(key, bindings)), Box::new(self.bound(value, bindings)))
            }
            of => of.clone(),
        }
    }

    fn literal_of(&mut self, name: &str, depth: usize) -> Tree {
        let text = Of::Plain("string");
        match name {
            "field" => return Tree::leaf(Of::Plain("dyn"), self.field_to_test()),
            "type" => {
                let names = [
                    "int",
                    "uint",
                    "double",
                    "bool",
                    "string",
                    "bytes",
                    "list",
                    "map",
                    "null_type",
                    "type",
                    "google.protobuf.Timestamp",
                    "google.protobuf.Duration",
                    "optional_type",
                    "net.IP",
                    "net.CIDR",
                    "kubernetes.Quantity",
                    "google.protobuf.Struct",
                    "dyn",
                    "kubernetes.URL",
                ];
                return Tree::leaf(Of::Plain("type"), *self.choices.of(&names));
            }
            "format" => return Tree::leaf(text, *self.choices.of(pool("format"))),
            _ => {}
        }
        if self.choices.percent(8) {
            return self.of(&text, depth.min(1));
        }
        let chosen = *self.choices.of(pool(name));
        let written =
            if name == "regex" { format!("'{chosen}'") } else { literals::string(&mut self.choices, chosen) };
        Tree::leaf(text, written)
    }

    fn field_to_test(&mut self) -> String {
        let all: Vec<_> = fields().filter(|(path, _)| path.contains('.')).collect();
        self.choices.of(&all).0.to_owned()
    }

    /// Something without parts, or with few.
    fn atom(&mut self, of: &Of, depth: usize) -> Tree {
        let mut names: Vec<String> =
            self.scope.iter().filter(|(_, own)| own == of).map(|(name, _)| name.clone()).collect();
        if !names.is_empty() && self.choices.percent(60) {
            let name = self.choices.below(names.len());
            return Tree::leaf(of.clone(), names.swap_remove(name));
        }
        let fitting: Vec<&Variable> =
            self.variables.iter().filter(|variable| variable.expression.of == *of).collect();
        if !fitting.is_empty() && self.choices.percent(40) {
            return Tree::leaf(of.clone(), format!("variables.{}", self.choices.of(&fitting).name));
        }
        if self.literal == 0
            && self.choices.percent(30)
            && let Some(path) = self.path(of)
        {
            return Tree::leaf(of.clone(), path);
        }
        let leaf = |text: String| Tree::leaf(of.clone(), text);
        match of {
            Of::Plain("bool") => leaf(self.choices.percent(50).to_string()),
            Of::Plain("int") => leaf(literals::int(&mut self.choices)),
            Of::Plain("uint") => leaf(literals::uint(&mut self.choices)),
            Of::Plain("double") => leaf(literals::double(&mut self.choices)),
            Of::Plain("string") => {
                let text = *self.choices.of(TEXTS);
                leaf(literals::string(&mut self.choices, text))
            }
            Of::Plain("bytes") => leaf(literals::bytes(&mut self.choices)),
            Of::Plain("null") => leaf("null".to_owned()),
            Of::Plain("type") => self.literal_of("type", 0),
            Of::Plain("dyn") => {
                let inner = self.simple();
                let inner = self.of(&inner, depth.min(1));
                Tree {
                    of: of.clone(),
                    pieces: vec![
                        Piece::Text("dyn(".to_owned()),
                        Piece::Part(inner),
                        Piece::Text(")".to_owned()),
                    ],
                }
            }
            Of::Plain(name @ ("duration" | "timestamp" | "quantity" | "url" | "ip" | "cidr" | "semver")) => {
                // The first ones of a pool are good ones.
                let first = *self.choices.of(&pool(name)[..3]);
                let text = if self.choices.percent(70) { first } else { *self.choices.of(pool(name)) };
                leaf(format!("{name}({})", literals::string(&mut self.choices, text)))
            }
            Of::Plain("format") => leaf(format!("format.{}()", self.choices.of(&pool("format")[..8]))),
            Of::Plain(other) => leaf(format!("nothing_of_type_{other}")),
            Of::List(element) => {
                let count = self.choices.below(4);
                let around = self.literal;
                self.literal += usize::from(self.choices.percent(92));
                let elements = (0..count).map(|_| vec![Piece::Part(self.of(element, depth.min(1)))]);
                let list = joined(of, "[", elements.collect(), "]");
                self.literal = around;
                list
            }
            Of::Map(key, value) => {
                // Two entries at most, as in objects.
                let count = self.choices.below(3);
                let around = self.literal;
                self.literal += usize::from(self.choices.percent(92));
                let mut entries = Vec::new();
                for _ in 0..count {
                    let key = match &**key {
                        Of::Plain("string") => Tree::leaf(
                            (**key).clone(),
                            *self.choices.of(&["'a'", "'b'", "'c'", "''", "\"a\""]),
                        ),
                        other => self.of(other, 0),
                    };
                    let value = self.of(value, depth.min(1));
                    entries.push(vec![Piece::Part(key), Piece::Text(": ".to_owned()), Piece::Part(value)]);
                }
                self.literal = around;
                joined(of, "{", entries, "}")
            }
            Of::Optional(inner) => {
                if self.choices.percent(20) {
                    return leaf("optional.none()".to_owned());
                }
                let inner = self.of(inner, depth.min(1));
                Tree {
                    of: of.clone(),
                    pieces: vec![
                        Piece::Text("optional.of(".to_owned()),
                        Piece::Part(inner),
                        Piece::Text(")".to_owned()),
                    ],
                }
            }
            Of::Parameter(_) => leaf("null".to_owned()),
        }
    }

    /// A field that is most probably of a type, in one of the ways of asking for it.
    fn path(&mut self, of: &Of) -> Option<String> {
        let wanted = match of {
            Of::Optional(inner) => inner,
            of => of,
        };
        let any = self.choices.percent(10);
        let fitting: Vec<&str> =
            fields().filter(|(_, own)| any || own == wanted).map(|(path, _)| path).collect();
        if fitting.is_empty() {
            return None;
        }
        let path = *self.choices.of(&fitting);
        let mut is_optional = false;
        let mut text = String::new();
        for (at, key) in path.split('.').enumerate() {
            if at == 0 {
                text.push_str(key);
                continue;
            }
            is_optional |= matches!(of, Of::Optional(_))
                && (self.choices.percent(60) || at == path.matches('.').count());
            text.push_str(&match (is_optional, self.choices.percent(15)) {
                (true, false) => format!(".?{key}"),
                (true, true) => format!("[?'{key}']"),
                (false, false) => format!(".{key}"),
                (false, true) => format!("[\"{key}\"]"),
            });
        }
        Some(text)
    }

    /// The expression with characters added, taken away or changed.
    fn damaged(&mut self, tree: &Tree) -> Tree {
        let mut characters: Vec<char> = tree.to_string().chars().collect();
        for _ in 0..=self.choices.below(2) {
            let at = self.choices.below(characters.len() + 1);
            let other = *self.choices.of(&[
                '(', ')', '[', ']', '{', '}', '.', ',', '?', ':', '!', '-', '+', '*', '/', '%', '<', '=',
                '&', '|', '\'', '"', '\\', ' ', '\n', '0', 'u', 'x', 'e', 'é', '@', '#', '$', '`', ';', '\t',
                '1', 'a', '\u{0}',
            ]);
            match self.choices.below(3) {
                0 => characters.insert(at, other),
                1 if at < characters.len() => drop(characters.remove(at)),
                _ if at < characters.len() => characters[at] = other,
                _ => characters.push(other),
            }
        }
        let text: String = characters.into_iter().collect();
        // The API server refuses a blank expression before it is one.
        if text.trim().is_empty() { tree.clone() } else { Tree::leaf(tree.of.clone(), text) }
    }
}

fn joined(of: &Of, open: &str, items: Vec<Vec<Piece>>, close: &str) -> Tree {
    let mut pieces = vec![Piece::Text(open.to_owned())];
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            pieces.push(Piece::Text(", ".to_owned()));
        }
        pieces.extend(item);
    }
    pieces.push(Piece::Text(close.to_owned()));
    Tree { of: of.clone(), pieces }
}
