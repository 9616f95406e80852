use clap::Args;

use crate::api::Device;
use crate::cli::bulk::BulkFlags;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::cli::output::{clock_time, device_facts};
use crate::cli::prompt::{Challenge, Harm};
use crate::cli::target::short_name;
use crate::domain::{Action, ActionKind, Consent, Risk, Timestamp};

use super::super::acting::{self, How, Order, Target};
use super::super::bulk::{self, BulkOrder};

/// Lock a device until it is unlocked with a PIN.
#[derive(Debug, Args)]
#[command(after_help = "\
The PIN is kept on the server: callhome device pin DEVICE shows it.

Examples:
  callhome device lock 358931104120070
  callhome device lock +14085550137 --message \"Please call IT: 555-0100\" --wait
  callhome device lock 358931104120070 --yes --accept-risk lock --reason stolen
  callhome device lock --from imeis.csv --yes --accept-risk lock,bulk \\
      --reason \"van stolen\" --ticket INC-4471 --wait")]
pub(crate) struct LockArgs {
    /// IMEI, serial number, phone number, name, owner or id
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    device: Option<String>,
    /// Text on the lock screen
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    message: String,
    /// Many devices from a file.
    #[command(flatten)]
    bulk: BulkFlags,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// Unlock a device from afar.
#[derive(Debug, Args)]
#[command(after_help = "\
Whoever has the phone can use it again. To unlock it by hand: callhome device pin DEVICE

Examples:
  callhome device unlock 358931104120070
  callhome device unlock 358931104120070 --yes --accept-risk lock \\
      --reason \"owner identified\" --wait")]
pub(crate) struct UnlockArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// Erase the data on a device.
#[derive(Debug, Args)]
#[command(after_help = "\
What is not in a backup is gone for good: callhome backup list DEVICE

Examples:
  callhome device wipe 358931104120070
  callhome device wipe 358931104120070 --yes --accept-risk data-loss \\
      --reason stolen")]
pub(crate) struct WipeArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Only this part: contacts, documents or media; everything when absent
    #[arg(
        long,
        value_name = "PART",
        default_value = "",
        hide_default_value = true,
        value_parser = scope
    )]
    scope: String,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// A part that a wipe knows: a word that the phone does not know would be found out only when it is too late.
fn scope(text: &str) -> Result<String, String> {
    match text {
        "" | "all" => Ok(String::new()),
        "contacts" | "documents" | "media" => Ok(text.to_owned()),
        _ => Err("a part is contacts, documents, media or all".into()),
    }
}

/// Set a device back to factory settings.
#[derive(Debug, Args)]
#[command(after_help = "\
The device forgets this server too; to manage it again it has to be enrolled again.

Examples:
  callhome device reset 358931104120070
  callhome device reset 358931104120070 --yes --accept-risk data-loss \\
      --reason sold")]
pub(crate) struct ResetArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// Locks one device, or those in a file.
pub(super) async fn lock(context: &Context, args: LockArgs) -> Outcome {
    let action = Action::new(ActionKind::Lock, [args.message]);
    if let Some(file) = args.bulk.from.clone() {
        let order = BulkOrder {
            action,
            verb: "lock",
            facts: "This locks each phone until it is unlocked with its PIN.",
            via: args.how.via,
            consent: &args.how.consent,
            write: &args.how.write,
            wait: &args.how.wait,
        };
        return bulk::act(context, &file, &args.bulk, order).await;
    }
    let device = args.device.unwrap_or_default();
    let words = Words {
        verb: "lock it",
        sentence: "This locks the phone until it is unlocked with a PIN.",
        risk: Risk::Lock,
    };
    harm(context, &device, action, &args.how, &words).await
}

/// Wipes.
pub(super) async fn wipe(context: &Context, args: WipeArgs) -> Outcome {
    let action = Action::new(ActionKind::Wipe, [args.scope]);
    let words = Words {
        verb: "wipe it",
        sentence: "This erases the data on the phone. What is not in a backup is gone.",
        risk: Risk::DataLoss,
    };
    harm(context, &args.device, action, &args.how, &words).await
}

