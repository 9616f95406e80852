//! The management endpoint.
