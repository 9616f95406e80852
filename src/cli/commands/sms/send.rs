use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Args;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Serialize;

use super::input::{malformed, meter, password, risks as risks_of, text};
use crate::api::SmsSendRequest;
use crate::cli::assembly::centre_at;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{View, count, elapsed, seconds};
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::domain::{Consent, Msisdn, Risk, ShortId};
use crate::net::smpp_link::{SmppGateway, SmppSettings};
use crate::net::sms_http::{HttpGateway, KannelSettings};
use crate::port::{
    BearerError, OutboundSms, ReceiptKey, SmsGateway, SmsInbox, SmsPart, StoreError,
};
use crate::sms::smpp::IdKeys;
use crate::sms::{
    Draft, Fragment, Inbound, ReceiptOutcome, Reference, SendOptions, SignedMessage, split_octets,
};

/// Send a text message through a gateway.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms compose 'aud()' | callhome sms sign --device 358931104120070 |
    callhome sms send --to +14085550137
  callhome sms send --to +14085550137 'Please bring the phone to IT'
  callhome sms send --to +14085550137 \\
      --gateway-url kannel+http://kme@127.0.0.1:13013 \\
    --password-file kannel.pw < signed.txt
  callhome sms send --to +14085550137 --gateway-url smpp://esme@127.0.0.1:2775 \\
    --password-file smpp.pw --validity 1h 'Back at nine'
  callhome sms send --to +14085550137 \\
      --gateway-url smpps://esme@smsc.example.com \\
    --ca-file carrier-ca.pem --password-file smpp.pw 'Back at nine'

The server's gateways are used unless --gateway-url names another one.
A text that locks or wipes is confirmed on the terminal, even in a pipe; in scripts:
  --yes --accept-risk lock --reason 'stolen, INC-4471'")]
pub(crate) struct SendArgs {
    /// What to send; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Number to send to, as in +14085550137
    #[arg(long, value_name = "NUMBER")]
    to: Msisdn,
    /// One of the server's gateways, by name; when absent, the first that serves the number and takes it
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
        help = "A gateway to use instead, as in kannel+http://user@127.0.0.1:13013/cgi-bin/sendsms or smpp://user@127.0.0.1:2775"
    )]
    gateway_url: Option<String>,
    /// File with the password at that gateway (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        requires = "gateway_url",
        help_heading = "Gateway"
    )]
    password_file: Option<PathBuf>,
    /// Certificate of the authority to trust at that gateway (PEM), for https:// and smpps://
    #[arg(
        long,
        value_name = "FILE",
        requires = "gateway_url",
        help_heading = "Gateway"
    )]
    ca_file: Option<PathBuf>,
    /// Sender's number or name at that gateway
    #[arg(
        long,
        value_name = "SENDER",
        requires = "gateway_url",
        help_heading = "Gateway"
    )]
    from: Option<String>,
    /// Show it at once, without keeping it
    #[arg(long, help_heading = "How")]
    flash: bool,
    /// How long the centre keeps trying, as in 1h
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "How")]
    validity: Option<Duration>,
    /// How long the centre waits before it begins, as in 10min
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "How")]
    after: Option<Duration>,
    /// Priority, 0 to 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=3), help_heading = "How")]
    priority: Option<u8>,
    /// Application on the phone: its port, and ours behind a colon, as in 2948:9200
    #[arg(long, value_name = "PORT[:PORT]", value_parser = ports, help_heading = "How")]
    port: Option<(u16, u16)>,
    /// Send these octets (hexadecimal digits) instead of a text
    #[arg(long, value_name = "HEX", value_parser = octets, conflicts_with = "text", help_heading = "How")]
    octets: Option<Octets>,
    #[command(flatten)]
    write: WriteFlags,
    #[command(flatten)]
    consent: ConsentFlags,
}

/// Octets from the command line; a type of its own, because clap reads a `Vec` as several values.
#[derive(Debug, Clone)]
struct Octets(Vec<u8>);

fn octets(text: &str) -> Result<Octets, String> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map(Octets)
        .map_err(|_| "octets are hexadecimal digits, two for each, as in 0106c4af".to_owned())
}

