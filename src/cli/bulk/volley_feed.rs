use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::SipRow;
use super::journal_file::Pen;
use super::volley::{RowEnd, key};
use crate::cli::error::CommandError;
use crate::domain::Timestamp;
use crate::flow::journal::JournalLine;
use crate::net::dns::Resolver;
use crate::net::sip_volley::{Facing, TargetFeed};
use crate::port::task;
use crate::sip::volley::VolleyTarget;
use crate::sip::{InvalidSipUri, SipOutcome, SipUri, Transport};

/// Targets that are handed over together at most.
pub(super) const LOT: usize = 1_024;
/// Names that are looked up at once.
const LOOKUPS: usize = 64;

/// How many targets are handed over together: a twentieth of a second's, because after a crash all of a lot are in doubt.
pub(super) fn lot(rate: Option<f64>, jobs: u32) -> usize {
    let by_rate = rate.map_or(LOT, |rate| (rate / 20.0) as usize);
    by_rate.min(jobs as usize).clamp(1, LOT)
}

/// What happens to rows before they reach the volley.
pub(super) enum Stray {
    /// It ended there.
    End(RowEnd),
    /// They were written down as begun, and nobody took them.
    Back(Vec<u32>),
    /// Nothing more can be begun.
    Fault(CommandError),
}

/// What a look-up was for, and what came of it.
type LookedUp = (u32, SipUri, (String, u16), Result<SocketAddr, String>);

/// Turns rows into targets: reads the address, looks names up, finds our own address towards it.
pub(super) struct Feeder {
    pub(super) todo: Vec<u32>,
    pub(super) rows: Arc<[SipRow]>,
    pub(super) address: fn(&str) -> Result<SipUri, InvalidSipUri>,
    pub(super) route: Option<SipUri>,
    pub(super) resolver: Arc<Resolver>,
    /// For the weights of SRV records.
    pub(super) random: u64,
    pub(super) facing: Facing,
    pub(super) feed: TargetFeed,
    pub(super) strays: mpsc::Sender<Stray>,
    /// Each lot is written down before it is handed over.
    pub(super) pen: Pen,
    pub(super) now: fn() -> Timestamp,
    /// Most of a lot.
    pub(super) most: usize,
    pub(super) lot: Vec<VolleyTarget>,
    pub(super) names: HashMap<(String, u16), Result<SocketAddr, String>>,
}

impl Feeder {
    pub(super) async fn run(mut self) {
        let mut lookups = JoinSet::new();
        for index in std::mem::take(&mut self.todo) {
            let uri = match self.read(index) {
                Ok(uri) => uri,
                Err(why) => {
                    self.stray(index, Err(why)).await;
                    continue;
                }
            };
            let hop = self.route.as_ref().unwrap_or(&uri);
            if let Some(to) = hop.socket_addr() {
                self.add(index, &uri, Ok(to)).await;
            } else {
                self.add_named(index, uri, &mut lookups).await;
            }
            while lookups.len() >= LOOKUPS {
                self.looked_up(lookups.join_next().await).await;
            }
            if self.lot.len() >= self.most && !self.hand_over().await {
                return;
            }
        }
        while let Some(found) = lookups.join_next().await {
            self.looked_up(Some(found)).await;
        }
        self.hand_over().await;
    }

    /// A target whose host is a name: known by now, or looked up beside the others.
    async fn add_named(&mut self, index: u32, uri: SipUri, lookups: &mut JoinSet<LookedUp>) {
        let hop = self.route.as_ref().unwrap_or(&uri);
        let name = (hop.host().to_owned(), hop.port_or_default());
        if let Some(found) = self.names.get(&name).cloned() {
            self.add(index, &uri, found).await;
            return;
        }
        let (hop, resolver) = (hop.clone(), Arc::clone(&self.resolver));
        self.random = self.random.rotate_left(13).wrapping_add(u64::from(index));
        let random = self.random;
        lookups.spawn(task(async move {
            let to = find(&resolver, &hop, random).await;
            (index, uri, name, to)
        }));
    }

    fn read(&self, index: u32) -> Result<SipUri, String> {
        let text = &self.rows[index as usize].target;
        if text.is_empty() {
            return Err("no address is given".to_owned());
        }
        let uri = (self.address)(text).map_err(|e| e.to_string())?;
        let hop = self.route.as_ref().unwrap_or(&uri);
        let transport = hop.params().value("transport").unwrap_or("udp");
        if hop.is_secure() || !transport.eq_ignore_ascii_case("udp") {
            return Err("over many targets only UDP is spoken: name a proxy that speaks it, or send to this one alone".to_owned());
        }
        Ok(uri)
    }

    async fn looked_up(&mut self, found: Option<Result<LookedUp, tokio::task::JoinError>>) {
        if let Some(Ok((index, uri, name, to))) = found {
            self.names.insert(name, to.clone());
            self.add(index, &uri, to).await;
        }
    }

    async fn add(&mut self, index: u32, uri: &SipUri, to: Result<SocketAddr, String>) {
        let placed = to.and_then(|to| {
            let local = self.facing.towards(to);
            local
                .map(|l| (to, l))
                .map_err(|e| format!("no route to {to}: {e}"))
        });
        match placed {
            Ok((to, local)) => self.lot.push(VolleyTarget {
                index,
                to,
                local,
                uri: text_of(uri),
            }),
            Err(detail) => {
                self.stray(index, Ok(SipOutcome::TransportError { detail }))
                    .await;
            }
        }
    }

    async fn stray(&self, index: u32, outcome: Result<SipOutcome, String>) {
        self.tell(Stray::End(RowEnd::Unsent { index, outcome }))
            .await;
    }

    async fn tell(&self, stray: Stray) {
        // Nobody listens any more after the run was stopped.
        let _gone = self.strays.send(stray).await;
    }

    /// Writes a lot down, then hands it over; false when the run has ended.
    async fn hand_over(&mut self) -> bool {
        if self.lot.is_empty() {
            return true;
        }
        let lot = std::mem::take(&mut self.lot);
        let indices: Vec<u32> = lot.iter().map(|target| target.index).collect();
        let rows = indices.iter().map(|index| key(&self.rows[*index as usize]));
        let line = JournalLine::StartedAlike {
            rows: rows.collect(),
            at: (self.now)(),
        };
        if let Err(error) = self.pen.write(line).await {
            self.tell(Stray::Fault(error)).await;
            return false;
        }
        let taken = self.feed.add(lot).await;
        if !taken {
            self.tell(Stray::Back(indices)).await;
        }
        taken
    }
}

fn text_of(uri: &SipUri) -> Box<str> {
    let mut text = String::with_capacity(64);
    write!(text, "{uri}").expect("a text takes everything");
    text.into()
}

/// The first place that UDP leads to (RFC 3263).
async fn find(resolver: &Resolver, hop: &SipUri, random: u64) -> Result<SocketAddr, String> {
    let places = resolver.locate(hop, random).await;
    places
        .map_err(|e| e.to_string())?
        .into_iter()
        .find(|place| place.transport == Transport::Udp)
        .map(|place| place.address)
        .ok_or_else(|| format!("{} is not to be reached over UDP", hop.host()))
}
