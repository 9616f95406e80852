use std::time::Duration;

use clap::Args;

use super::super::acting;
use crate::api::{CallbackRequest, Contact, Part};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{callback_card, device_line, seconds};
use crate::domain::{Bearer, Timestamp};

/// Ask that a device call an application server.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything about the application server may be left out. Without an address the device calls the
one that is configured on it. The request is kept until the device can be told, and tried again
whenever it registers, until --deadline is over.

Examples:
  callhome callback request 358931104120070
  callhome callback request 358931104120070 --address app.example.net:8443 \\
      --path /provision
  callhome callback request eriksson --address app.example.net \\
      --alternative app2.example.net:443 \\
      --request-id order-2026-0117 --component phonebook --wait
  callhome callback request eriksson --not-before +2h --not-after +3h \\
      --part X-Reason=update")]
pub(crate) struct RequestArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Your own id of this request, which the call will carry
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    to: ContactFlags,
    /// Only these ways, in this order: sip-direct, sip-proxy, sms
    #[arg(long, value_name = "BEARERS", value_delimiter = ',')]
    via: Option<Vec<Bearer>>,
    /// How long to try, as in 5min or 2h; with --not-before from then on
    #[arg(
        long,
        value_name = "TIME",
        value_parser = seconds,
        default_value = "1h",
        help_heading = "Waiting"
    )]
    deadline: Duration,
    /// Wait until the device has called
    #[arg(long, help_heading = "Waiting")]
    wait: bool,
    /// How long to wait, as in 30s or 5min
    #[arg(long, value_name = "TIME", value_parser = seconds, requires = "wait", help_heading = "Waiting")]
    timeout: Option<Duration>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Whom to call, and when.
#[derive(Debug, Args)]
struct ContactFlags {
    /// Host of the application server, as in app.example.net:8443
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Application server")]
    address: Option<String>,
    /// Path to call there
    #[arg(long, value_name = "PATH", help_heading = "Application server")]
    path: Option<String>,
    /// Protocol of the call: http or https
    #[arg(long, value_name = "PROTOCOL", value_parser = ["http", "https"], hide_possible_values = true, help_heading = "Application server")]
    protocol: Option<String>,
    /// What is spoken there
    #[arg(long, value_name = "NAME", help_heading = "Application server")]
    api: Option<String>,
    /// Functional component of the device that is meant
    #[arg(long, value_name = "NAME", help_heading = "Application server")]
    component: Option<String>,
    /// Another address to try; may be repeated
    #[arg(
        long = "alternative",
        value_name = "HOST:PORT",
        help_heading = "Application server"
    )]
    alternatives: Vec<String>,
    /// Not to be called before, as in 2026-11-20T22:00:00Z or +2h
    #[arg(long, value_name = "TIME", help_heading = "Application server")]
    not_before: Option<String>,
    /// Not to be called after
    #[arg(long, value_name = "TIME", help_heading = "Application server")]
    not_after: Option<String>,
    /// A further part for the device; may be repeated
    #[arg(
        long = "part",
        value_name = "LABEL=VALUE",
        help_heading = "Application server"
    )]
    parts: Vec<String>,
}

