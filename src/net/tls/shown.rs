use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use super::authority::{ServerIdentity, TlsError};
use crate::domain::Timestamp;
use crate::port::Clock;

/// How often a handshake looks after the files.
const LOOK: Duration = Duration::from_secs(3600);

/// Where a certificate comes from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) dir: PathBuf,
    pub(super) name: String,
    pub(super) hosts: Vec<String>,
}

/// The certificate that listeners show, and that we show to those whom we call. It is looked after at each handshake: near
/// its end it is made anew, and one that was put in its place is taken.
pub(super) struct Shown {
    source: Source,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// When it ends.
    term: watch::Sender<Timestamp>,
}

struct State {
    key: Arc<CertifiedKey>,
    look: Timestamp,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shown(until {}, …)", *self.term.borrow())
    }
}

impl Shown {
    pub(super) fn new(identity: &ServerIdentity, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let state = State {
            key: identity.certified()?,
            look: clock.now().after(LOOK),
        };
        Ok(Self {
            source: identity.source().clone(),
            clock,
            state: Mutex::new(state),
            term: watch::Sender::new(identity.expires_at()),
        })
    }

    /// When it ends, now and later.
    pub(super) fn term(&self) -> watch::Receiver<Timestamp> {
        self.term.subscribe()
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let now = self.clock.now();
        // The state is whole after every statement.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= state.look {
            state.look = now.after(LOOK);
            match self.renewed(now) {
                Ok((key, until)) => {
                    state.key = key;
                    self.term.send_replace(until);
                }
                // The old one may serve for a while yet.
                Err(error) => tracing::warn!(%error, "the TLS certificate cannot be renewed"),
            }
        }
        Arc::clone(&state.key)
    }

    fn renewed(&self, now: Timestamp) -> Result<(Arc<CertifiedKey>, Timestamp), TlsError> {
        let Source { dir, name, hosts } = &self.source;
        let identity = ServerIdentity::open_or_create(dir, name, hosts, now)?;
        Ok((identity.certified()?, identity.expires_at()))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Hand(Mutex<Timestamp>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            *self.0.lock().expect("whole")
        }
    }

    #[test]
    fn a_certificate_that_nears_its_end_is_renewed_while_it_is_shown() {
        let dir = tempfile::tempdir().expect("scratch");
        let start: Timestamp = "2026-11-21T00:00:00Z".parse().expect("valid");
        let identity = ServerIdentity::open_or_create(dir.path(), "north", &[], start);
        let identity = identity.expect("made");
        let hand = Arc::new(Hand(Mutex::new(start)));
        let shown = Shown::new(&identity, Arc::clone(&hand) as _).expect("a certificate");
        let at = |days: u64| {
            let day = Duration::from_secs(24 * 3600);
            *hand.0.lock().expect("whole") = start.after(day * u32::try_from(days).expect("few"));
            (shown.current().cert.clone(), *shown.term().borrow())
        };
        let (first, until) = at(0);
        assert_eq!((first.clone(), until), at(300));
        let (second, later) = at(340);
        assert_ne!(first.first(), second.first());
        assert_eq!(first.last(), second.last(), "by the same authority");
        assert!(later > until);
        // What was put in its place meanwhile is taken; where nothing is left, the last one serves.
        let hosts = ["mgmt.example.net".to_owned()];
        let day = Duration::from_secs(24 * 3600);
        let placed =
            ServerIdentity::open_or_create(dir.path(), "north", &hosts, start.after(day * 340));
        let placed = placed.and_then(|p| p.certified()).expect("made");
        assert_eq!(at(341).0.first(), placed.cert.first());
        std::fs::write(dir.path().join("server.key"), "nothing").expect("written");
        assert_eq!(at(342).0.first(), placed.cert.first());
    }

    #[test]
    fn those_whom_we_call_are_shown_the_renewed_certificate_too() {
        let dir = tempfile::tempdir().expect("scratch");
        let start: Timestamp = "2026-11-21T00:00:00Z".parse().expect("valid");
        let hand = Arc::new(Hand(Mutex::new(start)));
        let identity = ServerIdentity::open_or_create(dir.path(), "north", &[], start)
            .and_then(|identity| identity.renewing(Arc::clone(&hand) as _))
            .expect("made");
        let config = identity.client_config(identity.ca_pem()).expect("made");
        let shown = |days: u32| {
            *hand.0.lock().expect("whole") = start.after(Duration::from_secs(24 * 3600) * days);
            let shown = config.client_auth_cert_resolver.resolve(&[], &[]);
            shown.expect("a certificate").cert.clone()
        };
        let first = shown(0);
        assert_eq!(shown(300), first);
        let second = shown(340);
        assert_ne!(second.first(), first.first());
        assert_eq!(second.last(), first.last(), "by the same authority");
    }
}
