//! Sockets: SIP, HTTP, TLS.

pub mod tls;
pub mod unix;
