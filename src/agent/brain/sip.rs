use crate::api::ReportKind;
use crate::domain::Timestamp;
use crate::oma::SignedNotification;
use crate::sip::contact_me::{self, ContactMe};
use crate::sip::digest::DigestFault;
use crate::sip::{
    BOOTSTRAP_CONTENT_TYPE, Bootstrap, BootstrapFault, InboundRequest, Method, Reply,
};

use super::call::{Call, Planned, session_url};
use super::{Brain, Effect, USER_AGENT};

/// Methods that the device takes.
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY";

/// Vendor events that ask a phone to fetch its settings: here it registers again and opens a session.
const CHECK_SYNC: [&str; 3] = ["check-sync", "resync", "sync"];

/// Body type of package 0.
const PACKAGE_0: &str = "application/vnd.syncml.notification";

type Answer = (Reply, Vec<Effect>);

impl Brain {
    /// Takes a SIP request: what to answer, and what to do once that is stored.
    pub fn receive_sip(&mut self, request: &InboundRequest, now: Timestamp) -> Answer {
        let method = request.method();
        let (reply, effects) = if method == Method::OPTIONS || method == Method::BYE {
            let accept = crate::agent::device::ACCEPT;
            (Reply::ok().with_header("Accept", accept), Vec::new())
        } else if method == Method::NOTIFY {
            self.receive_notify(request, now)
        } else if method == Method::INVITE {
            self.receive_invite(request, now)
        } else {
            let reply = Reply::new(405).because("this device takes notifications only");
            (reply, Vec::new())
        };
        let reply = reply
            .with_header("Allow", ALLOW)
            .with_header("User-Agent", USER_AGENT);
        (reply, effects)
    }

    fn receive_notify(&mut self, request: &InboundRequest, now: Timestamp) -> Answer {
        if let Some(refusal) = self.challenge(request, now) {
            return refusal;
        }
        match request.event() {
            Some(contact_me::EVENT) => {
                let (reply, mut effects) = match says_nothing_pending(request) {
                    true => (Reply::ok(), Vec::new()),
                    false => self.receive_contact_me(request, now),
                };
                if is_to_subscribe_again(request) {
                    effects.push(Effect::Resubscribe);
                }
                (reply, effects)
            }
            Some(event) if CHECK_SYNC.contains(&event) => {
                self.phone.note(now, &format!("notified: {event}"));
                let mut effects = vec![Effect::Reregister];
                effects.extend(self.periodic());
                (Reply::ok(), effects)
            }
            _ => {
                let reply = Reply::new(489).with_header("Allow-Events", contact_me::EVENT);
                (reply, Vec::new())
            }
        }
    }

    /// Requirement B7: who sends shows that it knows the secret. `None` when it did, or need not.
    fn challenge(&mut self, request: &InboundRequest, now: Timestamp) -> Option<Answer> {
        let challenger = self.challenger.clone()?;
        let user = self.persona.device_id.to_string();
        let password = self.persona.secret.sip_password();
        match challenger.verify(&request.message, &user, Some(&password), now) {
            Ok(()) => None,
            Err(DigestFault::Missing) => {
                Some((challenger.ask(&request.message, now, false), Vec::new()))
            }
            Err(DigestFault::Stale) => {
                Some((challenger.ask(&request.message, now, true), Vec::new()))
            }
            Err(DigestFault::Wrong) => {
                let detail = "a notification whose sender does not know the secret";
                let effects = self.refuse_call(ReportKind::WrongToken, "sip", detail, now);
                Some((Reply::new(403).because("wrong answer"), effects))
            }
        }
    }

