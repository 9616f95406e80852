use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::house::{House, door_error, invitation, sip_socket, trust};
use super::run::{newcomer, refused, stored};
use crate::agent::brain::Brain;
use crate::agent::device::{Device, DeviceSettings, Household};
use crate::agent::proxy::Proxy;
use crate::agent::{NewPersona, new_brain};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::View;
use crate::domain::Identity;
use crate::domain::RelayForm;
use crate::host::{OsEntropy, SystemClock};
use crate::net::dns::resolve;
use crate::sip::{Credentials, SipUri};

/// Between keep-alives on connections of its own.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Run a simulated home router: phones behind it register through it.
///
/// It relays to phones that registered, and to nobody else. Enrolled, it also registers itself, registers phones that
/// cannot sign, and takes messages inside messages.
#[derive(Debug, Args)]
#[command(after_help = "\
Phones name it with --sip-proxy. It passes their registrations on, tells the
server to come by it, and relays what comes to the phone that is meant.

A phone without a password takes an enrolled router for its registrar; the server lets
the router register it when the phone's entry names the router:

  callhome device add mac:0015653a9001 --set sip-proxy=ROUTER-ID

Examples:
  callhome agent proxy --registrar sip:127.0.0.1:5060
  callhome agent run --sip-proxy sip:127.0.0.1:5070      (a phone behind it)
  callhome agent proxy --enrol --relay encapsulate")]
pub struct ProxyArgs {
    /// The SIP registrar, which is the server's address for SIP
    #[arg(long, value_name = "URI", default_value = "sip:127.0.0.1:5060")]
    registrar: SipUri,
    /// Address at which it listens; port 0 lets the system choose
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5070")]
    sip_listen: SocketAddr,
    /// Enrol it with the server, so that it has a name and a secret of its own
    #[arg(long, help_heading = "Enrolment")]
    enrol: bool,
    /// File with the invitation; without it the current context is asked for one
    #[arg(
        long,
        value_name = "FILE",
        requires = "enrol",
        help_heading = "Enrolment"
    )]
    invite: Option<PathBuf>,
    /// Name that it proposes to the server
    #[arg(
        long,
        value_name = "NAME",
        default_value = "router",
        requires = "enrol",
        help_heading = "Enrolment"
    )]
    name: String,
    /// Folder that keeps its state; in the data folder otherwise
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "enrol",
        help_heading = "Enrolment"
    )]
    state: Option<PathBuf>,
    /// Port of its own, at the same address; 0 lets the system choose
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        requires = "enrol",
        help_heading = "Relaying"
    )]
    own_port: u16,
    /// How the server is to send to the phones: route (loose route) or encapsulate (inside a message to the router)
    #[arg(
        long,
        value_name = "FORM",
        value_parser = ["route", "encapsulate"],
        hide_possible_values = true,
        default_value = "route",
        requires = "enrol",
        help_heading = "Relaying"
    )]
    relay: String,
}

/// Runs the router until it is told to stop, then shows how many phones it had.
pub(super) async fn run(context: &Context, args: ProxyArgs) -> Outcome {
    let stop = context.interrupt();
    if args.sip_listen.ip().is_unspecified() {
        return Err(CommandError::usage(
            "--sip-listen takes one address of this machine: the router tells it to the registrar",
        )
        .hint("As in:  --sip-listen 127.0.0.1:5070"));
    }
    let registrar = resolve(&args.registrar, args.sip_listen)
        .await
        .map_err(|e| CommandError::new(ErrorKind::Unreachable, e.to_string()))?;
    let proxy = Proxy::bind(args.sip_listen, registrar, Arc::new(SystemClock))
        .await
        .map_err(|e| {
            CommandError::usage(format!("cannot listen on {}: {e}", args.sip_listen))
                .hint("Let the system choose:  --sip-listen 127.0.0.1:0")
        })?;
    let through = format!(
        "phones register through sip:{} with {}",
        proxy.address(),
        args.registrar
    );
    let counts = if args.enrol {
        enrolled(context, &args, proxy, &through, stop).await?
    } else {
        context.status(&format!("ready: {through}  (Ctrl-C stops it)"))?;
        proxy.run(stop).await
    };
    context.show(&View::one("proxy", &counts))?;
    Ok(Exit::Done)
}

