//! The product as a user runs it: the binary, in processes of its own, over real sockets.

mod clerk_walk;
mod demo;
mod kill_sms;
mod kill_steps;
mod lock_fleet;
mod program;
mod router;
mod sms_locks;
