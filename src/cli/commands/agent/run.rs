use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::fleet::write_report;
use super::house::{House, HouseFlags, door_error, invitation};
use super::keyboard::{Keyboard, typed};
use crate::agent::brain::Brain;
use crate::agent::device::{Device, DeviceHandle, DeviceSettings, Newcomer, Registrar};
use crate::agent::{EnrolError, NewPersona, begin_again, invited_by_sms, new_brain};
use crate::api::{Invitation, JoinLink, ProblemCode, RouteRegistration};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::domain::{EnrolmentCode, Identity, IdentityKind, Imei, Msisdn, PushAddress, SystemId};
use crate::host::OsEntropy;
use crate::net::management::fetch_authority;
use crate::net::router::directions;
use crate::port::{DoorError, Drill, task};
use crate::sip::{Credentials, SipUri};

/// How long a phone may take to be ready before it says so.
const READY: Duration = Duration::from_secs(15);
/// How often a server that an invitation names and that does not answer is tried: for about 15 seconds, as at enrolment.
const SERVER_TRIES: u32 = 6;

/// Run one simulated phone.
///
/// It enrols, registers, opens sessions, takes NOTIFY, INVITE and text messages, and does on a simulated phone what
/// the server asks.
#[derive(Debug, Args)]
#[command(after_help = "\
Type \"pin 123456\" to unlock its screen, \"code 123456\" to verify its number, \"show\" to see it,
\"proxy sip:127.0.0.1:5071\" or \"proxy none\" to move it behind another router. Ctrl-C switches it off; the
next run with the same name and folder goes on where this one stopped.

Examples:
  callhome agent run --name \"Anna's phone\"
  callhome agent run --invite invitation.json --state anna
  callhome agent run --number +14085550137 --no-data --carrier 127.0.0.1:13014
  callhome agent run --registrar sip:127.0.0.1:5062 --sip-user anna")]
pub(crate) struct RunArgs {
    /// Name that it proposes to the server
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its IMEI; a made-up one otherwise
    #[arg(long, value_name = "IMEI")]
    imei: Option<Imei>,
    /// Further identities, as in serial:NK4G-22071 or mac:00-15-65-3a-90-01
    #[arg(long, value_name = "KIND:VALUE")]
    identity: Vec<Identity>,
    /// Its telephone number
    #[arg(long, value_name = "NUMBER")]
    number: Vec<Msisdn>,
    /// It has text messages only, once it is enrolled
    #[arg(long, requires = "carrier", requires = "number")]
    no_data: bool,
    /// Folder that keeps its state; in the data folder otherwise
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// Link of its invitation, as it came by SMS, e-mail or QR code
    #[arg(long, value_name = "LINK", conflicts_with_all = ["code", "invite"], help_heading = "Enrolment")]
    link: Option<JoinLink>,
    /// Wait for the text message that invites it, unless it is enrolled
    #[arg(long, requires = "carrier", requires = "number", conflicts_with_all = ["code", "invite", "link"], help_heading = "Enrolment")]
    invited_by_sms: bool,
    /// Enrol again with a new id and a new secret; the old secret proves that it is the same phone
    #[arg(long, help_heading = "Enrolment")]
    enrol_again: bool,
    /// One-time code, when there is no invitation file
    #[arg(
        long,
        value_name = "CODE",
        requires = "system_id",
        conflicts_with = "invite",
        help_heading = "Enrolment"
    )]
    code: Option<EnrolmentCode>,
    /// Address of the server, with --code
    #[arg(
        long,
        value_name = "URL",
        requires = "ca_file",
        help_heading = "Enrolment"
    )]
    server: Option<String>,
    /// Router that knows the server of the system id, with --code
    #[arg(
        long,
        value_name = "URL",
        requires = "code",
        conflicts_with = "server",
        help_heading = "Enrolment"
    )]
    router: Option<url::Url>,
    /// System id of the server, with --code
    #[arg(long, value_name = "ID", help_heading = "Enrolment")]
    system_id: Option<SystemId>,
    /// Certificate of the server's or router's authority (PEM), with --code; the system's for a router otherwise
    #[arg(long, value_name = "FILE", help_heading = "Enrolment")]
    ca_file: Option<PathBuf>,
    /// What the phone calls itself when it registers, as in "Yealink SIP-T46S 66.85.0.5"
    #[arg(long, value_name = "TEXT", help_heading = "Network")]
    user_agent: Option<String>,
    /// Register with this SIP server instead of the endpoint's own
    #[arg(
        long,
        value_name = "URI",
        requires = "sip_user",
        help_heading = "Network"
    )]
    registrar: Option<SipUri>,
    /// User at that SIP server, as in anna or anna@example.net
    #[arg(
        long,
        value_name = "USER",
        requires = "registrar",
        help_heading = "Network"
    )]
    sip_user: Option<String>,
    /// File with the user's password there
    #[arg(
        long,
        value_name = "FILE",
        requires = "registrar",
        help_heading = "Network"
    )]
    sip_password_file: Option<PathBuf>,
    /// Address at a push service that it tells the server, as in fcm:TOKEN
    #[arg(long, value_name = "SERVICE:TOKEN", help_heading = "Network")]
    push: Vec<PushAddress>,
    /// Ends the process at a named step, for drills; needs `CALLHOME_FAULTS=1`
    #[arg(long, value_name = "STEP[:N]", hide = true)]
    fault: Option<Drill>,
    #[command(flatten)]
    house: HouseFlags,
}

