use crate::domain::Timestamp;
use crate::sip::{InboundRequest, Method, Reply};

use super::{Brain, Effect, USER_AGENT};

/// Methods that the device takes.
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY";

/// Vendor events that ask a phone to fetch its settings: here it registers again and opens a session.
const CHECK_SYNC: [&str; 3] = ["check-sync", "resync", "sync"];

impl Brain {
    /// Takes a SIP request: what to answer, and what to do once that is stored.
    pub fn receive_sip(
        &mut self,
        request: &InboundRequest,
        now: Timestamp,
    ) -> (Reply, Vec<Effect>) {
        let method = request.method();
        let (reply, effects) = if method == Method::OPTIONS {
            let accept = super::super::device::ACCEPT;
            (Reply::ok().with_header("Accept", accept), Vec::new())
        } else if method == Method::NOTIFY {
            self.receive_notify(request, now)
        } else {
            let reply = Reply::new(405).because("this device takes notifications only");
            (reply, Vec::new())
        };
        let reply = reply
            .with_header("Allow", ALLOW)
            .with_header("User-Agent", USER_AGENT);
        (reply, effects)
    }

    fn receive_notify(&mut self, request: &InboundRequest, now: Timestamp) -> (Reply, Vec<Effect>) {
        match request.event() {
            Some(event) if CHECK_SYNC.contains(&event) => {
                self.phone.note(now, &format!("notified: {event}"));
                let mut effects = vec![Effect::Reregister];
                effects.extend(self.periodic());
                (Reply::ok(), effects)
            }
            _ => (Reply::new(489), Vec::new()),
        }
    }
}
