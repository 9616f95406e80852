use std::path::PathBuf;

use clap::Args;

use super::input::{MessageDocument, malformed, risks, secret, text};
use crate::api::{Device, SmsSignRequest};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{View, device_facts};
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::cli::target;
use crate::domain::{Consent, Risk, Sequence};
use crate::sms::{Draft, SignedMessage, SmsKeys};

/// Add the signature to an action string.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms compose 'aud()' | callhome sms sign --device 358931104120070
  callhome sms compose 'lck()' | callhome sms sign --device 358931104120070 |
    callhome sms send --to +14085550137
  callhome sms sign --secret-file phone.key 'KME 2.00 000174ef aud()'

With --device the server signs: it reserves the number and keeps the PIN of a lock.
With --secret-file nothing leaves this machine, and the number has to be given.")]
pub(crate) struct SignArgs {
    /// The action string; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// The device whose secret signs it: IMEI, number, name, owner or id
    #[arg(
        long,
        value_name = "DEVICE",
        required_unless_present = "secret_file",
        conflicts_with = "secret_file"
    )]
    device: Option<String>,
    /// File with the device's secret, 64 hexadecimal digits (mode 0600)
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Number of the first action, in hexadecimal, when the text has none
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<Sequence>,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT", help_heading = "Record")]
    reason: Option<String>,
    /// Key that makes a repeat of this command harmless
    #[arg(
        long,
        value_name = "KEY",
        help_heading = "Record",
        conflicts_with = "secret_file"
    )]
    idempotency_key: Option<String>,
    #[command(flatten)]
    consent: ConsentFlags,
}

/// Signs.
pub(super) async fn run(context: &Context, args: SignArgs) -> Outcome {
    let text = text(context, args.text.as_deref())?;
    let mut draft: Draft = text.parse().map_err(|e| malformed(&e))?;
    if let Some(sequence) = args.sequence {
        if draft.sequence().is_some_and(|s| s != sequence) {
            return Err(CommandError::usage(
                "the text has another sequence number than --sequence",
            ));
        }
        draft = draft.numbered(sequence).map_err(|e| malformed(&e))?;
    }
    let mut signed_for = None;
    let message = match &args.device {
        Some(name) => {
            let (message, device) = by_server(context, name, &draft, &args).await?;
            signed_for = Some((name, device));
            message
        }
        None => {
            let file = args
                .secret_file
                .as_deref()
                .ok_or_else(|| CommandError::usage("neither --device nor --secret-file"))?;
            let keys = SmsKeys::derive(&secret(file)?);
            draft.sign(&keys).map_err(|e| malformed(&e))?
        }
    };
    let view = View::one("sms-message", &MessageDocument::of_signed(&message)?)
        .named_by("/text")
        .text(format!("{message}\n"));
    context.show(&view)?;
    let acts = message.actions().iter().any(|a| a.risk().is_some());
    let Some((name, device)) = signed_for else {
        return Ok(Exit::Done);
    };
    if acts {
        // Its number is taken, and its PIN is kept: that it was not sent yet must not be overlooked.
        context.announce(&format!(
            "  Signed, not sent: the phone knows nothing of it yet.\n  To send it:  callhome sms send --help   (or at once:  callhome device lock {name})"
        ))?;
    }
    if !device.has_data {
        // It cannot ask what became of the number.
        context.status(
            "  Send it: what is asked of this phone later waits for it, but for locks and wipes.",
        )?;
    }
    Ok(Exit::Done)
}

/// Has the endpoint sign: the device's secret never leaves it.
async fn by_server(
    context: &Context,
    name: &str,
    draft: &Draft,
    args: &SignArgs,
) -> Result<(SignedMessage, Device), CommandError> {
    let client = context.client().await?;
    let device = target::device(client, name).await?;
    let risks = risks(draft.actions());
    let consent = if risks.is_empty() {
        None
    } else {
        let harm = harm(context, &device, risks);
        let reason = args.reason.as_deref();
        Some(context.prompter.consent(&harm, &args.consent, reason)?)
    };
    let request = SmsSignRequest {
        device: device.id,
        text: draft.to_string(),
        accept_risk: consent
            .as_ref()
            .map_or_else(Vec::new, |c| c.risks().to_vec()),
        reason: consent
            .as_ref()
            .and_then(Consent::reason)
            .map(str::to_owned)
            .or_else(|| args.reason.clone()),
    };
    let write = context.write(&WriteFlags {
        idempotency_key: args.idempotency_key.clone(),
        ..WriteFlags::default()
    })?;
    let signed = client.sign_sms(&request, &write).await?;
    let message = SignedMessage::parse(signed.text.as_bytes()).map_err(|e| {
        CommandError::new(
            ErrorKind::Internal,
            format!("the server's signed text cannot be read: {e}"),
        )
    })?;
    Ok((message, device))
}

fn harm(context: &Context, device: &Device, risks: Vec<Risk>) -> Harm {
    let what = if risks.contains(&Risk::DataLoss) {
        "This signs a message that wipes the phone; its data is gone for good."
    } else {
        "This signs a message that locks or unlocks the phone."
    };
    let name = target::short_name(device);
    let start = name.len().saturating_sub(4);
    Harm {
        verb: "sign it".to_owned(),
        facts: format!("{what}\n\n{}", device_facts(device, None, context.now())),
        risks,
        challenge: Challenge::LastFour {
            noun: device
                .identities
                .first()
                .map_or_else(|| "id".to_owned(), |i| i.kind().word().to_uppercase()),
            expected: name.get(start..).unwrap_or(&name).to_owned(),
        },
    }
}
