//! The `gift` command as its users meet it: exit codes, streams, Helm, the documentation.

mod exit_codes;
mod workplace;
