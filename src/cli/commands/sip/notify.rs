use std::time::Duration;

use clap::Args;

use super::deliver::deliver_to;
use super::flags::{BodyFlags, ManyFlags, SendFlags, address, callee, unusable};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Outcome};
use crate::cli::output::seconds;
use crate::sip::contact_me::{CONTENT_TYPE, CONTENT_TYPE_XML, ContactMe, EVENT, Protocol};
use crate::sip::{OutboundRequest, SipUri};

/// Notify a device, so that it calls home or fetches its configuration.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip notify anna@192.0.2.7:5060
  callhome sip notify anna@192.0.2.7 --address mgmt.example.net:8443 \\
      --request-id 4t9wz0kc
  callhome sip notify anna@example.net --proxy 192.0.2.1 \\
      --event 'check-sync;reboot=false'
  callhome sip notify anna@192.0.2.7 --user mgmt --password-file mgmt.pw \\
      --trace sip
  callhome sip notify 358931104120070 --event check-sync --vendor auto --wait
  callhome sip notify --from targets.csv --rate 200 --event check-sync

Ends with 0 when it was taken (2xx), 11 when it was refused, 12 when nobody answered, 7 when
only some of the targets in a file took it, 10 when --wait saw no new registration.")]
pub(crate) struct NotifyArgs {
    /// Whom, as in anna@192.0.2.7:5060; with --vendor any name of a device in the registry
    #[arg(
        value_name = "ADDRESS",
        required_unless_present = "from",
        conflicts_with = "from"
    )]
    pub(super) target: Option<String>,
    /// Event package
    #[arg(long, value_name = "EVENT", default_value = EVENT)]
    pub(super) event: String,
    /// Send what the phone's vendor calls this event; auto goes by the phone's User-Agent
    #[arg(
        long,
        value_name = "VENDOR",
        conflicts_with_all = ["address", "path", "request_id", "protocol", "xml", "body", "body_file", "content_type", "proxy", "from"],
        help_heading = "Vendor"
    )]
    vendor: Option<String>,
    /// Wait until the phone has registered again, for so long
    #[arg(
        long,
        value_name = "TIME",
        value_parser = seconds,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2min",
        requires = "vendor",
        help_heading = "Vendor"
    )]
    pub(super) wait: Option<Duration>,
    /// Server that the device is to call, as in mgmt.example.net:8443
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Contact-me")]
    address: Option<String>,
    /// Path to call there
    #[arg(long, value_name = "PATH", help_heading = "Contact-me")]
    path: Option<String>,
    /// Id that ties the call to this request
    #[arg(long, value_name = "ID", help_heading = "Contact-me")]
    request_id: Option<String>,
    /// Protocol of the call: http or https
    #[arg(long, value_name = "PROTOCOL", value_parser = ["http", "https"], hide_possible_values = true, help_heading = "Contact-me")]
    protocol: Option<String>,
    /// Write the contact-me body as XML
    #[arg(long, help_heading = "Contact-me")]
    xml: bool,
    #[command(flatten)]
    body: BodyFlags,
    #[command(flatten)]
    many: ManyFlags,
    #[command(flatten)]
    pub(super) send: SendFlags,
}

/// Notifies.
pub(super) async fn run(context: &Context, args: NotifyArgs) -> Outcome {
    if let Some(vendor) = &args.vendor {
        return super::vendor::notify(context, &args, vendor).await;
    }
    let target = args.target.as_deref().map(callee).transpose();
    let target = target.map_err(|e| {
        CommandError::usage(e.to_string())
            .hint("For a device of the registry:  --vendor auto, or  callhome call DEVICE")
    })?;
    let request = |target| request(&args, target);
    deliver_to(context, &args.send, &args.many, target, request).await
}

fn request(args: &NotifyArgs, target: SipUri) -> Result<OutboundRequest, CommandError> {
    let request = OutboundRequest::notify(target, &args.event).map_err(|e| unusable(&e))?;
    let wish = wish(args)?;
    let is_contact_me = args.event.split(';').next() == Some(EVENT);
    let has_body = args.body.body.is_some() || args.body.body_file.is_some();
    let request = if has_body || !is_contact_me {
        if wish != ContactMe::default() || args.xml {
            return Err(CommandError::usage(
                "--address, --path, --request-id, --protocol and --xml make a contact-me body, which this message has not",
            )
            .hint("Leave out --event and --body, or these"));
        }
        let usual = if is_contact_me {
            CONTENT_TYPE
        } else {
            "text/plain;charset=UTF-8"
        };
        args.body.apply(request, usual)?
    } else if args.body.content_type.is_some() {
        return Err(CommandError::usage("there is a type but no body")
            .hint("For contact-me as XML:  --xml"));
    } else {
        let (content_type, body) = if args.xml {
            (CONTENT_TYPE_XML, wish.to_xml())
        } else {
            (CONTENT_TYPE, wish.to_text())
        };
        // The device subscribed by what its REGISTER accepts, and stays so.
        request
            .with_body(content_type, body.into_bytes())
            .and_then(|r| r.with_header("Subscription-State", "active"))
            .map_err(|e| unusable(&e))?
    };
    args.send.apply(request)
}

fn wish(args: &NotifyArgs) -> Result<ContactMe, CommandError> {
    let mut wish = ContactMe {
        request_id: args.request_id.clone(),
        path: args.path.clone(),
        protocol: args
            .protocol
            .as_deref()
            .and_then(|p| p.parse::<Protocol>().ok()),
        ..ContactMe::default()
    };
    if let Some(text) = &args.address {
        let server = address(text)
            .ok()
            .filter(|uri| uri.user().is_none() && uri.params().is_empty())
            .ok_or_else(|| {
                CommandError::usage(format!("{text:?} is no host or host:port"))
                    .hint("Write it as:  --address mgmt.example.net:8443")
            })?;
        let host = server.host();
        wish.address = Some(if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        });
        wish.port = server.port();
    }
    Ok(wish)
}
