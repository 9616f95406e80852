use clap::{Args, ValueEnum};

use super::{BulkOrder, act};
use crate::cli::bulk::BulkFlags;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Outcome};
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::cli::prompt::ConsentFlags;
use crate::domain::{Action, ActionKind, Bearer};

/// Have every device in a file do something.
#[derive(Debug, Args)]
#[command(after_help = "\
The run is written down row by row: after Ctrl-C or a crash  callhome bulk resume  goes on.

Examples:
  callhome bulk run device.unlock --from van.csv --yes --accept-risk lock,bulk \\
      --reason \"van found\" --wait
  callhome bulk run device.message --text \"Please update\" --from phones.csv \\
      --rate 60/min
  callhome bulk run device.audit --from phones.csv -n")]
pub(crate) struct RunArgs {
    /// What: device.lock, device.unlock, device.locate, device.ring, device.message,
    /// device.audit, device.refresh, device.wipe or device.reset
    #[arg(value_name = "COMMAND", hide_possible_values = true)]
    what: What,
    /// Text to show, for device.message and device.lock
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Only over this way: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    via: Option<Bearer>,
    #[command(flatten)]
    bulk: BulkFlags,
    #[command(flatten)]
    consent: ConsentFlags,
    #[command(flatten)]
    wait: WaitFlags,
    #[command(flatten)]
    write: WriteFlags,
}

/// What every device is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Lock.
    #[value(name = "device.lock")]
    Lock,
    /// Unlock.
    #[value(name = "device.unlock")]
    Unlock,
    /// Say where it is.
    #[value(name = "device.locate")]
    Locate,
    /// Ring.
    #[value(name = "device.ring")]
    Ring,
    /// Show a message.
    #[value(name = "device.message")]
    Message,
    /// Tell everything about itself.
    #[value(name = "device.audit")]
    Audit,
    /// Send queued results.
    #[value(name = "device.refresh")]
    Refresh,
    /// Wipe.
    #[value(name = "device.wipe")]
    Wipe,
    /// Factory reset.
    #[value(name = "device.reset")]
    Reset,
}

impl What {
    /// Kind, verb, and a sentence on what it does.
    const fn meaning(self) -> (ActionKind, &'static str, &'static str) {
        match self {
            Self::Lock => (
                ActionKind::Lock,
                "lock",
                "This locks each phone until it is unlocked with its PIN.",
            ),
            Self::Unlock => (
                ActionKind::Unlock,
                "unlock",
                "This opens each phone to whoever holds it.",
            ),
            Self::Locate => (
                ActionKind::Locate,
                "locate",
                "This asks each phone where it is.",
            ),
            Self::Ring => (
                ActionKind::Ring,
                "ring",
                "This makes each phone ring for 30 seconds.",
            ),
            Self::Message => (
                ActionKind::Message,
                "message",
                "This shows a message on each phone.",
            ),
            Self::Audit => (
                ActionKind::Audit,
                "audit",
                "This asks each phone for everything about itself.",
            ),
            Self::Refresh => (
                ActionKind::Refresh,
                "refresh",
                "This asks each phone for its queued results.",
            ),
            Self::Wipe => (
                ActionKind::Wipe,
                "wipe",
                "This erases the data on each phone. What is not in a backup is gone.",
            ),
            Self::Reset => (
                ActionKind::Reset,
                "reset",
                "This sets each phone back to factory settings. Its data is gone, and it leaves this server.",
            ),
        }
    }
}

/// Runs it.
pub(super) async fn run(context: &Context, args: RunArgs) -> Outcome {
    let (kind, verb, facts) = args.what.meaning();
    let takes_text = matches!(args.what, What::Message | What::Lock);
    let param = match (args.what, args.text) {
        (_, Some(_)) if !takes_text => {
            return Err(CommandError::usage(format!(
                "device.{verb} takes no --text"
            )));
        }
        (What::Message, None) => {
            return Err(CommandError::usage("which message?")
                .hint("Give it:  --text \"Please bring me to the reception\""));
        }
        (What::Ring, _) => "30".to_owned(),
        (What::Locate, _) => "1".to_owned(),
        (_, text) => text.unwrap_or_default(),
    };
    let Some(file) = args.bulk.from.clone() else {
        return Err(CommandError::usage("which devices?")
            .hint("Name a file:  --from phones.csv     Begin one:  callhome bulk template"));
    };
    let order = BulkOrder {
        action: Action::new(kind, [param]),
        verb,
        facts,
        via: args.via,
        consent: &args.consent,
        write: &args.write,
        wait: &args.wait,
    };
    act(context, &file, &args.bulk, order).await
}
