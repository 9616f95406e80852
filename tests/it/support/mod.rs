//! What several tests need.

pub(crate) mod cable;
pub(crate) mod command;
pub(crate) mod device;
pub(crate) mod program;
pub(crate) mod server;
