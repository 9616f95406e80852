use std::fmt;
use std::time::Duration;

use super::contact_me;
use super::digest::Verifier;
use super::header::NameAddr;
use super::inbound::{InboundRequest, Reply};
use super::registrar::{Applicant, RegistrarLimits, admitted, back_to, granted};
use super::request::{Dialog, InvalidRequest, OutboundRequest};
use super::uri::{InvalidSipUri, SipUri};
use super::wire::Message;
use crate::domain::{Subscription, Timestamp};

/// Numbers that a NOTIFY may use up when it is challenged: more than the client ever answers.
const NUMBERS_EACH: u32 = 8;

/// What a NOTIFY says of its subscription (RFC 6665 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It goes on for so long.
    Active(Duration),
    /// It is over, for a reason.
    Terminated(Ended),
}

/// Why a subscription is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was not refreshed, or it was given up by the subscriber.
    Timeout,
    /// The notifier ended it; the subscriber may subscribe again at once.
    Deactivated,
    /// What was subscribed to is no longer there.
    NoResource,
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active(left) => write!(f, "active;expires={}", left.as_secs()),
            Self::Terminated(Ended::Timeout) => f.write_str("terminated;reason=timeout"),
            Self::Terminated(Ended::Deactivated) => f.write_str("terminated;reason=deactivated"),
            Self::Terminated(Ended::NoResource) => f.write_str("terminated;reason=noresource"),
        }
    }
}

/// What becomes of a SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscribeDecision {
    /// Nothing changes.
    Refused(Reply),
    /// Store it, send the answer, then a NOTIFY with the state.
    Subscribed {
        /// The subscription as it is now; past its end when it was given up.
        subscription: Box<Subscription>,
        /// The answer.
        reply: Reply,
    },
}

