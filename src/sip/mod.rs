//! SIP: messages, transactions, digest and the bodies that make a device call home.
//!
//! Bytes and time go in; bytes, timers and events come out. Nothing in this room opens
//! a socket, reads a clock or draws random numbers: branches, tags and nonces come from
//! a source that is handed in. `net::sip_link` drives it over UDP.
//!
//! | file | holds |
//! |---|---|
//! | `request`, `outcome`, `ladder` | what callers ask for and what they are told |
//! | `method`, `params`, `uri` | words of the grammar that need a type |

mod ladder;
mod method;
mod outcome;
mod params;
mod request;
mod uri;

pub use ladder::{Direction, LadderStep};
pub use method::{InvalidMethod, Method};
pub use outcome::{SipAnswer, SipOutcome, SipReport};
pub use params::{Params, quote, unquote};
pub use request::{Credentials, InvalidRequest, OutboundRequest, Patience, Target};
pub use uri::{InvalidSipUri, SipUri};
