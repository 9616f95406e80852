//! The result of one action, and the XML document in which a device sends it.

mod read;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ReplyStatus;
use crate::domain::{Action, ActionKind, ActionState, Sequence, ShortId, Timestamp};

pub use read::{InvalidResult, MAX_RESULT_OCTETS};

/// The namespace of result documents.
const NAMESPACE: &str = "urn:callhome:result:1";

/// The published schema of result documents (W3C XML Schema 1.0).
pub const RESULT_XSD: &str = include_str!("../result.xsd");

/// How an action ended on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultStatus {
    /// The device did it.
    Done,
    /// The device tried and could not.
    Failed,
    /// The device would not.
    Refused,
    /// A later action made it pointless.
    Superseded,
    /// The device does not know this action.
    Unsupported,
}

/// What a device reports about one action.
///
/// ```
/// use callhome::domain::{Action, Sequence, Timestamp};
/// use callhome::sms::{ActionResult, Payload, ResultStatus};
/// let lock: Action = "lck()".parse().unwrap();
/// let at = Timestamp::from_millis(0);
/// let result = ActionResult::new(Sequence::new(7), &lock, ResultStatus::Done, at)
///     .with_payload(Payload::Lock { locked: true });
/// let xml = result.to_xml();
/// assert_eq!(ActionResult::from_xml(xml.as_bytes()).unwrap(), result);
/// assert!(ActionResult::from_xml(b"<result/>").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<ShortId>,
    sequence: Sequence,
    action: String,
    status: ResultStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Payload::is_nothing")]
    payload: Payload,
}

/// What an action brought, by action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Nothing beside the status.
    #[default]
    Nothing,
    /// Words for people, most often why it failed.
    Text(String),
    /// `aud()`: named properties.
    Audit(Vec<(String, String)>),
    /// `loc()`: where the device was, oldest first.
    Location(Vec<Fix>),
    /// `get()`, `put()`, `app()`: a file that was moved.
    File {
        /// Its name.
        name: String,
        /// Its size in octets.
        size_bytes: u64,
        /// SHA-256 of its content, 64 hexadecimal digits.
        sha256: String,
    },
    /// `bak()`, `res()`: a backup that was made or put back.
    Backup {
        /// `contacts`, `documents`, `media`, …
        kind: String,
        /// Entries in it.
        items: u64,
        /// Its size in octets.
        size_bytes: u64,
    },
    /// `lck()`, `ulk()`: whether the device is locked now.
    Lock {
        /// Locked, or not.
        locked: bool,
    },
    /// `trm()`: what the user said.
    Terms {
        /// Accepted, or declined.
        accepted: bool,
    },
    /// `log()`: lines, oldest first.
    Log(Vec<String>),
}

/// One place at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// Degrees × 10⁶, north positive.
    latitude_micro: i32,
    /// Degrees × 10⁶, east positive.
    longitude_micro: i32,
    /// Radius of the circle that holds the device with 68 %, in metres.
    accuracy_m: u32,
    /// When.
    at: Timestamp,
}

impl ResultStatus {
    const ALL: [Self; 5] = [
        Self::Done,
        Self::Failed,
        Self::Refused,
        Self::Superseded,
        Self::Unsupported,
    ];
}

impl fmt::Display for ResultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
            Self::Unsupported => "unsupported",
        })
    }
}

impl FromStr for ResultStatus {
    type Err = InvalidResult;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|s| s.to_string() == text)
            .ok_or(InvalidResult::Attribute("status"))
    }
}

impl From<ResultStatus> for ActionState {
    fn from(status: ResultStatus) -> Self {
        match status {
            ResultStatus::Done => Self::Done,
            ResultStatus::Failed => Self::Failed,
            ResultStatus::Refused => Self::Refused,
            ResultStatus::Superseded => Self::Superseded,
            ResultStatus::Unsupported => Self::Unsupported,
        }
    }
}

impl Payload {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

impl Fix {
    /// Builds a fix from degrees; `None` off the globe.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64, accuracy_m: u32, at: Timestamp) -> Option<Self> {
        let micro = |degrees: f64, limit: f64| {
            // Within ±180·10⁶ the product is exact enough and far from the ends of i32.
            #[expect(clippy::cast_possible_truncation, reason = "bounded by the filter")]
            Some((degrees * 1e6).round() as i32).filter(|_| degrees.abs() <= limit)
        };
        Some(Self {
            latitude_micro: micro(latitude, 90.0)?,
            longitude_micro: micro(longitude, 180.0)?,
            accuracy_m,
            at,
        })
    }

    /// Degrees, north positive.
    #[must_use]
    pub fn latitude(&self) -> f64 {
        f64::from(self.latitude_micro) / 1e6
    }

    /// Degrees, east positive.
    #[must_use]
    pub fn longitude(&self) -> f64 {
        f64::from(self.longitude_micro) / 1e6
    }

    /// Accuracy in metres.
    #[must_use]
    pub const fn accuracy_m(&self) -> u32 {
        self.accuracy_m
    }

    /// When the device was there.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

impl ActionResult {
    /// A result without code, session or payload.
    #[must_use]
    pub fn new(sequence: Sequence, action: &Action, status: ResultStatus, at: Timestamp) -> Self {
        Self {
            session: None,
            sequence,
            action: action.name(),
            status,
            code: None,
            at,
            payload: Payload::Nothing,
        }
    }

    /// Adds a short word that programs can act on, as in `no-such-file`: up to 64 letters, digits and hyphens.
    /// Other characters are left out.
    #[must_use]
    pub fn with_code(mut self, code: &str) -> Self {
        let code: String = code.chars().filter(|c| is_code(*c)).take(64).collect();
        self.code = Some(code).filter(|c| !c.is_empty());
        self
    }

