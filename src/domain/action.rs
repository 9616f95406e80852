use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::Risk;

/// Everything outside RFC 3986 `unreserved` is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One thing a device is asked to do: three lower-case letters and positional parameters.
///
/// The text form is that of an action string, as in `get(P%20Dat.txt,1024)`: parameters
/// are UTF-8, percent-encoded (RFC 3986); an empty one is *omitted*; omitted ones at the
/// end are dropped. Names the device may not know are kept: it answers `unsupported`.
///
/// ```
/// use callhome::domain::Action;
/// let action: Action = "get(P%20Dat.txt,1024,)".parse().unwrap();
/// assert_eq!(action.param(0), Some("P Dat.txt"));
/// assert_eq!(action.to_string(), "get(P%20Dat.txt,1024)");
/// assert!("GET(x)".parse::<Action>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Action {
    name: [u8; 3],
    /// What the name means: looked up once.
    kind: Option<ActionKind>,
    params: Vec<Option<String>>,
}

/// The actions that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// `aud()` tell everything about yourself.
    Audit,
    /// `loc(samples,seconds)` say where you are.
    Locate,
    /// `get(file,max)` upload a file.
    GetFile,
    /// `put(file,url,sha256)` download a file.
    PutFile,
    /// `lck(message)` lock the screen.
    Lock,
    /// `ulk()` unlock.
    Unlock,
    /// `wip(scope)` wipe.
    Wipe,
    /// `rst()` factory reset.
    Reset,
    /// `bak(kind,group,…)` back up.
    Backup,
    /// `res(backup,url)` restore.
    Restore,
    /// `cal(url,request)` call home.
    CallHome,
    /// `url(link)` fetch the action from there.
    FetchUrl,
    /// `num(nonce)` answer by text message.
    ReplyNumber,
    /// `nop()` do nothing; closes a gap.
    Nothing,
    /// `eml(url)` set up e-mail.
    Email,
    /// `app(url,version,sha256)` install an application.
    InstallApp,
    /// `act(feature,data)` activate a feature.
    Activate,
    /// `trm(url)` show terms.
    Terms,
    /// `rng(seconds)` ring.
    Ring,
    /// `msg(text)` show a message.
    Message,
    /// `log(lines)` send the log.
    Log,
    /// `rel()` register again.
    Register,
    /// `ref()` send queued results.
    Refresh,
}

/// Why a text is not an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAction {
    /// The name is not three lower-case letters.
    #[error("an action begins with three lower-case letters and (, as in lck(), found {0:?}")]
    Name(String),
    /// The closing parenthesis is missing or is not the last character.
    #[error("an action ends with its closing parenthesis: {0:?}")]
    Parenthesis(String),
    /// A parameter has a character that must be escaped, or a bad escape.
    #[error("parameter {0} has a character that must be written as %HH (upper case)")]
    Parameter(usize),
    /// The escapes of a parameter do not spell UTF-8.
    #[error("parameter {0} is not UTF-8")]
    Utf8(usize),
}

impl Action {
    /// Builds an action from its kind and parameters; empty parameters count as omitted.
    #[must_use]
    pub fn new<I, S>(kind: ActionKind, params: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let params = params
            .into_iter()
            .map(|p| Some(p.into()).filter(|t| !t.is_empty()))
            .collect();
        Self {
            name: kind.name(),
            kind: Some(kind),
            params,
        }
        .trimmed()
    }

    /// The same action with these parameters; empty ones count as omitted.
    #[must_use]
    pub fn with_params<I, S>(self, params: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let params = params
            .into_iter()
            .map(|p| Some(p.into()).filter(|t| !t.is_empty()))
            .collect();
        Self { params, ..self }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.params.last().is_some_and(Option::is_none) {
            self.params.pop();
        }
        self
    }

