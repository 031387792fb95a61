//! The `gift` command.

fn main() {}