    /// Requirements B5 to B7: the device calls back, but only a server that it trusts.
    fn receive_contact_me(&mut self, request: &InboundRequest, now: Timestamp) -> Answer {
        let content_type = request
            .message
            .header("Content-Type")
            .unwrap_or(contact_me::CONTENT_TYPE);
        let wish = match ContactMe::parse(content_type, request.message.body()) {
            Ok(wish) => wish,
            Err(fault) => {
                let words = fault.to_string();
                return (Reply::new(400).because(&words), Vec::new());
            }
        };
        if let Some(address) = &wish.address
            && !self.trusts(address)
        {
            let detail = format!("{address} asked to be called; it is not on the list");
            let effects = self.refuse_call(ReportKind::UntrustedServer, "sip", &detail, now);
            return (Reply::new(403).because("not a trusted server"), effects);
        }
        if wish.not_after.is_some_and(|t| now > t) {
            let reply = Reply::new(480).because("this time slot is over");
            return (reply, Vec::new());
        }
        let call = Call {
            urls: self.urls_of(&wish),
            request_id: wish.request_id,
            bootstrap_token: None,
            component: wish.component,
            api: wish.api,
        };
        match wish.not_before {
            Some(not_before) if now < not_before => {
                let planned = Planned {
                    call,
                    not_before,
                    not_after: wish.not_after,
                };
                self.plan_call(planned, now);
                (Reply::ok(), Vec::new())
            }
            _ => (Reply::ok(), self.answer_call(call, now)),
        }
    }

    /// Requirement A3: an INVITE with bootstrap information, or package 0 for a device that has it.
    fn receive_invite(&mut self, request: &InboundRequest, now: Timestamp) -> Answer {
        let content_type = request.message.header("Content-Type").unwrap_or_default();
        let kind = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            BOOTSTRAP_CONTENT_TYPE => self.receive_bootstrap(request, now),
            PACKAGE_0 => self.receive_package_0(request, now),
            _ => {
                let reply = Reply::new(488).because("this device takes no calls with media");
                (reply, Vec::new())
            }
        }
    }

    fn receive_bootstrap(&mut self, request: &InboundRequest, now: Timestamp) -> Answer {
        let opened = Bootstrap::open(request.message.body(), &self.persona.secret, now);
        let bootstrap = match opened {
            Ok(bootstrap) => bootstrap,
            Err(fault) => {
                let kind = match fault {
                    BootstrapFault::Malformed => ReportKind::Unreadable,
                    BootstrapFault::Mac => ReportKind::WrongToken,
                    BootstrapFault::Expired(_) => ReportKind::Replay,
                };
                let effects = self.refuse_call(kind, "sip", &fault.to_string(), now);
                return (Reply::new(403).because(&fault.to_string()), effects);
            }
        };
        let session = bootstrap.session.to_string();
        self.used_bootstraps.retain(|(_, until)| *until > now);
        if self
            .used_bootstraps
            .iter()
            .any(|(used, _)| *used == session)
        {
            let detail = format!("bootstrap {session} came a second time");
            let effects = self.refuse_call(ReportKind::Replay, "sip", &detail, now);
            return (Reply::new(403).because("used already"), effects);
        }
        if !self.trusts_url(&bootstrap.server) {
            let detail = "a bootstrap named a server that is not on the list";
            let effects = self.refuse_call(ReportKind::UntrustedServer, "sip", detail, now);
            return (Reply::new(403).because("not a trusted server"), effects);
        }
        self.used_bootstraps
            .push((session.clone(), bootstrap.expires_at));
        let call = Call {
            request_id: Some(session),
            urls: match self.is_home(&bootstrap.server) {
                true => Vec::new(),
                false => vec![session_url(&bootstrap.server)],
            },
            bootstrap_token: Some(bootstrap.token),
            ..Call::default()
        };
        (Reply::ok(), self.answer_call(call, now))
    }

    fn receive_package_0(&mut self, request: &InboundRequest, now: Timestamp) -> Answer {
        let signed = match SignedNotification::parse(request.message.body()) {
            Ok(signed) => signed,
            Err(fault) => {
                let words = fault.to_string();
                return (Reply::new(400).because(&words), Vec::new());
            }
        };
        let epoch = self.enrolment().map_or(0, |e| e.epoch);
        let password = notification_password(&self.persona.secret);
        if !signed.is_genuine(&password, &epoch.to_be_bytes()) {
            let detail = "a notification with a wrong digest";
            let effects = self.refuse_call(ReportKind::WrongToken, "sip", detail, now);
            return (Reply::new(403).because("wrong digest"), effects);
        }
        let request_id = String::from_utf8(signed.notification().vendor().to_vec()).ok();
        let call = Call {
            request_id: request_id.filter(|id| !id.is_empty()),
            ..Call::default()
        };
        (Reply::ok(), self.answer_call(call, now))
    }
}

