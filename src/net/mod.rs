//! Sockets: SIP, HTTP, TLS.
