//! The arguments that say how much judging a stream may take.

use gift_harness::objects::Quantity;
use gift_harness::sandbox::SandboxLimits;
use std::time::Duration;

/// How much a stream may take. For Helm, which gives a post-renderer no arguments unless told to, each is
/// an environment variable too.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArguments {
    /// The most bytes a stream may have
    #[arg(long, value_name = "BYTES", env = "GIFT_MAX_INPUT", hide_env_values = true, default_value = "32Mi", value_parser = bytes)]
    pub(crate) max_input: usize,
    /// The most bytes of memory the module may have
    #[arg(long, value_name = "BYTES", env = "GIFT_MAX_MEMORY", hide_env_values = true, default_value = "2Gi", value_parser = bytes)]
    max_memory: usize,
    /// How many seconds the module may take
    #[arg(long, value_name = "SECONDS", env = "GIFT_DEADLINE", hide_env_values = true, default_value = "60", value_parser = clap::value_parser!(u64).range(1..))]
    deadline: u64,
    /// How much work the module may do, about one unit for each instruction; as much as the deadline lets
    /// it, unless it is a --module, which may do 50000000000
    #[arg(long, value_name = "UNITS", env = "GIFT_FUEL", hide_env_values = true, value_parser = clap::value_parser!(u64).range(1..))]
    fuel: Option<u64>,
}

impl LimitArguments {
    /// These limits, in the place of those a module has by itself.
    pub(crate) fn over(&self, own: SandboxLimits) -> SandboxLimits {
        SandboxLimits {
            fuel: self.fuel.or(own.fuel),
            deadline: Duration::from_secs(self.deadline),
            memory: self.max_memory,
            ..own
        }
    }
}

/// A number of bytes, as Kubernetes writes amounts: `64Mi`.
fn bytes(text: &str) -> Result<usize, String> {
    Quantity::parse(text)
        .and_then(|quantity| usize::try_from(quantity.value()).ok())
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "write it as 64Mi, or as a number of bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_in_kubernetes() {
        for (text, expected) in [("1", 1), ("64Mi", 64 << 20), ("2Gi", 2 << 30), ("1k", 1000)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "-1", "64MB", "much", "1e30"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
