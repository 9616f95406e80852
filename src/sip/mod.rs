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
//! | `digest` | challenges and their answers, both ends |
//! | `transaction` | the four machines of RFC 3261 §17 with RFC 6026 |
//! | `endpoint` | many transactions, one clock: datagrams and time in, datagrams and events out |
//! | `inbound`, `fault` | requests that come in, what to answer, what is wrong with them |
//! | `contact_me`, `bootstrap`, `event` | bodies that make a device call home, and the vendors' event packages |
//! | `timer` | the timers of RFC 3261 as a value |
//! | `id_source` | branches, tags and nonces from random bytes that are handed in |

mod bootstrap;
pub mod contact_me;
pub mod digest;
pub mod endpoint;
mod event;
mod fault;
mod header;
mod id_source;
mod inbound;
mod ladder;
mod method;
mod normalise;
mod outcome;
mod params;
mod request;
mod timer;
pub mod transaction;
mod uri;
mod wire;

pub use bootstrap::{BOOTSTRAP_CONTENT_TYPE, Bootstrap, BootstrapFault};
pub use event::{VENDOR_EVENTS, VendorEvent, event_for_user_agent};
pub use fault::{Fault, faults};
pub use header::{CSeq, NameAddr, Via};
pub use id_source::IdSource;
pub use inbound::{InboundRequest, Reply, reason_phrase};
pub use ladder::{Direction, LadderStep};
pub use method::{InvalidMethod, Method};
pub use outcome::{SipAnswer, SipOutcome, SipReport};
pub use params::{Params, quote, unquote};
pub use request::{Credentials, InvalidRequest, OutboundRequest, Patience, Target};
pub use timer::{Timer, Timers};
pub use uri::{InvalidSipUri, SipUri};
pub use wire::{InvalidMessage, Message, Start};
