use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{action_list, grouped};
use crate::cli::target;
use crate::domain::ActionState;
use crate::net::management::ActionQuery;

/// List actions, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome action list
  callhome action list --device 358931104120070
  callhome action list --state sent --columns id,device,asked")]
pub(crate) struct ListArgs {
    /// Only of this device
    #[arg(long)]
    device: Option<String>,
    /// Only in this state: pending, sent, delivered, done, failed, …
    #[arg(long)]
    state: Option<ActionState>,
    /// Most actions to list; 0 is all [default: 100 for a table, else all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Lists them.
pub(super) async fn run(context: &Context, args: ListArgs) -> Outcome {
    let client = context.client().await?;
    let most = context.most(args.limit, 100);
    let device = match &args.device {
        Some(name) => Some(target::device(client, name).await?.id),
        None => None,
    };
    let query = ActionQuery {
        device,
        state: args.state.map(|s| s.to_string()),
        name: None,
    };
    let mut actions = client.actions(&query, most.saturating_add(1)).await?;
    let more = actions.len() > most;
    actions.truncate(most);
    let mut view = action_list(&actions, context.now());
    if more {
        view = view.incomplete(format!(
            "only the newest {}; all of them:  --limit 0",
            grouped(most as u64)
        ));
    }
    context.show(&view)?;
    Ok(Exit::Done)
}
