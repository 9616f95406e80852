use clap::Args;

use crate::api::SmsStatus;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{View, date_time};
use crate::domain::ShortId;

/// Tell what became of a text message, segment by segment.
#[derive(Debug, Args)]
#[command(after_help = "\
The id is the one that callhome sms send shows; that of an action works too.

Examples:
  callhome sms status 4t9wz0kc
  callhome sms status x3hq80vn -o json")]
pub(crate) struct StatusArgs {
    /// Id of the message or of the action
    #[arg(value_name = "ID")]
    id: ShortId,
}

/// Tells.
pub(super) async fn run(context: &Context, args: StatusArgs) -> Outcome {
    let status = context
        .client()
        .await?
        .sms_status(args.id)
        .await
        .map_err(|error| {
            let error = CommandError::from(error);
            match error.kind() {
                ErrorKind::NotFound => error.hint("callhome sms send tells the id of each message; callhome action list those of actions"),
                _ => error,
            }
        })?;
    let text = words(&status);
    context.show(&View::one("sms-status", &status).named_by("/id").text(text))?;
    Ok(Exit::Done)
}

fn words(status: &SmsStatus) -> String {
    let mut text = String::new();
    for send in &status.sends {
        text.push_str(&format!(
            "{} through {}, {} of {} segments told of\n",
            send.state,
            send.gateway,
            send.segments.iter().filter(|s| s.outcome.is_some()).count(),
            send.total
        ));
        for segment in &send.segments {
            let outcome = segment.outcome.as_deref().unwrap_or("nothing heard yet");
            let id = segment.id.as_deref().unwrap_or("-");
            text.push_str(&format!(
                "  {:>3}  {}  {id:<12}  {outcome}\n",
                segment.number,
                date_time(segment.at)
            ));
        }
    }
    text
}
