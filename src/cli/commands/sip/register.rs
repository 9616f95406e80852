use clap::Args;

use super::deliver::deliver;
use super::flags::{SendFlags, address, unusable};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Outcome};
use crate::sip::{OutboundRequest, SipUri, contact_me};

/// Register an address at a registrar.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip register anna@example.net --contact anna@10.4.7.31:5060 \\
    --user anna --password-file anna.pw
  callhome sip register anna@example.net --registrar 192.0.2.1:5060 \\
    --contact anna@10.4.7.31:5060 --expires 60
  callhome sip register anna@example.net --contact anna@10.4.7.31:5060 \\
      --expires 0

Shows the contacts that the registrar holds afterwards.")]
pub(crate) struct RegisterArgs {
    /// Address of record, as in anna@example.net
    #[arg(value_name = "ADDRESS", value_parser = address)]
    aor: SipUri,
    /// The registrar; the host of ADDRESS when absent
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    registrar: Option<SipUri>,
    /// Where the device is to be reached; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = address, required = true)]
    contact: Vec<SipUri>,
    /// Id of the device, so that a new contact replaces its old one
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// Seconds that it holds; 0 ends it
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    expires: u32,
    #[command(flatten)]
    send: SendFlags,
}

/// Registers.
pub(super) async fn run(context: &Context, args: RegisterArgs) -> Outcome {
    let request = request(&args)?;
    deliver(context, &args.send, request).await
}

fn request(args: &RegisterArgs) -> Result<OutboundRequest, CommandError> {
    let registrar = match &args.registrar {
        Some(registrar) => registrar.clone(),
        None => {
            // The domain alone: a REGISTER goes to nobody in particular (RFC 3261 §10.2).
            let aor = args.aor.to_aor();
            let domain = aor.rsplit_once('@').map_or(aor.as_str(), |(_, d)| d);
            address(domain).map_err(|e| CommandError::usage(e.to_string()))?
        }
    };
    let contacts: Vec<String> = args
        .contact
        .iter()
        .map(|uri| {
            let mut contact = crate::sip::NameAddr::new(uri);
            if let Some(instance) = &args.instance {
                contact.set_param("+sip.instance", Some(&format!("<{instance}>")));
            }
            contact.to_string()
        })
        .collect();
    let request = OutboundRequest::register(registrar, args.aor.clone(), args.expires)
        .with_contact(&contacts.join(", "))
        .and_then(|r| r.with_header("Accept", contact_me::CONTENT_TYPE))
        .and_then(|r| r.with_header("Supported", "path"))
        .map_err(|e| unusable(&e))?;
    args.send.apply(request)
}
