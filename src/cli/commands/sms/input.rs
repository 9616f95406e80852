use std::io::Read;
use std::path::Path;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind};
use crate::domain::{Action, DeviceSecret, Risk, Sequence};
use crate::host::{HostError, private_file};
use crate::sms::{self, Draft, InvalidMessage, Meter, SignedMessage, Version};

/// More than any action string has.
const MAX_INPUT: u64 = 64 * 1024;

/// One action of a message, for JSON.
#[derive(Serialize)]
pub(super) struct ActionDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<Sequence>,
    action: String,
    words: String,
    destructive: bool,
}

/// A message, for JSON.
#[derive(Serialize)]
pub(super) struct MessageDocument {
    pub(super) text: String,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<Sequence>,
    destructive: bool,
    actions: Vec<ActionDocument>,
    meter: Meter,
}

impl ActionDocument {
    fn new(sequence: Option<Sequence>, action: &Action) -> Self {
        Self {
            sequence,
            action: action.to_string(),
            words: sms::describe(action),
            destructive: action.is_destructive(),
        }
    }
}

impl MessageDocument {
    /// `text` is what is shown; the length is that of the signed message.
    pub(super) fn of_draft(draft: &Draft, text: String) -> Result<Self, CommandError> {
        Ok(Self {
            text,
            version: draft.version(),
            sequence: draft.sequence(),
            destructive: draft.is_destructive(),
            actions: draft
                .actions()
                .iter()
                .map(|a| ActionDocument::new(None, a))
                .collect(),
            meter: meter(&draft.with_placeholders())?,
        })
    }

    pub(super) fn of_signed(message: &SignedMessage) -> Result<Self, CommandError> {
        Ok(Self {
            text: message.as_str().to_owned(),
            version: message.version(),
            sequence: Some(message.sequence()),
            destructive: message.is_destructive(),
            actions: message
                .numbered_actions()
                .map(|n| ActionDocument::new(n.sequence, n.action))
                .collect(),
            meter: meter(message.as_str())?,
        })
    }
}

/// How long a text is.
pub(super) fn meter(text: &str) -> Result<Meter, CommandError> {
    Meter::of(text).map_err(|e| CommandError::usage(e.to_string()))
}

/// The actions that were typed, as a message.
pub(super) fn draft(
    version: Version,
    sequence: Option<Sequence>,
    typed: &[String],
) -> Result<Draft, CommandError> {
    let actions = typed
        .iter()
        .map(|text| {
            sms::typed_action(text).map_err(|e| {
                CommandError::usage(format!("{text:?} is no action: {e}")).hint(
                    "Write a name and its parameters:  aud()  loc(3,60)  'lck(Please call IT)'",
                )
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Draft::new(version, sequence, actions).map_err(|e| malformed(&e))
}

/// The risks of actions, each once, in order.
pub(super) fn risks(actions: &[Action]) -> Vec<Risk> {
    let mut risks: Vec<Risk> = actions
        .iter()
        .filter(|a| a.is_destructive())
        // Unlocking harms no data, but it opens a phone that somebody locked.
        .map(|a| a.risk().unwrap_or(Risk::Lock))
        .collect();
    risks.sort_unstable();
    risks.dedup();
    risks
}

/// Names of actions that devices will not know.
pub(super) fn unknown(draft: &Draft) -> Vec<String> {
    draft
        .actions()
        .iter()
        .filter(|a| a.kind().is_none())
        .map(|a| {
            format!(
                "{}() is not known to this version: devices answer unsupported",
                a.name()
            )
        })
        .collect()
}

/// What is wrong with a message, and what to do.
pub(super) fn malformed(error: &InvalidMessage) -> CommandError {
    let made = CommandError::usage(error.to_string());
    match error {
        InvalidMessage::DestructiveInVersion1(_) => {
            made.hint("Leave --version out: 2.00 is the default")
        }
        InvalidMessage::NoSequence => made.hint("Give it:  --sequence 0x174ef"),
        InvalidMessage::AlreadySigned => made.hint("Check it:  callhome sms verify"),
        InvalidMessage::Prefix => made.hint("Write one:  callhome sms compose 'aud()' 'loc(1)'"),
        _ => made,
    }
}

/// The text that was given, or else what comes on standard input; without the line end of a pipe.
pub(super) fn text(context: &Context, given: Option<&str>) -> Result<String, CommandError> {
    if let Some(given) = given.filter(|g| *g != "-") {
        return Ok(given.to_owned());
    }
    if context.environment.stdin_is_terminal {
        return Err(CommandError::usage("there is no text")
            .hint("Give it as an argument, or in a pipe:  callhome sms compose 'aud()' | …"));
    }
    let mut octets = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_INPUT + 1)
        .read_to_end(&mut octets)?;
    if octets.len() as u64 > MAX_INPUT {
        return Err(CommandError::usage(
            "the text on standard input is longer than 64 KiB",
        ));
    }
    let text = String::from_utf8(octets)
        .map_err(|_| CommandError::usage("the text on standard input is not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(CommandError::usage("the text on standard input is empty")
            .hint("If a command before it in the pipe failed, its error is above"));
    }
    Ok(text.to_owned())
}

/// Reads a device's secret from a file that only its owner can read.
pub(in crate::cli::commands) fn secret(path: &Path) -> Result<DeviceSecret, CommandError> {
    let octets = private(path)?;
    std::str::from_utf8(&octets)
        .ok()
        .and_then(|text| DeviceSecret::from_hex(text).ok())
        .ok_or_else(|| {
            CommandError::new(
                ErrorKind::SecretStore,
                format!(
                    "{} does not hold a device secret: 64 hexadecimal digits",
                    path.display()
                ),
            )
        })
}

/// Reads a password from the first line of a file that only its owner can read.
pub(in crate::cli::commands) fn password(path: &Path) -> Result<String, CommandError> {
    let text = String::from_utf8(private(path)?).map_err(|_| {
        CommandError::new(
            ErrorKind::SecretStore,
            format!("{} is not text", path.display()),
        )
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Reads a file that only its owner may read.
pub(in crate::cli::commands) fn private(path: &Path) -> Result<Vec<u8>, CommandError> {
    let refused = |e: &HostError| CommandError::new(ErrorKind::SecretStore, e.to_string());
    private_file::read(path)
        .map_err(|e| refused(&e))?
        .ok_or_else(|| {
            CommandError::new(
                ErrorKind::SecretStore,
                format!("{} does not exist", path.display()),
            )
        })
}

/// Whether a message is genuine; the sentence says why not.
pub(in crate::cli::commands) fn verified(
    message: &SignedMessage,
    secret: &DeviceSecret,
    enrolled: Version,
) -> Result<(), String> {
    let keys = sms::SmsKeys::derive(secret);
    message
        .clone()
        .verify(&keys, enrolled)
        .map(|_| ())
        .map_err(|e| e.to_string())
}
