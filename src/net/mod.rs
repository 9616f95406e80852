//! Sockets: SIP, HTTP, TLS.

pub mod agent_http;
pub mod management;
pub mod sms_http;
pub mod tls;
pub mod unix;
