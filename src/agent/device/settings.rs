use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use crate::agent::brain::USER_AGENT;
use crate::domain::{EnrolmentCode, PushAddress, SystemId};
use crate::port::{AgentState, Clock, Entropy, SipPlace};
use crate::sip::{Credentials, SipUri, Transport};

/// What all devices of a process share.
pub struct DeviceParts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes, for jitter.
    pub entropy: Arc<dyn Entropy>,
    /// The SIP socket; none for devices without SIP.
    pub sip: Option<Arc<dyn SipPlace>>,
    /// Keeps states over restarts; nothing is kept without it.
    pub state: Option<Arc<dyn AgentState>>,
    /// The line to the carrier.
    pub air: Option<super::Air>,
    /// How many requests to the endpoint may be under way at once.
    pub at_once: Arc<Semaphore>,
    /// How far the devices have got.
    pub progress: Arc<Progress>,
}

/// Counts devices on their way to being ready.
#[derive(Debug, Default)]
pub struct Progress {
    enrolled: AtomicUsize,
    registered: AtomicUsize,
    failed: AtomicUsize,
    changed: Notify,
}

/// What one device is told.
#[derive(Debug, Clone)]
pub struct DeviceSettings {
    /// Seconds for which it registers.
    pub expires_s: u32,
    /// How often it opens a session of its own accord.
    pub session_every: Duration,
    /// Whether it opens one as soon as it is on; otherwise the first comes at a random moment of the period.
    pub session_at_start: bool,
    /// SIP URI of the proxy it is behind.
    pub proxy: Option<SipUri>,
    /// Another registrar than the endpoint's own.
    pub registrar: Option<Registrar>,
    /// Whether it takes messages inside messages, as a proxy does.
    pub relays: bool,
    /// Whether it subscribes to its callbacks once it is registered.
    pub subscribe: bool,
    /// Whether it also tells its address by HTTPS.
    pub tell_by_https: bool,
    /// It registers and then falls silent: nothing gets through to it.
    pub offline: bool,
    /// Asks for missing actions after this time.
    pub hold_for: Duration,
    /// Whether it asks who sends a NOTIFY.
    pub challenge_notify: bool,
    /// Where push services reach it; told by HTTPS.
    pub push: Vec<PushAddress>,
    /// How it speaks SIP, where its proxy or registrar does not say; over UDP without it.
    pub transport: Option<Transport>,
    /// How often it looks whether its address is still the one that it registered.
    pub look_every: Duration,
    /// What it calls itself when it registers.
    pub user_agent: String,
    /// Hosts that it may be called back to beside those of its endpoint.
    pub trusted: Vec<String>,
}

/// A registrar that is not the endpoint's.
#[derive(Debug, Clone)]
pub struct Registrar {
    /// Its URI, as in `sip:127.0.0.1:5062`.
    pub uri: SipUri,
    /// Address of record there.
    pub aor: SipUri,
    /// User and password there.
    pub credentials: Option<Credentials>,
}

/// What lets a device in that is not enrolled yet.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Whose endpoint it is.
    pub system_id: SystemId,
    /// The one-time code.
    pub code: EnrolmentCode,
    /// The endpoint's address.
    pub url: String,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self {
            expires_s: 3600,
            session_every: Duration::from_secs(900),
            session_at_start: true,
            proxy: None,
            registrar: None,
            relays: false,
            subscribe: false,
            tell_by_https: true,
            offline: false,
            hold_for: Duration::from_secs(60),
            challenge_notify: false,
            push: Vec::new(),
            transport: None,
            look_every: Duration::from_secs(30),
            user_agent: USER_AGENT.to_owned(),
            trusted: Vec::new(),
        }
    }
}

impl DeviceSettings {
    /// The contact of a device that listens at `contact` and registers over `hop`: how it is reached is how it
    /// registers.
    pub(super) fn reachable(&self, contact: SipUri, hop: &SipUri) -> SipUri {
        match Transport::asked_by(hop) {
            // Both kinds of WebSocket are written alike (RFC 7118 §5.2.1).
            Ok(Some(Transport::Ws | Transport::Wss)) => contact.with_param("transport", Some("ws")),
            Ok(Some(Transport::Udp)) | Err(_) => contact,
            Ok(Some(stream)) => contact.with_param("transport", Some(stream.as_str())),
            Ok(None) if hop.is_secure() => contact.with_param("transport", Some("tls")),
            Ok(None) => contact,
        }
    }

    /// The first hop, with the transport to speak to it.
    pub(super) fn spoken_to(&self, hop: SipUri) -> SipUri {
        match self.transport {
            Some(transport)
                if transport != Transport::Udp
                    && !hop.is_secure()
                    && hop.params().value("transport").is_none() =>
            {
                hop.with_param("transport", Some(transport.as_str()))
            }
            _ => hop,
        }
    }
}

impl Registrar {
    /// Where requests for the device go: its user name at the registrar's own address, which looks it up.
    #[must_use]
    pub fn reached_at(&self) -> String {
        let uri = self.uri.to_string();
        match (self.aor.user(), uri.split_once(':')) {
            (Some(user), Some((scheme, rest))) => format!("{scheme}:{user}@{rest}"),
            _ => self.aor.to_string(),
        }
    }
}

impl Progress {
    /// Devices that are enrolled.
    #[must_use]
    pub fn enrolled(&self) -> usize {
        self.enrolled.load(Ordering::Relaxed)
    }

    /// Devices whose first registration was taken.
    #[must_use]
    pub fn registered(&self) -> usize {
        self.registered.load(Ordering::Relaxed)
    }

    /// Devices that could not enrol.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::Relaxed)
    }

    pub(in crate::agent) fn count_enrolled(&self) {
        self.enrolled.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    pub(in crate::agent) fn count_registered(&self) {
        self.registered.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    pub(in crate::agent) fn count_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Waits until a condition on the counts holds.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool + Send) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_at_another_registrar_is_reached_through_it() {
        let registrar = Registrar {
            uri: "sip:192.0.2.9:5062".parse().expect("valid"),
            aor: "sip:anna@example.net".parse().expect("valid"),
            credentials: None,
        };
        assert_eq!(registrar.reached_at(), "sip:anna@192.0.2.9:5062");
    }
}