fn ports(text: &str) -> Result<(u16, u16), String> {
    let (to, from) = text.split_once(':').unwrap_or((text, "0"));
    let port = |digits: &str| {
        digits
            .parse()
            .map_err(|_| format!("{digits:?} is no port: 0 to 65535"))
    };
    Ok((port(to)?, port(from)?))
}

#[derive(Serialize)]
struct Sent {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ShortId>,
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
    let text = match args.octets {
        Some(_) => String::new(),
        None => text(context, args.text.as_deref())?,
    };
    let risks = risks(&text)?;
    let segments = match &args.octets {
        Some(Octets(octets)) => split_octets(octets, args.port, Reference::Eight(0))
            .map_err(|e| CommandError::usage(e.to_string()))?
            .len(),
        None => meter(&text)?.segments,
    };
    let options = SendOptions {
        flash: args.flash,
        validity: args.validity,
        deferred: args.after,
        priority: args.priority,
        ports: args.port,
        octets: args.octets.as_ref().map(|Octets(octets)| octets.clone()),
    };
    let sms = OutboundSms {
        options,
        ..OutboundSms::text(args.to.clone(), text, context.new_id()?)
    };
    let direct = args
        .gateway_url
        .as_deref()
        .zip(args.password_file.as_deref())
        .map(|(url, file)| Direct::new(url, file, args.ca_file.as_deref(), args.from.clone()))
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
    let id = sent.id.map_or_else(String::new, |id| format!("  Id {id}."));
    let words = format!(
        "{} by {} in {}, {}.{id}\n",
        sent.answer,
        sent.gateway,
        elapsed(took),
        count(sent.segments as u64, "message")
    );
    context.show(&View::one("sms-sent", &sent).named_by("/to").text(words))?;
    Ok(Exit::Done)
}

/// Shows what would be sent to a gateway of our own.
fn preview(context: &Context, gateway: &Direct, sms: &OutboundSms, segments: usize) -> Outcome {
    let request = match gateway {
        Direct::Kannel(gateway) => gateway
            .preview(sms)
            .map_err(|e| CommandError::usage(e.to_string()))?,
        Direct::Smpp(settings) => format!("submit_sm to {}:{}", settings.host, settings.port),
    };
    let document = serde_json::json!({ "to": sms.to, "request": request, "segments": segments });
    context.show(&View::one("sms-dry-run", &document).text(format!("{request}\n")))?;
    Ok(Exit::Done)
}

