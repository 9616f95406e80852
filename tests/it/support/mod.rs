//! What several tests need.

pub(crate) mod device;
pub(crate) mod server;
