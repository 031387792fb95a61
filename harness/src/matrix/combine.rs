//! The combinations of axes, as GitHub Actions makes them.
//!
//! Source: "Running variations of jobs in a workflow" of GitHub's documentation. First the product
//! of the axes; then every combination that has all pairs of an `exclude` entry is dropped; then each
//! `include` entry is added to the combinations it contradicts on no axis, where it may replace only
//! what an earlier `include` added, and makes a new combination when there is none.

use std::collections::BTreeMap;

/// The values chosen, by axis.
pub(super) type Combination<V> = BTreeMap<&'static str, V>;

pub(super) struct Axis<V> {
    pub(super) name: &'static str,
    pub(super) values: Vec<V>,
}

pub(super) fn combine<V: Clone + PartialEq>(
    axes: &[Axis<V>],
    exclude: &[Combination<V>],
    include: &[Combination<V>],
) -> Vec<Combination<V>> {
    let mut product: Vec<Combination<V>> =
        if axes.is_empty() { Vec::new() } else { vec![Combination::new()] };
    for axis in axes {
        product = product
            .into_iter()
            .flat_map(|combination| {
                axis.values.iter().map(move |value| {
                    let mut longer = combination.clone();
                    longer.insert(axis.name, value.clone());
                    longer
                })
            })
            .collect();
    }
    product.retain(|combination| {
        !exclude.iter().any(|entry| {
            !entry.is_empty() && entry.iter().all(|(name, value)| combination.get(name) == Some(value))
        })
    });
    let is_axis = |name: &str| axes.iter().any(|axis| axis.name == name);
    let mut added = Vec::new();
    for entry in include {
        let mut is_used = false;
        for combination in &mut product {
            let agrees = entry
                .iter()
                .filter(|(name, _)| is_axis(name))
                .all(|(name, value)| combination.get(name) == Some(value));
            if agrees {
                is_used = true;
                combination.extend(entry.iter().map(|(name, value)| (*name, value.clone())));
            }
        }
        if !is_used {
            added.push(entry.clone());
        }
    }
    product.append(&mut added);
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &'static str, values: &[&'static str]) -> Axis<&'static str> {
        Axis { name, values: values.to_vec() }
    }

    fn entry(pairs: &[(&'static str, &'static str)]) -> Combination<&'static str> {
        pairs.iter().copied().collect()
    }

    /// The example GitHub's documentation gives for `include`.
    #[test]
    fn include_adds_to_what_it_agrees_with_and_else_makes_a_new_one() {
        let axes = [axis("fruit", &["apple", "pear"]), axis("animal", &["cat", "dog"])];
        let include = [
            entry(&[("color", "green")]),
            entry(&[("color", "pink"), ("animal", "cat")]),
            entry(&[("fruit", "apple"), ("shape", "circle")]),
            entry(&[("fruit", "banana")]),
            entry(&[("fruit", "banana"), ("animal", "cat")]),
        ];
        let expected = [
            entry(&[("fruit", "apple"), ("animal", "cat"), ("color", "pink"), ("shape", "circle")]),
            entry(&[("fruit", "apple"), ("animal", "dog"), ("color", "green"), ("shape", "circle")]),
            entry(&[("fruit", "pear"), ("animal", "cat"), ("color", "pink")]),
            entry(&[("fruit", "pear"), ("animal", "dog"), ("color", "green")]),
            entry(&[("fruit", "banana")]),
            entry(&[("fruit", "banana"), ("animal", "cat")]),
        ];
        assert_eq!(combine(&axes, &[], &include), expected);
    }

    #[test]
    fn exclude_drops_what_has_all_its_pairs_and_comes_before_include() {
        let axes = [axis("os", &["mac", "win"]), axis("version", &["12", "14", "16"])];
        let exclude =
            [entry(&[("os", "mac"), ("version", "12")]), entry(&[("version", "16")]), entry(&[("x", "y")])];
        let include = [entry(&[("os", "mac"), ("version", "12")])];
        let ids: Vec<_> = combine(&axes, &exclude, &include)
            .into_iter()
            .map(|combination| format!("{}{}", combination["os"], combination["version"]))
            .collect();
        assert_eq!(ids, ["mac14", "win12", "win14", "mac12"]);
    }

    #[test]
    fn include_alone_is_a_matrix_and_an_empty_axis_leaves_nothing() {
        let include = [entry(&[("a", "1")]), entry(&[("a", "2")])];
        assert_eq!(combine(&[], &[], &include), include);
        assert!(combine(&[axis("a", &[])], &[], &[]).is_empty());
        assert!(combine::<&str>(&[], &[], &[]).is_empty());
    }
}
