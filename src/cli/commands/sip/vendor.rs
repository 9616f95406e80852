use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::deliver::{deliver, send};
use super::flags::unusable;
use super::notify::NotifyArgs;
use crate::api::{Device, PhoneEventReport, PhoneEventRequest};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{View, device_title, elapsed};
use crate::cli::target;
use crate::domain::{Binding, Timestamp};
use crate::net::management::Client;
use crate::sip::contact_me::EVENT;
use crate::sip::{
    EventEffect, OutboundRequest, Transport, VENDOR_EVENTS, VendorEvent, event_for, event_of,
    towards,
};

/// How often the registry is looked at while a phone is waited for.
const GLANCE: Duration = Duration::from_millis(200);

/// What became of it, for JSON.
#[derive(Serialize)]
struct Document<'a> {
    device: crate::domain::ShortId,
    name: &'a str,
    vendor: &'static str,
    user_agent: Option<&'a str>,
    event: &'static str,
    target: String,
    code: Option<u16>,
    elapsed_ms: u64,
    /// Who sent it: this command, or the server where only that reaches the phone.
    sent_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_again_ms: Option<u64>,
}

/// Sends a device of the registry its vendor's word for an event, and watches for its next registration if asked to.
pub(super) async fn notify(context: &Context, args: &NotifyArgs, vendor: &str) -> Outcome {
    let client = context.client_that_waits().await?.clone();
    let device = target::device(&client, args.target.as_deref().unwrap_or_default()).await?;
    let binding = binding(&device, context.now())?;
    let row = row(binding, vendor, &args.event)?;
    if args.wait.is_some() && !row.registers_again {
        return Err(CommandError::usage(format!(
            "{} phones do not register again after {}: there is nothing to wait for",
            row.vendor, row.event
        ))
        .hint("Leave out --wait, or have it restart:  --event reboot"));
    }
    let request = request(args, binding, row)?;
    if args.send.dry_run {
        return deliver(context, &args.send, request).await;
    }
    let target = request.uri.to_string();
    let by_server = only_the_server_reaches(binding, &request);
    let title = device_title(&device);
    let answer = if by_server {
        let told = through_server(args, &client, &device, row).await?;
        if !told.delivered {
            return Err(not_taken(&told, &title, &device));
        }
        Answer {
            code: told.code,
            words: format!("{} through the server", told.outcome),
            elapsed: Duration::from_millis(told.elapsed_ms),
        }
    } else {
        let (told, report) = send(context, &args.send, request).await?;
        if !report.outcome.is_delivered() {
            return told.show(context, report);
        }
        Answer {
            code: report.outcome.code(),
            words: report.outcome.to_string(),
            elapsed: report.elapsed,
        }
    };
    let mut text = format!(
        "{title}  {target}\n  {} ({})  {} in {}\n",
        row.event,
        row.vendor,
        answer.words,
        elapsed(answer.elapsed)
    );
    let mut document = Document {
        device: device.id,
        name: &device.name,
        vendor: row.vendor,
        user_agent: binding.user_agent.as_deref(),
        event: row.event,
        target,
        code: answer.code,
        elapsed_ms: millis(answer.elapsed),
        sent_by: if by_server { "server" } else { "command" },
        registered_again_ms: None,
    };
    let mut exit = Exit::Done;
    if let Some(patience) = args.wait {
        context.status("taken; waiting for it to register again")?;
        match registered_again(context, &client, &device, binding, patience).await? {
            Some(after) => {
                document.registered_again_ms = Some(millis(after));
                text.push_str(&format!("  registered again after {}\n", elapsed(after)));
            }
            None => {
                text.push_str(&format!(
                    "  not registered again within {}\n",
                    elapsed(patience)
                ));
                exit = Exit::Ended(ErrorKind::Unconfirmed);
            }
        }
    }
    context.show(
        &View::one("sip-notify", &document)
            .named_by("/name")
            .text(text),
    )?;
    if matches!(exit, Exit::Ended(_)) {
        let name = target::short_name(&device);
        context.status(&format!("  Look after it:  callhome probe {name}"))?;
    }
    Ok(exit)
}

/// What the phone said.
struct Answer {
    code: Option<u16>,
    words: String,
    elapsed: Duration,
}

/// Whether only the socket that took the registration leads to the phone: it is behind NAT, or it is reached on the
/// connection that it opened itself.
fn only_the_server_reaches(binding: &Binding, request: &OutboundRequest) -> bool {
    let over_stream = || {
        let hop = request.next_hop();
        let named = Transport::asked_by(hop).ok().flatten();
        hop.is_secure() || named.is_some_and(Transport::is_reliable)
    };
    let behind_nat = || request.uri.socket_addr() != binding.received;
    binding.path.is_empty() && binding.received.is_some() && (over_stream() || behind_nat())
}

