//! callhome makes mobile and SIP devices *call home*, and drives what happens when they do.
//!
//! This page is the map of the house. Read it top to bottom once; afterwards a file's
//! name should be enough.
//!
//! # Seven floors, imports only go down
//!
//! ```text
//! 6  cli                        words in, words out; cli/context.rs alone picks concrete parts
//! 5  server   agent             programs that stay up: the endpoint; simulated devices, proxy, carrier
//! 4  net   store   host  config the outside world: sockets, SQL, clock and keys, files
//! 3  flow                       one intention each (act, reach, deliver, find, ...): what happens next
//! 2  port                       small traits: what a flow may ask of the outside world
//! 1  sip   sms   oma   api      languages: build, parse, sign, time out; no I/O, time is an argument
//! 0  domain                     nouns: Imei, Msisdn, DeviceId, Sequence, Action, Consent, ...
//! ```
//!
//! Rooms on one floor do not import each other. Floors 3 and 5 see storage and settings
//! only through [`port`]. `tests/architecture.rs` reads the sources and fails on any
//! import that goes up or sideways, on a foreign crate outside its room, on a clock or
//! an environment variable read outside its file, and on a file over 600 lines.
//!
//! # Where does this line go?
//!
//! It names a socket, a file or the time: floor 4. It quotes an RFC: floor 1. It chooses
//! the next step: [`flow`]. It is a noun that two rooms need: [`domain`]. It is for eyes:
//! `cli::output`. It is an HTTP status: `server`. It is an exit code: `cli::error`. It is
//! SQL: [`store`].
//!
//! # Three walks
//!
//! 1. **`callhome call DEVICE`**: `cli/commands/call.rs` parses into domain words;
//!    `net/management` posts; `server/callbacks.rs` stores the callback and starts
//!    `flow/reach.rs`, which climbs the ladder: a SIP request built by `sip/contact_me.rs`
//!    and sent by `sip/endpoint` inside `net/sip_link`, then the proxy, then a text
//!    message. The device opens its session with the request id; `flow/session.rs` ties it
//!    to the callback; the command, which was watching, prints rung, time and result.
//! 2. **A signed lock by SMS**: `flow/act.rs` needs a [`domain::Consent`]; the sequence
//!    number and the unlock PIN are in the store before anything is sent; `sms/grammar`
//!    prints, `sms/token` signs, `sms/segment` proves that it fits; gateway; device
//!    (`agent/brain` verifies, orders, acts); result document; `flow/result.rs`; store and
//!    audit trail; the waiting command. Not heard is `unconfirmed`, never `failed`.
//! 3. **`callhome find IMEI`, then lock**: own registry first, then all peers at once
//!    under one deadline, the silent ones named; mutual authentication; the server that
//!    holds the device acts, and both audit trails carry operator, reason and ticket.
//!
//! # Adding a command
//!
//! `cli/commands/<noun>/<verb>.rs` (arguments, run), one line in `cli/commands`, the
//! intention in `flow` with its table test, the view in `cli/output`, a command test in
//! `tests/it`, then `callhome generate` for `man/` and `completions/`, and a line in
//! `CHANGELOG.md`. Nothing else should need a change; if it does, a wall is crooked.
//!
//! # Changing the contract
//!
//! A type in `api` or a handler in `server/routes`, and then the texts that are made of them: the tests of
//! `server/routes/openapi.rs` and `cli/commands/schema.rs` fail, and leave the text that is right beside the old one.

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
