use crate::api::{AgentReport, SessionRequest};
use crate::domain::{Sequence, ShortId};
use crate::sms::ActionResult;

/// What the device has to do outside of itself. The state is stored before any effect begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open a session and feed the answer to `session_opened` or `session_failed`.
    OpenSession {
        /// What to ask for.
        request: SessionRequest,
        /// Addresses to try in this order, as a trusted server named them; its own endpoint when empty.
        at: Vec<String>,
        /// The `cal()` action that wants to know how it went.
        job: Option<Sequence>,
    },
    /// Upload an item of a backup and tell `uploaded`.
    Upload {
        /// The action.
        job: Sequence,
        /// The backup.
        backup: ShortId,
        /// Kind and name.
        path: String,
        /// Entries in it.
        entries: u32,
        /// Content.
        content: Vec<u8>,
    },
    /// Download something and tell `downloaded`.
    Download {
        /// The action.
        job: Sequence,
        /// From where.
        link: String,
    },
    /// Fetch the signed text behind a `url()` marker and tell `fetched`.
    FetchText {
        /// From where.
        link: String,
    },
    /// Hand in a result by HTTPS and tell `result_sent`.
    SendResult(ActionResult),
    /// Send a text message.
    SendSms {
        /// To whom.
        to: String,
        /// What.
        text: String,
    },
    /// Report something that was refused.
    Report(AgentReport),
    /// Register again, by SIP and HTTPS.
    Reregister,
    /// Subscribe anew: the notifier ended the subscription.
    Resubscribe,
}
