//! The four transaction machines of RFC 3261 §17 with the corrections of RFC 6026.
//!
//! Each machine is one `match` on state and input. It holds no message, no address and
//! no clock: it says what to do ([`Effect`]) and the endpoint does it. A timer that
//! fires in a state it does not belong to is ignored, so none needs to be stopped.

mod client_invite;
mod client_other;
mod server_invite;
mod server_other;

pub use client_invite::ClientInvite;
pub use client_other::ClientOther;
pub use server_invite::ServerInvite;
pub use server_other::ServerOther;

use std::time::Duration;

use super::timer::Timer;

/// Classes of answers that the machines tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 1xx.
    Provisional,
    /// 2xx.
    Success,
    /// 3xx to 6xx.
    Failure,
}

impl Class {
    /// The class of a status code.
    #[must_use]
    pub const fn of(code: u16) -> Self {
        match code {
            0..200 => Self::Provisional,
            200..300 => Self::Success,
            _ => Self::Failure,
        }
    }
}

/// What happens to a client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientInput {
    /// The request goes out.
    Begin,
    /// An answer came.
    Answer(Class),
    /// A timer fired.
    Timer(Timer),
    /// The network refused the message.
    TransportFailed,
}

/// What happens to a server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerInput {
    /// The request came again.
    Again,
    /// An ACK came.
    Ack,
    /// An answer is to be sent.
    Answer(Class),
    /// A timer fired.
    Timer(Timer),
    /// The network refused the message.
    TransportFailed,
}

/// What the endpoint has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Send the transaction's message for the first time.
    Send,
    /// Send it again.
    Repeat,
    /// Hand the message that came to the user of the transaction.
    Deliver,
    /// Send the ACK of a refusal.
    Acknowledge,
    /// Start a timer.
    Start(Timer, Duration),
    /// Tell the user that nothing came in time.
    TimedOut,
    /// Tell the user that the network refused.
    Failed,
    /// Forget the transaction.
    End,
}
