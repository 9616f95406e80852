use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::driver::Command;
use super::{FACING, Facing, LOT, SipLink};
use crate::port::SipPlace;
use crate::sip::SipUri;

/// Peers of which it is remembered at once.
const FACED: usize = 50_000;

impl SipLink {
    /// Which of our addresses leads to `peer` now, asked of the system. Connections from another one that led there are
    /// given up.
    pub(super) async fn face(&self, peer: SocketAddr) -> std::io::Result<IpAddr> {
        let ours = self.look_towards(peer).await?;
        let at = Instant::now();
        let before = {
            let facing = self.shared.facing.lock();
            let mut facing = facing.unwrap_or_else(PoisonError::into_inner);
            if facing.len() >= FACED {
                facing.retain(|_, known| known.at.elapsed() < FACING);
            }
            facing.insert(peer.ip(), Facing { ours, at })
        };
        if before.is_some_and(|before| before.ours != ours) {
            let peer = peer.ip();
            // A driver that is gone has no connections.
            drop(
                self.shared
                    .commands
                    .send(Command::Leave { peer, ours })
                    .await,
            );
        }
        Ok(ours)
    }

    /// Connecting a UDP socket sends nothing: it only asks for the route.
    async fn look_towards(&self, peer: SocketAddr) -> std::io::Result<IpAddr> {
        let any = match (self.shared.local.ip(), peer) {
            (IpAddr::V6(_), SocketAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
            (ours, _) => ours,
        };
        let probe = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
        probe.connect(peer).await?;
        Ok(probe.local_addr()?.ip())
    }
}

#[async_trait]
impl SipPlace for SipLink {
    fn moves(&self) -> bool {
        self.shared.local.ip().is_unspecified()
    }

    async fn faced_by(&self, hop: &SipUri) -> Option<SocketAddr> {
        let local = self.shared.local;
        if !local.ip().is_unspecified() {
            return Some(local);
        }
        let lot = self.shared.lots.fetch_add(LOT, Ordering::Relaxed);
        let places = self.shared.resolver.locate(hop, lot).await.ok()?;
        let peer = places.first()?.address;
        let ip = self.face(peer).await.ok()?;
        Some(SocketAddr::new(ip, local.port()))
    }

    async fn lost_since(&self, known: u64) -> u64 {
        let mut lost = self.shared.lost.clone();
        let more = lost.wait_for(|count| *count > known).await;
        let count = more.map(|count| *count).ok();
        match count {
            Some(count) => count,
            // The link is closed: nothing is lost any more.
            None => std::future::pending().await,
        }
    }
}
