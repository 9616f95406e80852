use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View, count, date_time, size};
use crate::domain::ShortId;

/// Show what is in a backup.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome backup show 7k2m9x4q
  callhome backup show 7k2m9x4q -o json --jq '.items[].path'")]
pub(crate) struct ShowArgs {
    /// Id of the backup
    backup: ShortId,
}

/// Shows it.
pub(super) async fn run(context: &Context, args: ShowArgs) -> Outcome {
    let client = context.client().await?;
    let backup = client.backup(args.backup).await?;
    let whole = match backup.completed_at {
        Some(at) => format!("whole since {}", date_time(at)),
        None => "not whole yet".to_owned(),
    };
    let mut text = format!(
        "Backup {} of {}: {}, {}, {whole}\n\n",
        backup.id,
        backup.device_name,
        backup.kind,
        size(backup.size_bytes)
    );
    for item in &backup.items {
        let entries = if item.entries == 1 {
            String::new()
        } else {
            count(item.entries.into(), "contact")
        };
        text.push_str(&format!(
            "  {:<40} {:>10}  {entries}\n",
            item.path,
            size(item.size_bytes)
        ));
    }
    let mut view = View::one("backup", &backup).text(text).columns(vec![
        Column::at("id", "/id"),
        Column::at("kind", "/kind"),
        Column::at("size_bytes", "/size_bytes"),
    ]);
    if backup.completed_at.is_none() {
        view = view.incomplete("the device has not said that this backup is whole");
    }
    context.show(&view)?;
    Ok(Exit::Done)
}
