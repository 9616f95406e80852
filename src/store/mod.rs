//! SQL behind the ports.
