//! A manifest stream as text: where its documents begin and end, which template each came from,
//! and which line a byte stands in.
//!
//! Depends on [`Span`] alone. Nothing is parsed here, so a document that is not YAML does not keep
//! the others from being read.

use super::node::Span;

/// The stretch of the stream that holds one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// From the `---` line that opens the document (or the start of the stream) up to the next.
    pub span: Span,
    /// The template that Helm names in a `# Source:` line.
    pub source: Option<&'a str>,
}

/// Cuts a stream at its separators, as `splitYAMLDocument` of `k8s.io/apimachinery/pkg/util/yaml`
/// does: at lines that begin with `---`. Stretches of nothing but blank lines, comments and
/// directives are kept too; they hold no document.
///
/// ```
/// use gift_plugin::yaml::split;
///
/// let chunks = split("# Source: web/templates/a.yaml\na: 1\n---\nb: 2\n");
/// assert_eq!(chunks.len(), 2);
/// assert_eq!(chunks[0].source, Some("web/templates/a.yaml"));
/// assert_eq!(chunks[1].span.start, 36);
/// ```
#[must_use]
pub fn split(text: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > start && is_separator(line) {
            chunks.push(chunk(text, start, at));
            start = at;
        }
        at += line.len();
    }
    if start < text.len() {
        chunks.push(chunk(text, start, text.len()));
    }
    chunks
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn chunk(text: &str, start: usize, end: usize) -> Chunk<'_> {
    let source = text[start..end]
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(['#', '-', '\u{feff}']))
        .find_map(|line| line.strip_prefix("# Source: "))
        .map(str::trim);
    Chunk { span: Span { start, end }, source }
}

/// The lines of a text, for turning bytes into the positions people read.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line and the column of a byte, both from 1, the column in characters.
    ///
    /// ```
    /// use gift_plugin::yaml::Lines;
    ///
    /// let lines = Lines::new("a: 1\nname: 선물\n");
    /// assert_eq!(lines.position(5), (2, 1));
    /// assert_eq!(lines.position(14), (2, 8));
    /// ```
    #[must_use]
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..byte).map_or(byte - start, |before| before.chars().count());
        (line, column + 1)
    }

    /// The text of a line, counted from 1, without its line break.
    #[must_use]
    pub fn line(&self, number: usize) -> Option<&'a str> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        self.text.get(start..end).map(|line| line.trim_end_matches(['\n', '\r']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        split(text).iter().map(|chunk| &text[chunk.span.start..chunk.span.end]).collect()
    }

    #[test]
    fn chunks_are_the_whole_stream() {
        for text in [
            "",
            "---\n",
            "a: 1",
            "\n\n---\n---\na: 1\n---",
            "a\r\n---\r\nb\r\n",
            "--- {a: 1}\n--- # c\nx: y\n",
        ] {
            assert_eq!(parts(text).concat(), text);
        }
    }

    #[test]
    fn separators_stand_at_the_start_of_a_line() {
        assert_eq!(
            parts("a: 1\n---\nb: |\n  ---\n---b\n--- \nc: 1\n"),
            ["a: 1\n", "---\nb: |\n  ---\n---b\n", "--- \nc: 1\n"]
        );
    }

    #[test]
    fn source_is_read_from_the_comments_above_the_document_only() {
        let text = "---\n# Source: c/templates/a.yaml\na: |\n  # Source: no\n---\nb: |\n  x\n# Source: no\n";
        let sources: Vec<_> = split(text).iter().map(|chunk| chunk.source).collect();
        assert_eq!(sources, [Some("c/templates/a.yaml"), None]);
    }

    #[test]
    fn positions_count_characters() {
        let lines = Lines::new("é: 1\r\nb: 2");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(2), (1, 2));
        assert_eq!(lines.position(7), (2, 1));
        assert_eq!(lines.position(999), (2, 5));
        assert_eq!(lines.line(1), Some("é: 1"));
        assert_eq!(lines.line(3), None);
    }
}
