//! Renders every combination of a chart's values, with real Helm, and asserts on the result.
