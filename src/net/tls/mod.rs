//! TLS of the management endpoint: its own authority, its certificate, and the listener.
//!
//! The endpoint is its own certificate authority: clients and devices pin the
//! authority's certificate once. A caller may present a certificate too (peers of the
//! federation do); [`Acquaintances`] tells which peer's authority vouches for it.
//!
//! | file | holds |
//! |---|---|
//! | `authority` | key and certificate files, made at the first start, renewed before they end |
//! | `judge` | how the other end's certificate is judged, whoever judges it |
//! | `onlooker` | a look at certificates without believing them |
//! | `client` | what we trust when we connect, and that the other end is who the SIP URI names (RFC 5922) |
//! | `shown` | the certificate that listeners show, renewed while they listen |
//! | `listener` | accepts connections; handshakes run beside each other |

mod authority;
mod client;
mod judge;
mod listener;
mod onlooker;
mod shown;

pub use authority::{Acquaintances, ServerIdentity, TlsError};
pub use client::{ClientTls, sip_names};
pub(in crate::net) use judge::judged_by;
pub use listener::{TlsConnection, TlsListener};
pub(in crate::net) use onlooker::Onlooker;
