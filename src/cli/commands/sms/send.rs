use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::input::{malformed, meter, password, risks as risks_of, text};
use crate::api::SmsSendRequest;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{View, count, elapsed};
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::domain::{Consent, Msisdn, Risk};
use crate::net::sms_http::{HttpGateway, KannelSettings};
use crate::port::{BearerError, OutboundSms, SmsGateway};
use crate::sms::{Draft, SignedMessage};

/// Send a text message through a gateway.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms compose 'aud()' | callhome sms sign --device 358931104120070 |
    callhome sms send --to +14085550137
  callhome sms send --to +14085550137 'Please bring the phone to IT'
  callhome sms send --to +14085550137 --gateway-url kannel+http://kme@127.0.0.1:13013 \\
    --password-file kannel.pw < signed.txt

The server's gateways are used unless --gateway-url names another one.
A text that locks or wipes is confirmed on the terminal, even in a pipe; in scripts:
  --yes --accept-risk lock --reason 'stolen, INC-4471'")]
pub struct SendArgs {
    /// What to send; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Number to send to, as in +14085550137
    #[arg(long, value_name = "NUMBER")]
    to: Msisdn,
    /// One of the server's gateways, by name; its first one when absent
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "gateway_url",
        help_heading = "Gateway"
    )]
    gateway: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        requires = "password_file",
        help_heading = "Gateway",
        help = "A Kannel to use instead, as in kannel+http://user@127.0.0.1:13013/cgi-bin/sendsms"
    )]
    gateway_url: Option<String>,
    /// File with the password at that Kannel (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        requires = "gateway_url",
        help_heading = "Gateway"
    )]
    password_file: Option<PathBuf>,
    /// Sender's number or name at that Kannel
    #[arg(
        long,
        value_name = "SENDER",
        requires = "gateway_url",
        help_heading = "Gateway"
    )]
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
    let sms = OutboundSms {
        to: args.to.clone(),
        text,
        reference: context.new_id()?,
    };
    let direct = args
        .gateway_url
        .as_deref()
        .zip(args.password_file.as_deref())
        .map(|(url, file)| gateway(url, file, args.from.clone()))
        .transpose()?;
    if let (Some(gateway), true) = (&direct, args.write.dry_run) {
        return preview(context, gateway, &sms, segments);
    }
    let reason = args.write.reason.as_deref();
    let consent = if risks.is_empty() || args.write.dry_run {
        None
    } else {
        let harm = harm(&args.to, risks);
        Some(context.prompter.consent(&harm, &args.consent, reason)?)
    };
    if context.flags.traces("sms") {
        context.screen.note(&format!("→ {}", traced(&sms)))?;
    }
    let started = Instant::now();
    let mut sent = match &direct {
        // The consent ends here: a gateway has no audit trail to put it in.
        Some(gateway) => directly(gateway, sms, segments).await?,
        None => through_server(context, &args, sms, consent).await?,
    };
    let took = started.elapsed();
    if context.flags.traces("sms") {
        let (gateway, answer) = (&sent.gateway, &sent.answer);
        context.screen.note(&format!("← {gateway}: {answer}"))?;
    }
    sent.elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let words = format!(
        "{} by {} in {}, {}.\n",
        sent.answer,
        sent.gateway,
        elapsed(took),
        count(sent.segments as u64, "message")
    );
    context.show(&View::one("sms-sent", &sent).named_by("/to").text(words))?;
    Ok(Exit::Done)
}

/// Shows what would be sent to a gateway of our own.
fn preview(
    context: &Context,
    gateway: &HttpGateway,
    sms: &OutboundSms,
    segments: usize,
) -> Outcome {
    let request = gateway
        .preview(sms)
        .map_err(|e| CommandError::usage(e.to_string()))?;
    let document = serde_json::json!({ "to": sms.to, "request": request, "segments": segments });
    context.show(&View::one("sms-dry-run", &document).text(format!("{request}\n")))?;
    Ok(Exit::Done)
}

/// Sends from this machine.
async fn directly(
    gateway: &HttpGateway,
    sms: OutboundSms,
    segments: usize,
) -> Result<Sent, CommandError> {
    let to = sms.to.to_string();
    let accepted = gateway.send(sms).await.map_err(undelivered)?;
    Ok(Sent {
        to,
        gateway: gateway.name().to_owned(),
        answer: accepted.answer,
        reference: accepted.reference,
        segments,
        elapsed_ms: 0,
    })
}

/// Has the server send, which notes it in its audit trail.
async fn through_server(
    context: &Context,
    args: &SendArgs,
    sms: OutboundSms,
    consent: Option<Consent>,
) -> Result<Sent, CommandError> {
    let client = context.client().await?;
    let client = client.clone().recording(args.write.dry_run);
    let request = SmsSendRequest {
        to: sms.to,
        text: sms.text,
        gateway: args.gateway.clone(),
        accept_risk: consent
            .as_ref()
            .map_or_else(Vec::new, |c| c.risks().to_vec()),
        reason: args.write.reason.clone(),
    };
    let to = request.to.to_string();
    let write = context.write(&args.write)?;
    let response = client.send_sms(&request, &write).await?;
    Ok(Sent {
        to,
        gateway: response.gateway,
        answer: response.answer,
        reference: response.reference,
        segments: usize::try_from(response.segments).unwrap_or(usize::MAX),
        elapsed_ms: 0,
    })
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
        .hint("Sign it first:  … | callhome sms sign --device DEVICE | callhome sms send …"));
    }
    let message = SignedMessage::parse(text.as_bytes()).map_err(|e| malformed(&e))?;
    Ok(risks_of(message.actions()))
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

fn gateway(
    url: &str,
    password_file: &Path,
    from: Option<String>,
) -> Result<HttpGateway, CommandError> {
    let password = password(password_file)?;
    let settings = KannelSettings::new(url, None, &password)
        .map_err(|e| CommandError::usage(format!("--gateway-url: {e}")))?
        .sent_from(from);
    HttpGateway::kannel("the gateway", settings, None)
        .map_err(|e| CommandError::internal(e.to_string()))
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
