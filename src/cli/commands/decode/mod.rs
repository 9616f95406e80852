//! `callhome decode`: explains a message that came over the wire, offline.

mod action;
mod capture;
mod hex;
mod kind;
mod notification;
mod report;
mod sip;
mod smpp;

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::sms::{password, secret};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Paint, View};
use crate::domain::DeviceSecret;
use crate::net::capture::is_capture;
use crate::sms::Version;

use kind::Kind;

/// More than any message that is explained here has.
const MAX_MESSAGE: usize = 1024 * 1024;

/// The largest capture that is read, which is kept in memory.
const MAX_CAPTURE: u64 = 256 * 1024 * 1024;

/// Explain a message that came over the wire.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome decode message.txt
  callhome decode --secret-file eriksson.key < message.txt
  callhome decode --text 'KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1)'
  callhome decode notify.txt                 a SIP message from a trace
  callhome decode trace.pcap                 every SIP message of a capture
  callhome decode --text '0106 03c4 af87 …'  octets as hexadecimal digits
  callhome decode --text '0000001480000004…'  an SMPP PDU

SIP may also come as a hex dump (xxd, hexdump -C, tshark -x) or in base64.
Nothing is sent anywhere. Ends with 0 when the message is valid, with 2 when it is
not, with 17 when it is but its signature does not match.")]
pub(crate) struct DecodeArgs {
    /// File with the message; standard input when absent
    #[arg(value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// The message itself
    #[arg(long, value_name = "MESSAGE")]
    text: Option<String>,
    /// What it is, when that is not plain from the message
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Check signatures with the device's secret in this file (mode 0600)
    #[arg(long, value_name = "FILE", help_heading = "Signatures")]
    secret_file: Option<PathBuf>,
    /// Version of action strings that the device enrolled with; lower ones are refused
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "1.00",
        help_heading = "Signatures"
    )]
    enrolled: Version,
    /// DM notification: check the digest with the server's password in this file (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        requires = "nonce",
        help_heading = "Signatures"
    )]
    password_file: Option<PathBuf>,
    /// DM notification: the nonce that the device gave last, in base64
    #[arg(
        long,
        value_name = "BASE64",
        requires = "password_file",
        help_heading = "Signatures"
    )]
    nonce: Option<String>,
}

/// What signatures are checked with.
struct Keys {
    secret: Option<DeviceSecret>,
    enrolled: Version,
    /// Password and nonce of the DM server.
    server: Option<(String, Vec<u8>)>,
}

/// A message with its meaning.
struct Explained {
    document: Value,
    text: String,
    signature: Signature,
    /// Readable, and nothing in it that a standard forbids.
    valid: bool,
}

/// What became of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Signature {
    /// There is none, or nothing to check it with.
    NotChecked,
    /// It matches.
    Genuine,
    /// It does not; why.
    Wrong(String),
}

impl Signature {
    fn words(&self, paint: Paint, instead: &str) -> String {
        match self {
            Self::NotChecked => paint.dim(instead),
            Self::Genuine => paint.good("✓ genuine"),
            Self::Wrong(why) => paint.bad(&format!("✗ {why}")),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::NotChecked => Value::Null,
            Self::Genuine => Value::Bool(true),
            Self::Wrong(_) => Value::Bool(false),
        }
    }
}