/// Resets.
pub(super) async fn reset(context: &Context, args: ResetArgs) -> Outcome {
    let action = Action::new(ActionKind::Reset, [""; 0]);
    let words = Words {
        verb: "reset it",
        sentence: "This sets the phone back to factory settings. Its data is gone, and it leaves this server.",
        risk: Risk::DataLoss,
    };
    harm(context, &args.device, action, &args.how, &words).await
}

/// Unlocks: opens the phone to whoever holds it.
pub(super) async fn unlock(context: &Context, args: UnlockArgs) -> Outcome {
    let action = Action::new(ActionKind::Unlock, [""; 0]);
    let words = Words {
        verb: "unlock it",
        sentence: "This opens the phone to whoever holds it.",
        risk: Risk::Lock,
    };
    harm(context, &args.device, action, &args.how, &words).await
}

struct Words {
    verb: &'static str,
    sentence: &'static str,
    risk: Risk,
}

async fn harm(context: &Context, name: &str, action: Action, how: &How, words: &Words) -> Outcome {
    let client = acting::client_for(context, &how.wait, &how.write).await?;
    let target = acting::locate(&client, name).await?;
    let consent = confirm(context, &target, &action, how, words)?;
    let order = Order {
        action,
        via: how.via,
        consent,
        write: &how.write,
        wait: &how.wait,
    };
    acting::perform(context, &client, &target, order).await
}

fn confirm(
    context: &Context,
    target: &Target,
    action: &Action,
    how: &How,
    words: &Words,
) -> Result<Option<Consent>, CommandError> {
    if how.write.dry_run {
        // Nothing will be sent: there is nothing to mean.
        return Ok(None);
    }
    // Nobody is asked to confirm what would be refused. A repeat under a given key is the server's to answer.
    if how.write.idempotency_key.is_none() {
        refused_anyway(&target.device, action, context.now())?;
    }
    let facts = device_facts(&target.device, target.peer.as_deref(), context.now());
    let (noun, expected) = acting::last_four(&target.device);
    let harm = Harm {
        verb: words.verb.into(),
        facts: format!("{}\n\n{facts}", words.sentence),
        risks: vec![words.risk],
        challenge: Challenge::LastFour { noun, expected },
    };
    let reason = how.write.reason.as_deref();
    context
        .prompter
        .consent(&harm, &how.consent, reason)
        .map(Some)
}

/// A second lock, or an unlock of what is not locked and of which no lock is on its way.
fn refused_anyway(device: &Device, action: &Action, now: Timestamp) -> Result<(), CommandError> {
    match (action.kind(), device.lock.locked) {
        (Some(ActionKind::Lock), true) => Err(already_locked(device, now)),
        (Some(ActionKind::Unlock), false) if device.open_actions == 0 => {
            let name = short_name(device);
            Err(CommandError::new(
                ErrorKind::Conflict,
                format!("{} is not locked", device.name),
            )
            .hint(format!("See how it stands:  callhome device show {name}")))
        }
        _ => Ok(()),
    }
}

fn already_locked(device: &Device, now: Timestamp) -> CommandError {
    let lock = &device.lock;
    let facts: Vec<String> = [
        lock.since
            .map(|at| format!("since {}", clock_time(at, now))),
        lock.by.as_ref().map(|by| format!("by {by}")),
        lock.ticket.as_ref().map(|t| format!("ticket {t}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let facts = if facts.is_empty() {
        String::new()
    } else {
        format!(" ({})", facts.join(", "))
    };
    let name = short_name(device);
    CommandError::new(
        ErrorKind::Conflict,
        format!("this phone is already locked{facts}"),
    )
    .hint(format!("To see its PIN:   callhome device pin {name}"))
    .hint(format!("To wipe it:       callhome device wipe {name}"))
}
