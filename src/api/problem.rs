use serde::{Deserialize, Serialize};

/// An error as the endpoint tells it (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[error("{title}: {detail}")]
pub struct Problem {
    /// `urn:callhome:problem:` and the code: stable, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The stable code by itself, as in `already-locked`.
    pub code: ProblemCode,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, in a few words that do not change.
    pub title: String,
    /// What happened in this case and why.
    pub detail: String,
    /// What to do next, a sentence or a command; empty when there is nothing to advise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// Correlation id under which the server's log has more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub correlation: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:literal, $title:literal;)*) => {
        /// The stable codes of problems. New ones are added; none changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(utoipa::ToSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemCode {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands in JSON.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The title that goes with it.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The request cannot be read.
    InvalidRequest = "invalid-request", 400, "the request cannot be understood";
    /// No valid session or token.
    NotAuthenticated = "not-authenticated", 401, "not logged in";
    /// A device's credentials do not hold; the same for unknown and wrong.
    AuthenticationFailure = "authentication-failure", 401, "authentication failure";
    /// The role may not do this.
    Forbidden = "forbidden", 403, "not allowed for this role";
    /// There is no such thing.
    NotFound = "not-found", 404, "not found";
    /// Two or more devices fit the name.
    Ambiguous = "ambiguous", 409, "more than one device fits";
    /// The device is locked already or a lock is on its way.
    AlreadyLocked = "already-locked", 409, "this device is already locked";
    /// Something like it exists or is in progress.
    Conflict = "conflict", 409, "this conflicts with what is there";
    /// The resource was changed since it was read.
    VersionMismatch = "version-mismatch", 412, "changed by somebody else meanwhile";
    /// The idempotency key was used for another request.
    KeyReused = "key-reused", 422, "this idempotency key belongs to another request";
    /// A risk was not accepted.
    RiskNotAccepted = "risk-not-accepted", 403, "a risk has to be accepted first";
    /// The customer's evaluation has ended.
    EvaluationEnded = "evaluation-ended", 403, "the evaluation has ended";
    /// The device is not enrolled, so nothing can be signed for it.
    NotEnrolled = "not-enrolled", 409, "this device is not enrolled";
    /// The server has no gateway, mail server or push service for it.
    NotConfigured = "not-configured", 422, "the server is not set up for this";
    /// Too many requests.
    RateLimited = "rate-limited", 429, "too many requests";
    /// The body is larger than allowed.
    TooLarge = "too-large", 413, "too large";
    /// The text does not fit where it has to.
    Unprocessable = "unprocessable", 422, "this cannot be done as asked";
    /// The device, a gateway or a peer said no.
    Rejected = "rejected", 502, "refused by the other side";
    /// The device, a gateway or a peer was not heard.
    Unreachable = "unreachable", 504, "the other side was not heard";
    /// The server is not ready or is stopping.
    Unavailable = "unavailable", 503, "not available now";
    /// A fault of the server.
    Internal = "internal", 500, "the server made a mistake";
}

impl Problem {
    /// Builds a problem from its code and what happened.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:callhome:problem:{}", code.word()),
            code,
            status: code.status(),
            title: code.title().to_owned(),
            detail: detail.into(),
            next: String::new(),
            correlation: String::new(),
        }
    }

    /// The same problem with advice on what to do next.
    #[must_use]
    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_code_is_what_json_says() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("serialises"), code.word());
        }
    }
}
