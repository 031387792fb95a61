//! A part of the cells, so that several machines share a run.

use std::fmt;
use std::str::FromStr;

/// Where a Kubernetes Indexed Job says which of its pods this is, from 0.
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index + 1, self.count)
    }
}

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 0.
    index: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let from_job = || std::env::var(INDEX_VARIABLE).ok();
        Self::parse(text, from_job().as_deref())
    }
}

impl Shard {
    fn parse(text: &str, job_index: Option<&str>) -> Result<Self, String> {
        let number = |text: &str| text.parse::<usize>().ok();
        let shard = match (text.split_once('/'), job_index) {
            (Some((index, count)), _) => {
                number(index).and_then(|index| index.checked_sub(1)).zip(number(count))
            }
            (None, Some(index)) => number(index).zip(number(text)),
            (None, None) => {
                return Err(format!(
                    "write it as 1/4, or set {INDEX_VARIABLE} and give the number of parts alone"
                ));
            }
        };
        match shard {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("the part's number is from 1 to the number of parts, as in 1/4".to_owned()),
        }
    }

    /// The items of this part. Neighbours, which take about as long as each other, go to different
    /// parts.
    pub(crate) fn of<T>(self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip(self.index).step_by(self.count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_one_part() {
        let items: Vec<_> = (0..7).collect();
        let mut parts: Vec<_> = ["1/3", "2/3", "3/3"]
            .iter()
            .flat_map(|text| Shard::parse(text, None).unwrap().of(items.clone()))
            .collect();
        parts.sort_unstable();
        assert_eq!(parts, items);
        assert_eq!(Shard::parse("1/1", None).unwrap().of(items.clone()), items);
    }

    #[test]
    fn an_indexed_job_counts_from_zero() {
        assert_eq!(Shard::parse("4", Some("0")), Shard::parse("1/4", None));
        assert_eq!(Shard::parse("4", Some("3")), Shard::parse("4/4", None));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for (text, index) in
            [("0/2", None), ("3/2", None), ("1/0", None), ("a/2", None), ("2", None), ("2", Some("2"))]
        {
            assert!(Shard::parse(text, index).is_err(), "{text} {index:?}");
        }
    }
}
