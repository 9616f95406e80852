//! The DNS: answers what `sip::Locate` asks (RFC 3263), through the system's resolver or a server given by address.
//!
//! Addresses of hosts come from the system as for any other program (`/etc/hosts`
//! included); NAPTR and SRV records, which the system's interface does not know, are asked
//! for at the name servers that it is set up with. With a server of its own everything is
//! asked there.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::net::lookup_host;

use crate::domain::Msisdn;
use crate::port::NumberBook;
use crate::sip::{
    Answer, Hop, Locate, LocateError, Located, Naptr, Question, SipUri, Srv, enum_name,
    sip_of_number,
};

/// One question to one server may take this long; it is asked twice.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the DNS.
pub struct Resolver {
    given: Option<SocketAddr>,
    asked: OnceLock<Option<TokioResolver>>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.given {
            Some(server) => write!(f, "Resolver(at {server})"),
            None => f.write_str("Resolver(of the system)"),
        }
    }
}

impl Resolver {
    /// The system's.
    #[must_use]
    pub fn system() -> Self {
        Self {
            given: None,
            asked: OnceLock::new(),
        }
    }

    /// Asks the name server at this address for everything.
    #[must_use]
    pub fn at(server: SocketAddr) -> Self {
        Self {
            given: Some(server),
            asked: OnceLock::new(),
        }
    }

    /// The places where a SIP URI leads, in the order in which they are to be tried. `random` are for SRV weights.
    ///
    /// # Errors
    /// [`LocateError`].
    pub async fn locate(&self, uri: &SipUri, random: u64) -> Result<Vec<Located>, LocateError> {
        let mut locate = Locate::new(uri, random)?;
        while !locate.questions().is_empty() {
            let answers = locate.questions().iter().map(|q| self.answer(q));
            let answers = futures_util::future::join_all(answers).await;
            locate.answered(answers);
        }
        locate.targets()
    }

    /// The NAPTR records of a name.
    pub async fn naptr(&self, name: &str) -> Vec<Naptr> {
        let records = self.records(name, RecordType::NAPTR).await;
        let to_naptr = |data| match data {
            RData::NAPTR(record) => Some(Naptr {
                order: record.order,
                preference: record.preference,
                flags: text(&record.flags),
                services: text(&record.services),
                regexp: text(&record.regexp),
                replacement: host(&record.replacement),
            }),
            _ => None,
        };
        records.into_iter().filter_map(to_naptr).collect()
    }

    /// The SIP address of a telephone number in an ENUM zone (RFC 6116), if it has one.
    pub async fn sip_of(&self, number: &Msisdn, zone: &str) -> Option<SipUri> {
        sip_of_number(self.naptr(&enum_name(number, zone)).await, number)
    }

    async fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::Naptr(name) => Answer::Naptr(self.naptr(name).await),
            Question::Srv(name) => {
                let records = self.records(name, RecordType::SRV).await;
                let to_srv = |data| match data {
                    RData::SRV(record) => Some(Srv {
                        priority: record.priority,
                        weight: record.weight,
                        port: record.port,
                        target: host(&record.target),
                    }),
                    _ => None,
                };
                Answer::Srv(records.into_iter().filter_map(to_srv).collect())
            }
            Question::Addresses(name) => self.addresses(name).await,
        }
    }

    /// IPv4 first: a phone that has both is more often reached by it, and the others are tried after it.
    async fn addresses(&self, name: &str) -> Answer {
        if let Ok(ip) = name.parse::<IpAddr>() {
            return Answer::Addresses(vec![ip]);
        }
        let mut found: Vec<IpAddr> = if self.given.is_some() {
            let (four, six) = tokio::join!(
                self.records(name, RecordType::A),
                self.records(name, RecordType::AAAA)
            );
            let to_ip = |data| match data {
                RData::A(a) => Some(IpAddr::V4(a.0)),
                RData::AAAA(a) => Some(IpAddr::V6(a.0)),
                _ => None,
            };
            four.into_iter().chain(six).filter_map(to_ip).collect()
        } else {
            match lookup_host((name, 0)).await {
                Ok(found) => found.map(|address| address.ip()).collect(),
                Err(error) => {
                    tracing::debug!(name, %error, "no address");
                    Vec::new()
                }
            }
        };
        found.sort_by_key(IpAddr::is_ipv6);
        found.dedup();
        if found.is_empty() {
            Answer::Nothing
        } else {
            Answer::Addresses(found)
        }
    }

    async fn records(&self, name: &str, kind: RecordType) -> Vec<RData> {
        let Some(resolver) = self.asked.get_or_init(|| self.open()) else {
            return Vec::new();
        };
        // The dot at the end: no search domain is put behind it.
        match resolver.lookup(format!("{name}."), kind).await {
            Ok(found) => found.answers().iter().map(|r| r.data.clone()).collect(),
            Err(error) => {
                tracing::debug!(name, %kind, %error, "the DNS has no answer");
                Vec::new()
            }
        }
    }

    fn open(&self) -> Option<TokioResolver> {
        let mut options = ResolverOpts::default();
        options.timeout = PATIENCE;
        options.attempts = 1;
        options.use_hosts_file = ResolveHosts::Never;
        let opened = match self.given {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                let provider = TokioRuntimeProvider::default();
                TokioResolver::builder_with_config(config, provider)
                    .with_options(options)
                    .build()
            }
            None => TokioResolver::builder_tokio().and_then(|b| b.with_options(options).build()),
        };
        opened
            .inspect_err(
                |error| tracing::warn!(%error, "NAPTR and SRV records cannot be asked for"),
            )
            .ok()
    }
}

