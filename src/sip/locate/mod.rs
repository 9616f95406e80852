//! Where a SIP URI leads: RFC 3263 as a machine.
//!
//! It says what to ask the DNS ([`Locate::questions`]), takes the answers, and ends with
//! targets in the order in which they are to be tried, each with its reason. It sends
//! nothing and draws no random numbers: those that RFC 2782 wants for weights are handed
//! in.
//!
//! | file | holds |
//! |---|---|
//! | `number` | a telephone number's SIP address (ENUM, RFC 6116) |
//! | `records` | the DNS records as far as they matter here, and their order |

mod number;
mod records;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

pub use self::number::{ENUM_ZONE, enum_name, sip_of_number};
pub use self::records::{Naptr, Srv};
use self::records::{by_priority_and_weight, usable};
use super::transport::{Hop, Transport, UnknownTransport};
use super::uri::SipUri;

/// A question for the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// NAPTR records of a name.
    Naptr(String),
    /// SRV records of a name.
    Srv(String),
    /// A and AAAA records of a name.
    Addresses(String),
}

/// What the DNS said. Nothing found and no answer look the same here: both lead on (RFC 3263 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// NAPTR records.
    Naptr(Vec<Naptr>),
    /// SRV records.
    Srv(Vec<Srv>),
    /// Addresses, in the order in which they are to be tried.
    Addresses(Vec<IpAddr>),
    /// Nothing.
    Nothing,
}

/// One place to try.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Located {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
    /// Whom the other end has to prove to be: the host of the URI (RFC 5922 §4), not what the DNS made of it.
    pub name: Arc<str>,
    /// Why this one, and why at this place in the order.
    pub why: String,
}

impl Located {
    /// A place that somebody named outright.
    #[must_use]
    pub fn given(hop: Hop, why: &str) -> Self {
        Self {
            transport: hop.transport,
            address: hop.address,
            name: hop.address.ip().to_string().into(),
            why: why.to_owned(),
        }
    }

    /// Transport and address.
    #[must_use]
    pub fn hop(&self) -> Hop {
        Hop::new(self.transport, self.address)
    }
}

/// Why a URI leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// A transport that we do not speak, or `sips:` over UDP.
    #[error(transparent)]
    Transport(#[from] UnknownTransport),
    /// The name has no address, under none of the names that its records lead to.
    #[error("the name {0} cannot be found: it has neither SRV nor address records")]
    NotFound(String),
    /// An SRV record says that the service is not offered (RFC 2782: target `.`).
    #[error("{0} says that it offers no SIP")]
    NotOffered(String),
}

/// A host to look up, with what is known of it.
#[derive(Debug)]
struct Host {
    name: String,
    port: u16,
    transport: Transport,
    why: String,
}

#[derive(Debug)]
enum Stage {
    Naptr,
    /// What each SRV question is for: transport, and why it is asked.
    Srv(Vec<(Transport, String)>),
    Hosts(Vec<Host>),
    Done,
}

/// The look-up of one URI; see the module's page.
#[derive(Debug)]
pub struct Locate {
    host: String,
    secure: bool,
    asked: Option<Transport>,
    port: Option<u16>,
    random: u64,
    stage: Stage,
    questions: Vec<Question>,
    located: Vec<Located>,
    refused: bool,
}

impl Locate {
    /// Begins. `random` are 64 random bits for the weights of SRV records.
    ///
    /// # Errors
    /// [`LocateError::Transport`].
    pub fn new(uri: &SipUri, random: u64) -> Result<Self, LocateError> {
        let mut locate = Self {
            host: uri.host().trim_end_matches('.').to_ascii_lowercase(),
            secure: uri.is_secure(),
            asked: Transport::asked_by(uri)?,
            port: uri.port(),
            random: random | 1,
            stage: Stage::Done,
            questions: Vec::new(),
            located: Vec::new(),
            refused: false,
        };
        locate.begin();
        Ok(locate)
    }

