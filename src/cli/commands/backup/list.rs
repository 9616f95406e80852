use clap::Args;
use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View, size};
use crate::cli::target;

/// List the backups of a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome backup list 358931104120070")]
pub(crate) struct ListArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
}

/// Lists them, newest first.
pub(super) async fn run(context: &Context, args: ListArgs) -> Outcome {
    let client = context.client().await?;
    let device = target::device(client, &args.device).await?;
    let backups = client.backups(device.id, usize::MAX).await?;
    let view = View::many("backup", &backups)
        .when_empty("No backup yet. Make one:  callhome backup create DEVICE")
        .columns(vec![
            Column::at("id", "/id"),
            Column::at("kind", "/kind"),
            Column::at_minute("made", "/created_at"),
            Column::of("whole", |b| {
                let whole = b.pointer("/completed_at").is_some_and(|v| !v.is_null());
                if whole {
                    "yes".into()
                } else {
                    "not yet".into()
                }
            }),
            Column::of("items", |b| {
                let items = b.pointer("/items").and_then(Value::as_array);
                items.map_or(0, Vec::len).to_string()
            }),
            Column::of("size", |b| {
                size(
                    b.pointer("/size_bytes")
                        .and_then(Value::as_u64)
                        .unwrap_or(0),
                )
            }),
        ]);
    context.show(&view)?;
    Ok(Exit::Done)
}
