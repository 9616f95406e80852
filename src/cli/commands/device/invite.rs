use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::api::{Device, Invitation, InvitationRequest, InvitationWay};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{Column, Qr, View, count, date_time, seconds};
use crate::cli::target;
use crate::domain::Msisdn;
use crate::host::private_file;

/// Let a phone in: make its one-time code and bring it there.
#[derive(Debug, Args)]
#[command(after_help = "\
Each code lets one device in, once. To let a known device in again, name it.
An invitation by SMS also verifies the phone's number: it comes back with the code.
Role helpdesk: one new phone at a time; engineer: many, or one that was enrolled before.

Examples:
  callhome device invite --by sms --number +14085550137
  callhome device invite --by email --email anna@example.net
  callhome device invite --by qr                the phone scans the screen
  callhome device invite --by link              to paste somewhere
  callhome device invite 358931104120070        the phone was set up anew
  callhome device invite --count 50 -o json > invitation.json
  callhome device invite --save lab.json && callhome agent run --invite lab.json")]
pub(crate) struct InviteArgs {
    /// The one device that may use the code
    device: Option<String>,
    /// How it gets to the phone; by itself the code is only shown
    #[arg(long, value_name = "WAY")]
    by: Option<Way>,
    /// Number of the phone, for SMS; that of DEVICE otherwise
    #[arg(long, value_name = "NUMBER", conflicts_with = "email")]
    number: Option<Msisdn>,
    /// Address of the phone's user, for e-mail
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Also draw the QR code into a file: .svg, or text
    #[arg(long, value_name = "FILE")]
    qr_file: Option<PathBuf>,
    /// How many codes
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), conflicts_with_all = ["device", "by", "number", "email", "qr_file"])]
    count: u32,
    /// How long the codes are good, at most 7d
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    valid: Option<Duration>,
    /// Write the invitation (JSON) into a file that only you can read
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// How an invitation gets to a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Way {
    /// The server sends a text message to the phone
    Sms,
    /// The server sends a letter to its user
    Email,
    /// It is drawn here, to be scanned
    Qr,
    /// Its link is printed, and nothing else
    Link,
}

/// Makes them.
pub(super) async fn run(context: &Context, args: InviteArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let device = match &args.device {
        Some(name) => Some(target::device(&client, name).await?),
        None => None,
    };
    let way = way(&args);
    let request = InvitationRequest {
        count: args.count,
        device: device.as_ref().map(|d| d.id),
        valid_s: args.valid.map(|v| v.as_secs()),
        send: sending(&args, way, device.as_ref())?,
    };
    let invitation = client
        .invite(&request, &context.write(&args.write)?)
        .await?;
    if let Some(file) = &args.qr_file {
        draw(&invitation, file)?;
        context.status(&format!("QR code drawn in {}", file.display()))?;
    }
    if let Some(file) = &args.save {
        let json = serde_json::to_vec_pretty(&invitation)
            .map_err(|e| CommandError::internal(e.to_string()))?;
        private_file::write(file, &json)?;
        let codes = invitation.codes.len() as u64;
        let words = format!("{} written to {}", count(codes, "code"), file.display());
        // The codes are in the file, which is private, and nowhere else.
        let saved = json!({ "file": file, "codes": codes });
        let view = View::one("invitation-file", &saved)
            .named_by("/file")
            .columns(vec![
                Column::at("file", "/file"),
                Column::at("codes", "/codes"),
            ]);
        context.tell(&words, &view)?;
        return Ok(Exit::Done);
    }
    let text = match way {
        Some(Way::Link) => format!("{}\n", link(&invitation)?),
        Some(Way::Qr) => {
            let qr = qr(&invitation)?;
            let colours = context
                .environment
                .wants_colour(context.environment.stdout_is_terminal);
            let drawing = if colours { qr.coloured() } else { qr.plain() };
            format!(
                "{drawing}\nScan it with the callhome app.\n\n{}",
                typed(&invitation)
            )
        }
        Some(Way::Sms | Way::Email) => format!("{}\n\n{}", sent(&invitation), typed(&invitation)),
        None => listed(&invitation),
    };
    context.show(&View::one("invitation", &invitation).text(text))?;
    Ok(Exit::Done)
}

