//! `.helmignore`: which files of a chart are left out, as Helm itself decides.
//!
//! Rules are tried in order and the first that decides ends the search. A rule with `!` leaves out whatever it
//! does *not* match, which is how Helm reads it. Depends on nothing.

/// The rules of a `.helmignore`, and the one Helm always adds.
#[derive(Clone, Debug)]
pub(super) struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Vec<char>,
    negated: bool,
    directories_only: bool,
    /// Whether the whole path is matched; else its last part.
    whole_path: bool,
}

/// Why a rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// `**`, which Helm refuses.
    #[error("`{0}`: Helm knows no `**`")]
    DoubleStar(String),
    /// A bracket that is not closed, or a backslash at the end.
    #[error("`{0}` is no pattern: a bracket is not closed, or nothing follows a backslash")]
    Malformed(String),
}

impl IgnoreRules {
    /// Reads the text of a `.helmignore`; the number of the line stands beside what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, IgnoreError)> {
        let mut rules = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                rules.push(Rule::parse(line).map_err(|error| (at + 1, error))?);
            }
        }
        rules.extend(Rule::parse("templates/.?*"));
        Ok(Self { rules })
    }

    /// Whether a file or directory, by its path below the chart with `/` between the parts, is left out.
    pub(super) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        for rule in &self.rules {
            let applies = !rule.directories_only || is_directory;
            if rule.negated {
                if !applies || !rule.matches(path) {
                    return true;
                }
            } else if applies && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Self, IgnoreError> {
        if line.contains("**") {
            return Err(IgnoreError::DoubleStar(line.to_owned()));
        }
        let rest = line.strip_prefix('!').unwrap_or(line);
        let (rest, directories_only) =
            rest.strip_suffix('/').map_or((rest, false), |stripped| (stripped, true));
        let whole_path = rest.contains('/');
        let pattern: Vec<char> = rest.strip_prefix('/').unwrap_or(rest).chars().collect();
        if !is_well_formed(&pattern) {
            return Err(IgnoreError::Malformed(line.to_owned()));
        }
        Ok(Self { pattern, negated: line.starts_with('!'), directories_only, whole_path })
    }

    fn matches(&self, path: &str) -> bool {
        let name = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        let name: Vec<char> = name.chars().collect();
        glob(&self.pattern, &name)
    }
}

fn is_well_formed(pattern: &[char]) -> bool {
    let mut rest = pattern;
    loop {
        rest = match rest {
            [] => return true,
            ['\\'] => return false,
            ['\\', _, rest @ ..] => rest,
            ['[', ..] => match Class::read(rest) {
                Some((_, rest)) => rest,
                None => return false,
            },
            [_, rest @ ..] => rest,
        };
    }
}

/// `*` and `?` stand for anything but `/`, as in Go's `path.Match`.
fn glob(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => {
            let reach = name.iter().position(|&character| character == '/').unwrap_or(name.len());
            (0..=reach).any(|taken| glob(rest, &name[taken..]))
        }
        ['?', rest @ ..] => matches!(name, [first, others @ ..] if *first != '/' && glob(rest, others)),
        ['[', ..] => match (Class::read(pattern), name) {
            (Some((class, rest)), [first, others @ ..]) => class.holds(*first) && glob(rest, others),
            _ => false,
        },
        ['\\', wanted, rest @ ..] | [wanted, rest @ ..] => {
            matches!(name, [first, others @ ..] if first == wanted && glob(rest, others))
        }
    }
}

/// `[a-z]`, `[^a-z]`.
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    /// Reads one from its opening bracket on, and gives what follows it.
    fn read(pattern: &[char]) -> Option<(Self, &[char])> {
        let mut rest = pattern.strip_prefix(&['['])?;
        let negated = rest.first() == Some(&'^');
        rest = if negated { &rest[1..] } else { rest };
        let mut ranges = Vec::new();
        loop {
            if let [']', after @ ..] = rest
                && !ranges.is_empty()
            {
                return Some((Self { negated, ranges }, after));
            }
            let (low, after) = Self::character(rest)?;
            let (high, after) = match after {
                ['-', after @ ..] => Self::character(after)?,
                _ => (low, after),
            };
            ranges.push((low, high));
            rest = after;
        }
    }

    fn character(rest: &[char]) -> Option<(char, &[char])> {
        match rest {
            ['\\', character, rest @ ..] => Some((*character, rest)),
            ['-' | ']' | '\\', ..] | [] => None,
            [character, rest @ ..] => Some((*character, rest)),
        }
    }

    fn holds(&self, character: char) -> bool {
        self.ranges.iter().any(|&(low, high)| (low..=high).contains(&character)) != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignores(rules: &str, path: &str, is_directory: bool) -> bool {
        IgnoreRules::parse(rules).unwrap().ignores(path, is_directory)
    }

    #[test]
    fn a_pattern_without_a_slash_is_held_against_the_last_part() {
        assert!(ignores("*.tgz", "charts/a.tgz", false));
        assert!(ignores("a?[x-z].txt", "deep/down/aby.txt", false));
        assert!(!ignores("a?[^x-z].txt", "aby.txt", false));
        assert!(!ignores("*.tgz", "a.tgz.prov", false));
    }

    #[test]
    fn a_pattern_with_a_slash_is_held_against_the_whole_path() {
        assert!(ignores("/notes.md", "notes.md", false));
        assert!(!ignores("/notes.md", "docs/notes.md", false));
        assert!(ignores("docs/*.md", "docs/notes.md", false));
        assert!(!ignores("docs/*.md", "docs/deep/notes.md", false));
    }

    #[test]
    fn a_slash_at_the_end_means_directories() {
        assert!(ignores(".git/", ".git", true));
        assert!(!ignores(".git/", ".git", false));
    }

    #[test]
    fn an_exclamation_mark_leaves_out_what_does_not_match() {
        assert!(ignores("!*.yaml", "notes.md", false));
        assert!(!ignores("!*.yaml", "values.yaml", false));
    }

    #[test]
    fn hidden_files_of_templates_are_always_left_out() {
        assert!(ignores("# nothing\n\n", "templates/.swp", false));
        assert!(!ignores("", "templates/a.yaml", false));
    }

    #[test]
    fn what_helm_refuses_is_refused_with_its_line() {
        let refused = |text| IgnoreRules::parse(text).unwrap_err();
        assert_eq!(refused("a\nb/**"), (2, IgnoreError::DoubleStar("b/**".to_owned())));
        assert_eq!(refused("[a"), (1, IgnoreError::Malformed("[a".to_owned())));
        assert_eq!(refused("a\\"), (1, IgnoreError::Malformed("a\\".to_owned())));
    }
}
