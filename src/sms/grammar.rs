use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;

use super::{InvalidNonce, Nonce, SmsKeys, Token, Version};
use crate::domain::{Action, ActionKind, InvalidAction, Sequence};

/// The longest message that is read, in octets. Far above what text messages carry, because the
/// text behind a `url()` link has the same form.
pub const MAX_OCTETS: usize = 16 * 1024;

/// The most actions that one message may carry.
pub const MAX_ACTIONS: usize = 64;

/// Stands where a sequence number or a token will be.
const NO_SEQUENCE: &str = "........";
const NO_TOKEN: &str = " ................";

/// A message before it is signed: version, number of the first action, actions.
///
/// The text form leaves the token out; dots stand for a number that is still to be reserved.
///
/// ```
/// use callhome::sms::Draft;
/// let draft: Draft = "KME 1.00 000174ef aud() loc(1) get(P%20Dat.txt,1024)".parse().unwrap();
/// assert_eq!(draft.actions().len(), 3);
/// assert!("KME 2.00 000174ef".parse::<Draft>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    version: Version,
    sequence: Option<Sequence>,
    actions: Vec<Action>,
}

/// A message with its token, as octets that may have come from anywhere: not yet believed.
///
/// [`SignedMessage::verify`] turns it into a [`super::Verified`] one.
///
/// ```
/// use callhome::sms::SignedMessage;
/// let octets = b"KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1) get(P%20Dat.txt,1024)\r\n";
/// let message = SignedMessage::parse(octets).unwrap();
/// assert_eq!(message.actions().len(), 3);
/// assert_eq!(
///     message.signed_octets(),
///     b"KME 1.00 000174ef aud() loc(1) get(P%20Dat.txt,1024)"
/// );
/// assert!(SignedMessage::parse(b"KME 1.00  000174ef 5d783e9708ffb691 aud()").is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SignedMessage {
    version: Version,
    sequence: Sequence,
    token: Token,
    actions: Vec<Action>,
    /// As received, without the final line end.
    text: String,
}

/// An action of a message with the number it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedAction<'a> {
    /// `None` for `url()` and `num()`, which consume no number.
    pub sequence: Option<Sequence>,
    /// The action.
    pub action: &'a Action,
}

/// Why octets are not an action string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// More than [`MAX_OCTETS`].
    #[error("an action string has at most {MAX_OCTETS} octets, found {0}")]
    TooLong(usize),
    /// An octet outside printable ASCII.
    #[error("octet {0} is not printable ASCII; other characters are written as %HH")]
    NotAscii(usize),
    /// It does not begin with `KME` and a space.
    #[error("an action string begins with KME and one space")]
    Prefix,
    /// A version that does not exist.
    #[error("version {0:?} is neither 1.00 nor 2.00")]
    Version(String),
    /// The number is not eight lower-case hexadecimal digits.
    #[error(
        "after the version stands a sequence number of eight lower-case hexadecimal digits, found {0:?}"
    )]
    Sequence(String),
    /// The token is not sixteen lower-case hexadecimal digits.
    #[error("after the sequence number stands a token of sixteen lower-case hexadecimal digits")]
    Token,
    /// A draft that has a token already.
    #[error("this text already has a token")]
    AlreadySigned,
    /// Nothing to do.
    #[error("there is no action in it")]
    NoAction,
    /// More than [`MAX_ACTIONS`].
    #[error("a message carries at most {MAX_ACTIONS} actions, found {0}")]
    TooManyActions(usize),
    /// One of the actions is malformed.
    #[error("action {position}: {source}")]
    Action {
        /// Counted from 1.
        position: usize,
        /// What is wrong with it.
        #[source]
        source: InvalidAction,
    },
    /// The numbers of the actions would pass [`Sequence::LAST`].
    #[error("the numbers of its actions pass the last one before the device is re-keyed")]
    SequenceOverflow,
    /// `num()` anywhere but at the end.
    #[error("num() stands once, at the end of a message")]
    ReplyNumberNotLast,
    /// The parameter of `num()` is no nonce.
    #[error("num() takes a nonce: {0}")]
    Nonce(#[from] InvalidNonce),
    /// `url()` beside actions: it stands for all of them.
    #[error("url() stands for the whole message and takes no other action beside it")]
    LinkNotAlone,
    /// `lck ulk wip rst` in version 1.00.
    #[error("{0}() needs a signature of version 2.00")]
    DestructiveInVersion1(String),
    /// A draft without its number cannot be signed here.
    #[error("the sequence number is missing")]
    NoSequence,
}

impl Draft {
    /// Puts a message together.
    ///
    /// # Errors
    /// [`InvalidMessage`] when there are no or too many actions, `num()` or `url()` stand where they
    /// must not, or a destructive action is to go out in version 1.00.
    pub fn new(
        version: Version,
        sequence: Option<Sequence>,
        actions: Vec<Action>,
    ) -> Result<Self, InvalidMessage> {
        check_arrangement(&actions)?;
        if version == Version::V1
            && let Some(action) = actions.iter().find(|a| a.is_destructive())
        {
            return Err(InvalidMessage::DestructiveInVersion1(action.name()));
        }
        if let Some(first) = sequence {
            check_numbers(first, &actions)?;
        }
        Ok(Self {
            version,
            sequence,
            actions,
        })
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The number of the first action, if it is known.
    #[must_use]
    pub const fn sequence(&self) -> Option<Sequence> {
        self.sequence
    }

    /// The actions in order.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Whether any action locks or destroys.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.actions.iter().any(Action::is_destructive)
    }

