//! The machine: clock, entropy, secret store.
