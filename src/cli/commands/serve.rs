use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use crate::cli::assembly::{Assembled, Doors, assemble, name_of, phones_at_once};
use crate::cli::context::Context;
use crate::cli::embedded::announce;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::server_secrets::ServerSecrets;
use crate::cli::watched::watched;
use crate::config::{DirectoryAsk, DirectoryConfig, ServerConfig};
use crate::host::{self, DataDir, HostError, OwnerMode};
use crate::net::sip_link::SipLink;
use crate::port::{Drill, task};
use crate::server::{self, Mode};

/// Run the management server in the foreground.
#[derive(Debug, Args)]
#[command(after_help = "\
Stops in good order on Ctrl-C or SIGTERM. When it serves, it says \"ready:\" on standard error.
On its first start it makes its own certificate authority, and writes a one-time code for the
first admin into first-admin.code in the data folder.

Examples:
  callhome serve
  callhome serve --listen 192.0.2.10:8443 --listen-sip 192.0.2.10:5060
  callhome serve --listen 0.0.0.0:8443 \\
      --public-url https://mgmt.example.net:8443
  callhome serve --name eu-north --data-dir /var/lib/callhome")]
pub(crate) struct ServeArgs {
    /// Name of this server among the others
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to listen for HTTPS [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where to listen for SIP over UDP and TCP [default: 127.0.0.1:5060]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen_sip: Option<SocketAddr>,
    /// Where to listen for SIP over TLS [default: 5061 where the other one is 5060]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen_sips: Option<SocketAddr>,
    /// Address under which devices reach this server, when it is another one
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
    /// Domain of the devices' SIP addresses
    #[arg(long, value_name = "DOMAIN")]
    sip_domain: Option<String>,
    /// Name server to ask where SIP addresses lead, instead of the system's
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    dns: Option<String>,
    /// ENUM zone to ask for the addresses of numbers, for devices that are not registered, as in e164.arpa
    #[arg(long, value_name = "ZONE")]
    enum_zone: Option<String>,
    /// SIP server to ask where a device is that is not registered; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    directory: Vec<String>,
    /// Authority to trust for SIP over TLS beside the system's and its own (PEM); may be repeated
    #[arg(long, value_name = "FILE")]
    sip_ca: Vec<PathBuf>,
    /// Ends the process at a named step, for drills; needs `CALLHOME_FAULTS=1`
    #[arg(long, value_name = "STEP[:N]", hide = true)]
    fault: Option<Drill>,
}

/// Serves until it is told to stop.
pub(super) async fn run(context: &Context, args: ServeArgs) -> Outcome {
    let interrupt = context.interrupt();
    log_to_stderr(context);
    drill(context, args.fault)?;
    let mut config = context.settings()?.config.server.clone();
    overlay(&mut config, args)?;
    host::open_more();
    let dir = DataDir::open(context.data_directory())?;
    let watched = watched(&config.application_servers)?;
    let lock = dir.lock().map_err(in_use)?;
    // Before connections are taken: the D-Bus library behind the keyring waits with select(), which files with numbers
    // from 1,024 on break.
    let secrets = ServerSecrets::gather(context, &config).await?;
    let doors = Some(Doors::of(&config));
    let assembled = assemble(&dir, &config, &secrets, Mode::Serve, doors).await?;
    drop(secrets);
    announce(&lock, OwnerMode::Serve, &assembled)?;
    tell(context, &config, &dir, &assembled)?;
    let Assembled {
        endpoint,
        listeners,
        sip,
        centres,
        router,
        ..
    } = assembled;
    if let Some(router) = router {
        // Ends when the endpoint stops.
        tokio::spawn(task(server::announce(endpoint.clone(), router)));
    }
    let watching = server::watch_applications(endpoint.clone(), watched);
    let serving = server::run(endpoint, listeners, interrupt.cancelled_owned());
    let (served, ()) = tokio::join!(serving, watching);
    served.map_err(|e| CommandError::internal(e.to_string()))?;
    for centre in centres {
        centre.close().await;
    }
    if let Some(sip) = sip {
        sip.close().await;
    }
    drop(lock);
    context.status("stopped")?;
    Ok(Exit::Done)
}

fn overlay(config: &mut ServerConfig, args: ServeArgs) -> Result<(), CommandError> {
    if let Some(url) = &args.public_url
        && url.scheme() != "https"
    {
        return Err(CommandError::usage(format!(
            "--public-url: an address begins with https://, found {url}"
        )));
    }
    config.name = args.name.or(config.name.take());
    config.listen_https = args.listen.or(config.listen_https);
    config.listen_sip = args.listen_sip.or(config.listen_sip);
    config.listen_sips = args.listen_sips.or(config.listen_sips);
    config.public_url = args.public_url.or(config.public_url.take());
    config.sip_domain = args.sip_domain.or(config.sip_domain.take());
    config.name_server = args.dns.or(config.name_server.take());
    config.sip_ca_files.extend(args.sip_ca);
    config.enum_zone = args.enum_zone.or(config.enum_zone.take());
    let asked = args.directory.into_iter().map(|address| DirectoryConfig {
        address,
        ask: DirectoryAsk::default(),
        username: None,
        password_file: None,
    });
    config.directories.extend(asked);
    Ok(())
}

/// Arms this process for a drill, where the environment allows one: nobody shall do so by a slip.
pub(in crate::cli::commands) fn drill(
    context: &Context,
    fault: Option<Drill>,
) -> Result<(), CommandError> {
    let Some(drill) = fault else { return Ok(()) };
    if context.environment.variable("CALLHOME_FAULTS") != Some("1") {
        return Err(CommandError::usage(
            "--fault ends this process in the middle of its work: it is for drills only",
        )
        .hint("Allow it for a drill:  CALLHOME_FAULTS=1 callhome …"));
    }
    drill.arm();
    Ok(())
}

fn in_use(error: HostError) -> CommandError {
    let text = error.to_string();
    match error {
        HostError::InUse { .. } => CommandError::new(ErrorKind::Conflict, text)
            .hint("Stop it first, or serve another folder:  --data-dir FOLDER"),
        other => other.into(),
    }
}

/// Fewer phones on connections than this are worth a word.
const FEW_PHONES: usize = 2_000;

fn tell(
    context: &Context,
    config: &ServerConfig,
    dir: &DataDir,
    assembled: &Assembled,
) -> Result<(), CommandError> {
    let url = assembled.url.as_deref().unwrap_or_default();
    let sip = assembled.sip_url.as_deref().unwrap_or_default();
    context.status(&format!(
        "callhome {} serves {} from {}",
        env!("CARGO_PKG_VERSION"),
        name_of(config),
        dir.path().display()
    ))?;
    if let Some(code) = &assembled.first_admin {
        context.status(&format!(
            "First admin: the one-time code is in {}\n  callhome auth login --server {url} --operator admin",
            code.display()
        ))?;
    }
    if let Some(door) = assembled.sip.as_ref().and_then(SipLink::tls_addr) {
        context.status(&format!("SIP over TLS at {door}"))?;
    }
    let phones = phones_at_once();
    if phones < FEW_PHONES {
        context.status(&format!(
            "At most {phones} phones can be connected over TCP and TLS at once.\n  For more:  LimitNOFILE=65536 in the service, or a higher ulimit -Hn"
        ))?;
    }
    // Programs wait for this line: it is told also under -q.
    Ok(context.screen.note(&format!("ready: {url} {sip}"))?)
}

/// What the server has to say while it runs goes to standard error.
fn log_to_stderr(context: &Context) {
    let level = if context.flags.verbose {
        tracing::Level::DEBUG
    } else if context.flags.quiet {
        tracing::Level::ERROR
    } else {
        tracing::Level::INFO
    };
    let colour = context
        .environment
        .wants_colour(context.environment.stderr_is_terminal);
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_max_level(level)
        .with_target(false)
        .finish();
    // Another subscriber is there only in a test: then it gets the lines.
    drop(tracing::subscriber::set_global_default(subscriber));
}
