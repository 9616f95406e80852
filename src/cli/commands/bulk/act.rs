use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::cli::bulk::{self, BulkFlags, Input, Plan, Row, Sent, Work, exit_of, report, summary};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::cli::output::count;
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::domain::{Action, Bearer, Consent, Risk};
use crate::net::management::{Client, Write};

use super::super::acting::{self, Order};

/// How long the end of a run is waited for without `--timeout`.
const WAIT: Duration = Duration::from_secs(30 * 60);
/// How long a server that is away is waited for in the middle of a run.
const PATIENCE: Duration = Duration::from_secs(60);
/// Largest input in bytes.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// One action for many devices.
pub(in crate::cli::commands) struct BulkOrder<'a> {
    /// What.
    pub(in crate::cli::commands) action: Action,
    /// As in `lock`.
    pub(in crate::cli::commands) verb: &'static str,
    /// A sentence on what it does.
    pub(in crate::cli::commands) facts: &'static str,
    /// Only over this bearer.
    pub(in crate::cli::commands) via: Option<Bearer>,
    /// Confirmation.
    pub(in crate::cli::commands) consent: &'a ConsentFlags,
    /// Record.
    pub(in crate::cli::commands) write: &'a WriteFlags,
    /// Waiting.
    pub(in crate::cli::commands) wait: &'a WaitFlags,
}

/// Reads an input file, or standard input for `-`.
pub(in crate::cli::commands) fn read_input(file: &Path) -> Result<(Vec<u8>, Input), CommandError> {
    let name = file.display();
    let mut content = Vec::new();
    let reader: Box<dyn std::io::Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let opened = std::fs::File::open(file);
        Box::new(opened.map_err(|e| {
            CommandError::unreadable(file, &e)
                .hint(
                    "It takes a CSV or NDJSON file with a device in each row; - is standard input",
                )
                .hint(bulk::FORM)
        })?)
    };
    reader
        .take(MAX_INPUT + 1)
        .read_to_end(&mut content)
        .map_err(|e| CommandError::unreadable(file, &e).hint(bulk::FORM))?;
    if content.len() as u64 > MAX_INPUT {
        return Err(CommandError::usage(format!("{name} is larger than 64 MiB")));
    }
    let input = bulk::read(&content)
        .map_err(|e| CommandError::usage(format!("{name}: {e}")).hint(bulk::FORM))?;
    Ok((content, input))
}

/// Has every device in a file do something.
pub(in crate::cli::commands) async fn act(
    context: &Context,
    file: &Path,
    flags: &BulkFlags,
    order: BulkOrder<'_>,
) -> Outcome {
    let (content, input) = read_input(file)?;
    let good = input.rows.iter().filter(|r| r.device.is_ok()).count();
    if good == 0 {
        return Err(
            CommandError::usage(format!("{}: no row is good", file.display())).hint(
                input
                    .rows
                    .iter()
                    .take(5)
                    .filter_map(|r| {
                        let why = r.device.as_ref().err()?;
                        Some(format!("line {}: {why}", r.line))
                    })
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
        );
    }
    let consent = if order.write.dry_run {
        None
    } else {
        Some(consent(context, good, &order)?)
    };
    let client = acting::client_for(context, order.wait, order.write)
        .await?
        .patient(PATIENCE);
    let plan = Plan {
        command: format!("device.{}", order.verb),
        what: order.action.to_string(),
        content,
        file: file.to_owned(),
        folder: context.data_directory().join("runs"),
        wait: order.wait.wait.then(|| order.wait.timeout.unwrap_or(WAIT)),
        action_name: Some(order.action.name()),
    };
    let work = ActOn {
        client: client.clone(),
        action: order.action.clone(),
        via: order.via,
        consent,
        write: order.write.clone(),
        wait: order.wait.clone(),
    };
    if order.write.dry_run {
        return dry_run(context, &input, &work).await;
    }
    let waited = plan.wait.is_some();
    let journal = bulk::run(context, &client, &input, flags, plan, Arc::new(work)).await?;
    let for_people = context.screen.style().format.is_for_people();
    context.show(&report(&input, &journal, for_people))?;
    context.status(&summary(&journal))?;
    Ok(exit_of(&journal, waited))
}

fn consent(context: &Context, good: usize, order: &BulkOrder<'_>) -> Result<Consent, CommandError> {
    let risks = order.action.risk().into_iter().chain([Risk::Bulk]);
    let harm = Harm {
        verb: format!("{} them", order.verb),
        facts: format!("{}\n\n  {}", order.facts, count(good as u64, "device")),
        risks: risks.collect(),
        challenge: Challenge::Count(good),
    };
    let reason = order.write.reason.as_deref();
    context.prompter.consent(&harm, order.consent, reason)
}

/// How many rows a dry run shows; the others differ in the device.
const SHOWN: usize = 20;

/// What each row would send.
async fn dry_run(context: &Context, input: &Input, work: &ActOn) -> Outcome {
    let mut text = String::new();
    let mut unresolved = false;
    let mut tell = |row: &Row, what: &str| {
        let name = row.device.as_deref().unwrap_or("-");
        text.push_str(&format!(
            "# line {}: {name}\n{}\n",
            row.line,
            what.trim_end()
        ));
    };
    for row in input.rows.iter().take(SHOWN) {
        if let Err(why) = &row.device {
            tell(row, &format!("# not sent: {why}"));
            continue;
        }
        match work.send(row, "dry-run").await {
            Err(error) => match error.recorded() {
                Some(recorded) => tell(row, recorded),
                None if bulk::ends_the_run(&error) => return Err(error),
                None => {
                    unresolved = true;
                    tell(row, &format!("# not sent: {}", error.message()));
                }
            },
            Ok(_) => return Err(CommandError::internal("a dry run sent something")),
        }
    }
    let more = input.rows.len().saturating_sub(SHOWN);
    if more > 0 {
        let bad = input.rows.iter().skip(SHOWN).filter(|r| r.device.is_err());
        let (more, bad) = (count(more as u64, "row"), bad.count());
        text.push_str(&format!("# and {more} more, {bad} of them bad\n"));
    }
    if !unresolved && input.rows.iter().all(|r| r.device.is_ok()) {
        return Err(CommandError::dry_run(text));
    }
    // Rows that would not be sent end a dry run as they would end the run.
    context.screen.data(text.as_bytes())?;
    Ok(Exit::Ended(ErrorKind::Partial))
}

/// One action for each row.
struct ActOn {
    client: Client,
    action: Action,
    via: Option<Bearer>,
    consent: Option<Consent>,
    write: WriteFlags,
    wait: WaitFlags,
}

#[async_trait]
impl Work for ActOn {
    async fn send(&self, row: &Row, key: &str) -> Result<Sent, CommandError> {
        let Ok(name) = &row.device else {
            return Err(CommandError::new(ErrorKind::Usage, "this row is bad"));
        };
        let target = acting::locate(&self.client, name).await?;
        let order = Order {
            action: self.action.clone(),
            via: self.via,
            consent: self.consent.clone(),
            write: &self.write,
            wait: &self.wait,
        };
        let request = acting::request(&target, &order);
        let action = self.client.act(&request, &Write::keyed(key)).await?;
        Ok(Sent::Action(Box::new(action), target.peer))
    }
}
