//! OMA device management: so far the notification that makes a device open a session.
//!
//! What there is builds, reads and checks octets. It opens no socket, reads no clock and draws no
//! randomness; session ids and nonces are arguments.
//!
//! | file | what it knows |
//! |---|---|
//! | `notification` | package 0 of OMA DM 1.2, digest and trigger |
//! | `push` | the WAP push around it (WSP connectionless push, ports) |
//!
//! The DM session itself (`SyncML`, WBXML), client provisioning, LAWMO and data recovery are not here
//! yet: a device that is notified opens the HTTPS session of this project's own agent.
//!
//! ## Deviations
//!
//! * OMA-TS-DM_Notification 1.2 §6.2 does not say whether the nonce for resynchronising is four zero
//!   octets or their ten hexadecimal characters; the caller passes the octets it means.
//! * Vendor bodies after the server id are kept, not interpreted.

mod notification;
mod push;

pub use notification::{Initiator, InvalidNotification, Notification, SignedNotification, UiMode};
pub use push::{
    CONTENT_TYPE_NOTIFICATION, DEFAULT_SOURCE_PORT, InvalidPush, PUSH_PORT, WspPush, WspValue,
};
