//! The Common Expression Language as the Kubernetes API server runs it.
