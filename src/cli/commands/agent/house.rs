use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agent::device::{Air, AirLine, DeviceParts, DeviceSettings, Household, Progress};
use crate::api::{Invitation, InvitationRequest};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::output::seconds;
use crate::domain::{DeviceId, DeviceSecret, Msisdn, SystemId};
use crate::host::{OsEntropy, SystemClock};
use crate::net::agent_http::AgentHttp;
use crate::net::sip_link::{LinkOptions, SipLink};
use crate::net::tls::ClientTls;
use crate::port::{Door, DoorError, Entropy, SipHandler, task};
use crate::sip::{SipUri, Transport, UnknownTransport};
use crate::store::AgentStateFile;

/// Requests to the server that may be under way at once.
const AT_ONCE: usize = 96;

/// Flags of everything that runs simulated phones.
#[derive(Debug, Args)]
pub(super) struct HouseFlags {
    /// File with the invitation (JSON, as `callhome device invite -o json` prints it); without it the current
    /// context is asked for one
    #[arg(long, value_name = "FILE", help_heading = "Enrolment")]
    pub(super) invite: Option<PathBuf>,
    /// Address at which the phones take SIP; port 0 lets the system choose. At 0.0.0.0 they are where this machine
    /// is, and register again when its address changes
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:0",
        help_heading = "Network"
    )]
    pub(super) sip_listen: SocketAddr,
    /// Line of the carrier (see: callhome agent carrier)
    #[arg(long, value_name = "ADDR", help_heading = "Network")]
    pub(super) carrier: Option<SocketAddr>,
    /// Home router the phones are behind, as in sip:127.0.0.1:5070
    #[arg(long, value_name = "URI", help_heading = "Network")]
    pub(super) sip_proxy: Option<SipUri>,
    /// How to speak SIP: udp, tcp, tls, ws or wss; over all but udp the phones are reached on the connection that
    /// they made, and make another one when it is lost
    #[arg(long, value_name = "TRANSPORT", value_parser = transport, help_heading = "Network")]
    pub(super) transport: Option<Transport>,
    /// Authority to trust for SIP over TLS beside the system's and the server's own (PEM); may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(super) sip_ca: Vec<PathBuf>,
    /// How often to keep a connection alive, and to look whether this machine's address has changed
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "30s", help_heading = "Network")]
    pub(super) keep_alive: Duration,
    /// For how long to register with SIP; renewed well before it ends
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "1h", help_heading = "Network")]
    pub(super) expires: Duration,
    /// Subscribe to the phone's callbacks (SUBSCRIBE) once it is registered
    #[arg(long, help_heading = "Network")]
    pub(super) subscribe: bool,
    /// How often to open a session without being asked
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "15min", help_heading = "Network")]
    pub(super) session_every: Duration,
    /// How long to wait for missing actions before asking the server for them
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "60s", help_heading = "Network")]
    pub(super) hold: Duration,
    /// Ask who sends a NOTIFY (digest): only who knows the phone's secret gets through
    #[arg(long, help_heading = "Trust")]
    pub(super) challenge_notify: bool,
    /// Call back to this host, too, when a notification names it; may be repeated
    #[arg(long, value_name = "HOST", help_heading = "Trust")]
    pub(super) trust: Vec<String>,
    /// Write what each phone did to this file (NDJSON, one phone a line) at the end, and on SIGUSR1
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) report: Option<PathBuf>,
}

/// Where phones enrol, kept beside their states; the codes are not.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KnownEndpoint {
    system_id: SystemId,
    server_url: String,
    ca_pem: String,
}

/// Everything that phones of a process share, running.
pub(super) struct House {
    pub(super) parts: Arc<DeviceParts>,
    pub(super) household: Arc<Household>,
    http: Arc<AgentHttp>,
    system: SystemId,
    url: String,
    link: Option<SipLink>,
    air: Option<AirLine>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

fn transport(text: &str) -> Result<Transport, UnknownTransport> {
    text.parse()
}

impl HouseFlags {
    /// Says what cannot be, before anything is asked of the server.
    pub(super) fn check(&self, registrar: Option<&SipUri>) -> Result<(), CommandError> {
        match self.transport {
            Some(transport)
                if transport.is_web_socket() && registrar.is_none() && self.sip_proxy.is_none() =>
            {
                Err(CommandError::usage(format!(
                    "--transport {transport}: the server itself speaks no SIP in WebSockets"
                ))
                .hint("Name a SIP server that does:  --registrar URI --sip-user USER")
                .hint("Or have the connection made by:  --transport tls"))
            }
            _ => Ok(()),
        }
    }

