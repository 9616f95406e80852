//! HTTP digest as SIP uses it (RFC 3261 §22, RFC 7616, RFC 8760): both ends.
//!
//! | file | holds |
//! |---|---|
//! | `algorithm` | MD5, SHA-256, SHA-512-256, each also `-sess` |
//! | `challenge` | what the server asks and how the client answers |
//! | `verify` | nonces that the server can check without keeping them, and the check of an answer |
//! | `uses` | which answers were taken already |

mod algorithm;
mod challenge;
mod uses;
mod verify;

pub use algorithm::Algorithm;
pub use challenge::{Challenge, ClientNonce, Qop, challenges};
pub use verify::{DigestFault, NonceSource, Verifier};
