//! Who is asking.
//!
//! Operators come with a bearer token (only its digest is known here) or over the local
//! socket; devices sign every request. Unknown and wrong cost the same work and get the
//! same answer.

mod device;
mod nonces;
mod operator;
mod passwords;

pub(super) use device::{Signed, header_text, target_uri};
pub(super) use nonces::NonceMemory;
pub(super) use operator::{Caller, token_digest};
pub(super) use passwords::PasswordDesk;
