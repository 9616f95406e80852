//! Action strings in text messages: grammar, tokens, segments, replies, results, and the
//! device's side of the sequence.
//!
//! The room turns octets into meaning and back. It never opens a socket, reads a clock
//! or draws randomness: keys, nonces and the time are arguments, so that every order of
//! arrival, loss and forgery can be played in a test.
//!
//! | file | what it knows |
//! |---|---|
//! | `version` | the two versions of the format and which may replace which |
//! | `grammar` | `KME 2.00 000174ef <token> aud() loc(1)`: strict parsing, composing, numbering |
//! | `explain` | actions as people type and read them |
//! | `token` | signing and checking, over the octets as received |
//! | `pin` | the unlock PIN that both ends derive and nobody sends |
//! | `reply` | `KMR …`: the device's answer when text messages are all it has |
//! | `gsm7` | the 7-bit alphabet of 3GPP TS 23.038 |
//! | `segment` | how many messages a text takes, user data headers, splitting and joining |
//! | `causes` | what makes a text take so many |
//! | `parts` | what receipts of segments mean for a message |
//! | `options` | flash, validity, ports: how a message is to be sent |
//! | `smpp` | SMPP 3.4: PDUs, receipts, the session with a centre |
//! | `gateway` | what gateways call in with: messages from phones, receipts |
//! | `fragment` | parts of a phone's long message, joined when all have come |
//! | `receiver` | which action runs now, waits, was answered, or is a forgery |
//! | `result` | the XML in which a device reports an action (`result.xsd`) |
//!
//! ## Deviations
//!
//! * The published example carries version 1.00, whose token is MD5 over text and key.
//!   It is still read and made, but never obeyed for `lck ulk wip rst`: the keyed digest
//!   of version 2.00 is asked for there.
//! * The published format discards a number at or below the highest one; here the stored
//!   result is sent again, because the sender repeats only what was not answered.
//! * 3GPP TS 23.038 §6.2.1.1 reserves an escape after an escape; it is shown as a space.

mod causes;
mod explain;
mod fragment;
mod gateway;
mod grammar;
mod gsm7;
mod options;
mod parts;
pub mod pin;
mod receiver;
mod reply;
mod result;
mod segment;
pub mod smpp;
mod token;
mod version;

pub use causes::{Break, Causes, Doubled, Outside, Over, Place};
pub use explain::{describe, typed_action};
pub use fragment::{Fragment, FromPhone};
pub use gateway::{CallFields, Inbound, InvalidInbound, Receipt, ReceiptOutcome};
pub use grammar::{Draft, InvalidMessage, MAX_ACTIONS, MAX_OCTETS, NumberedAction, SignedMessage};
pub use gsm7::{pack, unpack};
pub use options::SendOptions;
pub use parts::{Joined, Parts};
pub use pin::{InvalidPin, UnlockPin, unlock_pin};
pub use receiver::{Decision, DiscardReason, Gap, Receiver, ReceiverSettings};
pub use reply::{InvalidNonce, InvalidReply, Nonce, Reply, ReplyStatus};
pub use result::{
    ActionResult, Fix, InvalidResult, MAX_RESULT_OCTETS, Payload, RESULT_XSD, ResultStatus,
};
pub use segment::{
    Encoding, Header, InvalidSegments, Meter, Reference, Segment, join, split, split_octets,
    split_wide,
};
pub use token::{InvalidToken, SmsKeys, Token, TokenFault, Verified};
pub use version::{InvalidVersion, Version};
