//! Sockets: SIP, HTTP, TLS.

pub mod agent_http;
pub mod dns;
pub mod management;
pub mod sip_link;
pub mod sms_http;
pub mod tls;
pub mod unix;