    /// Names the session in which the action was fetched.
    #[must_use]
    pub fn with_session(mut self, session: ShortId) -> Self {
        self.session = Some(session);
        self
    }

    /// Adds what the action brought.
    #[must_use]
    pub fn with_payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// The session in which the action was fetched, if there was one.
    #[must_use]
    pub const fn session(&self) -> Option<&ShortId> {
        self.session.as_ref()
    }

    /// The number of the action.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The three letters of the action.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// How it ended.
    #[must_use]
    pub const fn status(&self) -> ResultStatus {
        self.status
    }

    /// The short word that programs can act on.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// When it ended, by the device's clock.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What it brought.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The XML document that [`RESULT_XSD`] describes.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write::document(self)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`InvalidResult`] for anything the schema does not allow, and for document type declarations.
    pub fn from_xml(octets: &[u8]) -> Result<Self, InvalidResult> {
        read::document(octets)
    }

    /// The short form for a reply by text message: `ok(…)` with the little that fits, or `err(status,why)`.
    #[must_use]
    pub fn to_reply_status(&self) -> ReplyStatus {
        if self.status != ResultStatus::Done {
            let text = match (&self.code, &self.payload) {
                (_, Payload::Text(text)) => text.chars().take(60).collect(),
                (Some(code), _) => code.clone(),
                (None, _) => String::new(),
            };
            return ReplyStatus::Err {
                code: self.status.to_string(),
                text,
            };
        }
        let word = |yes, a: &str, b: &str| vec![if yes { a } else { b }.to_owned()];
        ReplyStatus::Ok(match &self.payload {
            Payload::Location(fixes) => fixes.last().map_or_else(Vec::new, |fix| {
                vec![
                    format!("{:.6}", fix.latitude()),
                    format!("{:.6}", fix.longitude()),
                    fix.accuracy_m.to_string(),
                ]
            }),
            Payload::Lock { locked } => word(*locked, "locked", "unlocked"),
            Payload::Terms { accepted } => word(*accepted, "accept", "decline"),
            Payload::Backup { items, .. } => vec![items.to_string()],
            _ => Vec::new(),
        })
    }
}

impl ActionResult {
    /// What a reply by text message says about an action.
    #[must_use]
    pub fn from_reply(
        sequence: Sequence,
        action: &Action,
        status: &ReplyStatus,
        at: Timestamp,
    ) -> Self {
        match status {
            ReplyStatus::Ok(words) => {
                let payload = reply_payload(action, words, at);
                Self::new(sequence, action, ResultStatus::Done, at).with_payload(payload)
            }
            ReplyStatus::Err { code, text } => {
                let status = code.parse().unwrap_or(ResultStatus::Failed);
                let result = Self::new(sequence, action, status, at);
                if text.is_empty() || text.contains(|c| !is_code(c)) {
                    result.with_payload(Payload::Text(text.clone()))
                } else {
                    result.with_code(text)
                }
            }
        }
    }

    /// The payload by name, flattened, as in `latitude` or `items`: what tables and filters can use.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<String, String> {
        let pairs: Vec<(&str, String)> = match &self.payload {
            Payload::Nothing => Vec::new(),
            Payload::Text(text) => vec![("text", text.clone())],
            Payload::Audit(items) => return items.iter().cloned().collect(),
            Payload::Location(fixes) => fixes.last().map_or_else(Vec::new, |fix| {
                vec![
                    ("latitude", format!("{:.6}", fix.latitude())),
                    ("longitude", format!("{:.6}", fix.longitude())),
                    ("accuracy_m", fix.accuracy_m.to_string()),
                    ("fix_at", fix.at.to_string()),
                    ("fixes", fixes.len().to_string()),
                ]
            }),
            Payload::File {
                name,
                size_bytes,
                sha256,
            } => vec![
                ("name", name.clone()),
                ("size_bytes", size_bytes.to_string()),
                ("sha256", sha256.clone()),
            ],
            Payload::Backup {
                kind,
                items,
                size_bytes,
            } => vec![
                ("kind", kind.clone()),
                ("items", items.to_string()),
                ("size_bytes", size_bytes.to_string()),
            ],
            Payload::Lock { locked } => vec![("locked", locked.to_string())],
            Payload::Terms { accepted } => vec![("accepted", accepted.to_string())],
            Payload::Log(lines) => vec![
                ("lines", lines.len().to_string()),
                ("log", lines.join("\n")),
            ],
        };
        pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()
    }
}

/// The inverse of [`ActionResult::to_reply_status`], as far as its few words carry.
fn reply_payload(action: &Action, words: &[String], at: Timestamp) -> Payload {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (action.kind(), words.as_slice()) {
        (_, []) => Payload::Nothing,
        (Some(ActionKind::Locate), [latitude, longitude, accuracy]) => {
            match (latitude.parse(), longitude.parse(), accuracy.parse()) {
                (Ok(latitude), Ok(longitude), Ok(accuracy)) => {
                    Fix::new(latitude, longitude, accuracy, at)
                        .map_or(Payload::Nothing, |fix| Payload::Location(vec![fix]))
                }
                _ => Payload::Text(words.join(", ")),
            }
        }
        (_, ["locked"]) => Payload::Lock { locked: true },
        (_, ["unlocked"]) => Payload::Lock { locked: false },
        (Some(ActionKind::Terms), ["accept"]) => Payload::Terms { accepted: true },
        (Some(ActionKind::Terms), ["decline"]) => Payload::Terms { accepted: false },
        (_, words) => Payload::Text(words.join(", ")),
    }
}

fn is_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

#[cfg(test)]
#[path = "result_tests.rs"]
mod tests;
