use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::api::InvitationRequest;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{View, count, date_time, seconds};
use crate::cli::target;
use crate::host::private_file;

/// Make enrolment codes that let devices in.
#[derive(Debug, Args)]
#[command(after_help = "\
Each code lets one device in, once. To let a known device in again, name it.

Examples:
  callhome device invite
  callhome device invite --count 50 -o json > invitation.json
  callhome device invite --save lab.json && callhome agent run --invite lab.json
  callhome device invite 358931104120070        the phone was set up anew")]
pub struct InviteArgs {
    /// The one device that may use the code
    device: Option<String>,
    /// How many codes
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), conflicts_with = "device")]
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

/// Makes them.
pub(super) async fn run(context: &Context, args: InviteArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let device = match &args.device {
        Some(name) => Some(target::device(&client, name).await?.id),
        None => None,
    };
    let request = InvitationRequest {
        count: args.count,
        device,
        valid_s: args.valid.map(|v| v.as_secs()),
    };
    let invitation = client
        .invite(&request, &context.write(&args.write)?)
        .await?;
    if let Some(file) = &args.save {
        let json = serde_json::to_vec_pretty(&invitation)
            .map_err(|e| CommandError::internal(e.to_string()))?;
        private_file::write(file, &json)?;
        context.status(&format!(
            "{} written to {}",
            count(invitation.codes.len() as u64, "code"),
            file.display()
        ))?;
        return Ok(Exit::Done);
    }
    let codes: Vec<String> = invitation.codes.iter().map(ToString::to_string).collect();
    let text = format!(
        "Server       {}\nSystem id    {}\nGood until   {} UTC\n\n{}\n",
        invitation.server_url,
        invitation.system_id,
        date_time(invitation.expires_at),
        codes.join("\n")
    );
    context.show(&View::one("invitation", &invitation).text(text))?;
    Ok(Exit::Done)
}
