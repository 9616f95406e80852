//! A simulated short message service centre, for running the whole system on one machine.
//!
//! On one side it speaks Kannel's HTTP (`/cgi-bin/sendsms`, receipts by `dlr-url`, messages
//! from devices to one address), on the other devices dial it and attach their numbers with
//! one JSON value a line. It keeps messages for numbers that are not attached, and it can
//! lose, repeat, delay and reorder. It trusts nothing it carries: what is in a text is not
//! its business.
//!
//! | file | holds |
//! |---|---|
//! | `centre` | who is attached, what waits, receipts, messages from devices |
//! | `faults` | the dice |
//! | `sendsms` | the HTTP interface |
//! | `wire`, `line` | the lines between centre and devices, both ends |

mod centre;
mod faults;
mod line;
mod sendsms;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use centre::{CarrierCounts, CarrierSettings};
pub use faults::FaultSettings;
pub use line::CarrierLine;
pub use wire::{Downlink, Sms, Uplink};

use crate::port::{WebCaller, task};
use centre::Centre;

/// A running carrier. Dropping it does not stop it; [`Carrier::stop`] does.
pub struct Carrier {
    centre: Arc<Centre>,
    http: SocketAddr,
    line: SocketAddr,
}

impl Carrier {
    /// Listens for gateways on `http` and for devices on `line` (port 0: the system chooses) and starts.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn start(
        http: SocketAddr,
        line: SocketAddr,
        settings: CarrierSettings,
        web: Arc<dyn WebCaller>,
    ) -> io::Result<Self> {
        let http_listener = TcpListener::bind(http).await?;
        let line_listener = TcpListener::bind(line).await?;
        let carrier = Self {
            http: http_listener.local_addr()?,
            line: line_listener.local_addr()?,
            centre: Centre::new(settings, web, CancellationToken::new()),
        };
        let router = sendsms::router(Arc::clone(&carrier.centre));
        let stop = carrier.centre.stop().clone();
        carrier.centre.tasks().spawn(task(async move {
            let served = axum::serve(http_listener, router)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await;
            if let Err(e) = served {
                tracing::warn!("the carrier's HTTP interface ended: {e}");
            }
        }));
        let centre = Arc::clone(&carrier.centre);
        carrier
            .centre
            .tasks()
            .spawn(task(line::accept(centre, line_listener)));
        Ok(carrier)
    }

    /// Where gateways reach it.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where devices reach it.
    #[must_use]
    pub fn line(&self) -> SocketAddr {
        self.line
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> CarrierCounts {
        self.centre.counts()
    }

    /// Stops and waits for what runs, at most 5 seconds.
    pub async fn stop(self) {
        self.centre.stop().cancel();
        self.centre.tasks().close();
        let waited = tokio::time::timeout(Duration::from_secs(5), self.centre.tasks().wait()).await;
        if waited.is_err() {
            tracing::warn!("the carrier stopped with messages under way");
        }
    }
}

#[cfg(test)]
#[path = "carrier_tests.rs"]
mod tests;
