use std::time::Duration;

use clap::Args;

use crate::api::{ProbeGrade, ProbeReport};
use crate::cli::context::Context;
use crate::cli::error::{ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View, elapsed};
use crate::cli::target;

/// Say why a device cannot be reached.
#[derive(Debug, Args)]
#[command(after_help = "\
Tries each way to the device without changing anything on it, and says what to do next.

Examples:
  callhome probe 358931104120070
  callhome probe +14085550137 -o json")]
pub struct ProbeArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
}

/// Probes it.
pub(super) async fn run(context: &Context, args: ProbeArgs) -> Outcome {
    let client = context.client_that_waits().await?;
    let device = target::device(client, &args.device).await?;
    let report = client.probe(device.id).await?;
    context.show(&view(context, &report))?;
    Ok(if report.reachable {
        Exit::Done
    } else {
        Exit::Ended(ErrorKind::Unreachable)
    })
}

fn view(context: &Context, report: &ProbeReport) -> View {
    let paint = context.screen.paint;
    let mut text = format!("{}\n\n", paint.strong(&report.verdict));
    for check in &report.checks {
        let time = check
            .elapsed_ms
            .map(|ms| elapsed(Duration::from_millis(ms)))
            .unwrap_or_default();
        let grade = match check.grade {
            ProbeGrade::Ok => paint.good("ok "),
            ProbeGrade::Warning => paint.warn("!  "),
            ProbeGrade::Bad => paint.bad("BAD"),
            ProbeGrade::Skipped => paint.dim("-  "),
        };
        text.push_str(&format!(
            "  {:<11} {:<48} {grade} {time:>8}\n",
            check.name, check.finding
        ));
    }
    for (i, next) in report.next.iter().enumerate() {
        let label = if i == 0 { "\nNext:  " } else { "       " };
        text.push_str(&format!("{label}{next}\n"));
    }
    View::one("probe", report).text(text).columns(vec![
        Column::at("target", "/target"),
        Column::at("reachable", "/reachable"),
        Column::at("verdict", "/verdict"),
    ])
}