/// Runs it with an identity of its own.
async fn enrolled(
    context: &Context,
    args: &ProxyArgs,
    proxy: Proxy,
    through: &str,
    stop: CancellationToken,
) -> Result<crate::agent::proxy::RelayCounts, CommandError> {
    let folder = args
        .state
        .clone()
        .unwrap_or_else(|| context.data_directory().join("agents"));
    let key = format!("router-{}", args.name);
    let stored = stored(&folder, &key).await?;
    let known = stored.as_ref().is_some_and(|b| b.enrolment().is_some());
    let home = stored.as_ref().and_then(Brain::server_url);
    let home = home.map(|url| (folder.as_path(), url));
    let codes = u32::from(!known);
    let invitation = invitation(context, args.invite.as_deref(), home, codes).await?;
    let brain = match stored {
        Some(brain) => brain,
        None => new_router(args)?,
    };
    let persona = brain.persona().clone();
    let credentials =
        Credentials::new(persona.device_id.to_string(), persona.secret.sip_password());
    let household = Arc::new(Household::default());
    let desk = proxy.desk(
        args.registrar.clone(),
        credentials,
        Arc::clone(&household) as _,
    );
    let own = SocketAddr::new(args.sip_listen.ip(), args.own_port);
    let handler = Arc::clone(&desk) as _;
    let link = sip_socket(own, handler, trust(&[], &invitation.ca_pem)?, KEEP_ALIVE)?;
    let own = link.local_addr();
    let socket = (Arc::new(link.clone()) as _, own);
    let house = House::with_link(Some(link), None, household, &invitation, Some(&folder))?;
    let form = match args.relay.as_str() {
        "encapsulate" => RelayForm::Encapsulate,
        _ => RelayForm::Route,
    };
    let proxy = proxy.opening(&desk, socket, form);
    let door = house
        .door(persona.device_id, &persona.secret)
        .map_err(door_error)?;
    let settings = DeviceSettings {
        relays: true,
        ..DeviceSettings::default()
    };
    let newcomer = match known {
        true => None,
        false => Some(newcomer(&invitation)?),
    };
    let (device, handle) = Device::new(&key, brain, settings, door, Arc::clone(&house.parts));
    house.household.add(&device.sip_users(), &[], &handle);
    let life = tokio::spawn(device.joining(newcomer, None).run(stop.clone()));
    let progress = Arc::clone(&house.parts.progress);
    tokio::select! {
        () = progress.until(|p| p.enrolled() > 0 || p.failed() > 0) => {}
        () = stop.cancelled() => {}
    }
    if progress.enrolled() > 0 {
        context.status(&format!(
            "ready: {through}, itself at sip:{own} as {}  (Ctrl-C stops it)",
            persona.device_id
        ))?;
        let counts = proxy.run(stop).await;
        finish(life).await?;
        house.close().await;
        return Ok(counts);
    }
    finish(life).await?;
    house.close().await;
    Ok(proxy.counts())
}

async fn finish(
    life: tokio::task::JoinHandle<Result<(), crate::agent::EnrolError>>,
) -> Result<(), CommandError> {
    life.await
        .map_err(|e| CommandError::internal(e.to_string()))?
        .map_err(refused)
}

fn new_router(args: &ProxyArgs) -> Result<Brain, CommandError> {
    use crate::port::Entropy;
    let internal = |e: &dyn std::fmt::Display| CommandError::internal(e.to_string());
    let mut bytes = [0; 5];
    OsEntropy.fill(&mut bytes).map_err(|e| internal(&e))?;
    let serial = format!("serial:router-{}", data_encoding::HEXLOWER.encode(&bytes));
    let serial: Identity = serial.parse().map_err(|e| internal(&e))?;
    let persona = NewPersona {
        identities: vec![serial],
        name: Some(args.name.clone()),
        model: Some("Simulated home router".to_owned()),
        ..NewPersona::default()
    };
    new_brain(persona, &OsEntropy).map_err(|e| internal(&e))
}
