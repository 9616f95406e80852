use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::input::{malformed, meter, password, text};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{View, count, elapsed};
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::domain::{Msisdn, Risk, ShortId};
use crate::host::OsEntropy;
use crate::net::sms_http::{HttpGateway, KannelSettings};
use crate::port::{BearerError, Entropy, OutboundSms, SmsGateway};
use crate::sms::{Draft, SignedMessage};

/// Send a text message through a gateway.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms send --to +14085550137 --gateway-url kannel+http://kme@127.0.0.1:13013 \\
    --password-file kannel.pw < signed.txt
  callhome sms compose 'aud()' | callhome sms sign --secret-file phone.key --sequence 7 |
    callhome sms send --to +14085550137 --gateway-url kannel+http://kme@127.0.0.1:13013 \\
    --password-file kannel.pw

A text that locks or wipes is confirmed on the terminal, even in a pipe; in scripts:
  --yes --accept-risk lock --reason 'stolen, INC-4471'")]
pub struct SendArgs {
    /// What to send; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Number to send to, as in +14085550137
    #[arg(long, value_name = "NUMBER")]
    to: Msisdn,
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Gateway",
        help = "Gateway to use, as in kannel+http://user@127.0.0.1:13013/cgi-bin/sendsms"
    )]
    gateway_url: String,
    /// File with the password at the gateway (mode 0600)
    #[arg(long, value_name = "FILE", help_heading = "Gateway")]
    password_file: PathBuf,
    /// Sender's number or name, if the gateway lets us choose
    #[arg(long, value_name = "SENDER", help_heading = "Gateway")]
    from: Option<String>,
    #[command(flatten)]
    write: WriteFlags,
    #[command(flatten)]
    consent: ConsentFlags,
}

#[derive(Serialize)]
struct Sent {
    to: String,
    gateway: String,
    answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    segments: usize,
    elapsed_ms: u64,
}

/// Sends.
pub(super) async fn run(context: &Context, args: SendArgs) -> Outcome {
    let text = text(context, args.text.as_deref())?;
    let risks = risks(&text)?;
    let segments = meter(&text)?.segments;
    let gateway = gateway(&args)?;
    let sms = OutboundSms {
        to: args.to.clone(),
        text,
        reference: new_id()?,
    };
    if args.write.dry_run {
        let request = gateway
            .preview(&sms)
            .map_err(|e| CommandError::usage(e.to_string()))?;
        let document =
            serde_json::json!({ "to": sms.to, "request": request, "segments": segments });
        context.show(&View::one("sms-dry-run", &document).text(format!("{request}\n")))?;
        return Ok(Exit::Done);
    }
    if !risks.is_empty() {
        let reason = args.write.reason.as_deref();
        let harm = harm(&args.to, risks);
        // The consent ends here: the gateway has no audit trail to put it in.
        let _consent = context.prompter.consent(&harm, &args.consent, reason)?;
    }
    if context.flags.traces("sms") {
        context.status(&format!("{} → {}", gateway.name(), traced(&sms)))?;
    }
    let started = Instant::now();
    let accepted = gateway.send(sms).await.map_err(undelivered)?;
    let took = started.elapsed();
    let sent = Sent {
        to: args.to.to_string(),
        gateway: gateway.name().to_owned(),
        answer: accepted.answer,
        reference: accepted.reference,
        segments,
        elapsed_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    };
    let words = format!(
        "{} by {} in {}, {}.\n",
        sent.answer,
        sent.gateway,
        elapsed(took),
        count(segments as u64, "message")
    );
    context.show(&View::one("sms-sent", &sent).named_by("/to").text(words))?;
    Ok(Exit::Done)
}

/// The risks of a text; nothing for words to a person.
fn risks(text: &str) -> Result<Vec<Risk>, CommandError> {
    if !text.starts_with("KME ") {
        return Ok(Vec::new());
    }
    if text.parse::<Draft>().is_ok() {
        return Err(CommandError::usage(
            "this action string has no signature: the device would discard it",
        )
        .hint("Sign it first:  … | callhome sms sign --secret-file FILE | callhome sms send …"));
    }
    let message = SignedMessage::parse(text.as_bytes()).map_err(|e| malformed(&e))?;
    let mut risks: Vec<Risk> = message
        .actions()
        .iter()
        .filter(|a| a.is_destructive())
        // Unlocking harms no data, but it opens a phone that somebody locked.
        .map(|a| a.risk().unwrap_or(Risk::Lock))
        .collect();
    risks.sort_unstable();
    risks.dedup();
    Ok(risks)
}

fn harm(to: &Msisdn, risks: Vec<Risk>) -> Harm {
    let digits = to.digits();
    let what = if risks.contains(&Risk::DataLoss) {
        "This wipes the phone with this number; its data is gone for good."
    } else {
        "This locks or unlocks the phone with this number."
    };
    Harm {
        verb: "send this text".to_owned(),
        facts: format!("{what}\n\n  Number   {to}"),
        risks,
        challenge: Challenge::LastFour {
            noun: "number".to_owned(),
            expected: digits[digits.len() - 4..].to_owned(),
        },
    }
}

fn gateway(args: &SendArgs) -> Result<HttpGateway, CommandError> {
    let password = password(&args.password_file)?;
    let settings = KannelSettings::new(&args.gateway_url, None, &password)
        .map_err(|e| CommandError::usage(format!("--gateway-url: {e}")))?
        .sent_from(args.from.clone());
    HttpGateway::kannel("the gateway", settings, None)
        .map_err(|e| CommandError::internal(e.to_string()))
}

fn new_id() -> Result<ShortId, CommandError> {
    let mut random = [0; 5];
    OsEntropy
        .fill(&mut random)
        .map_err(|e| CommandError::internal(e.to_string()))?;
    Ok(ShortId::from_random(random))
}

/// A message on a trace: no whole number, no token.
fn traced(sms: &OutboundSms) -> String {
    let text =
        SignedMessage::parse(sms.text.as_bytes()).map_or_else(|_| sms.text.clone(), |m| m.masked());
    format!("{}: {text}", sms.to.masked())
}

fn undelivered(error: BearerError) -> CommandError {
    let kind = match &error {
        BearerError::Unreachable(_) => ErrorKind::Unreachable,
        BearerError::Refused { .. } => ErrorKind::Rejected,
        BearerError::Unusable(_) => ErrorKind::Usage,
    };
    let made = CommandError::new(kind, error.to_string());
    match error {
        BearerError::Unreachable(_) => {
            made.hint("Nothing is known to have been sent. Is the gateway running at this address?")
        }
        BearerError::Refused { .. } => {
            made.hint("Nothing was sent. Check user, password file and sender")
        }
        BearerError::Unusable(_) => made,
    }
}