/// A NOTIFY of a subscription without a wish in it: no callback is pending (requirement B2).
fn says_nothing_pending(request: &InboundRequest) -> bool {
    let message = &request.message;
    let in_dialog = message.to().is_some_and(|to| to.tag().is_some());
    in_dialog && message.body().is_empty()
}

/// The subscription is over, and its end asks for another one (RFC 6665 §4.1.3).
fn is_to_subscribe_again(request: &InboundRequest) -> bool {
    let state = request.message.header("Subscription-State");
    let state = state.unwrap_or_default().to_ascii_lowercase();
    let mut words = state.split(';').map(str::trim);
    words.next() == Some("terminated")
        && words.any(|w| matches!(w, "reason=deactivated" | "reason=timeout"))
}

/// The server's secret on the device, with which package 0 is signed: hex of key "bootstrap".
fn notification_password(secret: &crate::domain::DeviceSecret) -> String {
    data_encoding::HEXLOWER.encode(&secret.key(crate::domain::Purpose::Bootstrap))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::super::Persona;
    use super::*;
    use crate::domain::{DeviceId, DeviceSecret};
    use crate::sip::digest::{Challenge, ClientNonce};
    use crate::sip::{Credentials, Message};

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn brain() -> Brain {
        let persona = Persona {
            device_id: DeviceId::from_random([1; 16]),
            secret: DeviceSecret::from_bytes([2; 32]),
            identities: Vec::new(),
            numbers: Vec::new(),
            name: None,
            model: None,
            has_data: true,
        };
        Brain::new(persona, 1).challenging([5; 32])
    }

    fn check_sync(authorization: Option<&str>) -> InboundRequest {
        let local = SocketAddr::from(([127, 0, 0, 1], 5070));
        let mut message = Message::request(Method::NOTIFY, "sip:dev@127.0.0.1:5070");
        message.push("Event", "check-sync");
        if let Some(value) = authorization {
            message.push("Authorization", value);
        }
        InboundRequest {
            message,
            source: local,
            local,
            transport: crate::sip::Transport::Udp,
        }
    }

    fn answer(reply: &Reply, password: &str) -> String {
        let asked = reply
            .headers
            .iter()
            .find(|(name, _)| name == "WWW-Authenticate")
            .and_then(|(_, value)| Challenge::parse(value, false))
            .expect("a challenge");
        let user = DeviceId::from_random([1; 16]).to_string();
        asked.answer(
            &Credentials::new(user, password),
            &Method::NOTIFY,
            "sip:dev@127.0.0.1:5070",
            b"",
            ClientNonce {
                cnonce: "x",
                count: 1,
            },
        )
    }

    #[test]
    fn a_device_that_challenges_obeys_only_who_knows_its_secret() {
        let mut brain = brain();
        let (asked, effects) = brain.receive_sip(&check_sync(None), NOW);
        assert_eq!((asked.code, effects.len()), (401, 0));
        let right = answer(&asked, &brain.persona().secret.sip_password());
        let (reply, effects) = brain.receive_sip(&check_sync(Some(&right)), NOW);
        assert_eq!(reply.code, 200);
        assert!(!effects.is_empty());
        let wrong = answer(&asked, "guess");
        let (reply, effects) = brain.receive_sip(&check_sync(Some(&wrong)), NOW);
        assert_eq!(reply.code, 403);
        assert!(
            matches!(&effects[..], [Effect::Report(r)] if r.kind == ReportKind::WrongToken),
            "{effects:?}"
        );
        let late = NOW.after(std::time::Duration::from_secs(61));
        let (reply, _) = brain.receive_sip(&check_sync(Some(&right)), late);
        assert_eq!(reply.code, 401);
        assert!(
            reply.headers.iter().any(|(_, v)| v.contains("stale=true")),
            "{reply:?}"
        );
    }
}
