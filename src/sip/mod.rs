//! SIP: messages, transactions, digest and the bodies that make a device call home.
//!
//! Bytes and time go in; bytes, timers and events come out. Nothing in this room opens
//! a socket, reads a clock or draws random numbers: branches, tags and nonces come from
//! a source that is handed in. `net::sip_link` drives it over sockets.
//!
//! | file | holds |
//! |---|---|
//! | `request`, `outcome`, `ladder` | what callers ask for and what they are told |
//! | `wire` | bytes ⇄ [`Message`]; the only place that names `rsip` |
//! | `header`, `method`, `params`, `uri` | headers and words of the grammar that need a type |
//! | `digest` | challenges and their answers, both ends |
//! | `transaction` | the four machines of RFC 3261 §17 with RFC 6026 |
//! | `endpoint` | many transactions, one clock: datagrams and time in, datagrams and events out |
//! | `volley` | one request to very many targets at a rate: client transactions without a message kept for each |
//! | `inbound`, `fault` | requests that come in, what to answer, what is wrong with them |
//! | `contact_me`, `bootstrap`, `event` | bodies that make a device call home, and the vendors' event packages |
//! | `relay` | a message inside a message, for proxies |
//! | `instance` | which device a contact is |
//! | `registrar`, `subscription` | what becomes of a REGISTER and of a SUBSCRIBE, as functions |
//! | `pcapng`, `redact` | messages as a capture file, and without what proves who somebody is |
//! | `explain` | a message taken apart for people |
//! | `transport`, `framing` | UDP, TCP, TLS, WebSocket; messages out of a stream |
//! | `locate` | where a URI leads: RFC 3263 as a machine |
//! | `resend` | a request out of a message that somebody else wrote |
//! | `timer` | the timers of RFC 3261 as a value |
//! | `id_source` | branches, tags and nonces from random bytes that are handed in |
//!
//! ## Deviations
//!
//! | rule | what we do instead, and why |
//! |---|---|
//! | RFC 3263 §4.1: the DNS decides the transport | where it has neither NAPTR nor SRV, UDP; names of this machine are not asked for; IPv4 addresses stand before IPv6 ones |
//! | RFC 3263 §4.3: a place has failed after 64 × T1 | a silent place gets an even share of the caller's patience, so that the next one is tried in time |
//! | RFC 5923 §5: connections are used backwards only between peers that proved their names | also to the very address that a connection came from: that is where a registration came from, and it leads nowhere else |
//! | RFC 3261 §8.1.3.4: a redirected request is the same request | credentials stay with the host that was asked first; Call-ID and tag are new |
//! | RFC 5626 §3.5.1: each ping has its pong | pings that come at once share one: nobody has us work for line ends |
//! | RFC 7118: a server takes WebSocket connections | we are a client of them only |
//! | RFC 3261 §18.2.2: `maddr` | ignored: multicast is not a way to reach a device |
//! | RFC 3261 §8.2.2.2: 482 for merged requests | not told: each copy is answered |
//! | RFC 3261 §12.2.1.1: requests in a dialog go to the Contact | ACK and BYE go to the first recorded route, else to where the 2xx came from: behind NAT the Contact leads nowhere |
//! | RFC 3261 §13.3.1.4: the core repeats a 2xx | the server transaction does; on the wire it is the same |
//! | RFC 3261 §25: header values are UTF-8 | other bytes are read as U+FFFD and not given back |
//! | RFC 8760 §2.3: the strongest challenge stands first | not for programs that are known to read no further than a first challenge that they do not know |
//! | RFC 6116: any extended regular expression | literals, sets, repeated characters and groups, for the whole number; other rules are passed over |
//! | RFC 7616 §3.4: `nc` must grow | it may come in any order, as requests do; each is taken once |

mod bootstrap;
pub mod contact_me;
pub mod digest;
pub mod endpoint;
mod event;
mod explain;
mod fault;
mod framing;
mod header;
mod id_source;
mod inbound;
mod instance;
mod ladder;
mod locate;
mod method;
mod outcome;
mod params;
pub mod pcapng;
mod redact;
mod registrar;
mod relay;
mod request;
mod resend;
mod subscription;
mod timer;
pub mod transaction;
mod transport;
mod uri;
pub mod volley;
mod wire;

pub use bootstrap::{BOOTSTRAP_CONTENT_TYPE, Bootstrap, BootstrapFault};
pub use event::{EventEffect, VENDOR_EVENTS, VendorEvent, event_for, event_of};
pub use explain::{ExplainedBody, ExplainedHeader, Explanation, explain};
pub use fault::{Fault, faults};
pub use framing::{Frame, Framer, LostFraming};
pub use header::{CSeq, NameAddr, Via};
pub use id_source::IdSource;
pub use inbound::{InboundRequest, Reply, reason_phrase};
pub use instance::Instance;
pub use ladder::{Direction, LadderStep};
pub use locate::{
    Answer, ENUM_ZONE, Locate, LocateError, Located, Naptr, Question, Srv, enum_name, sip_of_number,
};
pub use method::{InvalidMethod, Method};
pub use outcome::{SipAnswer, SipAttempt, SipOutcome, SipReport};
pub use params::{Params, quote, unquote};
pub use pcapng::Packet;
pub use redact::redacted;
pub use registrar::{Applicant, Decision, Registrar, RegistrarLimits, towards};
pub use relay::{
    MESSAGE_SIP, NotRelayable, answering, encapsulated, inner_request, relay_path, relayed_reply,
    wanting, wants_outer,
};
pub use request::{Credentials, Dialog, InvalidRequest, OutboundRequest, Patience, Target};
pub use resend::NotSendable;
pub use subscription::{
    CannotNotify, Ended, Notifier, SubscribeDecision, SubscriptionState, notification,
};
pub use timer::{Timer, Timers};
pub use transport::{Hop, Transport, UnknownTransport};
pub use uri::{InvalidSipUri, SipUri};
pub use wire::{InvalidMessage, Message, Start};
