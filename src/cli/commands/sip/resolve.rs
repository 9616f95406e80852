use clap::Args;
use serde::Serialize;

use super::deliver::seed;
use super::flags::{callee, dialled};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View};
use crate::net::dns::{Resolver, name_server};
use crate::sip::{LocateError, SipUri, Transport};

/// Show where a SIP address leads, in the order in which it is tried.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip resolve example.net
  callhome sip resolve sips:anna@example.net -o json
  callhome sip resolve 'example.net;transport=tcp' --dns 192.0.2.53
  callhome sip resolve +14085550137

Asks for NAPTR, SRV and address records as RFC 3263 has it; sends nothing to the targets.
The address of a number is what ENUM (RFC 6116, e164.arpa) says.
Among SRV records of one priority the order is drawn anew each time, by weight.")]
pub(crate) struct ResolveArgs {
    /// Name, address or number, as in example.net, sips:anna@example.net or +14085550137
    #[arg(value_name = "ADDRESS", value_parser = callee)]
    target: SipUri,
    /// Name server to ask instead of the system's
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = name_server)]
    dns: Option<std::net::SocketAddr>,
}

#[derive(Serialize)]
struct Row {
    order: usize,
    transport: Transport,
    address: String,
    port: u16,
    certificate_name: Option<String>,
    why: String,
    /// The address that was looked up.
    uri: String,
}

/// Resolves.
pub(super) async fn run(context: &Context, args: &ResolveArgs) -> Outcome {
    let resolver = args.dns.map_or_else(Resolver::system, Resolver::at);
    let mut lot = [0; 8];
    lot.copy_from_slice(&seed()?[..8]);
    let target = dialled(args.target.clone(), &resolver).await?;
    if target != args.target {
        context.status(&format!("the address is {target}"))?;
    }
    let found = resolver.locate(&target, u64::from_be_bytes(lot)).await;
    let found = found.map_err(|error| match error {
        LocateError::Transport(error) => CommandError::usage(error.to_string()),
        error => CommandError::new(ErrorKind::Unreachable, error.to_string())
            .hint("Ask another name server:  --dns ADDRESS"),
    })?;
    let rows: Vec<Row> = found
        .iter()
        .enumerate()
        .map(|(index, place)| Row {
            order: index + 1,
            transport: place.transport,
            address: place.address.ip().to_string(),
            port: place.address.port(),
            certificate_name: place.transport.is_secure().then(|| place.name.to_string()),
            why: place.why.clone(),
            uri: target.to_string(),
        })
        .collect();
    let view = View::many("sip-target", &rows)
        .named_by("/address")
        .columns(vec![
            Column::at("#", "/order"),
            Column::at("transport", "/transport"),
            Column::at("address", "/address"),
            Column::at("port", "/port"),
            Column::at("certificate for", "/certificate_name").wide(),
            Column::at("why", "/why"),
        ]);
    context.show(&view)?;
    Ok(Exit::Done)
}