/// Explains.
pub(super) fn run(context: &Context, args: &DecodeArgs) -> Outcome {
    let octets = input(context, args)?;
    let paint = context.screen.paint;
    let width = context.environment.width;
    if is_capture(&octets) && matches!(args.kind, None | Some(Kind::Sip)) {
        let (view, valid) = capture::explain_all(&octets, width, paint)?;
        context.show(&view)?;
        return Ok(if valid {
            Exit::Done
        } else {
            Exit::Ended(ErrorKind::Usage)
        });
    }
    if octets.iter().all(u8::is_ascii_whitespace) {
        return Err(nothing(args));
    }
    if octets.len() > MAX_MESSAGE {
        return Err(CommandError::usage("the message is longer than 1 MiB"));
    }
    let (kind, octets) = match args.kind {
        Some(kind) => (kind, kind::unwrapped(octets, kind)),
        None => kind::detect(octets).ok_or_else(|| {
            CommandError::usage("this is none of the messages that can be explained")
                .hint("Say what it is meant to be, to see what is wrong with it:")
                .hint(format!("  --kind {}", kind::names()))
        })?,
    };
    let keys = keys(args)?;
    let explained = match kind {
        Kind::Sip => sip::explain(&octets, width, paint),
        Kind::ContactMe => sip::explain_contact_me(&octets, width, paint),
        Kind::Action => action::explain(&octets, &keys, paint),
        Kind::Reply => report::explain_reply(&octets, &keys, paint),
        Kind::Result => report::explain_result(&octets),
        Kind::Smpp => Ok(smpp::explain_smpp(&octets, paint)),
        Kind::Receipt => Ok(smpp::explain_receipt(&octets, paint)),
        Kind::Notification => notification::explain(&octets, &keys, paint),
    }?;
    let view = View::one("decode", &explained.document).text(explained.text);
    context.show(&view)?;
    Ok(match explained.signature {
        Signature::Wrong(_) => Exit::Ended(ErrorKind::Differs),
        Signature::NotChecked | Signature::Genuine if explained.valid => Exit::Done,
        Signature::NotChecked | Signature::Genuine => Exit::Ended(ErrorKind::Usage),
    })
}

/// Nothing came: the program before this one in the pipe said nothing, or the file is not filled yet.
fn nothing(args: &DecodeArgs) -> CommandError {
    let source = match (&args.text, args.file.as_deref()) {
        (Some(_), _) => "--text".to_owned(),
        (None, Some(path)) if path.as_os_str() != "-" => path.display().to_string(),
        (None, _) => "standard input".to_owned(),
    };
    CommandError::usage(format!("there is no message: {source} is empty"))
        .hint("Name a file, or give the message itself:  callhome decode --text 'KME …'")
}

fn keys(args: &DecodeArgs) -> Result<Keys, CommandError> {
    let server = match (&args.password_file, &args.nonce) {
        (Some(file), Some(nonce)) => {
            let nonce = data_encoding::BASE64
                .decode(nonce.as_bytes())
                .map_err(|_| CommandError::usage("--nonce is base64, as in bm9uY2U="))?;
            Some((password(file)?, nonce))
        }
        _ => None,
    };
    Ok(Keys {
        secret: args.secret_file.as_deref().map(secret).transpose()?,
        enrolled: args.enrolled,
        server,
    })
}

fn input(context: &Context, args: &DecodeArgs) -> Result<Vec<u8>, CommandError> {
    if let Some(text) = &args.text {
        return Ok(text.clone().into_bytes());
    }
    let mut octets = Vec::new();
    match args.file.as_deref().filter(|f| f.as_os_str() != "-") {
        Some(path) => {
            let unreadable = |e: std::io::Error| {
                CommandError::unreadable(path, &e)
                    .hint("To explain a text, not a file:  callhome decode --text 'KME …'")
            };
            std::fs::File::open(path)
                .map_err(unreadable)?
                .take(MAX_CAPTURE + 1)
                .read_to_end(&mut octets)
                .map_err(unreadable)?;
        }
        None if context.environment.stdin_is_terminal => {
            return Err(CommandError::usage("there is no message")
                .hint("Name a file, or give it in a pipe:  callhome decode < message.txt"));
        }
        None => {
            std::io::stdin()
                .lock()
                .take(MAX_CAPTURE + 1)
                .read_to_end(&mut octets)?;
        }
    }
    if octets.len() as u64 > MAX_CAPTURE {
        return Err(CommandError::usage("the file is larger than 256 MiB")
            .hint("Take what matters out of it first:  tshark -r FILE -Y sip -w sip.pcapng"));
    }
    Ok(octets)
}
