//! SMPP 3.4: PDUs, receipts, and the session of a sender (ESME) with a message centre.
//!
//! Octets and the time go in, octets and events come out. Nothing here opens a socket or
//! draws randomness; `net/smpp_link` does that.
//!
//! | file | what it knows |
//! |---|---|
//! | `wire` | PDUs to octets and back: the only file that names `rusmpp` |
//! | `status` | what a centre's status codes mean, and whether trying again helps |
//! | `address` | numbers and names with their type and plan |
//! | `coding` | which alphabet a data coding means; texts to octets and back |
//! | `submit` | a text or octets as the PDUs of their segments |
//! | `period` | relative times of validity and delivery |
//! | `receipt` | delivery receipts, and which message an id in one means |
//! | `inbound` | messages of phones, and parts of long ones |
//! | `session` | bind, window, throughput, throttling, keep-alive, what is unanswered |
//! | `explain` | a whole PDU field by field, with what is wrong with it |
//!
//! ## Deviations
//!
//! * Data coding 0 is whatever the centre's default alphabet is (§5.2.19); which one that is, is a
//!   setting, with GSM 03.38 unpacked when nothing is said.
//! * `data_sm`, `query_sm` and `replace_sm` are not sent; when a centre sends `data_sm` it is answered
//!   with status 0x03.
//! * A status of 0x08 or 0x45 is tried again three times, then it is final.

mod address;
mod coding;
mod explain;
mod inbound;
mod period;
mod receipt;
mod session;
mod status;
mod submit;
mod wire;

pub use address::Address;
pub use coding::{Alphabet, Reading};
pub use explain::{ExplainedPdu, PduField, explain_pdu};
pub use inbound::from_phone;
pub use period::relative_time;
pub use receipt::{IdForm, IdKeys, InvalidReceipt, MessageState, SmppReceipt};
pub use session::{Esme, EsmeSettings, Output, Ticket};
pub use status::{Remedy, Status};
pub use submit::{SubmitSettings, submits};
pub use wire::{Bind, Frame, InvalidPdu, MAX_PDU, Pdu, ShortMessage};
