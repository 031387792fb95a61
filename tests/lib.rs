//! Integration tests only: see `integration/`.