    /// The three letters.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.iter().map(|b| char::from(*b)).collect()
    }

    /// The kind, if this version knows the name.
    #[must_use]
    pub fn kind(&self) -> Option<ActionKind> {
        self.kind
    }

    /// Appends the text form.
    pub fn write_to(&self, text: &mut String) {
        text.extend(self.name.map(char::from));
        text.push('(');
        for (i, param) in self.params.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            if let Some(param) = param {
                text.extend(utf8_percent_encode(param, ESCAPED));
            }
        }
        text.push(')');
    }

    /// The parameter at `position` (from 0), decoded; `None` when omitted.
    #[must_use]
    pub fn param(&self, position: usize) -> Option<&str> {
        self.params.get(position).and_then(|p| p.as_deref())
    }

    /// All parameters, decoded, `None` where omitted.
    #[must_use]
    pub fn params(&self) -> &[Option<String>] {
        &self.params
    }

    /// Whether it locks or destroys: `lck ulk wip rst`.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.kind().is_some_and(ActionKind::is_destructive)
    }

    /// The risk that must be accepted before it is sent, if any.
    #[must_use]
    pub fn risk(&self) -> Option<Risk> {
        match self.kind()? {
            // Unlocking opens the device to whoever holds it: it is meant as much as locking.
            ActionKind::Lock | ActionKind::Unlock => Some(Risk::Lock),
            ActionKind::Wipe | ActionKind::Reset => Some(Risk::DataLoss),
            _ => None,
        }
    }
}

impl ActionKind {
    /// All kinds, in the order of the format's description.
    pub const ALL: [Self; 23] = [
        Self::Audit,
        Self::Locate,
        Self::GetFile,
        Self::PutFile,
        Self::Lock,
        Self::Unlock,
        Self::Wipe,
        Self::Reset,
        Self::Backup,
        Self::Restore,
        Self::CallHome,
        Self::FetchUrl,
        Self::ReplyNumber,
        Self::Nothing,
        Self::Email,
        Self::InstallApp,
        Self::Activate,
        Self::Terms,
        Self::Ring,
        Self::Message,
        Self::Log,
        Self::Register,
        Self::Refresh,
    ];

    const fn name(self) -> [u8; 3] {
        *match self {
            Self::Audit => b"aud",
            Self::Locate => b"loc",
            Self::GetFile => b"get",
            Self::PutFile => b"put",
            Self::Lock => b"lck",
            Self::Unlock => b"ulk",
            Self::Wipe => b"wip",
            Self::Reset => b"rst",
            Self::Backup => b"bak",
            Self::Restore => b"res",
            Self::CallHome => b"cal",
            Self::FetchUrl => b"url",
            Self::ReplyNumber => b"num",
            Self::Nothing => b"nop",
            Self::Email => b"eml",
            Self::InstallApp => b"app",
            Self::Activate => b"act",
            Self::Terms => b"trm",
            Self::Ring => b"rng",
            Self::Message => b"msg",
            Self::Log => b"log",
            Self::Register => b"rel",
            Self::Refresh => b"ref",
        }
    }

    /// What it asks for, in a word or two for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Locate => "location",
            Self::GetFile => "upload file",
            Self::PutFile => "download file",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Wipe => "wipe",
            Self::Reset => "factory reset",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::CallHome => "call home",
            Self::FetchUrl => "fetch the action from a link",
            Self::ReplyNumber => "reply by text message",
            Self::Nothing => "nothing",
            Self::Email => "e-mail set-up",
            Self::InstallApp => "install application",
            Self::Activate => "activate feature",
            Self::Terms => "show terms",
            Self::Ring => "ring",
            Self::Message => "show message",
            Self::Log => "send log",
            Self::Register => "register again",
            Self::Refresh => "send queued results",
        }
    }

    /// Whether it locks or destroys.
    #[must_use]
    pub const fn is_destructive(self) -> bool {
        matches!(self, Self::Lock | Self::Unlock | Self::Wipe | Self::Reset)
    }

    /// Whether it consumes a sequence number: `url()` stands for others and `num()` only asks for a reply.
    #[must_use]
    pub const fn consumes_sequence(self) -> bool {
        !matches!(self, Self::FetchUrl | Self::ReplyNumber)
    }
}