    /// How many sequence numbers it takes.
    #[must_use]
    pub fn numbers(&self) -> u32 {
        consumed(&self.actions)
    }

    /// The same message with the number of its first action.
    ///
    /// # Errors
    /// [`InvalidMessage::SequenceOverflow`] when the numbers do not reach.
    pub fn numbered(mut self, first: Sequence) -> Result<Self, InvalidMessage> {
        check_numbers(first, &self.actions)?;
        self.sequence = Some(first);
        Ok(self)
    }

    /// Signs the message.
    ///
    /// # Errors
    /// [`InvalidMessage::NoSequence`] when its number is not known.
    pub fn sign(self, keys: &SmsKeys) -> Result<SignedMessage, InvalidMessage> {
        let sequence = self.sequence.ok_or(InvalidMessage::NoSequence)?;
        // The token's place is kept free, so that the text is written once.
        let mut text = self.text(NO_TOKEN);
        let token = keys.sign_parts(self.version, around_token(self.version, &text));
        let place = token_offset(self.version)..token_offset(self.version) + Token::DIGITS;
        let digits = token.digits();
        let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
        text.replace_range(place, digits);
        Ok(SignedMessage {
            version: self.version,
            sequence,
            token,
            actions: self.actions,
            text,
        })
    }

    /// The text, with something where the token stands.
    fn text(&self, token: &str) -> String {
        let mut text = String::with_capacity(160);
        text.push_str("KME ");
        text.push_str(self.version.as_str());
        text.push(' ');
        match self.sequence {
            Some(sequence) => {
                HEXLOWER.encode_append(&sequence.value().to_be_bytes(), &mut text);
            }
            None => text.push_str(NO_SEQUENCE),
        }
        text.push_str(token);
        for action in &self.actions {
            text.push(' ');
            action.write_to(&mut text);
        }
        text
    }

    /// The text as it will be once signed, dots where number and token will stand: what counts for length.
    #[must_use]
    pub fn with_placeholders(&self) -> String {
        self.text(NO_TOKEN)
    }
}

impl FromStr for Draft {
    type Err = InvalidMessage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = strip_line_end(check_octets(text.as_bytes())?);
        let (version, sequence, rest) = head(text)?;
        let sequence = match sequence {
            NO_SEQUENCE => None,
            // Numbering starts at 1: zero stands for a number to be reserved.
            digits => Some(wire_sequence(digits)?).filter(|s| *s != Sequence::ZERO),
        };
        if let Some((word, _)) = rest.split_once(' ').or(Some((rest, "")))
            && word.parse::<Token>().is_ok()
        {
            return Err(InvalidMessage::AlreadySigned);
        }
        Self::new(version, sequence, actions(rest)?)
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(""))
    }
}

impl SignedMessage {
    /// Reads octets from the wire; one final CR, LF or CRLF is taken off.
    ///
    /// # Errors
    /// [`InvalidMessage`] for everything that the grammar does not allow; nothing is repaired.
    pub fn parse(octets: &[u8]) -> Result<Self, InvalidMessage> {
        let text = strip_line_end(check_octets(octets)?);
        let (version, sequence, rest) = head(text)?;
        let sequence = wire_sequence(sequence)?;
        let (token, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let token = token.parse().map_err(|_| InvalidMessage::Token)?;
        let actions = actions(rest)?;
        check_arrangement(&actions)?;
        check_numbers(sequence, &actions)?;
        Ok(Self {
            version,
            sequence,
            token,
            actions,
            text: text.to_owned(),
        })
    }

    /// The version it claims.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The number of its first action, or for `url()` of the first action it stands for.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The token it carries.
    #[must_use]
    pub const fn token(&self) -> Token {
        self.token
    }

    /// The actions in order.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The actions with their numbers.
    pub fn numbered_actions(&self) -> impl Iterator<Item = NumberedAction<'_>> {
        let mut taken = 0;
        self.actions.iter().map(move |action| {
            let sequence = consumes(action)
                .then(|| self.sequence.forward(taken))
                .flatten();
            taken += u32::from(sequence.is_some());
            NumberedAction { sequence, action }
        })
    }

    /// The nonce of `num()`, when the sender wants the answer as a text message.
    #[must_use]
    pub fn reply_nonce(&self) -> Option<Nonce> {
        let last = self.actions.last()?;
        (last.kind() == Some(ActionKind::ReplyNumber))
            .then(|| last.param(0)?.parse().ok())
            .flatten()
    }

