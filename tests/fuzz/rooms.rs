//! The pure rooms of callhome by themselves, so that the fuzzer need not instrument its servers.

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/oma/mod.rs"]
pub mod oma;
#[path = "../../src/sip/mod.rs"]
pub mod sip;
#[path = "../../src/sms/mod.rs"]
pub mod sms;

#[path = "../../src/net/capture/mod.rs"]
pub mod capture;

/// What of the outside world is pure.
pub mod net {
    pub use super::capture;
}
