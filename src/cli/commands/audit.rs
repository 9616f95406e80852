use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::error::{ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View, count, grouped};

/// Read and check the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, by whom and to what
    List(ListArgs),
    /// Check that nothing in the trail was changed or removed
    Verify(VerifyArgs),
}

/// List what was done, by whom and to what.
#[derive(Debug, Args)]
#[command(after_help = "\
A table begins with the newest entry. For a program, and with --after, the trail comes in its own order, in which \
each entry holds the hash of the one before it.

Examples:
  callhome audit list
  callhome audit list --after 1200 --limit 500 -o ndjson
  callhome audit list -o csv > trail.csv")]
pub(crate) struct ListArgs {
    /// Only entries with a number above this, oldest first
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Most entries to list; 0 is all [default: 100 for a table, else all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Check that nothing in the trail was changed or removed.
#[derive(Debug, Args)]
#[command(after_help = "\
Checks every entry against the one before it, and the trail against its signed checkpoints.

Examples:
  callhome audit verify
  callhome audit verify --checkpoint -o json > checkpoint.json")]
pub(crate) struct VerifyArgs {
    /// Sign the end of the trail as it is now, and print the checkpoint
    #[arg(long)]
    checkpoint: bool,
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: AuditCommand) -> Outcome {
    match command {
        AuditCommand::List(args) => list(context, args).await,
        AuditCommand::Verify(args) => verify(context, args).await,
    }
}

async fn list(context: &Context, args: ListArgs) -> Outcome {
    let client = context.client().await?;
    let most = context.most(args.limit, 100);
    let newest_first = args.after.is_none() && context.screen.is_read_by_a_person();
    let after = match args.after {
        Some(after) => after,
        // Entries are numbered without gaps: the last ones are those after all the others.
        None if newest_first => {
            let all = client.server_status().await?.audit_entries;
            all.saturating_sub(most as u64)
        }
        None => 0,
    };
    let mut entries = client.audit(after, most.saturating_add(1)).await?;
    // Entries that came while we asked are newer still: they push out the oldest of those that were wanted.
    let more = match newest_first {
        true => {
            entries.drain(..entries.len().saturating_sub(most));
            entries.reverse();
            entries.last().is_some_and(|e| e.number > 1)
        }
        false => entries.len() > most,
    };
    entries.truncate(most);
    let mut view = View::many("audit-entry", &entries)
        .named_by("/number")
        .when_empty("Nothing was done yet.")
        .columns(vec![
            Column::at("number", "/number"),
            Column::at_clock("at", "/at", context.now()),
            Column::at("who", "/actor"),
            Column::at("what", "/event"),
            Column::at("on", "/subject"),
            Column::at("detail", "/detail"),
            Column::at("correlation", "/correlation").wide(),
            Column::at("hash", "/hash").wide(),
        ]);
    if more {
        let last = entries.last().map_or(0, |e| e.number);
        view = view.incomplete(match newest_first {
            true => format!(
                "only the newest {}; all of them:  --limit 0",
                grouped(most as u64)
            ),
            false => format!("there are more:  --after {last}"),
        });
    }
    context.show(&view)?;
    Ok(Exit::Done)
}

async fn verify(context: &Context, args: VerifyArgs) -> Outcome {
    let client = context.client().await?;
    let verdict = client.verify_audit().await?;
    let checked = format!(
        "{}, {}",
        count(verdict.entries, "entry").replace("entrys", "entries"),
        count(verdict.checkpoints, "checkpoint")
    );
    if !verdict.intact {
        let text = format!("The trail was tampered with: {}\n", verdict.fault);
        context.show(&View::one("audit-verdict", &verdict).text(text))?;
        return Ok(Exit::Ended(ErrorKind::Differs));
    }
    if args.checkpoint {
        let point = client.audit_checkpoint().await?;
        let text = format!(
            "{checked}: intact.\nCheckpoint {} of {}\n  hash       {}\n  key        {}\n  signature  {}\n",
            point.number, point.server, point.hash, point.key, point.signature
        );
        context.show(&View::one("audit-checkpoint", &point).text(text))?;
        return Ok(Exit::Done);
    }
    let text = format!("{checked}: the chain is intact.\n");
    context.show(&View::one("audit-verdict", &verdict).text(text))?;
    Ok(Exit::Done)
}
