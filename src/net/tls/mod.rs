//! TLS of the management endpoint: its own authority, its certificate, and the listener.
//!
//! The endpoint is its own certificate authority: clients and devices pin the
//! authority's certificate once. A caller may present a certificate too (peers of the
//! federation do); [`Acquaintances`] tells which peer's authority vouches for it.
//!
//! | file | holds |
//! |---|---|
//! | `authority` | key and certificate files, made at the first start, renewed before they end |
//! | `listener` | accepts connections; handshakes run beside each other |

mod authority;
mod listener;

pub use authority::{Acquaintances, ServerIdentity, TlsError};
pub use listener::{TlsConnection, TlsListener};