/// The numbers of one ENUM zone.
#[derive(Debug, Clone)]
pub struct EnumZone {
    resolver: Arc<Resolver>,
    zone: String,
}

impl EnumZone {
    /// The zone of this name, as in `e164.arpa`, asked for through `resolver`.
    #[must_use]
    pub fn new(resolver: Arc<Resolver>, zone: &str) -> Self {
        Self {
            resolver,
            zone: zone.trim_matches('.').to_owned(),
        }
    }
}

#[async_trait]
impl NumberBook for EnumZone {
    fn name(&self) -> &str {
        &self.zone
    }

    async fn sip_of(&self, number: &Msisdn) -> Option<SipUri> {
        self.resolver.sip_of(number, &self.zone).await
    }
}

/// Reads the address of a name server; its usual port may be left out.
///
/// # Errors
/// What such an address looks like.
pub fn name_server(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
        .map_err(|_| format!("{text:?} is no address as 192.0.2.53 or 192.0.2.53:5353"))
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn host(name: &Name) -> String {
    let text = name.to_ascii();
    text.trim_end_matches('.').to_owned()
}

/// Why a name has no address.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The resolver refused or knows no such name.
    #[error("the name {name} cannot be found: {source}")]
    NotFound {
        /// The name asked for.
        name: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// The name exists but has no address of the family that the socket speaks.
    #[error("{name} has no {family} address")]
    Family {
        /// The name asked for.
        name: String,
        /// `IPv4` or `IPv6`.
        family: &'static str,
    },
}

/// Finds the address of a SIP URI's host by A and AAAA records, in the family of `local`.
///
/// # Errors
/// [`ResolveError`].
pub async fn resolve(uri: &SipUri, local: SocketAddr) -> Result<SocketAddr, ResolveError> {
    let fits = |address: &SocketAddr| address.is_ipv4() == local.is_ipv4();
    let name = || uri.host().to_owned();
    let family = || ResolveError::Family {
        name: name(),
        family: if local.is_ipv4() { "IPv4" } else { "IPv6" },
    };
    if let Some(hop) = Hop::of(uri) {
        return Some(hop.address).filter(fits).ok_or_else(family);
    }
    lookup_host((uri.host(), uri.port_or_default()))
        .await
        .map_err(|source| ResolveError::NotFound {
            name: name(),
            source,
        })?
        .find(fits)
        .ok_or_else(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_needs_no_resolver_but_the_right_family() {
        let uri: SipUri = "sip:a@[::1]:5070".parse().expect("valid");
        let v6 = SocketAddr::from(([0; 16], 0));
        let v4 = SocketAddr::from(([0; 4], 0));
        let found = resolve(&uri, v6).await.expect("an address");
        assert_eq!(found.to_string(), "[::1]:5070");
        assert!(matches!(
            resolve(&uri, v4).await,
            Err(ResolveError::Family { family: "IPv4", .. })
        ));
    }

    #[tokio::test]
    async fn localhost_is_found_without_asking_for_its_srv() {
        let uri: SipUri = "sip:a@localhost".parse().expect("valid");
        let found = Resolver::system().locate(&uri, 1).await.expect("found");
        assert_eq!(found[0].address.to_string(), "127.0.0.1:5060");
        assert_eq!(&*found[0].name, "localhost");
    }
}