/// Runs the phone until it is told to stop.
pub(super) async fn run(context: &Context, args: RunArgs) -> Outcome {
    crate::cli::commands::serve::drill(context, args.fault)?;
    args.house.check(args.registrar.as_ref())?;
    let folder = args
        .state
        .clone()
        .unwrap_or_else(|| context.data_directory().join("agents"));
    let key = name_of(&args);
    let mut stored = stored(&folder, &key).await?;
    if let Some(brain) = stored.as_mut().filter(|_| args.enrol_again) {
        begin_again(brain, &OsEntropy).map_err(|e| CommandError::internal(e.to_string()))?;
    }
    let known = stored.as_ref().is_some_and(|b| b.enrolment().is_some());
    let invitation = match (by_code(&args, context).await?, &args.link) {
        (Some(invitation), _) => invitation,
        (None, Some(link)) => by_link(link, context).await?,
        (None, None) if args.invited_by_sms && !known => by_sms(&args, context).await?,
        (None, None) => {
            let codes = u32::from(!known);
            let url = stored.as_ref().and_then(Brain::server_url);
            let home = url.map(|url| (folder.as_path(), url));
            invitation(context, args.house.invite.as_deref(), home, codes).await?
        }
    };
    let with_sip = !args.no_data;
    let mut house = House::open(&args.house, &invitation, Some(&folder), with_sip).await?;
    let brain = match stored {
        Some(brain) => brain,
        None => new_brain(persona(&args)?, &OsEntropy)
            .map_err(|e| CommandError::internal(e.to_string()))?,
    };
    let newcomer = if known {
        None
    } else {
        Some(newcomer(&invitation)?)
    };
    let persona = brain.persona().clone();
    let door = house
        .door(persona.device_id, &persona.secret)
        .map_err(door_error)?;
    let settings = settings(&args)?;
    let (device, phone) = Device::new(&key, brain, settings, door, Arc::clone(&house.parts));
    house
        .household
        .add(&device.sip_users(), &persona.numbers, &phone);
    house.dial(persona.numbers.clone());
    // Switched off by `attend`, once its last state was seen.
    let off = CancellationToken::new();
    let life = tokio::spawn(task(device.joining(newcomer, None).run(off.clone())));
    let ended = attend(context, &args, &house, &phone, life, off).await;
    house.close().await;
    ended
}

/// Tells when it is ready, takes what is typed, and writes the report.
async fn attend(
    context: &Context,
    args: &RunArgs,
    house: &House,
    phone: &DeviceHandle,
    mut life: tokio::task::JoinHandle<Result<(), EnrolError>>,
    off: CancellationToken,
) -> Outcome {
    let progress = Arc::clone(&house.parts.progress);
    let with_sip = house.sip_address().is_some();
    let ready = async {
        let all = progress
            .until(|p| p.failed() > 0 || p.enrolled() > 0 && (!with_sip || p.registered() > 0));
        tokio::time::timeout(READY, all).await.is_ok()
    };
    tokio::pin!(ready);
    let mut told = false;
    let mut keyboard = Keyboard::new();
    let mut usr1 = signal(SignalKind::user_defined1())?;
    let mut last = None;
    loop {
        tokio::select! {
            on_time = &mut ready, if !told => {
                told = true;
                if progress.failed() == 0 {
                    last = phone.look().await;
                    context.announce(&line(house, last.as_ref(), on_time))?;
                }
            }
            line = keyboard.next() => {
                typed(context, phone, &line).await?;
                last = phone.look().await.or(last);
            }
            _ = usr1.recv() => {
                last = phone.look().await.or(last);
                write_report(args.house.report.as_deref(), last.as_slice())?;
            }
            () = stopping(context) => {
                // Asked before the device notices, so that the report tells its last state.
                last = phone.look().await.or(last);
                off.cancel();
                (&mut life).await.map_err(|e| CommandError::internal(e.to_string()))?.map_err(refused)?;
                break;
            }
            ended = &mut life => {
                ended.map_err(|e| CommandError::internal(e.to_string()))?.map_err(refused)?;
                break;
            }
        }
    }
    write_report(args.house.report.as_deref(), last.as_slice())?;
    context.status("switched off")?;
    Ok(Exit::Done)
}

