//! The name that was probably meant.

/// The known name nearest to a mistyped one; `None` when none is near.
///
/// ```text
/// tragetPort → targetPort, serviceAccount → none of name, image
/// ```
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // One mistake in three letters is another word.
    let bound = (name.chars().count() / 3).max(1);
    known
        .filter(|known| known.len().abs_diff(name.len()) <= 4 * bound)
        .map(|known| (distance(&name.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, known)| known)
}

/// How many letters to change, add, remove, or swap with their neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let substituted = last[column] + usize::from(letter != other);
            let mut best = substituted.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *letter == b[column - 1] && a[row - 1] == *other {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_known_and_another_word_is_not() {
        let known = ["name", "port", "targetPort", "nodePort", "protocol", "appProtocol"];
        let near = |name| nearest(name, known.into_iter());
        assert_eq!(near("tragetPort"), Some("targetPort"));
        assert_eq!(near("targetport"), Some("targetPort"));
        assert_eq!(near("ports"), Some("port"));
        assert_eq!(near("image"), None);
        assert_eq!(near(""), None);
    }
}