    /// What each phone is told.
    pub(super) fn device(&self) -> DeviceSettings {
        DeviceSettings {
            expires_s: u32::try_from(self.expires.as_secs()).unwrap_or(u32::MAX),
            session_every: self.session_every.max(Duration::from_secs(1)),
            proxy: self.sip_proxy.clone(),
            subscribe: self.subscribe,
            hold_for: self.hold,
            challenge_notify: self.challenge_notify,
            transport: self.transport,
            look_every: self.keep_alive.max(Duration::from_secs(1)),
            trusted: self.trust.clone(),
            ..DeviceSettings::default()
        }
    }
}

/// The invitation: from a file, or as many codes as are needed from the current context. When no code is needed, what is
/// known from the last run: `home` is the folder of the states and the server that they belong to.
pub(super) async fn invitation(
    context: &Context,
    file: Option<&Path>,
    home: Option<(&Path, &str)>,
    codes: u32,
) -> Result<Invitation, CommandError> {
    if let Some(file) = file {
        let text = read(file)?;
        // Either the plain invitation or the document that `-o json` prints, which has more around it.
        return serde_json::from_str(&text).map_err(|e| {
            CommandError::usage(format!("{} is not an invitation: {e}", file.display()))
                .hint("Make one:  callhome device invite -o json > invitation.json")
        });
    }
    if codes == 0
        && let Some(known) = home.and_then(|(folder, url)| known_endpoint(folder, url))
    {
        return Ok(Invitation {
            system_id: known.system_id,
            server_url: known.server_url,
            ca_pem: known.ca_pem,
            codes: Vec::new(),
            expires_at: context.now(),
            links: Vec::new(),
            sent: None,
        });
    }
    let client = context.client_that_waits().await?;
    let request = InvitationRequest {
        count: codes.max(1),
        device: None,
        valid_s: Some(3600),
        send: None,
    };
    let write = context.write(&crate::cli::flags::WriteFlags::default())?;
    Ok(client.invite(&request, &write).await?)
}

/// Phones of several servers may share a folder.
fn endpoint_file(folder: &Path, url: &str) -> PathBuf {
    let name: String = url
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    folder.join(format!("endpoint-{name}.json"))
}

fn known_endpoint(folder: &Path, url: &str) -> Option<KnownEndpoint> {
    // A first run knows none; a file that cannot be read is the same as none: the context is asked.
    let text = std::fs::read_to_string(endpoint_file(folder, url)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Reads a file, or says which one could not be read.
pub(super) fn read(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file).map_err(|e| CommandError::unreadable(file, &e))
}

impl House {
    /// Opens socket, connections, line and states.
    pub(super) async fn open(
        flags: &HouseFlags,
        invitation: &Invitation,
        state: Option<&Path>,
        with_sip: bool,
    ) -> Result<Self, CommandError> {
        let household = Arc::new(Household::default());
        let handler = Arc::clone(&household);
        let link = match with_sip {
            true => Some(open_link(flags, invitation, handler)?),
            false => None,
        };
        Self::with_link(link, flags.carrier, household, invitation, state)
    }

    /// The same with a socket that is open.
    pub(super) fn with_link(
        link: Option<SipLink>,
        carrier: Option<SocketAddr>,
        household: Arc<Household>,
        invitation: &Invitation,
        state: Option<&Path>,
    ) -> Result<Self, CommandError> {
        let clock = Arc::new(SystemClock);
        let entropy = Arc::new(OsEntropy);
        let http = AgentHttp::new(
            &invitation.ca_pem,
            AT_ONCE,
            Arc::clone(&clock) as _,
            Arc::clone(&entropy) as _,
        )
        .map_err(door_error)?;
        let (air, line) = carrier.map(Air::new).unzip();
        let state = match state {
            Some(folder) => Some(open_state(folder, invitation)?),
            None => None,
        };
        let parts = DeviceParts {
            clock,
            entropy,
            sip: link.as_ref().map(|l| Arc::new(l.clone()) as _),
            state: state.map(|s| Arc::new(s) as _),
            air,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            progress: Arc::new(Progress::default()),
        };
        Ok(Self {
            parts: Arc::new(parts),
            household,
            http: Arc::new(http),
            system: invitation.system_id,
            url: invitation.server_url.clone(),
            link,
            air: line,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    /// The door of one phone.
    pub(super) fn door(
        &self,
        id: DeviceId,
        secret: &DeviceSecret,
    ) -> Result<Arc<dyn Door>, DoorError> {
        Ok(Arc::new(self.http.door(
            &self.url,
            self.system,
            id,
            secret,
        )?))
    }

    /// Address of the SIP socket.
    pub(super) fn sip_address(&self) -> Option<SocketAddr> {
        self.link.as_ref().map(SipLink::local_addr)
    }

    /// Dials the carrier for these numbers.
    pub(super) fn dial(&mut self, numbers: Vec<Msisdn>) {
        if let Some(line) = self.air.take() {
            let household = Arc::clone(&self.household);
            self.tasks
                .spawn(task(line.run(household, numbers, self.stop.clone())));
        }
    }

    /// Hangs up and closes the socket.
    pub(super) async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(link) = &self.link {
            link.close().await;
        }
    }
}

fn open_link(
    flags: &HouseFlags,
    invitation: &Invitation,
    handler: Arc<dyn SipHandler>,
) -> Result<SipLink, CommandError> {
    let tls = trust(&flags.sip_ca, Some(&invitation.ca_pem))?;
    let keep_alive = flags.keep_alive.max(Duration::from_secs(1));
    sip_socket(flags.sip_listen, handler, tls, keep_alive)
}

/// Whom phones trust for SIP over TLS: the system's authorities, the server's own and those of the files.
pub(super) fn trust(files: &[PathBuf], server: Option<&str>) -> Result<ClientTls, CommandError> {
    let mut pem = Vec::new();
    for file in files {
        pem.push(read(file)?);
    }
    pem.extend(server.map(str::to_owned));
    ClientTls::also_trusting(&pem).map_err(|e| {
        CommandError::new(ErrorKind::Config, format!("--sip-ca: {e}"))
            .hint("It takes files in PEM form (-----BEGIN CERTIFICATE-----)")
    })
}

/// Opens a socket for SIP, with a door for TCP.
pub(super) fn sip_socket(
    listen: SocketAddr,
    handler: Arc<dyn SipHandler>,
    tls: ClientTls,
    keep_alive: Duration,
) -> Result<SipLink, CommandError> {
    let mut seed = [0; 32];
    OsEntropy
        .fill(&mut seed)
        .map_err(|e| CommandError::internal(e.to_string()))?;
    let options = LinkOptions {
        streams: true,
        tls,
        keep_alive,
        ..LinkOptions::new(listen, seed).with_handler(handler)
    };
    SipLink::open(options).map_err(|e| {
        CommandError::usage(e.to_string()).hint("Let the system choose:  --sip-listen 127.0.0.1:0")
    })
}

fn open_state(folder: &Path, invitation: &Invitation) -> Result<AgentStateFile, CommandError> {
    let failed = |e: &dyn std::fmt::Display| {
        CommandError::new(
            ErrorKind::Config,
            format!("cannot keep states in {}: {e}", folder.display()),
        )
    };
    std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    let known = KnownEndpoint {
        system_id: invitation.system_id,
        server_url: invitation.server_url.clone(),
        ca_pem: invitation.ca_pem.clone(),
    };
    let text = serde_json::to_string(&known).map_err(|e| failed(&e))?;
    std::fs::write(endpoint_file(folder, &known.server_url), text).map_err(|e| failed(&e))?;
    AgentStateFile::open(&folder.join("agents.db")).map_err(|e| failed(&e))
}

/// An error of the server's side at the edge.
pub(super) fn door_error(error: DoorError) -> CommandError {
    let kind = match error {
        DoorError::Unreachable(_) => ErrorKind::Unreachable,
        DoorError::Refused(_) => ErrorKind::Rejected,
        DoorError::Unusable(_) => ErrorKind::Config,
    };
    CommandError::new(kind, error.to_string()).hint("Is the server up?  callhome server status")
}
