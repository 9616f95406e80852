use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Outcome};
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::domain::{Action, ActionKind, Bearer};

use super::super::acting::{self, Order};

/// Ask a device to back up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome backup create 358931104120070 --wait
  callhome backup create 358931104120070 contacts --group work --group family
  callhome backup create 358931104120070 documents --wait")]
pub(crate) struct CreateArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// What to back up
    #[arg(value_enum, default_value_t = Kind::All)]
    kind: Kind,
    /// Only this group of contacts; may be repeated
    #[arg(long)]
    group: Vec<String>,
    /// Only over this way: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    via: Option<Bearer>,
    /// Waiting.
    #[command(flatten)]
    wait: WaitFlags,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Everything
    All,
    /// Contacts
    Contacts,
    /// Documents
    Documents,
    /// Pictures, audio and video
    Media,
}

/// Asks for it.
pub(super) async fn run(context: &Context, args: CreateArgs) -> Outcome {
    if !args.group.is_empty() && args.kind != Kind::Contacts {
        return Err(CommandError::usage("only contacts have groups")
            .hint("As in:  callhome backup create DEVICE contacts --group work"));
    }
    let kind = match args.kind {
        Kind::All => "all",
        Kind::Contacts => "contacts",
        Kind::Documents => "documents",
        Kind::Media => "media",
    };
    let params = std::iter::once(kind.to_owned()).chain(args.group);
    let action = Action::new(ActionKind::Backup, params);
    let client = acting::client_for(context, &args.wait, &args.write).await?;
    let target = acting::locate(&client, &args.device).await?;
    let order = Order {
        action,
        via: args.via,
        consent: None,
        write: &args.write,
        wait: &args.wait,
    };
    acting::perform(context, &client, &target, order).await
}
