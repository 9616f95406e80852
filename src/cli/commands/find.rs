use std::time::Duration;

use clap::Args;

use crate::api::{FindRequest, FindResponse, PeerOutcome};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View, device_line, elapsed, seconds};
use crate::cli::target;

/// Find out which server manages a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Looks in the own registry; an IMEI is also asked of the other servers, all at once.

Examples:
  callhome find 358931104120070
  callhome find \"M. Eriksson\"
  callhome find 358931104120070 --timeout 2s -o json
  callhome find 358931104120070 --local")]
pub(crate) struct FindArgs {
    /// IMEI, serial number, phone number, name or owner
    term: String,
    /// How long to wait for the other servers, as in 5s
    #[arg(long, visible_alias = "deadline", value_name = "TIME", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Ask no other server
    #[arg(long)]
    local: bool,
}

/// Finds it.
pub(super) async fn run(context: &Context, args: FindArgs) -> Outcome {
    let client = context.client().await?;
    if let Some(why) = target::mistyped_imei(&args.term) {
        let error = CommandError::usage(why);
        return Err(match target::guess(client, &args.term).await? {
            Some(device) => error.hint(target::did_you_mean(&device)),
            None => error,
        });
    }
    let request = FindRequest {
        term: args.term.clone(),
        deadline_ms: args
            .timeout
            .map(|t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX)),
        local_only: args.local,
    };
    let answer = client.find(&request).await?;
    show(context, &args.term, &answer)
}

fn show(context: &Context, term: &str, answer: &FindResponse) -> Outcome {
    let now = context.now();
    let mut text = String::new();
    for found in &answer.found {
        let here = if found.local { " (here)" } else { "" };
        text.push_str(&format!(
            "{}\n  Server   {}{here}\n  Id       {}\n",
            device_line(&found.device, now),
            found.server,
            found.device.id
        ));
    }
    if answer.found.is_empty() {
        text.push_str(&format!("No server that answered has {term}.\n"));
    }
    if !answer.peers.is_empty() && (answer.found.is_empty() || context.flags.verbose) {
        text.push('\n');
        for peer in &answer.peers {
            text.push_str(&format!(
                "  {:<20} {:<10} {:>8}  {}\n",
                peer.server,
                outcome_words(peer.outcome),
                elapsed(Duration::from_millis(peer.elapsed_ms)),
                peer.detail
            ));
        }
    }
    let silent: Vec<&str> = answer
        .peers
        .iter()
        .filter(|p| matches!(p.outcome, PeerOutcome::Silent | PeerOutcome::Refused))
        .map(|p| p.server.as_str())
        .collect();
    let mut view = View::one("find", answer).text(text).columns(vec![
        Column::at("server", "/server"),
        Column::at("outcome", "/outcome"),
        Column::at("detail", "/detail"),
    ]);
    if !answer.complete {
        view = view.incomplete(format!("not heard: {}", silent.join(", ")));
    }
    context.show(&view)?;
    Ok(match (answer.found.is_empty(), answer.complete) {
        (false, _) => Exit::Done,
        (true, true) => Exit::Ended(ErrorKind::NotFound),
        (true, false) => Exit::Ended(ErrorKind::FederationIncomplete),
    })
}

const fn outcome_words(outcome: PeerOutcome) -> &'static str {
    match outcome {
        PeerOutcome::Found => "found",
        PeerOutcome::NotHere => "not here",
        PeerOutcome::Silent => "silent",
        PeerOutcome::Refused => "refused",
    }
}