/// The way that was named, or that the other flags mean.
fn way(args: &InviteArgs) -> Option<Way> {
    args.by.or(match (&args.number, &args.email) {
        (Some(_), _) => Some(Way::Sms),
        (_, Some(_)) => Some(Way::Email),
        _ => None,
    })
}

/// What the server is to send, if it is.
fn sending(
    args: &InviteArgs,
    way: Option<Way>,
    device: Option<&Device>,
) -> Result<Option<InvitationWay>, CommandError> {
    match (way, &args.number, &args.email) {
        (Some(Way::Sms), number, None) => {
            let known = device.and_then(|d| d.numbers.first()).map(|n| &n.number);
            let to = number.as_ref().or(known).ok_or_else(|| {
                CommandError::usage("to which number does the text message go?")
                    .hint("Name it:  callhome device invite --by sms --number +14085550137")
            })?;
            Ok(Some(InvitationWay::Sms { to: to.clone() }))
        }
        (Some(Way::Email), None, email) => {
            let to = email.clone().ok_or_else(|| {
                CommandError::usage("to which address does the letter go?")
                    .hint("Name it:  callhome device invite --by email --email anna@example.net")
            })?;
            Ok(Some(InvitationWay::Email { to }))
        }
        (_, None, None) => Ok(None),
        _ => Err(CommandError::usage(
            "--number goes with --by sms, and --email with --by email",
        )),
    }
}

fn link(invitation: &Invitation) -> Result<&str, CommandError> {
    let first = invitation.links.first().map(String::as_str);
    first.ok_or_else(|| {
        CommandError::usage("there is no link: this endpoint does not listen for devices")
            .hint("Start the server first:  callhome serve")
    })
}

fn qr(invitation: &Invitation) -> Result<Qr, CommandError> {
    Qr::of(link(invitation)?).map_err(|e| CommandError::internal(e.to_string()))
}

fn draw(invitation: &Invitation, file: &Path) -> Result<(), CommandError> {
    let qr = qr(invitation)?;
    let svg = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("svg"));
    let drawing = if svg { qr.svg() } else { qr.plain() };
    // The code in it lets a device in: nobody else reads it here.
    Ok(private_file::write(file, drawing.as_bytes())?)
}

fn sent(invitation: &Invitation) -> String {
    invitation
        .sent
        .as_ref()
        .map_or_else(String::new, |sent| match &sent.way {
            InvitationWay::Sms { to } => format!("Sent by SMS to {to} through {}.", sent.through),
            InvitationWay::Email { to } => format!("Sent by e-mail to {to}."),
        })
}

/// What the phone's user types, when there is nothing to open or scan.
fn typed(invitation: &Invitation) -> String {
    let code = invitation.codes.first().map(ToString::to_string);
    format!(
        "To be typed on the phone, where nothing can be opened or scanned:\n  System id    {}\n  Code         {}\n\n\
         Good for one phone until {}.\nSee it come in:  callhome device list\n",
        invitation.system_id,
        code.unwrap_or_default(),
        date_time(invitation.expires_at),
    )
}

fn listed(invitation: &Invitation) -> String {
    let codes: Vec<String> = invitation.codes.iter().map(ToString::to_string).collect();
    let server = match invitation.server_url.as_str() {
        "" => "none listens for devices yet; start it:  callhome serve",
        url => url,
    };
    format!(
        "Server       {server}\nSystem id    {}\nGood until   {}\n\n{}\n",
        invitation.system_id,
        date_time(invitation.expires_at),
        codes.join("\n")
    )
}
