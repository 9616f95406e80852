//! callhome: makes devices call home.

pub mod agent;
pub mod api;
pub mod cli;
pub mod config;
pub mod domain;
pub mod flow;
pub mod host;
pub mod net;
pub mod oma;
pub mod port;
pub mod server;
pub mod sip;
pub mod sms;
pub mod store;