async fn stopping(context: &Context) {
    context.interrupt().cancelled().await;
}

fn line(house: &House, snapshot: Option<&crate::agent::device::Snapshot>, on_time: bool) -> String {
    let who = snapshot
        .and_then(|s| s.device)
        .map_or_else(String::new, |id| format!(" as device {id}"));
    let sip = match house.sip_address() {
        Some(address) if on_time => format!(", SIP at {address}"),
        Some(_) => ", not registered by SIP yet: it keeps trying".to_owned(),
        None => String::new(),
    };
    format!("ready: on and enrolled{who}{sip}  (Ctrl-C switches it off)")
}

/// Why a phone is not let in, at the edge.
pub(super) fn refused(error: EnrolError) -> CommandError {
    match error {
        EnrolError::Door(DoorError::Refused(why))
            if why.starts_with(ProblemCode::EvaluationEnded.title()) =>
        {
            CommandError::new(
                ErrorKind::Rejected,
                format!("the server does not let this phone in: {why}"),
            )
            .hint("The code was not used up: try again with it once the server is converted.")
        }
        EnrolError::Door(DoorError::Refused(why)) => CommandError::new(
            ErrorKind::Rejected,
            format!("the server does not let this phone in: {why}"),
        )
        .hint("Each code lets in one phone, once. Make another invitation:")
        .hint("  callhome device invite -o json > invitation.json"),
        EnrolError::Door(error) => door_error(error),
        EnrolError::Machine(error) => CommandError::new(ErrorKind::Internal, error.to_string())
            .hint("Is the disk full, or the folder of --state not writable?"),
    }
}

/// The one code of an invitation.
pub(super) fn newcomer(invitation: &Invitation) -> Result<Newcomer, CommandError> {
    let code = invitation.codes.first().ok_or_else(|| {
        CommandError::usage("the invitation has no code in it")
            .hint("Make one:  callhome device invite -o json > invitation.json")
    })?;
    Ok(Newcomer {
        system_id: invitation.system_id,
        code: code.clone(),
        url: invitation.server_url.clone(),
    })
}

async fn by_code(args: &RunArgs, context: &Context) -> Result<Option<Invitation>, CommandError> {
    let (Some(code), Some(system_id)) = (&args.code, args.system_id) else {
        return Ok(None);
    };
    let ca_pem = args
        .ca_file
        .as_deref()
        .map(super::house::read)
        .transpose()?;
    let route = match (&args.server, &args.router, ca_pem) {
        (Some(server), _, Some(ca_pem)) => RouteRegistration {
            server_url: server.clone(),
            ca_pem,
        },
        // It is asked where to go; code and secret are for the server alone.
        (None, Some(router), ca_pem) => directions(router, ca_pem.as_deref(), system_id)
            .await
            .map_err(|e| match e {
                DoorError::Refused(why) => {
                    CommandError::new(ErrorKind::Rejected, format!("the router says: {why}"))
                        .hint("Compare the system id with the invitation, character by character.")
                }
                other => door_error(other),
            })?,
        _ => {
            return Err(
                CommandError::usage("--code needs to know whose it is").hint(
                    "Name the router:  --router URL, or the server:  --server URL --ca-file FILE",
                ),
            );
        }
    };
    Ok(Some(Invitation {
        system_id,
        server_url: route.server_url,
        ca_pem: route.ca_pem,
        codes: vec![code.clone()],
        expires_at: context.now(),
        links: Vec::new(),
        sent: None,
    }))
}

/// What the text message carries that the phone waits for.
async fn by_sms(args: &RunArgs, context: &Context) -> Result<Invitation, CommandError> {
    let carrier = args
        .house
        .carrier
        .ok_or_else(|| CommandError::usage("--invited-by-sms needs --carrier"))?;
    context.announce("ready: on, waiting for its invitation by SMS")?;
    let interrupt = context.interrupt();
    tokio::select! {
        () = interrupt.cancelled() => Err(CommandError::new(ErrorKind::Interrupted, "switched off before it was invited")),
        link = invited_by_sms(carrier, &args.number) => {
            let link = link.map_err(|e| {
                CommandError::new(ErrorKind::Unreachable, format!("no carrier at {carrier}: {e}"))
                    .hint("Start one:  callhome agent carrier")
            })?;
            // Its user did not choose the moment: the server may be just about to start again.
            let mut tries = 0;
            loop {
                match by_link(&link, context).await {
                    Err(error) if error.kind() == ErrorKind::Unreachable && tries < SERVER_TRIES => {
                        tokio::select! {
                            () = interrupt.cancelled() => return Err(error),
                            () = tokio::time::sleep(Duration::from_millis(250 << tries)) => tries += 1,
                        }
                    }
                    other => return other,
                }
            }
        }
    }
}