/// Why no NOTIFY can be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotNotify {
    /// A stored address is none.
    #[error(transparent)]
    Uri(#[from] InvalidSipUri),
    /// A stored event is none.
    #[error(transparent)]
    Request(#[from] InvalidRequest),
}

/// Decides on SUBSCRIBE to *application-server-contact-me* (RFC 6665 §4.2.1, requirement B2): a function of request,
/// stored subscription and time.
#[derive(Debug, Clone)]
pub struct Notifier {
    verifier: Verifier,
    limits: RegistrarLimits,
}

impl Notifier {
    /// A notifier of one realm.
    #[must_use]
    pub const fn new(verifier: Verifier, limits: RegistrarLimits) -> Self {
        Self { verifier, limits }
    }

    /// The user name that the request's digest answer claims, unchecked.
    #[must_use]
    pub fn claimed_user(&self, request: &InboundRequest) -> Option<String> {
        self.verifier.claimed_user(&request.message)
    }

    /// The key under which the subscription of a refresh is stored; `None` for a SUBSCRIBE that begins one.
    #[must_use]
    pub fn key(request: &InboundRequest) -> Option<String> {
        let message = &request.message;
        let subscription = Subscription {
            local_tag: message.to()?.tag()?.to_owned(),
            ..draft(message, "")?
        };
        Some(subscription.key())
    }

    /// Decides. `current` is the stored subscription under [`Notifier::key`]; `tag` is fresh and becomes ours in a new
    /// dialog; `contact` is our own address for it.
    #[must_use]
    pub fn decide(
        &self,
        request: &InboundRequest,
        applicant: Option<&Applicant>,
        current: Option<Subscription>,
        (tag, contact): (&str, &SipUri),
        now: Timestamp,
    ) -> SubscribeDecision {
        match self.checked(request, applicant, current, (tag, contact), now) {
            Ok(decision) => decision,
            Err(reply) => SubscribeDecision::Refused(reply),
        }
    }

    fn checked(
        &self,
        request: &InboundRequest,
        applicant: Option<&Applicant>,
        current: Option<Subscription>,
        (tag, contact): (&str, &SipUri),
        now: Timestamp,
    ) -> Result<SubscribeDecision, Reply> {
        let message = &request.message;
        if request.event() != Some(contact_me::EVENT) {
            return Err(Reply::new(489).with_header("Allow-Events", contact_me::EVENT));
        }
        if !takes_our_bodies(message) {
            let accept = format!(
                "{}, {}",
                contact_me::CONTENT_TYPE,
                contact_me::CONTENT_TYPE_XML
            );
            return Err(Reply::new(406).with_header("Accept", &accept));
        }
        let applicant = admitted(&self.verifier, request, applicant, now)?;
        // A device is told of its own callbacks only: From and To are the same address of record.
        let own = |address: Option<NameAddr>| {
            let uri = address.and_then(|a| a.sip_uri().ok());
            uri.is_some_and(|uri| uri.user() == Some(&applicant.user))
        };
        if !own(message.from()) || !own(message.to()) {
            return Err(Reply::new(403).because("this user may subscribe only to its own state"));
        }
        let span = granted(&self.limits, message.header("Expires"))?;
        let bad = || Reply::new(400).because("a SUBSCRIBE has a Contact that is a SIP address");
        let fresh = draft(message, tag).ok_or_else(bad)?;
        let mut subscription = match (
            current,
            message.to().and_then(|t| t.tag().map(str::to_owned)),
        ) {
            (Some(current), Some(_)) if current.is_current(now) => {
                if current.remote_sequence >= fresh.remote_sequence {
                    return Err(Reply::new(500).because("an older request came after a newer one"));
                }
                Subscription {
                    target: fresh.target,
                    remote_sequence: fresh.remote_sequence,
                    ..current
                }
            }
            (_, Some(_)) => return Err(Reply::new(481)),
            (_, None) => fresh,
        };
        subscription.received = Some(request.source);
        subscription.expires_at = now.after(span);
        let reply = Reply::ok()
            .with_tag(&subscription.local_tag)
            .with_header("Contact", &format!("<{contact}>"))
            .with_header("Expires", &span.as_secs().to_string());
        Ok(SubscribeDecision::Subscribed {
            subscription: Box::new(subscription),
            reply,
        })
    }
}

/// The NOTIFY of a subscription with this state, without a body; the subscription's number moves on.
///
/// # Errors
/// [`CannotNotify`] when what is stored is no address.
pub fn notification(
    subscription: &mut Subscription,
    state: SubscriptionState,
) -> Result<OutboundRequest, CannotNotify> {
    let target: SipUri = subscription.target.parse()?;
    let mut route = Vec::new();
    for hop in &subscription.route {
        route.push(hop.parse()?);
    }
    // Behind NAT the SUBSCRIBE's source is the only address that leads back (RFC 3581).
    if route.is_empty()
        && let Some(received) = subscription.received
        && target.socket_addr() != Some(received)
    {
        route.push(back_to(&target, received));
    }
    let sequence = subscription.sequence;
    subscription.sequence = sequence.saturating_add(NUMBERS_EACH);
    let mut request = OutboundRequest::notify(target, &subscription.event)?
        .via_route(route)
        .with_header("Subscription-State", &state.to_string())?
        .in_dialog(Dialog {
            call_id: subscription.call_id.clone(),
            local_tag: subscription.local_tag.clone(),
            remote_tag: subscription.remote_tag.clone(),
            sequence,
        });
    request.from = Some(subscription.local.parse()?);
    request.to = Some(subscription.remote.parse()?);
    Ok(request)
}

/// A subscription as the request asks for it, not yet ending.
fn draft(message: &Message, tag: &str) -> Option<Subscription> {
    let (from, to) = (message.from()?, message.to()?);
    let target = NameAddr::parse(message.list("Contact").first()?)
        .sip_uri()
        .ok()?;
    Some(Subscription {
        event: message.header("Event")?.to_owned(),
        call_id: message.header("Call-ID")?.to_owned(),
        local_tag: tag.to_owned(),
        remote_tag: from.tag()?.to_owned(),
        local: to.uri().to_owned(),
        remote: from.uri().to_owned(),
        target: target.to_string(),
        route: message
            .list("Record-Route")
            .into_iter()
            .map(|hop| NameAddr::parse(hop).uri().to_owned())
            .collect(),
        received: None,
        sequence: 1,
        remote_sequence: message.cseq()?.number,
        expires_at: Timestamp::from_millis(0),
    })
}

/// Whether it takes one of our bodies; without `Accept` it does (RFC 6665 §4.1.3).
fn takes_our_bodies(message: &Message) -> bool {
    let accept = message.list("Accept");
    let takes = |item: &&str| {
        let kind = item.split(';').next().unwrap_or_default().trim();
        [contact_me::CONTENT_TYPE, "application/*", "*/*"]
            .iter()
            .any(|ours| kind.eq_ignore_ascii_case(ours))
    };
    accept.is_empty() || accept.iter().any(takes)
}

#[cfg(test)]
mod tests;