/// Has the server send it over the way that is there.
async fn through_server(
    args: &NotifyArgs,
    client: &Client,
    device: &Device,
    row: &VendorEvent,
) -> Result<PhoneEventReport, CommandError> {
    let flags = &args.send;
    if !flags.header.is_empty() || flags.user.is_some() || flags.transport.is_some() {
        return Err(CommandError::usage(
            "this phone is reached by the server alone, on the connection that the phone opened: --header, --user and --transport do not apply",
        )
        .hint("Leave them out; the server answers the phone's challenge with the phone's own secret"));
    }
    let asked = PhoneEventRequest {
        event: row.event.to_owned(),
        timeout_ms: Some(millis(flags.timeout)),
    };
    Ok(client.phone_event(device.id, &asked).await?)
}

/// The phone did not take what the server sent.
fn not_taken(told: &PhoneEventReport, title: &str, device: &Device) -> CommandError {
    let kind = match told.code {
        Some(_) => ErrorKind::Rejected,
        None => ErrorKind::Unreachable,
    };
    let words = format!("{title} did not take {}: {}", told.event, told.outcome);
    let name = target::short_name(device);
    CommandError::new(kind, words).hint(format!("Look after it:  callhome probe {name}"))
}

/// Where the device registered last.
fn binding(device: &Device, now: Timestamp) -> Result<&Binding, CommandError> {
    let current = device.bindings.iter().filter(|b| b.is_current(now));
    // What was told by HTTPS has no User-Agent.
    let by_sip = current.filter(|b| b.user_agent.is_some() || !b.call_id.is_empty());
    by_sip.max_by_key(|b| b.registered_at).ok_or_else(|| {
        let title = device_title(device);
        CommandError::new(
            ErrorKind::Unreachable,
            format!("{title} is not registered by SIP now"),
        )
        .hint(format!(
            "Why not:  callhome probe {}",
            target::short_name(device)
        ))
    })
}

/// The row of the table that fits the phone and what it is to do.
fn row(binding: &Binding, vendor: &str, event: &str) -> Result<&'static VendorEvent, CommandError> {
    let effect = EventEffect::of(event).ok_or_else(|| {
        CommandError::usage(format!("no vendor has a word for {event:?}"))
            .hint("With --vendor, --event is check-sync (fetch the configuration) or reboot")
    })?;
    let agent = binding.user_agent.as_deref().unwrap_or_default();
    let found = match vendor {
        "auto" => event_for(agent, effect),
        named => event_of(named, effect),
    };
    found.ok_or_else(|| {
        let known = |row: &&VendorEvent| match vendor {
            "auto" => agent
                .to_lowercase()
                .starts_with(&row.user_agent.to_lowercase()),
            named => row.vendor.eq_ignore_ascii_case(named),
        };
        let words = match (VENDOR_EVENTS.iter().find(known), vendor) {
            (Some(row), _) => format!("{} phones have no event that does this", row.vendor),
            (None, "auto") if agent.is_empty() => {
                "the phone does not say of which make it is (no User-Agent)".to_owned()
            }
            (None, "auto") => format!("{agent:?} is none of the makes in the table"),
            (None, named) => format!("there is no vendor {named:?} in the table"),
        };
        CommandError::usage(words)
            .hint("See the table:  callhome sip events -o wide")
            .hint("Send an event of your own:  callhome sip notify ADDRESS --event EVENT")
    })
}

fn request(
    args: &NotifyArgs,
    binding: &Binding,
    row: &VendorEvent,
) -> Result<OutboundRequest, CommandError> {
    if row.event == EVENT {
        return Err(CommandError::usage(
            "--vendor is for phones' own events; this one makes a device call home",
        )
        .hint("Have it call home:  callhome call DEVICE"));
    }
    let (uri, route) = towards(binding).ok_or_else(|| {
        CommandError::new(
            ErrorKind::Unreachable,
            format!(
                "it registered {:?}, which is no SIP address",
                binding.contact
            ),
        )
    })?;
    let request = OutboundRequest::notify(uri, row.event)
        .map_err(|e| unusable(&e))?
        .via_route(route);
    args.send.apply(request)
}

/// Waits until the registry holds a newer registration; after how long it came.
async fn registered_again(
    context: &Context,
    client: &Client,
    device: &Device,
    before: &Binding,
    patience: Duration,
) -> Result<Option<Duration>, CommandError> {
    let began = Instant::now();
    let stop = context.interrupt();
    let newer = |device: &Device| {
        device.bindings.iter().any(|b| {
            b.instance == before.instance
                && (b.call_id != before.call_id || b.cseq != before.cseq)
                && b.registered_at >= before.registered_at
                && !b.call_id.is_empty()
        })
    };
    loop {
        if newer(&client.device(device.id).await?) {
            return Ok(Some(began.elapsed()));
        }
        if began.elapsed() >= patience {
            return Ok(None);
        }
        tokio::select! {
            () = sleep(GLANCE) => {}
            () = stop.cancelled() => return Ok(None),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
