//! What is sent on each rung of the ladder, and to whom.

use std::time::Duration;

use crate::api::{ActionView, CallbackRequest, CallbackView, Device};
use crate::domain::{Action, ActionKind, Bearer, Msisdn, Timestamp};
use crate::flow::look_up::{self, Found};
use crate::flow::message::{self, DataPath};
use crate::flow::rung::{Sent, send_sip, send_sms};
use crate::flow::ways::{Destination, Way, ways, why_not};
use crate::flow::{ActError, Ports, contact, push, reply, summons};
use crate::port::{AgentKey, Lease, NewAction, PushMessage, SmsGateway, Stamp, StoreError};
use crate::sip::{SipUri, wanting};

/// For a SIP rung to answer, unless told otherwise.
const RUNG: Duration = Duration::from_secs(4);
/// For a gateway to answer.
const GATEWAY: Duration = Duration::from_secs(10);

/// What is sent on every rung, and to whom.
pub(super) struct Call<'a> {
    pub(super) ports: &'a Ports,
    pub(super) view: CallbackView,
    pub(super) request: CallbackRequest,
    pub(super) device: Device,
    pub(super) key: Option<AgentKey>,
    /// The action that text messages carry, once one was needed.
    pub(super) text_action: Option<ActionView>,
}

/// A rung: a way, or why there is none over a bearer that was asked for.
pub(super) enum Step {
    Try(Way),
    Missing(Bearer, String),
}

