//! `callhome probe`: why a device, or any SIP address, cannot be reached.

mod address;
mod show;
mod target;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::sip::OutlookFlags;
use crate::api::ProbeReport;
use crate::cli::capture;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{ladder, seconds};
use crate::sip::SipUri;

use self::show::Series;
use self::target::Probed;

/// Say why a device or a SIP address cannot be reached.
#[derive(Debug, Args)]
#[command(after_help = "\
Tries each way without changing anything there, and says what to do next. A device is
probed by its server; a SIP address from this machine, without a server.

Examples:
  callhome probe 358931104120070
  callhome probe +14085550137 -o json
  callhome probe sips:gw-lund.example.net --watch          until Ctrl-C
  callhome probe sip:anna@192.0.2.7 --count 10 -v --pcap probe.pcapng
  callhome probe sips:gw-lund.example.net --exit-style nagios

Ends with 0 when it can be reached, else with 12; the plug-in style of nagios with 0, 1,
2 or 3.")]
pub(crate) struct ProbeArgs {
    /// A device by any of its names, or a SIP address as in sip:anna@192.0.2.7
    #[arg(value_name = "DEVICE|ADDRESS")]
    target: String,
    /// Go on until Ctrl-C, or until --count
    #[arg(long)]
    watch: bool,
    /// How often in all; 1 unless --watch
    #[arg(long, value_name = "NUMBER")]
    count: Option<NonZeroU32>,
    /// Time between two probes, as in 5s
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "5s")]
    every: Duration,
    /// How the end is told: callhome or nagios
    #[arg(
        long,
        value_name = "STYLE",
        default_value = "callhome",
        hide_possible_values = true
    )]
    exit_style: ExitStyle,
    /// Write the SIP messages that crossed to a file for Wireshark (pcapng)
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Send it through this proxy (loose route); for a SIP address
    #[arg(long, value_name = "ADDRESS", value_parser = super::sip::address)]
    proxy: Option<SipUri>,
    #[command(flatten)]
    outlook: OutlookFlags,
}

/// Who reads the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExitStyle {
    /// People and scripts.
    Callhome,
    /// Monitoring: one line, and 0, 1, 2 or 3.
    Nagios,
}

/// Probes it.
pub(super) async fn run(context: &Context, args: ProbeArgs) -> Outcome {
    if args.exit_style == ExitStyle::Nagios {
        if args.watch || args.count.is_some() {
            let error = CommandError::usage(
                "--exit-style nagios is for one probe: --watch and --count do not fit it",
            );
            return show::unknown(context, &error);
        }
        return match once(context, &args).await {
            Ok(report) => show::nagios(context, &report),
            Err(error) => show::unknown(context, &error),
        };
    }
    let probed = target::of(context, &args).await?;
    let most = match (args.count, args.watch) {
        (Some(count), _) => Some(count.get()),
        (None, true) => None,
        (None, false) => Some(1),
    };
    let mut series = Series::new(context);
    let ended = rounds(context, &args, &probed, most, &mut series).await;
    if let Some(file) = &args.pcap {
        capture::save(file, &series.packets)?;
        let many = series.packets.len() as u64;
        let many = crate::cli::output::count(many, "message");
        context.status(&format!("{many} in {}", file.display()))?;
    }
    let last = ended?;
    series.summary()?;
    Ok(if last {
        Exit::Done
    } else {
        Exit::Ended(ErrorKind::Unreachable)
    })
}

/// Probes again and again; whether it could be reached at last.
async fn rounds(
    context: &Context,
    args: &ProbeArgs,
    probed: &Probed,
    most: Option<u32>,
    series: &mut Series<'_>,
) -> Result<bool, CommandError> {
    // A single probe ends with Ctrl-C like any command; a series ends in good order.
    let interrupt = (most != Some(1)).then(|| context.interrupt());
    let mut done = 0;
    loop {
        let report = match &interrupt {
            Some(interrupt) => tokio::select! {
                report = probed.probe() => report?,
                () = interrupt.cancelled() => return Ok(series.reached_last),
            },
            None => probed.probe().await?,
        };
        trace(context, &report)?;
        series.tell(&report)?;
        done += 1;
        if most == Some(done) {
            return Ok(series.reached_last);
        }
        let Some(interrupt) = &interrupt else {
            return Ok(series.reached_last);
        };
        tokio::select! {
            () = tokio::time::sleep(args.every) => {}
            () = interrupt.cancelled() => return Ok(series.reached_last),
        }
    }
}

async fn once(context: &Context, args: &ProbeArgs) -> Result<ProbeReport, CommandError> {
    let report = target::of(context, args).await?.probe().await?;
    trace(context, &report)?;
    if let Some(file) = &args.pcap {
        capture::save(file, &capture::packets(&report))?;
    }
    Ok(report)
}

/// The messages as a picture on standard error.
fn trace(context: &Context, report: &ProbeReport) -> Result<(), CommandError> {
    let picture = ladder(&capture::lines(report));
    if context.flags.traces("sip") && !picture.is_empty() {
        context.screen.note(picture.trim_end())?;
    }
    Ok(())
}
