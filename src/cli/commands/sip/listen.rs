use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use clap::Args;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::deliver::seed;
use crate::cli::capture;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::{View, count, seconds, time_of_day};
use crate::domain::Timestamp;
use crate::net::sip_link::{LinkError, LinkOptions, SipLink};
use crate::port::SipHandler;
use crate::sip::{Direction, InboundRequest, Packet, Reply, redacted};

/// Show SIP requests that arrive, and answer them.
#[derive(Debug, Args)]
#[command(after_help = "\
Listens by UDP and TCP, answers every request with one code, and shows it without
passwords. ACK, CANCEL and repeated copies are taken care of and not shown.

Examples:
  callhome sip listen
  callhome sip listen --on 127.0.0.1:0 --count 1 -v
  callhome sip listen --on 192.0.2.7:5060 --answer 489 -o ndjson
  callhome sip listen --pcap seen.pcapng --timeout 1min

Ends with Ctrl-C, after --count requests, or after --timeout.")]
pub(crate) struct ListenArgs {
    /// Address to listen at; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:5060")]
    on: SocketAddr,
    /// Answer every request with this code
    #[arg(long, value_name = "CODE", default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=699))]
    answer: u16,
    /// End after this many requests
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time, as in 1min
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Write what arrived to a file for Wireshark (pcapng)
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
}

/// A request that arrived, for programs.
#[derive(Serialize)]
struct Heard {
    at: Timestamp,
    from: SocketAddr,
    to: SocketAddr,
    transport: String,
    method: String,
    uri: String,
    answered: u16,
    message: String,
}

/// Hands every request on, and answers it.
struct Ear {
    heard: mpsc::Sender<InboundRequest>,
    code: u16,
}

#[async_trait]
impl SipHandler for Ear {
    async fn handle(&self, request: InboundRequest) -> Reply {
        // Nobody listens any more when the command is ending.
        drop(self.heard.send(request).await);
        Reply::new(self.code)
    }
}

/// Listens.
pub(super) async fn run(context: &Context, args: ListenArgs) -> Outcome {
    let stop = context.interrupt();
    let (heard, mut requests) = mpsc::channel(1024);
    let ear = std::sync::Arc::new(Ear {
        heard,
        code: args.answer,
    });
    let options = LinkOptions {
        streams: true,
        ..LinkOptions::new(args.on, seed()?)
    };
    let link = SipLink::open(options.with_handler(ear)).map_err(unopened)?;
    // Programs wait for this line: it is told also under -q.
    let ready = format!("ready: sip:{}  (Ctrl-C ends it)", link.local_addr());
    context.screen.note(&ready)?;
    let end = args.timeout.map(|time| Instant::now() + time);
    let mut seen = 0;
    let mut packets = Vec::new();
    let ended = loop {
        if args.count.is_some_and(|most| seen >= most) {
            break Ok(());
        }
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => break Ok(()),
            () = over => break Ok(()),
            request = requests.recv() => {
                let Some(request) = request else { break Ok(()) };
                seen += 1;
                let octets = redacted(&request.message.to_bytes());
                let at = context.now();
                packets.extend(args.pcap.is_some().then(|| packet(&request, &octets, at)));
                if let Err(error) = show(context, &request, &octets, at, args.answer) {
                    break Err(error);
                }
            }
        }
    };
    // The last answers go out before the sockets are closed.
    link.close().await;
    if let Some(file) = &args.pcap {
        capture::save(file, &packets)?;
    }
    ended?;
    context.status(&format!("{} arrived", count(seen, "request")))?;
    Ok(Exit::Done)
}

fn unopened(error: LinkError) -> CommandError {
    CommandError::usage(error.to_string())
        .hint("Another port:  --on 0.0.0.0:5070     Let the system choose:  --on 127.0.0.1:0")
}

fn packet(request: &InboundRequest, octets: &[u8], at: Timestamp) -> Packet {
    let transport = request.transport.to_string();
    let (local, peer) = (request.local, request.source);
    Packet {
        at_us: u64::try_from(at.millis()).unwrap_or_default() * 1_000,
        octets: octets.to_vec(),
        ..capture::over(&transport, local, peer, Direction::Received)
    }
}

fn show(
    context: &Context,
    request: &InboundRequest,
    octets: &[u8],
    at: Timestamp,
    answered: u16,
) -> Result<(), CommandError> {
    let (method, transport) = (request.method().to_string(), request.transport.to_string());
    let message = String::from_utf8_lossy(octets).into_owned();
    let uri = request.message.uri().unwrap_or_default().to_owned();
    let event = request.message.header("Event").unwrap_or_default();
    let mut text = format!(
        "{}  {transport} {}  {method} {uri}  {event}",
        time_of_day(at),
        request.source
    );
    text.truncate(text.trim_end().len());
    text.push('\n');
    if context.flags.verbose {
        for line in message.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        text.push('\n');
    }
    let heard = Heard {
        at,
        from: request.source,
        to: request.local,
        transport,
        method,
        uri,
        answered,
        message,
    };
    let view = View::one("sip-heard", &heard)
        .named_by("/from")
        .text(clean(&text));
    context.show(&view)
}

/// Without control characters but for line breaks: what arrives may come from anybody.
fn clean(text: &str) -> String {
    let plain = |c: &char| *c == '\n' || !c.is_control();
    text.chars().filter(plain).collect()
}