/// Asks, and waits if told to.
pub(super) async fn run(context: &Context, args: RequestArgs) -> Outcome {
    let contact = contact(context, &args.to)?;
    let waits = args.wait && !args.write.dry_run;
    let client = if waits {
        context.client_that_waits().await?
    } else {
        context.client().await?
    };
    let client = client.clone().recording(args.write.dry_run);
    let target = acting::locate(&client, &args.device).await?;
    let request = CallbackRequest {
        ladder: args.via,
        deadline_ms: Some(u64::try_from(args.deadline.as_millis()).unwrap_or(u64::MAX)),
        reason: args.write.reason.clone(),
        request_id: args.request_id,
        contact,
        keep_trying: true,
        server: target.peer.clone(),
        ..CallbackRequest::of(target.device.id)
    };
    let write = context.write(&args.write)?;
    let view = client.call(&request, &write).await?;
    context.status(&format!("{}\n", device_line(&target.device, context.now())))?;
    let peer = target.peer.as_deref().or_else(|| {
        let elsewhere = !view.server.is_empty() && view.server != target.device.server;
        elsewhere.then_some(view.server.as_str())
    });
    if waits {
        return super::watch::follow(context, &client, view.clone(), peer, args.timeout).await;
    }
    context.show(&callback_card(&view, context.now()))?;
    if context.is_embedded() {
        context.status("  To have it sent:  callhome serve")?;
    }
    let there = peer.map_or_else(String::new, |p| format!(" --server {p}"));
    context.status(&format!(
        "  To follow it:     callhome callback watch {}{there}",
        view.id
    ))?;
    Ok(Exit::Done)
}

fn contact(context: &Context, flags: &ContactFlags) -> Result<Option<Contact>, CommandError> {
    let (address, port) = match &flags.address {
        Some(text) => {
            let (host, port) = host_port(text)?;
            (Some(host), port)
        }
        None => (None, None),
    };
    let contact = Contact {
        address,
        port,
        path: flags.path.clone(),
        component: flags.component.clone(),
        not_before: time(context, "--not-before", flags.not_before.as_deref())?,
        not_after: time(context, "--not-after", flags.not_after.as_deref())?,
        protocol: flags.protocol.clone(),
        api: flags.api.clone(),
        alternatives: flags.alternatives.clone(),
        parts: flags
            .parts
            .iter()
            .map(|part| {
                let (name, value) = part.split_once('=').ok_or_else(|| {
                    CommandError::usage(format!("--part {part:?}: a part is LABEL=VALUE"))
                })?;
                Ok(Part {
                    name: name.to_owned(),
                    value: value.to_owned(),
                })
            })
            .collect::<Result<_, CommandError>>()?,
    };
    Ok(Some(contact).filter(|c| *c != Contact::default()))
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_port(text: &str) -> Result<(String, Option<u16>), CommandError> {
    let wrong = || {
        CommandError::usage(format!(
            "--address {text:?}: expected HOST or HOST:PORT, as in app.example.net:8443"
        ))
    };
    let split = match text.rfind(']') {
        Some(end) => text[end..].find(':').map(|colon| end + colon),
        None if text.matches(':').count() > 1 => {
            return Err(
                wrong().hint("An IPv6 address stands in brackets, as in [2001:db8::7]:8443")
            );
        }
        None => text.find(':'),
    };
    let Some(split) = split else {
        return Ok((text.to_owned(), None));
    };
    let port = text[split + 1..].parse().map_err(|_| wrong())?;
    Ok((text[..split].to_owned(), Some(port)))
}

/// A moment, or one `+2h` from now.
fn time(
    context: &Context,
    flag: &str,
    text: Option<&str>,
) -> Result<Option<Timestamp>, CommandError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let read = match text.strip_prefix('+') {
        Some(length) => seconds(length).map(|length| context.now().after(length)),
        None => text.parse().map_err(|_| String::new()),
    };
    read.map(Some).map_err(|_| {
        CommandError::usage(format!(
            "{flag} {text:?}: expected a time as in 2026-11-20T22:00:00Z, or +2h from now"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_port_or_not_and_brackets_where_they_need_them() {
        for (text, host, port) in [
            ("app.example.net", "app.example.net", None),
            ("app.example.net:8443", "app.example.net", Some(8443)),
            ("[2001:db8::7]", "[2001:db8::7]", None),
            ("[2001:db8::7]:80", "[2001:db8::7]", Some(80)),
        ] {
            let read = host_port(text).expect(text);
            assert_eq!(read, (host.to_owned(), port), "{text}");
        }
        for text in ["2001:db8::7", "a:b", "a:70000"] {
            assert!(host_port(text).is_err(), "{text}");
        }
    }
}
