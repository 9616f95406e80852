use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::house::{House, HouseFlags, invitation};
use super::run::refused;
use crate::agent::brain::Brain;
use crate::agent::device::{DeviceSettings, Snapshot};
use crate::agent::fleet::{Fleet, FleetError, FleetSettings, member};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{elapsed, grouped};
use crate::domain::Msisdn;
use crate::port::AgentState;

/// Run many simulated phones in one process.
#[derive(Debug, Args)]
#[command(after_help = "\
Phone 0 has the IMEI 35893110000000 (and its check digit), the number +19990000000
and the name phone-000000, and so on: the same phones each time. Without --state
nothing is kept: a second run at the same server needs other phones (--first),
because the server knows the first ones.

Examples:
  callhome agent fleet --count 1000
  callhome agent fleet --count 1000 --imeis imeis.csv   for: device lock --from
  callhome agent fleet --count 10000 --offline 5        every 20th is silent
  callhome agent fleet --count 100 --state fleet --report report.ndjson")]
pub(crate) struct FleetArgs {
    /// How many phones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Number of the first phone
    #[arg(long, value_name = "N", default_value_t = 0)]
    first: u32,
    /// Folder that keeps their states; nothing is kept otherwise
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// Write the IMEIs of the phones to this file (CSV) and go on
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    imeis: Option<PathBuf>,
    /// Percentage of phones that register and then fall silent
    #[arg(long, value_name = "PCT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "Faults")]
    offline: u8,
    /// Percentage of phones that sign with a key that is not theirs
    #[arg(long, value_name = "PCT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "Faults")]
    forge: u8,
    /// Chooses which phones those are
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Faults")]
    seed: u64,
    #[command(flatten)]
    house: HouseFlags,
}

/// Runs the fleet until it is told to stop.
pub(super) async fn run(context: &Context, args: FleetArgs) -> Outcome {
    let stop = context.interrupt();
    args.house.check(None)?;
    let numbers = numbers(&args)?;
    if let Some(file) = &args.imeis {
        write_imeis(file, &args)?;
    }
    let (stored, url) = stored(args.state.as_deref()).await?;
    let codes = args.count.saturating_sub(stored);
    let home = args.state.as_deref().zip(url.as_deref());
    let invitation = invitation(context, args.house.invite.as_deref(), home, codes).await?;
    let started = Instant::now();
    let mut house = House::open(&args.house, &invitation, args.state.as_deref(), true).await?;
    house.dial(numbers);
    let settings = FleetSettings {
        count: args.count,
        first: args.first,
        device: DeviceSettings {
            session_at_start: false,
            tell_by_https: false,
            ..args.house.device()
        },
        offline_pct: args.offline,
        forge_pct: args.forge,
        seed: args.seed,
    };
    let doors = |id, secret: &_| house.door(id, secret);
    let fleet = Fleet::start(
        &settings,
        &invitation,
        Arc::clone(&house.parts),
        &house.household,
        &doors,
    )
    .await
    .map_err(fleet_error)?;
    tokio::select! {
        () = fleet.ready() => {
            context.announce(&ready_line(&house, started))?;
            attend(context, &args, &fleet).await?;
        }
        () = stop.cancelled() => {}
    }
    let snapshots = fleet.look().await;
    fleet.stop().await;
    write_report(args.house.report.as_deref(), &snapshots)?;
    house.close().await;
    context.status("switched off")?;
    Ok(Exit::Done)
}

async fn attend(context: &Context, args: &FleetArgs, fleet: &Fleet) -> Result<(), CommandError> {
    let mut usr1 = signal(SignalKind::user_defined1())?;
    let stop = context.interrupt();
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = usr1.recv() => {
                write_report(args.house.report.as_deref(), &fleet.look().await)?;
                context.announce("report written")?;
            }
        }
    }
}

fn ready_line(house: &House, started: Instant) -> String {
    let progress = &house.parts.progress;
    let count = |n: usize| grouped(n as u64);
    let failed = match progress.failed() {
        0 => String::new(),
        n => format!(", {} not let in", count(n)),
    };
    format!(
        "ready: {} phones registered after {}{failed}  (Ctrl-C switches them off)",
        count(progress.registered()),
        elapsed(started.elapsed()),
    )
}

fn numbers(args: &FleetArgs) -> Result<Vec<Msisdn>, CommandError> {
    (0..args.count)
        .map(|i| args.first.checked_add(i).and_then(member).map(|m| m.number))
        .collect::<Option<_>>()
        .ok_or_else(|| fleet_error(FleetError::Count))
}

fn write_imeis(file: &Path, args: &FleetArgs) -> Result<(), CommandError> {
    let mut text = String::from("imei\n");
    for member in (args.first..args.first.saturating_add(args.count)).filter_map(member) {
        text.push_str(&format!("{}\n", member.imei));
    }
    std::fs::write(file, text)
        .map_err(|e| CommandError::usage(format!("cannot write {}: {e}", file.display())))
}

/// How many enrolled phones a folder keeps, and at which server.
async fn stored(folder: Option<&Path>) -> Result<(u32, Option<String>), CommandError> {
    let Some(file) = folder.map(|f| f.join("agents.db")).filter(|f| f.exists()) else {
        return Ok((0, None));
    };
    let failed = |e: &dyn std::fmt::Display| {
        CommandError::new(ErrorKind::Config, format!("{}: {e}", file.display()))
    };
    let states = crate::store::AgentStateFile::open(&file).map_err(|e| failed(&e))?;
    let all = states.load().await.map_err(|e| failed(&e))?;
    let (mut count, mut url) = (0, None);
    for (_, bytes) in all {
        let brain = Brain::from_bytes(&bytes).map_err(|e| failed(&e))?;
        if let Some(server) = brain.server_url() {
            count += 1;
            url.get_or_insert_with(|| server.to_owned());
        }
    }
    Ok((count, url))
}

fn fleet_error(error: FleetError) -> CommandError {
    match error {
        FleetError::Count => CommandError::usage(error.to_string()),
        FleetError::Codes { .. } => CommandError::usage(error.to_string())
            .hint("Make one for all:  callhome device invite --count N -o json > invitation.json"),
        FleetError::Enrol(error) => refused(error),
        FleetError::State { .. } => CommandError::new(ErrorKind::Config, error.to_string())
            .hint("Begin anew with another folder:  --state FOLDER"),
    }
}

/// Writes what each phone did, one line of JSON each, in one go.
pub(super) fn write_report(
    file: Option<&Path>,
    snapshots: &[Snapshot],
) -> Result<(), CommandError> {
    let Some(file) = file else {
        return Ok(());
    };
    let mut text = Vec::new();
    for snapshot in snapshots {
        serde_json::to_writer(&mut text, snapshot)
            .map_err(|e| CommandError::internal(e.to_string()))?;
        text.push(b'\n');
    }
    // Readers see the old report or the new one, never half of it.
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let written = std::fs::File::create(&part)
        .and_then(|mut f| f.write_all(&text))
        .and_then(|()| std::fs::rename(&part, file));
    written.map_err(|e| CommandError::usage(format!("cannot write {}: {e}", file.display())))
}