/// What a link carries: the server is who it should be when its authority is the one that the link names.
async fn by_link(link: &JoinLink, context: &Context) -> Result<Invitation, CommandError> {
    let url: url::Url = link
        .server_url
        .parse()
        .map_err(|e| CommandError::usage(format!("--link: {}: {e}", link.server_url)))?;
    let found = fetch_authority(&url).await?;
    if !link.names(&found.fingerprint) {
        return Err(CommandError::new(
            ErrorKind::Rejected,
            format!(
                "{} is not the server that the invitation names: somebody may be in between",
                link.server_url
            ),
        )
        .hint("Nothing was told to it. Try from another network, or ask who invited this phone."));
    }
    Ok(Invitation {
        system_id: link.system_id,
        server_url: link.server_url.clone(),
        ca_pem: found.pem,
        codes: vec![link.code.clone()],
        expires_at: context.now(),
        links: vec![link.to_string()],
        sent: None,
    })
}

/// The phone that this folder keeps under this name.
pub(super) async fn stored(
    folder: &std::path::Path,
    key: &str,
) -> Result<Option<Brain>, CommandError> {
    use crate::port::AgentState;
    let file = folder.join("agents.db");
    if !file.exists() {
        return Ok(None);
    }
    let failed = |e: &dyn std::fmt::Display| {
        CommandError::new(ErrorKind::Config, format!("{}: {e}", file.display()))
            .hint("Begin anew with another folder:  --state FOLDER")
    };
    let states = crate::store::AgentStateFile::open(&file).map_err(|e| failed(&e))?;
    let all = states.load().await.map_err(|e| failed(&e))?;
    match all.into_iter().find(|(name, _)| name == key) {
        Some((_, bytes)) => Brain::from_bytes(&bytes).map(Some).map_err(|e| failed(&e)),
        None => Ok(None),
    }
}

/// Under which name a phone's state is kept: what tells it from others on the command line.
fn name_of(args: &RunArgs) -> String {
    match (&args.imei, &args.name) {
        (Some(imei), _) => format!("imei-{imei}"),
        (None, Some(name)) => format!("name-{name}"),
        (None, None) => "phone".to_owned(),
    }
}

fn persona(args: &RunArgs) -> Result<NewPersona, CommandError> {
    use crate::port::Entropy;
    let mut identities = args.identity.clone();
    let has_imei = identities.iter().any(|i| i.kind() == IdentityKind::Imei);
    if let Some(imei) = args.imei {
        identities.insert(0, Identity::Imei(imei));
    } else if !has_imei {
        let mut bytes = [0; 4];
        OsEntropy
            .fill(&mut bytes)
            .map_err(|e| CommandError::internal(e.to_string()))?;
        let digits = format!("35893112{:06}", u32::from_be_bytes(bytes) % 1_000_000);
        let imei: Imei = digits
            .parse()
            .map_err(|e| CommandError::internal(format!("{e}")))?;
        identities.insert(0, Identity::Imei(imei));
    }
    Ok(NewPersona {
        identities,
        numbers: args.number.clone(),
        name: args.name.clone(),
        model: Some("Simulated phone".to_owned()),
        no_data: args.no_data,
    })
}

fn settings(args: &RunArgs) -> Result<DeviceSettings, CommandError> {
    let mut settings = args.house.device();
    settings.push.clone_from(&args.push);
    if let Some(user_agent) = &args.user_agent {
        settings.user_agent.clone_from(user_agent);
    }
    let (Some(uri), Some(user)) = (&args.registrar, &args.sip_user) else {
        return Ok(settings);
    };
    let aor = if user.contains('@') {
        format!("sip:{user}")
    } else {
        format!("sip:{user}@{}", uri.host())
    };
    let aor: SipUri = aor
        .parse()
        .map_err(|e| CommandError::usage(format!("--sip-user: {e}")))?;
    let credentials = match &args.sip_password_file {
        Some(file) => {
            let password = crate::cli::commands::sms::password(file)?;
            Some(Credentials::new(aor.user().unwrap_or_default(), password))
        }
        None => None,
    };
    settings.registrar = Some(Registrar {
        uri: uri.clone(),
        aor,
        credentials,
    });
    Ok(settings)
}
