use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use super::connection::{Connection, ConnectionId, Heard, Large, dial};
use super::doors::ends;
use crate::net::tls::ClientTls;
use crate::port::task;
use crate::sip::endpoint::Transmit;
use crate::sip::{Hop, Message, Transport};

/// The connections of a link: which one a message goes out on.
pub(super) struct Connections {
    open: HashMap<ConnectionId, Connection>,
    by_hop: HashMap<Hop, Vec<ConnectionId>>,
    /// Connections that others opened and offer for requests to the address that they listen at (RFC 5923).
    aliases: HashMap<Hop, Vec<ConnectionId>>,
    ids: Arc<AtomicU64>,
    heard: mpsc::Sender<Heard>,
    tasks: TaskTracker,
    tls: ClientTls,
    local: SocketAddr,
    keep_alive: Duration,
    large: Large,
    /// How many that we had opened were lost.
    lost: watch::Sender<u64>,
}

/// What all connections of a link share.
pub(super) struct Common {
    pub(super) ids: Arc<AtomicU64>,
    pub(super) heard: mpsc::Sender<Heard>,
    pub(super) tasks: TaskTracker,
    pub(super) tls: ClientTls,
    pub(super) local: SocketAddr,
    pub(super) keep_alive: Duration,
    pub(super) large: Large,
    pub(super) lost: watch::Sender<u64>,
}

/// What became of a message that was to go out.
pub(super) struct Sent {
    /// The connection that carries it, or why none does.
    pub(super) over: Result<ConnectionId, String>,
    /// A connection that was given up on the way, and why.
    pub(super) lost: Option<(ConnectionId, String)>,
}

/// What a connection told.
pub(super) enum Told {
    /// A message came.
    Message {
        source: Hop,
        local: SocketAddr,
        octets: Vec<u8>,
    },
    /// A connection is over, and why.
    Closed { id: ConnectionId, detail: String },
    /// Nothing that anybody else has to know.
    Nothing,
}

impl Connections {
    pub(super) fn new(common: Common) -> Self {
        Self {
            open: HashMap::new(),
            by_hop: HashMap::new(),
            aliases: HashMap::new(),
            ids: common.ids,
            heard: common.heard,
            tasks: common.tasks,
            tls: common.tls,
            local: common.local,
            keep_alive: common.keep_alive,
            large: common.large,
            lost: common.lost,
        }
    }

    fn add(&mut self, id: ConnectionId, connection: Connection) {
        self.by_hop.entry(connection.hop).or_default().push(id);
        self.open.insert(id, connection);
    }

    /// Takes what a connection says.
    pub(super) fn hear(&mut self, heard: Heard) -> Told {
        match heard {
            Heard::Accepted(id, connection) => self.add(id, connection),
            Heard::Opened(id, from) => {
                if let Some(connection) = self.open.get_mut(&id) {
                    connection.from = Some(from);
                }
            }
            Heard::Message { id, local, octets } => {
                if let Some(source) = self.open.get(&id).map(|c| c.hop) {
                    self.note_alias(id, &octets);
                    return Told::Message {
                        source,
                        local,
                        octets,
                    };
                }
            }
            Heard::Closed { id, detail } => {
                if let Some(hop) = self.remove(id) {
                    tracing::debug!(%hop, detail, "a SIP connection ended");
                }
                return Told::Closed { id, detail };
            }
        }
        Told::Nothing
    }

    /// Gives up the connections to `peer` that we opened from another address than `ours`: nothing comes back on
    /// them. Which they were.
    pub(super) fn leave(&mut self, peer: IpAddr, ours: IpAddr) -> Vec<ConnectionId> {
        let stale = |c: &Connection| {
            c.ours && c.hop.address.ip() == peer && c.from.is_some_and(|from| from != ours)
        };
        let open = self.open.iter();
        let stale: Vec<ConnectionId> = open.filter(|(_, c)| stale(c)).map(|(id, _)| *id).collect();
        for id in &stale {
            self.forget_one(*id);
        }
        stale
    }

    /// Forgets a connection that is over; gives where it led.
    fn remove(&mut self, id: ConnectionId) -> Option<Hop> {
        let connection = self.forget_one(id)?;
        if connection.from.is_some() {
            self.lost.send_modify(|count| *count += 1);
        }
        Some(connection.hop)
    }

    /// Gives up all of them: what waits is written, and they are closed.
    pub(super) fn close_all(&mut self) {
        self.open.clear();
        self.by_hop.clear();
        self.aliases.clear();
    }

    fn forget_one(&mut self, id: ConnectionId) -> Option<Connection> {
        let connection = self.open.remove(&id)?;
        forget(&mut self.by_hop, connection.hop, id);
        if let Some(alias) = connection.alias {
            forget(&mut self.aliases, alias, id);
        }
        Some(connection)
    }