    /// What to ask now; empty when all is known.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Takes the answers to all of [`Locate::questions`], in their order.
    pub fn answered(&mut self, answers: Vec<Answer>) {
        self.questions.clear();
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Naptr => self.took_naptr(answers),
            Stage::Srv(asked) => self.took_srv(&asked, answers),
            Stage::Hosts(hosts) => self.took_addresses(&hosts, answers),
            Stage::Done => {}
        }
    }

    /// The places to try, first one first.
    ///
    /// # Errors
    /// [`LocateError`] when there is none.
    pub fn targets(self) -> Result<Vec<Located>, LocateError> {
        if !self.located.is_empty() {
            return Ok(self.located);
        }
        Err(if self.refused {
            LocateError::NotOffered(self.host)
        } else {
            LocateError::NotFound(self.host)
        })
    }

    /// The transport where neither parameter nor DNS decide (§4.1).
    fn usual(&self) -> Transport {
        self.asked.unwrap_or(if self.secure {
            Transport::Tls
        } else {
            Transport::Udp
        })
    }

    fn begin(&mut self) {
        let transport = self.usual();
        let chosen = match (self.asked, self.secure) {
            (Some(asked), _) => format!("the URI asks for {asked}"),
            (None, true) => "sips means TLS".to_owned(),
            (None, false) => "UDP is usual".to_owned(),
        };
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            let port = self.port.unwrap_or(transport.default_port());
            let why = match self.port {
                Some(_) => format!("the URI names this address; {chosen}"),
                None => format!("the URI names this address; {chosen}, its port is {port}"),
            };
            self.found(transport, SocketAddr::new(ip, port), why);
        } else if let Some(port) = self.port {
            let why = format!("the URI names port {port}, so no SRV is asked; {chosen}");
            self.look_up(self.host.clone(), port, transport, why);
        } else if is_special(&self.host) {
            let port = transport.default_port();
            let why = format!("a name of this machine has no SRV; {chosen}");
            self.look_up(self.host.clone(), port, transport, why);
        } else if self.asked.is_some() {
            self.ask_srv(vec![(self.srv_name(transport), transport, chosen)]);
        } else {
            self.stage = Stage::Naptr;
            self.questions = vec![Question::Naptr(self.host.clone())];
        }
    }

    fn srv_name(&self, transport: Transport) -> String {
        let service = match transport {
            Transport::Udp => "_sip._udp",
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
            Transport::Ws => "_sip._ws",
            Transport::Wss => "_sips._ws",
        };
        format!("{service}.{}", self.host)
    }

    fn ask_srv(&mut self, asked: Vec<(String, Transport, String)>) {
        self.questions = asked
            .iter()
            .map(|(name, ..)| Question::Srv(name.clone()))
            .collect();
        self.stage = Stage::Srv(asked.into_iter().map(|(_, t, why)| (t, why)).collect());
    }

    fn took_naptr(&mut self, answers: Vec<Answer>) {
        let records = answers.into_iter().find_map(|a| match a {
            Answer::Naptr(records) => Some(records),
            _ => None,
        });
        let usable = usable(records.unwrap_or_default(), self.secure);
        if !usable.is_empty() {
            let asked = usable.into_iter().map(|(transport, record)| {
                let why = format!(
                    "NAPTR {} {} offers {transport}",
                    record.order, record.preference
                );
                (record.replacement, transport, why)
            });
            self.ask_srv(asked.collect());
            return;
        }
        // Without NAPTR every transport that we speak is asked for (§4.1).
        let ours: &[Transport] = if self.secure {
            &[Transport::Tls]
        } else {
            &[Transport::Udp, Transport::Tcp, Transport::Tls]
        };
        let asked = ours
            .iter()
            .map(|t| (self.srv_name(*t), *t, "no NAPTR".to_owned()));
        self.ask_srv(asked.collect());
    }

    fn took_srv(&mut self, asked: &[(Transport, String)], answers: Vec<Answer>) {
        let mut hosts = Vec::new();
        for ((transport, because), answer) in asked.iter().zip(answers) {
            let Answer::Srv(records) = answer else {
                continue;
            };
            for record in by_priority_and_weight(records, &mut self.random) {
                if record.target.is_empty() || record.target == "." {
                    self.refused = true;
                    continue;
                }
                hosts.push(Host {
                    why: format!(
                        "{because}; SRV {} {} names {}:{}",
                        record.priority, record.weight, record.target, record.port
                    ),
                    name: record.target,
                    port: record.port,
                    transport: *transport,
                });
            }
        }
        if !hosts.is_empty() {
            self.ask_hosts(hosts);
        } else if !self.refused {
            let transport = self.usual();
            let port = transport.default_port();
            let reason = asked.first().map_or("no SRV", |(_, reason)| reason);
            let why = format!("{reason}, no SRV: {transport} at its usual port {port}");
            self.look_up(self.host.clone(), port, transport, why);
        }
    }

    fn look_up(&mut self, name: String, port: u16, transport: Transport, why: String) {
        self.ask_hosts(vec![Host {
            name,
            port,
            transport,
            why,
        }]);
    }

    fn ask_hosts(&mut self, hosts: Vec<Host>) {
        let mut questions: Vec<Question> = Vec::new();
        for host in &hosts {
            let question = Question::Addresses(host.name.clone());
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        self.questions = questions;
        self.stage = Stage::Hosts(hosts);
    }

    fn took_addresses(&mut self, hosts: &[Host], answers: Vec<Answer>) {
        let mut names: Vec<&str> = Vec::new();
        for host in hosts {
            if !names.contains(&host.name.as_str()) {
                names.push(&host.name);
            }
        }
        for host in hosts {
            let position = names.iter().position(|n| *n == host.name);
            if let Some(Answer::Addresses(addresses)) = position.and_then(|i| answers.get(i)) {
                for ip in addresses.clone() {
                    let address = SocketAddr::new(ip, host.port);
                    self.found(host.transport, address, host.why.clone());
                }
            }
        }
    }

    fn found(&mut self, transport: Transport, address: SocketAddr, why: String) {
        let known = self
            .located
            .iter()
            .any(|l| l.transport == transport && l.address == address);
        if !known {
            self.located.push(Located {
                transport,
                address,
                name: self.host.as_str().into(),
                why,
            });
        }
    }
}

/// Names that no DNS server is to be asked about in vain (RFC 6761 §6.3, §6.4).
fn is_special(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.ends_with(".invalid")
}
