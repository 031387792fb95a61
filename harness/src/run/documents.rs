//! Whether two streams hold the same documents: Helm 4 leaves an empty line at the end of what a template gives
//! where Helm 3 leaves none.

/// Whether two streams differ in nothing but empty lines at the ends of documents, where they mean nothing.
///
/// A block scalar that keeps the empty lines at its end (`|+`, YAML 1.2.2 section 8.1.1.2) gives them a meaning;
/// with one of these, or what looks like one, only equal streams are the same.
pub(super) fn are_same(one: &[u8], other: &[u8]) -> bool {
    one == other || (lines(one).eq(lines(other)) && !keeps_ends(one))
}

/// The lines that are not empty, each with how many empty ones stand before it in its document.
fn lines(stream: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut empty = 0;
    stream.split(|byte| *byte == b'\n').filter_map(move |line| {
        if line.is_empty() {
            empty += 1;
            return None;
        }
        let before = std::mem::take(&mut empty);
        let is_marker = line == b"---" || line.starts_with(b"--- ");
        Some((if is_marker { 0 } else { before }, line))
    })
}

fn keeps_ends(stream: &[u8]) -> bool {
    let is_block = |byte: Option<&u8>| matches!(byte, Some(b'|' | b'>'));
    stream.iter().enumerate().filter(|(_, byte)| **byte == b'+').any(|(at, _)| {
        let before = |by: usize| at.checked_sub(by).and_then(|at| stream.get(at));
        is_block(before(1)) || (before(1).is_some_and(u8::is_ascii_digit) && is_block(before(2)))
    })
}

#[cfg(test)]
mod tests {
    use super::are_same;

    fn same(one: &str, other: &str) -> bool {
        are_same(one.as_bytes(), other.as_bytes())
    }

    #[test]
    fn empty_lines_at_the_ends_of_documents_mean_nothing() {
        assert!(same("a: 1\n---\nb: 1\n", "a: 1\n\n---\nb: 1\n\n\n"));
        assert!(same(
            "a: |\n  x\n---\nb: 1\n",
            "a: |\n  x\n\n--- # next\nb: 1\n".replace(" # next", "").as_str()
        ));
    }

    #[test]
    fn everything_else_does() {
        assert!(!same("a: 1\n---\nb: 1\n", "a: 1\n---\nb: 2\n"));
        assert!(!same("a: |\n  x\n\n  y\n", "a: |\n  x\n  y\n"), "inside a text");
        assert!(!same("a: 1\n---\nb: 1\n", "a: 1\n---\n"));
        assert!(!same("a: |\n  x\n\n  ---\n", "a: |\n  x\n  ---\n"), "a text that looks like the end");
        assert!(!same("a: 1\n \n---\n", "a: 1\n---\n"), "a line of spaces may be text");
    }

    #[test]
    fn a_text_may_keep_the_lines_at_its_end() {
        for header in ["|+", ">+", "|2+", "|+2", ">1+"] {
            let text = |end: &str| format!("a: {header}\n   x\n{end}---\nb: 1\n");
            assert!(!same(&text(""), &text("\n")), "{header}");
            assert!(same(&text("\n"), &text("\n")), "{header}");
        }
    }
}