    /// Notes that a peer which proved its name offers its connection for requests back (RFC 5923 §5).
    fn note_alias(&mut self, id: ConnectionId, octets: &[u8]) {
        let Some(connection) = self.open.get_mut(&id) else {
            return;
        };
        if connection.ours || connection.names.is_empty() {
            return;
        }
        let via = Message::parse(octets)
            .ok()
            .and_then(|m| m.code().is_none().then(|| m.top_via()).flatten());
        let Some(via) = via.filter(|via| via.params.has("alias")) else {
            return;
        };
        let port = via
            .sent_by
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'))
            .and_then(|(_, port)| port.parse().ok())
            .unwrap_or(Transport::Tls.default_port());
        let listens = SocketAddr::new(connection.hop.address.ip(), port);
        let hop = Hop::new(connection.hop.transport, listens);
        // One address for each connection: the last one that was told.
        match connection.alias.replace(hop) {
            Some(before) if before == hop => return,
            Some(before) => forget(&mut self.aliases, before, id),
            None => {}
        }
        self.aliases.entry(hop).or_default().push(id);
    }

    /// Hands a message to the connection that it belongs on, opening one where that is allowed. An answer whose
    /// connection is gone goes over another one (RFC 3261 §18.2.2).
    pub(super) fn send(&mut self, mut transmit: Transmit) -> Sent {
        let otherwise = transmit.otherwise.take();
        let bytes = Arc::clone(&transmit.bytes);
        let sent = self.send_to(transmit);
        match (&sent.over, otherwise) {
            (Err(_), Some((to, name))) => {
                let second = self.send_to(Transmit {
                    to,
                    name: Some(name),
                    otherwise: None,
                    request: None,
                    bytes,
                });
                Sent {
                    lost: sent.lost.or(second.lost),
                    over: second.over,
                }
            }
            _ => sent,
        }
    }

    fn send_to(&mut self, transmit: Transmit) -> Sent {
        let to = transmit.to;
        let id = match (self.find(&transmit), &transmit.name) {
            (Some(id), _) => Some(id),
            (None, Some(name)) => Some(self.open(to, name)),
            (None, None) => None,
        };
        let connection = id.and_then(|id| Some((id, self.open.get(&id)?)));
        let Some((id, connection)) = connection else {
            return Sent {
                over: Err(format!("the connection to {to} is closed")),
                lost: None,
            };
        };
        let detail = match connection.outbox.try_send(transmit.bytes) {
            Ok(()) => {
                return Sent {
                    over: Ok(id),
                    lost: None,
                };
            }
            Err(mpsc::error::TrySendError::Full(_)) => {
                format!("{to} does not read what is sent to it")
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                format!("the connection to {to} was closed")
            }
        };
        self.remove(id);
        Sent {
            over: Err(detail.clone()),
            lost: Some((id, detail)),
        }
    }

    fn find(&self, transmit: &Transmit) -> Option<ConnectionId> {
        let to = transmit.to;
        let fits = |id: &&ConnectionId| match (&transmit.name, self.open.get(id)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(name), Some(connection)) => {
                !to.transport.is_secure()
                    || connection.names.iter().any(|n| n.eq_ignore_ascii_case(name))
                    // What somebody opened to us from exactly that address leads back there and nowhere else.
                    || (!connection.ours && **name == *to.address.ip().to_string())
            }
        };
        let direct = self.by_hop.get(&to).and_then(|ids| ids.iter().find(fits));
        let alias = || {
            let name = transmit.name.as_ref()?;
            self.aliases.get(&to)?.iter().find(|id| {
                let connection = self.open.get(*id);
                connection.is_some_and(|c| c.names.iter().any(|n| n.eq_ignore_ascii_case(name)))
            })
        };
        direct.or_else(alias).copied()
    }

    fn open(&mut self, hop: Hop, name: &Arc<str>) -> ConnectionId {
        let (id, outbox, ends) = ends(&self.ids, &self.heard, self.keep_alive, &self.large, None);
        let connection = Connection {
            hop,
            names: vec![name.to_string()],
            ours: true,
            from: None,
            alias: None,
            outbox,
        };
        self.add(id, connection);
        let (name, tls) = (Arc::clone(name), self.tls.clone());
        self.tasks
            .spawn(task(dial(ends, hop, name, self.local.ip(), tls)));
        id
    }
}

/// Strikes a connection from what leads to a hop.
fn forget(table: &mut HashMap<Hop, Vec<ConnectionId>>, hop: Hop, id: ConnectionId) {
    if let Some(ids) = table.get_mut(&hop) {
        ids.retain(|known| *known != id);
        if ids.is_empty() {
            table.remove(&hop);
        }
    }
}
