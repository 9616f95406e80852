use clap::Args;

use super::input::{MessageDocument, draft, unknown};
use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::View;
use crate::domain::Sequence;
use crate::sms::Version;

/// Write an action string, without its signature.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms compose 'aud()' 'loc(3,60)'
  callhome sms compose 'lck(Please call IT: 555-0100)' --sequence 0x174ef
  callhome sms compose 'lck()' | callhome sms sign --device 358931104120070 |
    callhome sms send --to +14085550137

Dots stand for a number that the server will reserve. Actions:

  aud() loc(samples,seconds) get(file,max) lck(message) ulk() wip(scope) rst()
  bak(kind,group) res(backup) cal(url) rng(seconds) msg(text) log(lines) ref()
  rel() nop()")]
pub(crate) struct ComposeArgs {
    #[arg(
        required = true,
        value_name = "ACTION",
        help = "What the device is to do, as in 'aud()' or 'get(P Dat.txt,1024)'"
    )]
    actions: Vec<String>,
    /// Version of the format; 1.00 for old agents, never for lock and wipe
    #[arg(long, default_value = "2.00", value_name = "VERSION")]
    version: Version,
    /// Number of the first action, in hexadecimal; the server reserves one when absent
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<Sequence>,
}

/// Prints the message.
pub(super) fn run(context: &Context, args: &ComposeArgs) -> Outcome {
    let draft = draft(args.version, args.sequence, &args.actions)?;
    let text = draft.to_string();
    let document = MessageDocument::of_draft(&draft, text.clone())?;
    let view = View::one("sms-draft", &document)
        .named_by("/text")
        .text(format!("{text}\n"));
    let view = unknown(&draft).into_iter().fold(view, View::warn);
    context.show(&view)?;
    Ok(Exit::Done)
}
