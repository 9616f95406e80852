//! SIP: messages, transactions, digest and the bodies that make a device call home.
//!
//! Bytes and time go in; bytes, timers and events come out. Nothing in this room opens
//! a socket, reads a clock or draws random numbers: branches, tags and nonces come from
//! a source that is handed in. `net::sip_link` drives it over UDP.
//!
//! | file | holds |
//! |---|---|
//! | `request`, `outcome`, `ladder` | what callers ask for and what they are told |
//! | `wire`, `normalise` | bytes ⇄ [`Message`]; the only file that names `rsip` |
//! | `header`, `method`, `params`, `uri` | headers and words of the grammar that need a type |
//! | `id_source` | branches, tags and nonces from random bytes that are handed in |

mod header;
mod id_source;
mod ladder;
mod method;
mod normalise;
mod outcome;
mod params;
mod request;
mod uri;
mod wire;

pub use header::{CSeq, NameAddr, Via};
pub use id_source::IdSource;
pub use ladder::{Direction, LadderStep};
pub use method::{InvalidMethod, Method};
pub use outcome::{SipAnswer, SipOutcome, SipReport};
pub use params::{Params, quote, unquote};
pub use request::{Credentials, InvalidRequest, OutboundRequest, Patience, Target};
pub use uri::{InvalidSipUri, SipUri};
pub use wire::{InvalidMessage, Message, Start};
