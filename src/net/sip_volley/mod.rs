//! One SIP request to very many targets over UDP: drives `sip::volley`.
//!
//! A thread of its own owns the sockets (one for each address family) and moves datagrams
//! in batches, one system call for up to 64 of them. Targets and news of their ends go
//! through channels; the channels are bounded, so a slow journal slows the run down and
//! does not fill the memory.
//!
//! What it never does: decide what is sent when, or what an answer means.

mod engine;
mod lane;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use self::engine::Engine;
use self::lane::{Bound, Lane};
use crate::sip::IdSource;
use crate::sip::volley::{Volley, VolleyCounts, VolleyEnd, VolleyPlan, VolleyTarget};

/// Lots of targets that may wait.
const LOTS: usize = 2;
/// Targets that may wait in the volley …
const WAITING: usize = 1_024;
/// … and for no longer than a tenth of a second: what was handed over and did not begin is in doubt after a crash.
const WAIT: f64 = 0.1;
/// Lots of news that may wait.
const NEWS: usize = 64;

/// What happened since the last news.
#[derive(Debug, Clone)]
pub struct VolleyNews {
    /// Targets that came to their end.
    pub ends: Vec<VolleyEnd>,
    /// Targets that were not begun because the run was stopped.
    pub left: Vec<u32>,
    /// What has happened since the beginning.
    pub counts: VolleyCounts,
    /// Time since the beginning.
    pub at: Duration,
}

/// What the system gave for socket buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// Bytes asked for, each way.
    pub asked: usize,
    /// Bytes of the receive buffer.
    pub receive: usize,
    /// Bytes of the send buffer.
    pub send: usize,
}

/// A run under way.
pub struct SipVolley {
    targets: mpsc::Sender<Vec<VolleyTarget>>,
    news: mpsc::Receiver<VolleyNews>,
    stop: Stopper,
    route: Facing,
    buffers: Buffers,
}

/// Takes targets.
#[derive(Clone)]
pub struct TargetFeed(mpsc::Sender<Vec<VolleyTarget>>);

/// Tells a run to begin no more targets.
#[derive(Clone)]
pub struct Stopper(Arc<AtomicBool>);

/// Knows which of our addresses faces which target.
#[derive(Debug, Clone)]
pub struct Facing {
    ports: (u16, u16),
    known: HashMap<IpAddr, IpAddr>,
    /// The one asked for last: behind a proxy it is always the same.
    last: Option<(SocketAddr, SocketAddr)>,
}

impl SipVolley {
    /// Opens the sockets and starts the thread. `seed` is 32 random bytes.
    ///
    /// # Errors
    /// When there is no socket to be had, or no thread.
    pub fn start(plan: VolleyPlan, seed: [u8; 32], buffer_bytes: usize) -> io::Result<Self> {
        let v4 = Bound::open(true, buffer_bytes)?;
        // Without IPv6 in the kernel the run still reaches everybody else.
        let v6 = Bound::open(false, buffer_bytes).ok();
        let ports = (v4.port, v6.as_ref().map_or(0, |lane| lane.port));
        let buffers = Buffers {
            asked: buffer_bytes,
            receive: v4.buffers.0,
            send: v4.buffers.1,
        };
        let (targets, inbox) = mpsc::channel(LOTS);
        let (outbox, news) = mpsc::channel(NEWS);
        let stop = Stopper(Arc::new(AtomicBool::new(false)));
        let halt = Arc::clone(&stop.0);
        let most_waiting = waiting(plan.rate, plan.jobs);
        let start = move || Engine {
            rate: plan.rate,
            volley: Volley::new(plan, IdSource::from_random(seed)),
            lanes: [Some(v4), v6]
                .into_iter()
                .flatten()
                .map(Lane::new)
                .collect(),
            targets: inbox,
            news: outbox,
            stop: halt,
            start: Instant::now(),
            untold: Vec::new(),
            left: Vec::new(),
            most_waiting,
            told: Duration::ZERO,
            input_ended: false,
            message: Vec::new(),
            kept: None,
            refused: Vec::new(),
            errors_at: Duration::ZERO,
        };
        std::thread::Builder::new()
            .name("sip-volley".to_owned())
            .spawn(move || start().run())?;
        Ok(Self {
            targets,
            news,
            stop,
            route: Facing {
                ports,
                known: HashMap::new(),
                last: None,
            },
            buffers,
        })
    }

    /// What the system gave for socket buffers.
    #[must_use]
    pub const fn buffers(&self) -> Buffers {
        self.buffers
    }

    /// A handle that ends the run early.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stop.clone()
    }

    /// What knows our addresses.
    #[must_use]
    pub fn facing(&self) -> Facing {
        self.route.clone()
    }

    /// Parts it into where targets go in and where news come out. The run ends when all feeds are dropped.
    #[must_use]
    pub fn open(self) -> (TargetFeed, mpsc::Receiver<VolleyNews>) {
        (TargetFeed(self.targets), self.news)
    }
}

impl TargetFeed {
    /// Adds targets; waits while too many wait. False when the run has ended.
    pub async fn add(&self, lot: Vec<VolleyTarget>) -> bool {
        self.0.send(lot).await.is_ok()
    }
}

impl Stopper {
    /// Begins no more targets; what is on its way comes to its end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Facing {
    /// Our address as `peer` sees it when nothing translates it: what Via and Contact say.
    ///
    /// # Errors
    /// What the system says when there is no route to `peer`.
    pub fn towards(&mut self, peer: SocketAddr) -> io::Result<SocketAddr> {
        if let Some((asked, found)) = self.last
            && asked == peer
        {
            return Ok(found);
        }
        let (any, port): (IpAddr, u16) = if peer.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED.into(), self.ports.0)
        } else {
            (Ipv6Addr::UNSPECIFIED.into(), self.ports.1)
        };
        if port == 0 {
            return Err(io::Error::other("this machine has no IPv6"));
        }
        let ip = match self.known.get(&peer.ip()) {
            Some(ip) => *ip,
            None => {
                // Connecting a UDP socket sends nothing: it only asks for the route.
                let probe = UdpSocket::bind(SocketAddr::new(any, 0))?;
                probe.connect(peer)?;
                let ip = probe.local_addr()?.ip();
                self.known.insert(peer.ip(), ip);
                ip
            }
        };
        let local = SocketAddr::new(ip, port);
        self.last = Some((peer, local));
        Ok(local)
    }
}

/// How many targets may wait in the volley: enough to keep it busy.
fn waiting(rate: Option<f64>, jobs: usize) -> usize {
    let by_rate = rate.map_or(WAITING, |rate| (rate * WAIT) as usize);
    by_rate.min(jobs).clamp(1, WAITING)
}

/// What the network said, for people.
fn plain_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens on that port".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no route to it".to_owned()
        }
        _ => error.to_string(),
    }
}