impl Call<'_> {
    /// The rungs in the order asked for. A bearer that was asked for and is not there is a missed rung; so are all
    /// when there is none, because *why* is what the caller needs then.
    pub(super) async fn rungs(&self) -> Vec<Step> {
        const USUAL: [Bearer; 3] = [Bearer::SipDirect, Bearer::SipProxy, Bearer::Sms];
        const WITH_PUSH: [Bearer; 4] = [
            Bearer::SipDirect,
            Bearer::SipProxy,
            Bearer::Push,
            Bearer::Sms,
        ];
        let now = self.ports.now();
        let found = self.ways(now).await;
        let in_vain = found.in_vain();
        let all = found.ways;
        let missed = |bearer| {
            let why = why_not(self.ports, &self.device, bearer, now);
            let why = match (bearer, &in_vain) {
                (Bearer::SipDirect, Some(words)) => format!("{why}; {words}"),
                _ => why,
            };
            Step::Missing(bearer, why)
        };
        let asked = match &self.request.ladder {
            None if !all.is_empty() => {
                // What was asked in vain is evidence, too.
                let vain = in_vain.is_some().then(|| missed(Bearer::SipDirect));
                return vain
                    .into_iter()
                    .chain(all.into_iter().map(Step::Try))
                    .collect();
            }
            // Who has no push service is not told that one is missing.
            None if self.ports.push.is_empty() => &USUAL[..],
            None => &WITH_PUSH[..],
            Some(asked) => asked,
        };
        let mut steps = Vec::new();
        for bearer in asked {
            let before = steps.len();
            let over = all.iter().filter(|way| way.bearer == *bearer);
            steps.extend(over.cloned().map(Step::Try));
            if steps.len() == before {
                steps.push(missed(*bearer));
            }
        }
        steps
    }

    /// The ways that there are; they are looked up elsewhere only when a SIP rung is wanted.
    async fn ways(&self, now: Timestamp) -> Found {
        let sip = |bearer: &Bearer| matches!(bearer, Bearer::SipDirect | Bearer::SipProxy);
        let asked = &self.request.ladder;
        match asked.as_ref().is_none_or(|asked| asked.iter().any(sip)) {
            true => look_up::find(self.ports, &self.device, now).await,
            false => Found {
                ways: ways(self.ports, &self.device, now),
                asked: Vec::new(),
            },
        }
    }

    pub(super) async fn send(&mut self, way: &Way, left: Duration) -> Result<Sent, ActError> {
        match &way.to {
            Destination::Sip { uri, route } => self.send_sip(way.bearer, uri, route, left).await,
            Destination::Push { address, service } => {
                let message = PushMessage {
                    to: address.clone(),
                    request_id: self.view.request_id(),
                    expires_at: self.view.expires_at,
                };
                let device = self.device.id;
                Ok(push::send(self.ports, device, &**service, message, left).await?)
            }
            Destination::Sms {
                number, gateway, ..
            } => self.send_sms(way, number, &**gateway, left).await,
        }
    }

    async fn send_sip(
        &self,
        bearer: Bearer,
        uri: &SipUri,
        route: &[SipUri],
        left: Duration,
    ) -> Result<Sent, ActError> {
        let ports = self.ports;
        let Some(sip) = &ports.sip else {
            return Ok(Sent::not("this endpoint does not listen for SIP"));
        };
        let (uri, mut route, key) = (uri.clone(), route.to_vec(), self.key.as_ref());
        if let (Some(form), Some(hop)) = (self.request.relay, route.first_mut())
            && bearer == Bearer::SipProxy
        {
            *hop = wanting(hop.clone(), form);
        }
        let built = if self.request.invite {
            summons::invite(ports, &self.device, key, uri, route, &self.view).await
        } else {
            summons::notify_of(ports, &self.device, key, uri, route, &self.view).map_err(Into::into)
        };
        let timeout = self
            .request
            .rung_timeout_ms
            .map_or(RUNG, Duration::from_millis)
            .min(left);
        match built {
            Ok(request) => Ok(send_sip(&**sip, request, timeout).await),
            Err(summons::CannotSummon::Store(error)) => Err(error.into()),
            Err(other) => Ok(Sent::not(other.to_string())),
        }
    }

    async fn send_sms(
        &mut self,
        way: &Way,
        number: &Msisdn,
        gateway: &dyn SmsGateway,
        left: Duration,
    ) -> Result<Sent, ActError> {
        let ports = self.ports;
        let Some(key) = &self.key else {
            return Ok(Sent::not(
                "it is not enrolled, so no text message can be signed for it",
            ));
        };
        // One action, however many gateways it takes to get it out.
        let action = match &self.text_action {
            Some(action) => action,
            None => {
                let made = call_home(ports, &self.view, &self.device).await?;
                self.text_action.insert(made)
            }
        };
        let data = DataPath::of(&self.device);
        let parcel = match message::pack(&ports.home, &key.secret, &[action], 0, data) {
            Ok(parcel) => parcel,
            Err(error) => return Ok(Sent::not(error.to_string())),
        };
        let nonce = match parcel.asks() {
            Some(asked) => Some(reply::ask(ports, key, asked, number).await?),
            None => None,
        };
        let text = match parcel.text(&key.secret, nonce) {
            Ok(text) => text,
            Err(error) => return Ok(Sent::not(error.to_string())),
        };
        let at = ports.now();
        let timeout = GATEWAY.min(left);
        let sent = send_sms(gateway, number.clone(), text, action.id, timeout).await;
        // Never claimed, because never due: the first fence is the row's. Should that not be so, the attempt is
        // added all the same.
        let lease = Lease {
            action: action.id,
            fence: 0,
        };
        let attempt = vec![sent.attempt(way, &self.device.name, at)];
        match ports.queue.record_attempts(lease, attempt, None).await {
            Ok(_) | Err(StoreError::LeaseLost(_)) => Ok(sent),
            Err(other) => Err(other.into()),
        }
    }
}

/// The action that a text message carries: `cal(url,request)`. Stored with its number before it is sent; the ladder
/// sends it, not the dispatcher.
async fn call_home(
    ports: &Ports,
    view: &CallbackView,
    device: &Device,
) -> Result<ActionView, ActError> {
    let url = contact::url(ports, view);
    let now = ports.now();
    let new = NewAction {
        id: ports.new_id()?,
        device: device.id,
        action: Action::new(ActionKind::CallHome, [url, view.request_id()]),
        sequence: None,
        operator: view.operator.clone(),
        reason: Some(format!("callback {}", view.id)),
        ticket: None,
        via: Some(Bearer::Sms),
        at: now,
        expires_at: view.expires_at.max(now.after(RUNG)),
        due_at: None,
        by_hand: false,
        preconditions: Vec::new(),
        escrow: None,
    };
    Ok(ports.actions.create_action(new, Stamp::default()).await?)
}
