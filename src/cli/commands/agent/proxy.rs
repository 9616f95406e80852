use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::house::{House, door_error, invitation, sip_socket, trust};
use super::run::{newcomer, refused, stored};
use crate::agent::brain::Brain;
use crate::agent::device::{Device, DeviceSettings, Household};
use crate::agent::proxy::{Proxy, RelayCounts, Upstream};
use crate::agent::{NewPersona, new_brain};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::View;
use crate::domain::Identity;
use crate::domain::RelayForm;
use crate::host::{OsEntropy, SystemClock};
use crate::net::dns::Resolver;
use crate::net::sip_link::{LinkOptions, SipPipe};
use crate::net::tls::{Acquaintances, ClientTls, ServerIdentity, TlsError};
use crate::port::{Clock as _, Entropy as _, task};
use crate::sip::{Credentials, SipUri};

/// Between keep-alives on connections of its own.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Run a simulated home router: phones behind it register through it.
///
/// It relays to phones that registered, and to nobody else, over UDP, TCP and TLS on both sides. Enrolled, it also registers itself, registers phones that
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
  callhome agent proxy --registrar 'sip:127.0.0.1:5061;transport=tls' \\
      --sip-ca ca.pem
  callhome agent proxy --enrol --relay encapsulate")]
pub(crate) struct ProxyArgs {
    /// The SIP registrar, which is the server's address for SIP; transport=tcp or tls in it says how to speak to it
    #[arg(long, value_name = "URI", default_value = "sip:127.0.0.1:5060")]
    registrar: SipUri,
    /// Address at which it listens, for UDP and TCP; port 0 lets the system choose
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5070")]
    sip_listen: SocketAddr,
    /// Address at which it listens for TLS; when the registrar is spoken to over TLS, a port that the system chooses
    #[arg(long, value_name = "ADDR")]
    tls_listen: Option<SocketAddr>,
    /// Authority to trust for the registrar's certificate beside the system's and the server's own (PEM); may be
    /// repeated
    #[arg(long, value_name = "FILE")]
    sip_ca: Vec<PathBuf>,
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
    /// Folder that keeps its state and its certificate; in the data folder otherwise
    #[arg(long, value_name = "FOLDER")]
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
    for (flag, address) in [
        ("--sip-listen", Some(args.sip_listen)),
        ("--tls-listen", args.tls_listen),
    ] {
        if address.is_some_and(|a| a.ip().is_unspecified()) {
            let why = "takes one address of this machine: the router tells it to the registrar";
            return Err(CommandError::usage(format!("{flag} {why}"))
                .hint(format!("As in:  {flag} 127.0.0.1:5070")));
        }
    }
    let registrar = upstream(&args).await?;
    let counts = if args.enrol {
        enrolled(context, &args, registrar, stop).await?
    } else {
        let (proxy, through) = open(context, &args, registrar, trust(&args.sip_ca, None)?)?;
        context.announce(&format!("ready: {through}  (Ctrl-C stops it)"))?;
        proxy.run(stop).await
    };
    context.show(&View::one("proxy", &counts))?;
    Ok(Exit::Done)
}

/// Where the registrar is, and how it is spoken to.
async fn upstream(args: &ProxyArgs) -> Result<Upstream, CommandError> {
    let unreachable = |why: String| CommandError::new(ErrorKind::Unreachable, why);
    let places = Resolver::system()
        .locate(&args.registrar, rand_lot()?)
        .await;
    let places = places.map_err(|e| unreachable(e.to_string()))?;
    let listen = args.sip_listen;
    let place = places
        .into_iter()
        .find(|place| place.address.is_ipv4() == listen.is_ipv4())
        .ok_or_else(|| unreachable(format!("nothing leads from {listen} to {}", args.registrar)))?;
    if place.transport.is_web_socket() {
        return Err(CommandError::usage(format!(
            "--registrar {}: a router speaks udp, tcp or tls to it",
            args.registrar
        ))
        .hint("As in:  --registrar 'sip:127.0.0.1:5061;transport=tls'"));
    }
    Ok(Upstream {
        hop: place.hop(),
        name: place.name,
    })
}

/// Draws the number that the weights of SRV records want.
fn rand_lot() -> Result<u64, CommandError> {
    let mut bytes = [0; 8];
    OsEntropy
        .fill(&mut bytes)
        .map_err(|e| CommandError::internal(e.to_string()))?;
    Ok(u64::from_be_bytes(bytes))
}

