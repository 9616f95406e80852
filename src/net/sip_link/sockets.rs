use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Heard, Large};
use super::connections::{Common, Connections};
use super::doors::{Doors, Guests, Porter, canonical};
use super::{LinkError, LinkOptions};
use crate::port::task;

/// Messages from connections that wait for the driver; more than this make the connections wait.
const HEARD: usize = 1024;

/// Open doors and the connections behind them: what a link and a pipe stand on.
pub(super) struct Sockets {
    pub(super) udp: UdpSocket,
    /// What the UDP socket is bound to.
    pub(super) bound: SocketAddr,
    /// The same as people write it.
    pub(super) local: SocketAddr,
    pub(super) tls_local: Option<SocketAddr>,
    /// Receive and send buffer that the system gave, in bytes.
    pub(super) buffers: (usize, usize),
    pub(super) connections: Connections,
    pub(super) heard: mpsc::Receiver<Heard>,
    /// How many connections that we had opened were lost.
    pub(super) lost: watch::Receiver<u64>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Sockets {
    /// Binds the sockets; who connects is let in from here on.
    pub(super) fn open(options: &LinkOptions) -> Result<Self, LinkError> {
        let doors = Doors::open(options)?;
        let local = canonical(doors.local);
        let (told, heard) = mpsc::channel(HEARD);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let ids = Arc::new(AtomicU64::new(1));
        let (lose, lost) = watch::channel(0);
        let large = Large::new();
        let tls_local = doors.tls.as_ref().map(|d| canonical(d.address()));
        let porter = Porter {
            ids: Arc::clone(&ids),
            heard: told.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            keep_alive: options.keep_alive,
            guests: Guests::at_most(options.guests),
            large: large.clone(),
        };
        if let Some(listener) = doors.tcp {
            tasks.spawn(task(porter.clone().accept_tcp(listener)));
        }
        if let Some(listener) = doors.tls {
            tasks.spawn(task(porter.accept_tls(listener)));
        }
        let connections = Connections::new(Common {
            ids,
            heard: told,
            tasks: tasks.clone(),
            tls: options.tls.clone(),
            local,
            keep_alive: options.keep_alive,
            large,
            lost: lose,
        });
        Ok(Self {
            udp: doors.udp,
            bound: doors.local,
            local,
            tls_local,
            buffers: doors.buffers,
            connections,
            heard,
            lost,
            stop,
            tasks,
        })
    }
}