/// Sends from this machine.
async fn directly(
    gateway: &Direct,
    sms: OutboundSms,
    segments: usize,
) -> Result<Sent, CommandError> {
    let to = sms.to.to_string();
    let accepted = match gateway {
        Direct::Kannel(gateway) => gateway.send(sms).await,
        Direct::Smpp(settings) => {
            let inbox = Arc::new(Nobody) as _;
            let started = SmppGateway::start(DIRECT, (**settings).clone(), Vec::new(), inbox, true)
                .map_err(|e| CommandError::usage(e.to_string()))?;
            let sent = started.send(sms).await;
            started.close().await;
            sent
        }
    };
    let accepted = accepted.map_err(undelivered)?;
    Ok(Sent {
        id: None,
        to,
        gateway: DIRECT.to_owned(),
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
    let options = sms.options;
    let request = SmsSendRequest {
        to: sms.to,
        text: sms.text,
        gateway: args.gateway.clone(),
        flash: options.flash,
        validity_s: options.validity.map(|t| t.as_secs()),
        deferred_s: options.deferred.map(|t| t.as_secs()),
        priority: options.priority,
        to_port: options.ports.map(|(to, _)| to),
        from_port: options.ports.map(|(_, from)| from),
        octets: options
            .octets
            .map(|octets| HEXLOWER_PERMISSIVE.encode(&octets)),
        accept_risk: consent
            .as_ref()
            .map_or_else(Vec::new, |c| c.risks().to_vec()),
        reason: args.write.reason.clone(),
    };
    let to = request.to.to_string();
    let write = context.write(&args.write)?;
    let response = client.send_sms(&request, &write).await?;
    Ok(Sent {
        id: Some(response.id),
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

/// What a gateway is called that was named on the command line.
const DIRECT: &str = "the gateway";

/// A gateway that this command speaks to itself.
enum Direct {
    Kannel(Box<HttpGateway>),
    Smpp(Box<SmppSettings>),
}

impl Direct {
    fn new(
        url: &str,
        password_file: &Path,
        ca_file: Option<&Path>,
        from: Option<String>,
    ) -> Result<Self, CommandError> {
        let password = password(password_file)?;
        let ca = ca_file.map(authority).transpose()?;
        let ca = ca.as_deref();
        let wrong = |e: &dyn std::fmt::Display| CommandError::usage(format!("--gateway-url: {e}"));
        if url.starts_with("smpp") {
            let mut settings =
                centre_at(url, None, &password, ca).map_err(|e| wrong(&e.message().to_owned()))?;
            settings.messages.from = from.unwrap_or_default();
            // The command does not stay for receipts.
            settings.messages.registered_delivery = 0;
            return Ok(Self::Smpp(Box::new(settings)));
        }
        let settings = KannelSettings::new(url, None, &password)
            .map_err(|e| wrong(&e))?
            .sent_from(from);
        HttpGateway::kannel(DIRECT, settings, ca)
            .map(|gateway| Self::Kannel(Box::new(gateway)))
            .map_err(|e| CommandError::internal(e.to_string()))
    }
}

/// The certificate of an authority, in PEM.
fn authority(file: &Path) -> Result<String, CommandError> {
    let read = std::fs::read_to_string(file).map_err(|e| e.to_string());
    let held = read.and_then(|text| match text.contains("-----BEGIN CERTIFICATE-----") {
        true => Ok(text),
        false => Err("it holds no certificate in PEM".to_owned()),
    });
    held.map_err(|why| {
        CommandError::usage(format!("--ca-file {}: {why}", file.display()))
            .hint("Ask whoever runs the gateway for the certificate of its authority")
    })
}

/// What a centre tells a command that only sends is for nobody: it is told to come again.
struct Nobody;

#[async_trait]
impl SmsInbox for Nobody {
    async fn taken(
        &self,
        _gateway: &str,
        _part: SmsPart,
        _id: Option<IdKeys>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn receipt(
        &self,
        _gateway: &str,
        _key: ReceiptKey,
        _outcome: ReceiptOutcome,
        _words: &str,
    ) -> Result<(), StoreError> {
        Err(StoreError::Database("nothing is kept here".to_owned()))
    }

    async fn message(&self, _gateway: &str, _message: Inbound) -> Result<(), StoreError> {
        Err(StoreError::Database("nothing is kept here".to_owned()))
    }

    async fn part(&self, _gateway: &str, _part: Fragment) -> Result<(), StoreError> {
        Err(StoreError::Database("nothing is kept here".to_owned()))
    }
}

/// A message on a trace: no whole number, no token.
fn traced(sms: &OutboundSms) -> String {
    let text =
        SignedMessage::parse(sms.text.as_bytes()).map_or_else(|_| sms.text.clone(), |m| m.masked());
    format!("{}: {text}", sms.to.masked())
}

fn undelivered(error: BearerError) -> CommandError {
    let kind = match &error {
        BearerError::Unreachable(_) | BearerError::Uncertain { .. } => ErrorKind::Unreachable,
        BearerError::Refused { .. } => ErrorKind::Rejected,
        BearerError::Unusable(_) => ErrorKind::Usage,
    };
    let made = CommandError::new(kind, error.to_string());
    match error {
        BearerError::Unreachable(why) if why.contains("certificate") => {
            made.hint("Nothing was sent. The authority to trust is given with  --ca-file FILE")
        }
        BearerError::Unreachable(_) => {
            made.hint("Nothing is known to have been sent. Is the gateway running at this address?")
        }
        BearerError::Refused { .. } => {
            made.hint("Nothing was sent. Check user, password file and sender")
        }
        BearerError::Uncertain { .. } => {
            made.hint("It may have arrived: wait for its receipt before you send it again")
        }
        BearerError::Unusable(_) => made,
    }
}