/// The router on its sockets, and a line that tells where they are.
fn open(
    context: &Context,
    args: &ProxyArgs,
    registrar: Upstream,
    tls: ClientTls,
) -> Result<(Proxy, String), CommandError> {
    let (mut seed, mut key) = ([0; 32], [0; 32]);
    for random in [&mut seed, &mut key] {
        OsEntropy
            .fill(random)
            .map_err(|e| CommandError::internal(e.to_string()))?;
    }
    let any_port = SocketAddr::new(args.sip_listen.ip(), 0);
    let tls_listen = args
        .tls_listen
        .or_else(|| registrar.hop.transport.is_secure().then_some(any_port));
    let (tls_door, authority) = match tls_listen {
        Some(at) => {
            let folder = folder(context, args).join(format!("router-{}-tls", args.name));
            let wrong = |e: TlsError| CommandError::new(ErrorKind::Config, e.to_string());
            let nobody = Acquaintances::new(&[]).map_err(wrong)?;
            let config = certificate(&folder, args, at)
                .and_then(|own| own.server_config(&nobody))
                .map_err(wrong)?;
            (Some((at, Arc::new(config))), Some(folder.join("ca.pem")))
        }
        None => (None, None),
    };
    let options = LinkOptions {
        tls_door,
        tls,
        keep_alive: KEEP_ALIVE,
        ..LinkOptions::new(args.sip_listen, seed)
    };
    let wire = SipPipe::open(options).map_err(|e| {
        CommandError::usage(e.to_string()).hint("Let the system choose:  --sip-listen 127.0.0.1:0")
    })?;
    let proxy = Proxy::over(Arc::new(wire), registrar, Arc::new(SystemClock), key)
        .ok_or_else(|| CommandError::internal("the router has no door for its registrar"))?;
    let mut through = format!("phones register through sip:{}", proxy.address());
    if let (Some(address), Some(authority)) = (proxy.tls_address(), authority) {
        through.push_str(&format!(
            " or sips:{address} (its authority: {})",
            authority.display()
        ));
    }
    through.push_str(&format!(" with {}", args.registrar));
    Ok((proxy, through))
}

fn folder(context: &Context, args: &ProxyArgs) -> PathBuf {
    let own = || context.data_directory().join("agents");
    args.state.clone().unwrap_or_else(own)
}

/// Its certificate, by an authority of its own.
fn certificate(
    folder: &Path,
    args: &ProxyArgs,
    listen: SocketAddr,
) -> Result<ServerIdentity, TlsError> {
    let made = std::fs::create_dir_all(folder);
    made.map_err(|source| TlsError::File {
        path: folder.to_owned(),
        source,
    })?;
    let host = listen.ip().to_string();
    ServerIdentity::open_or_create(folder, &args.name, &[host], SystemClock.now())?
        .renewing(Arc::new(SystemClock))
}

/// Runs it with an identity of its own.
async fn enrolled(
    context: &Context,
    args: &ProxyArgs,
    registrar: Upstream,
    stop: CancellationToken,
) -> Result<RelayCounts, CommandError> {
    let folder = folder(context, args);
    let key = format!("router-{}", args.name);
    let stored = stored(&folder, &key).await?;
    let known = stored.as_ref().is_some_and(|b| b.enrolment().is_some());
    let home = stored.as_ref().and_then(Brain::server_url);
    let home = home.map(|url| (folder.as_path(), url));
    let codes = u32::from(!known);
    let invitation = invitation(context, args.invite.as_deref(), home, codes).await?;
    let tls = trust(&args.sip_ca, Some(&invitation.ca_pem))?;
    let (proxy, through) = open(context, args, registrar, tls.clone())?;
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
    let link = sip_socket(own, handler, tls, KEEP_ALIVE)?;
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
    let life = tokio::spawn(task(device.joining(newcomer, None).run(stop.clone())));
    let progress = Arc::clone(&house.parts.progress);
    tokio::select! {
        () = progress.until(|p| p.enrolled() > 0 || p.failed() > 0) => {}
        () = stop.cancelled() => {}
    }
    if progress.enrolled() > 0 {
        context.announce(&format!(
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
