use clap::Args;

use crate::api::DeviceEdit;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::device_card;
use crate::cli::target;
use crate::domain::{Msisdn, PushAddress};

use super::add::fact;

/// Change what the registry says about a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device edit 358931104120070 --owner \"L. Berg\"
  callhome device edit 358931104120070 --number +14085550137 \\
      --number +46701234567
  callhome device edit 358931104120070 --set site=Oslo --set asset=
  callhome device edit 358931104120070 --push fcm:dGVzdC10b2tlbg")]
pub(crate) struct EditArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// New owner; empty removes it
    #[arg(long)]
    owner: Option<String>,
    /// New model; empty removes it
    #[arg(long)]
    model: Option<String>,
    /// New list of phone numbers, best first
    #[arg(long)]
    number: Option<Vec<Msisdn>>,
    /// New list of addresses at push services, as in fcm:TOKEN or apns:TOKEN
    #[arg(long, value_name = "SERVICE:TOKEN")]
    push: Option<Vec<PushAddress>>,
    /// A fact to set; an empty value removes it
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = fact)]
    facts: Vec<(String, String)>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Give a device another name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device rename 358931104120070 \"Reception\"")]
pub(crate) struct RenameArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// The new name
    name: String,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Changes it.
pub(super) async fn run(context: &Context, args: EditArgs) -> Outcome {
    let edit = DeviceEdit {
        name: None,
        owner: args.owner,
        model: args.model,
        numbers: args.number,
        push: args.push,
        attributes: args.facts.into_iter().collect(),
    };
    if edit == DeviceEdit::default() {
        return Err(CommandError::usage("nothing to change was given")
            .hint("Help:  callhome device edit --help"));
    }
    change(context, &args.device, edit, &args.write).await
}

/// Renames it.
pub(super) async fn rename(context: &Context, args: RenameArgs) -> Outcome {
    let name = args.name.trim();
    if name.is_empty() {
        return Err(CommandError::usage("a name cannot be empty"));
    }
    let edit = DeviceEdit {
        name: Some(name.to_owned()),
        ..DeviceEdit::default()
    };
    change(context, &args.device, edit, &args.write).await
}

async fn change(context: &Context, name: &str, edit: DeviceEdit, flags: &WriteFlags) -> Outcome {
    let client = context.client().await?.clone().recording(flags.dry_run);
    let device = target::device(&client, name).await?;
    let mut write = context.write(flags)?;
    write.version = Some(device.version);
    let changed = client.edit_device(device.id, &edit, &write).await?;
    let mut card = device_card(&changed, context.now());
    if edit.name.is_some() {
        // Names may be shared, but whoever uses one then has to say which device is meant.
        let sharing = client.resolve(&changed.name).await?.len();
        if sharing > 1 {
            card = card.warn(format!(
                "{sharing} devices are called {:?} now: name them by IMEI or id",
                changed.name
            ));
        }
    }
    context.show(&card)?;
    Ok(Exit::Done)
}
