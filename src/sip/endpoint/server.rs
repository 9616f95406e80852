use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Due, Endpoint, Event, ServerKey, Transmit, compose};
use crate::sip::fault::faults;
use crate::sip::inbound::{InboundRequest, Reply};
use crate::sip::method::Method;
use crate::sip::transaction::{Class, Effect, ServerInput, ServerInvite, ServerOther};
use crate::sip::transport::Hop;
use crate::sip::wire::Message;

/// One server transaction.
#[derive(Debug)]
pub(super) struct Server {
    machine: Machine,
    request: Message,
    reply_to: Hop,
    otherwise: Option<(Hop, Arc<str>)>,
    local: SocketAddr,
    tag: String,
    /// Octets of the request.
    size: usize,
    /// The last answer.
    bytes: Option<Arc<[u8]>>,
}

#[derive(Debug)]
enum Machine {
    Invite(ServerInvite),
    Other(ServerOther),
}

/// Transactions of others that are kept at once; each lasts half a minute over UDP.
pub(super) const MOST_SERVERS: usize = 100_000;
/// Octets of their requests in all: as many as that number of ordinary ones have.
pub(super) const MOST_OCTETS: usize = 64 << 20;
/// INVITEs among them that came over UDP: their answers are sent until they are acknowledged, and whoever forges a
/// sender has us send them to somebody else.
pub(super) const MOST_INVITES: usize = 2_000;

/// The magic cookie of RFC 3261 §8.1.1.7.
const COOKIE: &str = "z9hG4bK";

/// Key of the transaction that a request belongs to (RFC 3261 §17.2.3); `method` is INVITE for ACK and CANCEL's target.
fn key_of(request: &Message, method: &Method) -> Option<ServerKey> {
    let via = request.top_via()?;
    let key = match via.branch().filter(|b| b.starts_with(COOKIE)) {
        Some(branch) => format!("{branch}|{}|{method}", via.sent_by.to_ascii_lowercase()),
        // A client of RFC 2543: everything that does not change between copies.
        None => format!("{}|{via}|{method}", dialog_of(request)?),
    };
    Some(ServerKey(key.into()))
}

/// What INVITE and the ACK of its 2xx have in common.
fn dialog_of(request: &Message) -> Option<String> {
    let from = request.from()?;
    Some(format!(
        "{}|{}|{}",
        request.header("Call-ID")?,
        request.cseq()?.number,
        from.tag().unwrap_or_default()
    ))
}

/// Where an answer goes: the hop, and another one when the connection to that is gone.
type Back = (Hop, Option<(Hop, Arc<str>)>);

/// Notes where a request really came from (RFC 3261 §18.2.1, RFC 3581 §4); gives where its answer goes (§18.2.2).
fn stamp(request: &mut Message, hop: Hop) -> Option<Back> {
    let source = hop.address;
    let mut via = request.top_via()?;
    let (host, port) = match via
        .sent_by
        .strip_prefix('[')
        .and_then(|s| s.split_once(']'))
    {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match via.sent_by.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (via.sent_by.as_str(), None),
        },
    };
    let usual = hop.transport.default_port();
    let port: u16 = port.and_then(|p| p.parse().ok()).unwrap_or(usual);
    let elsewhere = host.parse() != Ok(source.ip());
    let listens = Hop::new(hop.transport, SocketAddr::new(source.ip(), port));
    let name: Arc<str> = host.into();
    let symmetric = via.params.has("rport");
    if elsewhere || symmetric {
        via.params.set("received", Some(&source.ip().to_string()));
    }
    let reply_port = if symmetric {
        via.params.set("rport", Some(&source.port().to_string()));
        source.port()
    } else {
        port
    };
    request.set_top_via(&via);
    if hop.transport.is_reliable() {
        // On the connection that it came on; a WebSocket's client listens nowhere.
        let otherwise = (!hop.transport.is_web_socket()).then_some((listens, name));
        return Some((hop, otherwise));
    }
    Some((Hop::udp(SocketAddr::new(source.ip(), reply_port)), None))
}