fn decode_param(text: &str, position: usize) -> Result<Option<String>, InvalidAction> {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let b = bytes[i];
        if b == b'%' {
            let upper_hex =
                |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b));
            if !(upper_hex(bytes.get(i + 1)) && upper_hex(bytes.get(i + 2))) {
                return Err(InvalidAction::Parameter(position + 1));
            }
            i += 3;
        } else if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            i += 1;
        } else {
            return Err(InvalidAction::Parameter(position + 1));
        }
    }
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| InvalidAction::Utf8(position + 1))?;
    Ok(Some(decoded.into_owned()).filter(|t| !t.is_empty()))
}

impl FromStr for Action {
    type Err = InvalidAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let short = || text.chars().take(24).collect::<String>();
        let (name, rest) = text
            .split_once('(')
            .ok_or_else(|| InvalidAction::Name(short()))?;
        let name: [u8; 3] = name
            .as_bytes()
            .try_into()
            .map_err(|_| InvalidAction::Name(short()))?;
        if !name.iter().all(u8::is_ascii_lowercase) {
            return Err(InvalidAction::Name(short()));
        }
        let inner = rest
            .strip_suffix(')')
            .ok_or_else(|| InvalidAction::Parenthesis(short()))?;
        if inner.contains(['(', ')']) {
            return Err(InvalidAction::Parenthesis(short()));
        }
        let params = if inner.is_empty() {
            Vec::new()
        } else {
            inner
                .split(',')
                .enumerate()
                .map(|(i, p)| decode_param(p, i))
                .collect::<Result<_, _>>()?
        };
        let kind = ActionKind::ALL.into_iter().find(|k| k.name() == name);
        Ok(Self { name, kind, params }.trimmed())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_to(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may hold links with secrets in them or people's messages.
        write!(
            f,
            "Action({}, {} parameters)",
            self.name(),
            self.params.len()
        )
    }
}

serde_text!(Action);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_parameters_are_shown_by_commas_and_dropped_at_the_end() {
        for (text, printed) in [
            ("aud()", "aud()"),
            ("bak(,work)", "bak(,work)"),
            ("bak(contacts,,)", "bak(contacts)"),
            ("bak(,,)", "bak()"),
            ("msg(caf%C3%A9)", "msg(caf%C3%A9)"),
            ("zzz(1)", "zzz(1)"),
        ] {
            assert_eq!(text.parse::<Action>().expect(text).to_string(), printed);
        }
    }

    #[test]
    fn refuses_what_the_grammar_does_not_allow() {
        for text in [
            "",
            "lck",
            "LCK()",
            "lock()",
            "lck(",
            "lck)",
            "lck()x",
            "lck(a b)",
            "lck(%2f)",
            "lck(%2)",
            "lck(%FF)",
            "lck((",
            "l\u{e9}()",
        ] {
            assert!(text.parse::<Action>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_locks_opens_or_destroys_has_a_risk_and_nothing_else_has() {
        for kind in ActionKind::ALL {
            let action = Action::new(kind, ["x"]);
            assert_eq!(action.risk().is_some(), action.is_destructive(), "{kind:?}");
        }
        assert_eq!(
            Action::new(ActionKind::Unlock, [""; 0]).risk(),
            Some(Risk::Lock)
        );
    }

    #[test]
    fn names_are_unique_and_found_again() {
        for kind in ActionKind::ALL {
            assert_eq!(Action::new(kind, ["x"]).kind(), Some(kind));
        }
        assert_eq!(
            Action::new(ActionKind::Lock, ["Please call IT: 555-0100"]).to_string(),
            "lck(Please%20call%20IT%3A%20555-0100)"
        );
    }
}