    /// The link of `url()`, when the actions themselves are to be fetched.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        let first = self.actions.first()?;
        (first.kind() == Some(ActionKind::FetchUrl))
            .then(|| first.param(0))
            .flatten()
    }

    /// Whether any action locks or destroys.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        self.actions.iter().any(Action::is_destructive)
    }

    /// The message as it was received, without the final line end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The message with dots in place of its token, for traces and previews.
    #[must_use]
    pub fn masked(&self) -> String {
        let at = token_offset(self.version);
        format!(
            "{}................{}",
            &self.text[..at],
            &self.text[at + Token::DIGITS..]
        )
    }

    /// The octets that the token covers: as received, minus the token and the space after it.
    #[must_use]
    pub fn signed_octets(&self) -> Vec<u8> {
        self.signed_parts().concat()
    }

    /// The same where they lie.
    pub(super) fn signed_parts(&self) -> [&[u8]; 2] {
        around_token(self.version, &self.text)
    }
}

impl fmt::Display for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedMessage")
            .field("version", &self.version)
            .field("sequence", &self.sequence)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

/// Where the token stands: after `KME `, version, space, eight digits, space.
const fn token_offset(version: Version) -> usize {
    4 + version.as_str().len() + 1 + NO_SEQUENCE.len() + 1
}

/// What the token covers: the octets before it, and those behind it and its space.
fn around_token(version: Version, text: &str) -> [&[u8]; 2] {
    let at = token_offset(version);
    let octets = text.as_bytes();
    [&octets[..at], &octets[at + Token::DIGITS + 1..]]
}

fn check_octets(octets: &[u8]) -> Result<&str, InvalidMessage> {
    if octets.len() > MAX_OCTETS {
        return Err(InvalidMessage::TooLong(octets.len()));
    }
    let end = octets.len() - line_end(octets);
    if let Some(at) = octets[..end]
        .iter()
        .position(|b| !(b' '..=b'~').contains(b))
    {
        return Err(InvalidMessage::NotAscii(at + 1));
    }
    std::str::from_utf8(octets).map_err(|e| InvalidMessage::NotAscii(e.valid_up_to() + 1))
}

fn line_end(octets: &[u8]) -> usize {
    match octets {
        [.., b'\r', b'\n'] => 2,
        [.., b'\r' | b'\n'] => 1,
        _ => 0,
    }
}

fn strip_line_end(text: &str) -> &str {
    &text[..text.len() - line_end(text.as_bytes())]
}

/// Splits `KME version sequence rest`.
fn head(text: &str) -> Result<(Version, &str, &str), InvalidMessage> {
    let rest = text.strip_prefix("KME ").ok_or(InvalidMessage::Prefix)?;
    let (version, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let version = version
        .parse()
        .map_err(|e: super::InvalidVersion| InvalidMessage::Version(e.0))?;
    let (sequence, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok((version, sequence, rest))
}

fn wire_sequence(text: &str) -> Result<Sequence, InvalidMessage> {
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() == 8
        && text.bytes().all(lower_hex)
        && let Ok(sequence) = text.parse()
    {
        return Ok(sequence);
    }
    Err(InvalidMessage::Sequence(text.chars().take(12).collect()))
}

fn actions(text: &str) -> Result<Vec<Action>, InvalidMessage> {
    if text.is_empty() {
        return Err(InvalidMessage::NoAction);
    }
    let count = text.split(' ').count();
    if count > MAX_ACTIONS {
        return Err(InvalidMessage::TooManyActions(count));
    }
    text.split(' ')
        .enumerate()
        .map(|(i, part)| {
            part.parse().map_err(|source| InvalidMessage::Action {
                position: i + 1,
                source,
            })
        })
        .collect()
}

fn check_arrangement(actions: &[Action]) -> Result<(), InvalidMessage> {
    if actions.is_empty() {
        return Err(InvalidMessage::NoAction);
    }
    if actions.len() > MAX_ACTIONS {
        return Err(InvalidMessage::TooManyActions(actions.len()));
    }
    let mut rest = actions;
    if let Some((last, before)) = actions.split_last()
        && last.kind() == Some(ActionKind::ReplyNumber)
    {
        last.param(0).unwrap_or_default().parse::<Nonce>()?;
        rest = before;
    }
    if rest
        .iter()
        .any(|a| a.kind() == Some(ActionKind::ReplyNumber))
    {
        return Err(InvalidMessage::ReplyNumberNotLast);
    }
    if rest.len() > 1 && rest.iter().any(|a| a.kind() == Some(ActionKind::FetchUrl)) {
        return Err(InvalidMessage::LinkNotAlone);
    }
    Ok(())
}

/// Names that this version does not know take a number like any other.
fn consumes(action: &Action) -> bool {
    action.kind().is_none_or(ActionKind::consumes_sequence)
}

fn consumed(actions: &[Action]) -> u32 {
    actions.iter().map(|a| u32::from(consumes(a))).sum()
}

fn check_numbers(first: Sequence, actions: &[Action]) -> Result<(), InvalidMessage> {
    first
        .forward(consumed(actions).saturating_sub(1))
        .map(|_| ())
        .ok_or(InvalidMessage::SequenceOverflow)
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;