impl Endpoint {
    pub(super) fn receive_request(
        &mut self,
        now: Duration,
        source: Hop,
        local: SocketAddr,
        mut message: Message,
        size: usize,
    ) {
        let Some(method) = message.method() else {
            return;
        };
        let Some((reply_to, otherwise)) = stamp(&mut message, source) else {
            self.discarded += 1;
            return;
        };
        if method == Method::ACK {
            self.receive_ack(now, &message);
            return;
        }
        let Some(key) = key_of(&message, &method) else {
            self.discarded += 1;
            return;
        };
        if self.servers.contains_key(&key) {
            self.step_server(now, &key, ServerInput::Again);
            return;
        }
        let reliable = source.transport.is_reliable();
        let repeats = method == Method::INVITE && !reliable;
        if self.servers.len() >= MOST_SERVERS
            || self.kept + size > MOST_OCTETS
            || (repeats && self.invites >= MOST_INVITES)
        {
            // Nothing is kept and nothing is sent twice (RFC 3261 §8.2.7).
            let tag = self.ids.tag();
            let refusal = Reply::new(503).with_header("Retry-After", "5");
            self.transmits.push_back(Transmit {
                to: reply_to,
                name: None,
                otherwise,
                request: None,
                bytes: refusal.to_message(&message, &tag).to_bytes().into(),
            });
            return;
        }
        self.invites += usize::from(repeats);
        self.kept += size;
        let machine = if method == Method::INVITE {
            Machine::Invite(ServerInvite::new(self.timers, reliable))
        } else {
            Machine::Other(ServerOther::new(self.timers, reliable))
        };
        let server = Server {
            machine,
            request: message.clone(),
            reply_to,
            otherwise,
            local,
            tag: self.ids.tag(),
            size,
            bytes: None,
        };
        self.servers.insert(key.clone(), server);
        if let Some(fault) = faults(&message).into_iter().find(|f| f.is_fatal()) {
            self.reply(now, &key, &Reply::new(400).because(&fault.to_string()));
        } else if method == Method::CANCEL {
            self.receive_cancel(now, &key, &message);
        } else {
            if method == Method::INVITE {
                self.reply(now, &key, &Reply::new(100));
            }
            let request = InboundRequest {
                message,
                source: source.address,
                local,
                transport: source.transport,
            };
            self.events
                .push_back(Event::Request(key, Box::new(request)));
        }
    }

    fn receive_ack(&mut self, now: Duration, ack: &Message) {
        let key = key_of(ack, &Method::INVITE)
            .filter(|key| self.servers.contains_key(key))
            .or_else(|| self.accepted.get(&dialog_of(ack)?).cloned());
        match key {
            Some(key) => self.step_server(now, &key, ServerInput::Ack),
            None => self.discarded += 1,
        }
    }

    /// RFC 3261 §9.2.
    fn receive_cancel(&mut self, now: Duration, key: &ServerKey, cancel: &Message) {
        let invite = key_of(cancel, &Method::INVITE).filter(|k| self.servers.contains_key(k));
        let Some(invite) = invite else {
            self.reply(now, key, &Reply::new(481));
            return;
        };
        self.reply(now, key, &Reply::ok());
        let open = matches!(
            self.servers.get(&invite).map(|s| &s.machine),
            Some(Machine::Invite(machine)) if machine.is_proceeding()
        );
        if open {
            self.reply(now, &invite, &Reply::new(487));
            self.events.push_back(Event::Cancelled(invite));
        }
    }

    /// Answers an inbound request. After a final answer, or when the transaction is gone, nothing is sent.
    pub fn reply(&mut self, now: Duration, key: &ServerKey, reply: &Reply) {
        let Some(server) = self.servers.get_mut(key) else {
            return;
        };
        let class = Class::of(reply.code);
        let effects = match &mut server.machine {
            Machine::Invite(machine) => machine.step(ServerInput::Answer(class)),
            Machine::Other(machine) => machine.step(ServerInput::Answer(class)),
        };
        if effects.contains(&Effect::Send) {
            let mut message = reply.to_message(&server.request, &server.tag);
            if class == Class::Success && matches!(server.machine, Machine::Invite(_)) {
                if message.header("Contact").is_none() {
                    let us = Hop::new(server.reply_to.transport, server.local);
                    let secure = server.request.uri().is_some_and(|u| u.starts_with("sips:"));
                    message.push("Contact", &compose::our_contact("", us, None, secure));
                }
                if message.header("Allow").is_none() {
                    message.push("Allow", compose::ALLOW);
                }
                if let Some(dialog) = dialog_of(&server.request) {
                    self.accepted.insert(dialog, key.clone());
                }
            }
            server.bytes = Some(message.to_bytes().into());
        }
        self.apply(now, key, effects);
    }

    pub(super) fn step_server(&mut self, now: Duration, key: &ServerKey, input: ServerInput) {
        let Some(server) = self.servers.get_mut(key) else {
            return;
        };
        let effects = match &mut server.machine {
            Machine::Invite(machine) => machine.step(input),
            Machine::Other(machine) => machine.step(input),
        };
        self.apply(now, key, effects);
    }

    fn apply(&mut self, now: Duration, key: &ServerKey, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send | Effect::Repeat => {
                    if let Some(server) = self.servers.get(key)
                        && let Some(bytes) = server.bytes.clone()
                    {
                        self.transmits.push_back(Transmit {
                            to: server.reply_to,
                            name: None,
                            otherwise: server.otherwise.clone(),
                            request: None,
                            bytes,
                        });
                    }
                }
                Effect::Start(timer, pause) => {
                    self.queue.add(now + pause, Due::Server(key.clone(), timer));
                }
                Effect::End => {
                    let Some(server) = self.servers.remove(key) else {
                        continue;
                    };
                    self.kept = self.kept.saturating_sub(server.size);
                    let over_udp = !server.reply_to.transport.is_reliable();
                    if over_udp && matches!(server.machine, Machine::Invite(_)) {
                        self.invites = self.invites.saturating_sub(1);
                    }
                    if let Some(dialog) = dialog_of(&server.request) {
                        self.accepted.remove(&dialog);
                    }
                }
                // An ACK, and an ACK that never came, change nothing for those above: no dialog is kept.
                Effect::Deliver | Effect::TimedOut | Effect::Failed | Effect::Acknowledge => {}
            }
        }
    }
}
