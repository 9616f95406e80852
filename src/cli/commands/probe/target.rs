use std::sync::Arc;

use super::ProbeArgs;
use super::address::AddressProbe;
use crate::api::{Device, ProbeReport};
use crate::cli::commands::acting::{self, Target};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::output::device_title;
use crate::cli::target;
use crate::domain::ShortId;
use crate::net::management::Client;
use crate::sip::SipUri;

/// What is probed, and by whom.
pub(super) enum Probed {
    /// A device, by its server.
    Device(Client, ShortId),
    /// A SIP address, from here.
    Address(AddressProbe),
}

impl Probed {
    /// Probes it once.
    pub(super) async fn probe(&self) -> Result<ProbeReport, CommandError> {
        match self {
            Self::Device(client, id) => Ok(client.probe(*id).await?),
            Self::Address(address) => Ok(address.probe().await),
        }
    }
}

/// What the text names: what is written as a SIP address is one; else a device; else a host.
pub(super) async fn of(context: &Context, args: &ProbeArgs) -> Result<Probed, CommandError> {
    let text = args.target.as_str();
    let lower = text.to_ascii_lowercase();
    let written = lower.starts_with("sip:") || lower.starts_with("sips:") || text.contains('@');
    if written || args.proxy.is_some() {
        let uri = crate::cli::commands::sip::address(text)
            .map_err(|e| CommandError::usage(e.to_string()))?;
        return at_address(args, uri);
    }
    let client = context.client_that_waits().await?;
    match acting::locate(client, text).await {
        Ok(Target {
            peer: Some(peer),
            device,
        }) => Err(elsewhere(&device, &peer)),
        Ok(Target { device, .. }) => Ok(Probed::Device(client.clone(), device.id)),
        Err(error) if error.kind() == ErrorKind::NotFound => match host(text) {
            Some(uri) => at_address(args, uri),
            None => Err(error.hint("A SIP address:  callhome probe sip:anna@192.0.2.7")),
        },
        Err(error) => Err(error),
    }
}

/// Its own server knows the way to a device; what this one finds out would be about another way.
fn elsewhere(device: &Device, peer: &str) -> CommandError {
    CommandError::new(
        ErrorKind::NotFound,
        format!(
            "{} is managed at {peer}: only {peer} can probe it",
            device_title(device)
        ),
    )
    .hint(format!(
        "With a login there:  callhome -c CONTEXT probe {}   (callhome context list)",
        target::short_name(device)
    ))
    .hint(format!(
        "From here it can be called:  callhome call {}",
        target::short_name(device)
    ))
}

fn at_address(args: &ProbeArgs, uri: SipUri) -> Result<Probed, CommandError> {
    let outlook = args.outlook.outlook()?;
    let route = args.proxy.iter().cloned().collect();
    Ok(Probed::Address(AddressProbe::new(
        uri,
        route,
        Arc::new(outlook),
    )))
}

/// A text that can only be a host: it has a dot or is an address in brackets, and no blank.
fn host(text: &str) -> Option<SipUri> {
    let looks_so = (text.contains('.') || text.starts_with('[')) && !text.contains([' ', '+']);
    looks_so
        .then(|| format!("sip:{text}").parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_from_a_name() {
        for text in [
            "gw-lund.example.net",
            "192.0.2.7:5060",
            "[2001:db8::1]:5061",
        ] {
            assert!(host(text).is_some(), "{text}");
        }
        for text in ["M. Eriksson", "Reception", "+1.408", "358931104120070"] {
            assert!(host(text).is_none(), "{text}");
        }
    }
}
