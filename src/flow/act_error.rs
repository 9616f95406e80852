use crate::api::{Problem, ProblemCode};
use crate::domain::{Risk, ShortId};
use crate::port::{BearerError, MachineError, PeerError, StoreError};

/// Why a device is not asked to do something. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The registry has no such device, action or backup.
    #[error("{0} does not exist")]
    NotFound(String),
    /// Nothing can be signed for a device that is not enrolled.
    #[error("{0} is not enrolled, so nothing can be signed for it")]
    NotEnrolled(String),
    /// The risk of the action was not accepted.
    #[error("{what} has the risk {risk}, which was not accepted")]
    RiskNotAccepted {
        /// The risk.
        risk: Risk,
        /// The action in words.
        what: String,
    },
    /// It is locked, or a lock is on its way.
    #[error("{detail}")]
    AlreadyLocked {
        /// Since when, by whom.
        detail: String,
        /// The device.
        device: ShortId,
    },
    /// Something like it is open, or the state does not allow it.
    #[error("{detail}")]
    Conflict {
        /// What is in the way.
        detail: String,
        /// What to do about it; empty when there is nothing.
        next: String,
    },
    /// It cannot be done as asked.
    #[error("{0}")]
    Unusable(String),
    /// The server has not what it takes, as `text message gateway`.
    #[error("no {what} is configured on this server")]
    NotConfigured {
        /// What it has not.
        what: &'static str,
        /// Where the settings have it, as `server.gateways`.
        setting: &'static str,
    },
    /// The idempotency key was used for something else.
    #[error("this idempotency key belongs to another request")]
    KeyReused,
    /// A peer is named that is not configured.
    #[error("there is no peer named {0}")]
    NoSuchPeer(String),
    /// The server that holds the device was not heard or refused.
    #[error("{peer}: {source}")]
    Peer {
        /// Its name.
        peer: String,
        /// Why.
        source: Box<PeerError>,
    },
    /// A gateway or device could not be used.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// The machine gave no randomness.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

impl ActError {
    pub(super) fn no_device(id: ShortId) -> Self {
        Self::NotFound(format!("device {id}"))
    }

    /// The server cannot send text messages.
    pub(crate) const fn no_gateway() -> Self {
        Self::NotConfigured {
            what: "text message gateway",
            setting: "server.gateways",
        }
    }

    pub(super) fn no_action(id: ShortId) -> Self {
        Self::NotFound(format!("action {id}"))
    }
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::KeyReused => Self::KeyReused,
            StoreError::Conflict(detail) => Self::Conflict {
                detail,
                next: String::new(),
            },
            other => Self::Store(other),
        }
    }
}

impl From<ActError> for Problem {
    /// The same as the endpoint tells it: what happened, why, what to do next.
    fn from(error: ActError) -> Self {
        use ProblemCode as Code;

        let detail = error.to_string();
        match error {
            ActError::NotFound(_) => Self::new(Code::NotFound, detail),
            ActError::NotEnrolled(_) => Self::new(Code::NotEnrolled, detail)
                .with_next("Let it in:  callhome device invite DEVICE\nThen enter the code on the device."),
            ActError::RiskNotAccepted { risk, .. } => Self::new(Code::RiskNotAccepted, detail)
                .with_next(format!("--yes --accept-risk {risk} --reason …")),
            ActError::AlreadyLocked { device, .. } => Self::new(Code::AlreadyLocked, detail)
                .with_next(format!(
                    "To see its PIN:  callhome device pin {device}\nTo wipe it:      callhome device wipe {device}"
                )),
            ActError::Conflict { next, .. } => Self::new(Code::Conflict, detail).with_next(next),
            ActError::Unusable(_) => Self::new(Code::Unprocessable, detail),
            ActError::NotConfigured { setting, .. } => Self::new(Code::NotConfigured, detail)
                .with_next(format!(
                    "Set it under {setting} in the server's configuration.\nBy example:  callhome config template"
                )),
            ActError::KeyReused => {
                Self::new(Code::KeyReused, detail).with_next("use a new key for a new request")
            }
            ActError::NoSuchPeer(_) => Self::new(Code::NotFound, detail)
                .with_next("See them:  callhome server status"),
            ActError::Peer { peer, source } => match *source {
                PeerError::Silent(_) => Self::new(Code::Unreachable, detail)
                    .with_next("try again with the same idempotency key: it is done once"),
                PeerError::Refused(_) => Self::new(Code::Rejected, detail),
                PeerError::Problem(problem) => Self {
                    detail: format!("{peer}: {}", problem.detail),
                    ..*problem
                },
            },
            ActError::Bearer(BearerError::Unreachable(_)) => Self::new(Code::Unreachable, detail),
            ActError::Bearer(BearerError::Refused { .. }) => Self::new(Code::Rejected, detail),
            ActError::Bearer(BearerError::Uncertain { .. }) => Self::new(Code::Unreachable, detail)
                .with_next("wait for its receipt before sending it again: it may have arrived"),
            ActError::Bearer(BearerError::Unusable(_)) => Self::new(Code::Unprocessable, detail),
            ActError::Store(StoreError::SequenceExhausted) => Self::new(Code::Conflict, detail)
                .with_next("Let it in anew:  callhome device invite DEVICE"),
            ActError::Store(StoreError::NotEnrolled) => Self::new(Code::NotEnrolled, detail),
            ActError::Store(StoreError::Version { .. }) => Self::new(Code::VersionMismatch, detail),
            // What the store or the machine said is for the log, not for the asker.
            ActError::Store(_) | ActError::Machine(_) => Self::new(
                Code::Internal,
                "the server could not store or read what it needs",
            ),
        }
    }
}
