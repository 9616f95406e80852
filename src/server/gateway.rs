//! `/gateway/v1/{name}/{secret}/mo|dlr`: text message gateways call in.
//!
//! The secret in the address is the gateway's credential; it is compared by digest, in
//! constant time, and the path is logged nowhere. Answers have no body: Kannel would
//! send it to the phone as a text message.

use std::sync::OnceLock;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::routing::get;
use data_encoding::HEXLOWER;
use percent_encoding::percent_decode_str;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;

use crate::domain::{Msisdn, ShortId};
use crate::flow::receipts::Decided;
use crate::flow::result::{self, ResultError};
use crate::flow::{deliver, receipts};
use crate::port::{
    DeviceFilter, EventDraft, EventFilter, PageOf, ReceiptKey, SmsInbox, SmsPart, Step, StoreError,
};
use crate::sms::smpp::IdKeys;
use crate::sms::{Fragment, FromPhone, Inbound, Receipt, ReceiptOutcome, Reply};

use super::endpoint::{Endpoint, GatewayDoor};
use super::error::{Answer, ApiError};
use super::extract::{Place, body};

const LIMIT: usize = 128 * 1024;
/// Most fates of one message, which may go out more than once, that are looked through for a certain one.
const MOST_TOLD: u32 = 100;
/// Among so many events. A receipt that comes again after more of them is told again.
const RECENT: u64 = 10_000;

/// The routes of gateways.
pub(super) fn router() -> Router<Endpoint> {
    Router::new()
        .route("/{name}/{secret}/mo", get(received).post(received))
        .route("/{name}/{secret}/dlr", get(receipt).post(receipt))
}

/// A phone sent a text message.
async fn received(
    State(endpoint): State<Endpoint>,
    Place((name, secret)): Place<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Answer<StatusCode> {
    let door = admit(&endpoint, &name, &secret)?;
    let udh = user_data_header(query.as_deref());
    let words = door.fields.translate(words(query, request).await?);
    let words: Vec<_> = pairs(&words).collect();
    let handed = FromPhone::from_parameters(words, &udh).map_err(ApiError::invalid)?;
    match handed {
        FromPhone::Whole(message) => take_message(&endpoint, &name, message).await?,
        FromPhone::Part(part) => take_part(&endpoint, &name, part).await?,
    }
    Ok(StatusCode::OK)
}

/// The octets of `udh`, as Kannel writes them for `%u`: percent-encoded, and no text.
fn user_data_header(query: Option<&str>) -> Vec<u8> {
    let mut pairs = query.unwrap_or_default().split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix("udh="));
    let value = value.unwrap_or_default().replace('+', "%20");
    percent_decode_str(&value).collect()
}

/// A part of a long message of a phone. It is in the store before the gateway is told that we have it.
async fn take_part(endpoint: &Endpoint, name: &str, part: Fragment) -> Answer<()> {
    // One after the other: the same last part may come twice in one moment.
    let _turn = endpoint.long_messages().lock().await;
    let texts = &endpoint.ports().texts;
    let kept = texts.keep_fragment(name, part, endpoint.now()).await?;
    Step::PartStored.reached();
    let parts = kept.unwrap_or_default();
    if let Some(mut message) = Fragment::join(&parts) {
        message.id = parts.first().map(|part| id_of_joined(part, &message.text));
        take_message(endpoint, name, message).await?;
        Step::PartsTaken.reached();
        texts.fragments_taken(name, parts, endpoint.now()).await?;
    }
    Ok(())
}

/// Names a message that came in parts: the same whenever it is made of them again, and also when a phone says the same
/// once more under the same reference.
fn id_of_joined(part: &Fragment, text: &str) -> String {
    let whole = format!("{}\n{}\n{:?}\n{text}", part.sender, part.to, part.reference);
    HEXLOWER.encode(&Sha256::digest(whole)[..16])
}

/// What stays the same of a message that a gateway hands over again, so that third parties can tell. Of a short text
/// to which the gateway gives no id, nothing does: its sender may well say the same thing twice.
fn lasting_id(name: &str, inbound: &Inbound) -> Option<String> {
    let reply = Reply::parse(inbound.text.as_bytes()).ok();
    let of_reply = reply.map(|reply| format!("reply:{}", reply.nonce()));
    of_reply.or_else(|| Some(format!("{name}:{}", inbound.id.as_ref()?)))
}

/// A message of a phone, however it came.
async fn take_message(endpoint: &Endpoint, name: &str, inbound: Inbound) -> Answer<()> {
    endpoint.metrics().sms_received.up();
    let device = match &inbound.from {
        Some(number) => device_with(endpoint, number).await?,
        None => None,
    };
    let event = EventDraft {
        at: endpoint.now(),
        kind: "message.received".into(),
        subject: device.map_or_else(|| format!("gateway:{name}"), |id| format!("device:{id}")),
        device,
        data: json!({
            "message": "sms",
            "message_id": lasting_id(name, &inbound),
            "via": name,
            "from": inbound.from.as_ref().map(ToString::to_string),
            "to": inbound.to,
            "content": inbound.text,
        }),
    };
    endpoint.ports().events.publish(vec![event]).await?;
    Step::TextCame.reached();
    let Some(from) = &inbound.from else {
        return Ok(());
    };
    match result::take_reply(endpoint.ports(), from, inbound.text.as_bytes()).await {
        Ok(_) => endpoint.metrics().results.up(),
        // A message that is no reply is for the third parties only.
        Err(ResultError::Reply(_)) => heard(endpoint, device, "sms.in", "a text message").await?,
        Err(
            refused @ (ResultError::Unauthenticated(_)
            | ResultError::UnknownNonce(_)
            | ResultError::ReusedNonce { .. }),
        ) => {
            endpoint.metrics().authentication_failures.up();
            if endpoint.throttles().may_report(&format!("sms:{from}")) {
                tracing::warn!(gateway = %name, error = %refused, "a reply was discarded");
                let kind = match refused {
                    ResultError::ReusedNonce { .. } => "sms.replayed",
                    _ => "sms.refused",
                };
                heard(endpoint, device, kind, &refused.to_string()).await?;
            }
        }
        Err(other) => return Err(other.into()),
    }
    Ok(())
}

/// A gateway tells what became of a message that we sent, or of a segment of it.
async fn receipt(
    State(endpoint): State<Endpoint>,
    Place((name, secret)): Place<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Answer<StatusCode> {
    let door = admit(&endpoint, &name, &secret)?;
    let words = door.fields.translate(words(query, request).await?);
    let receipt = Receipt::from_parameters(pairs(&words)).map_err(ApiError::invalid)?;
    let (send, number, total) = Receipt::segment_of(pairs(&words)).map_err(ApiError::invalid)?;
    let key = ReceiptKey::Part(SmsPart {
        reference: receipt.reference,
        send,
        number,
        total,
    });
    take_receipt(&endpoint, &name, key, receipt.outcome, &receipt.reply).await?;
    Ok(StatusCode::OK)
}

/// A receipt, however it came. What it means for the whole message goes on to the action.
async fn take_receipt(
    endpoint: &Endpoint,
    name: &str,
    key: ReceiptKey,
    outcome: ReceiptOutcome,
    words: &str,
) -> Answer<()> {
    let ports = endpoint.ports();
    let (part, decided) = receipts::receipt(ports, name, key, outcome, words).await?;
    if let Some(decided) = &decided {
        take_decision(endpoint, name, decided).await?;
    } else if let Some(part) = part {
        tracing::debug!(gateway = %name, reference = %part.reference, segment = part.number, %outcome, "a receipt");
    } else {
        tracing::debug!(gateway = %name, %outcome, "a receipt of a message that is not known yet");
    }
    Ok(())
}

/// What became of a whole message.
async fn take_decision(endpoint: &Endpoint, name: &str, decided: &Decided) -> Answer<()> {
    let action = deliver::receipt(endpoint.ports(), name, decided).await?;
    let device = action.map(|view| view.device);
    heard_of(endpoint, device, name, decided).await
}

/// What gateways with connections of their own tell goes to an endpoint. It is made before the endpoint, because the
/// gateways are among its parts; [`GatewayInbox::attach`] closes the circle.
#[derive(Default)]
pub struct GatewayInbox {
    endpoint: OnceLock<Endpoint>,
}

impl GatewayInbox {
    /// An inbox without an endpoint: until it has one, gateways are told to come again.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the inbox whose it is. A second call changes nothing.
    pub fn attach(&self, endpoint: &Endpoint) {
        drop(self.endpoint.set(endpoint.clone()));
    }

    fn endpoint(&self) -> Result<&Endpoint, StoreError> {
        self.endpoint
            .get()
            .ok_or_else(|| StoreError::Database("the server is still starting".to_owned()))
    }
}

fn kept(done: Answer<()>) -> Result<(), StoreError> {
    done.map_err(|error| StoreError::Database(error.into_detail()))
}

#[async_trait]
impl SmsInbox for GatewayInbox {
    async fn taken(
        &self,
        gateway: &str,
        part: SmsPart,
        id: Option<IdKeys>,
    ) -> Result<(), StoreError> {
        let endpoint = self.endpoint()?;
        let decided = receipts::taken(endpoint.ports(), gateway, part, id).await?;
        match decided {
            Some(decided) => kept(take_decision(endpoint, gateway, &decided).await),
            None => Ok(()),
        }
    }

    async fn receipt(
        &self,
        gateway: &str,
        key: ReceiptKey,
        outcome: ReceiptOutcome,
        words: &str,
    ) -> Result<(), StoreError> {
        kept(take_receipt(self.endpoint()?, gateway, key, outcome, words).await)
    }

    async fn message(&self, gateway: &str, message: Inbound) -> Result<(), StoreError> {
        kept(take_message(self.endpoint()?, gateway, message).await)
    }

    async fn part(&self, gateway: &str, part: Fragment) -> Result<(), StoreError> {
        kept(take_part(self.endpoint()?, gateway, part).await)
    }
}

/// Lets a gateway in. Unknown names and wrong secrets are one: there is nothing at this address.
fn admit<'a>(endpoint: &'a Endpoint, name: &str, secret: &str) -> Answer<&'a GatewayDoor> {
    let digest: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let known = endpoint
        .settings()
        .gateway_doors
        .iter()
        .find(|door| door.name == name);
    let expected = known.map_or([0; 32], |door| door.secret_digest);
    let right = bool::from(expected.ct_eq(&digest));
    if let Some(door) = known.filter(|_| right) {
        return Ok(door);
    }
    endpoint.metrics().authentication_failures.up();
    Err(ApiError::new(
        crate::api::ProblemCode::NotFound,
        "there is nothing at this address",
    ))
}

async fn words(query: Option<String>, request: Request) -> Answer<Vec<(String, String)>> {
    let content = body(request.into_body(), LIMIT).await?;
    let mut words: Vec<(String, String)> =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    words.extend(form_urlencoded::parse(&content).into_owned());
    Ok(words)
}

fn pairs(words: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    words.iter().map(|(k, v)| (k.as_str(), v.as_str()))
}

async fn device_with(endpoint: &Endpoint, number: &Msisdn) -> Answer<Option<ShortId>> {
    let filter = DeviceFilter {
        number: Some(number.clone()),
        ..DeviceFilter::default()
    };
    let page = PageOf {
        cursor: None,
        limit: 1,
    };
    let found = endpoint.ports().devices.devices(filter, page).await?;
    Ok(found.items.first().map(|device| device.id))
}

async fn heard(endpoint: &Endpoint, device: Option<ShortId>, kind: &str, text: &str) -> Answer<()> {
    if let Some(device) = device {
        let log = &endpoint.ports().device_log;
        log.heard(device, endpoint.now(), kind, text).await?;
    }
    Ok(())
}

async fn heard_of(
    endpoint: &Endpoint,
    device: Option<ShortId>,
    name: &str,
    Decided { receipt, again }: &Decided,
) -> Answer<()> {
    let event = EventDraft {
        at: endpoint.now(),
        kind: "sms.receipt".into(),
        subject: device.map_or_else(
            || format!("sms:{}", receipt.reference),
            |_| format!("action:{}", receipt.reference),
        ),
        device,
        data: json!({ "outcome": receipt.outcome.to_string(), "reply": receipt.reply }),
    };
    let events = &endpoint.ports().events;
    if *again {
        let same = EventFilter {
            after: events.last_event().await?.saturating_sub(RECENT),
            subject: Some(event.subject.clone()),
            kind: Some(event.kind.clone()),
            ..EventFilter::default()
        };
        let told = events.events(same, MOST_TOLD).await?;
        if told
            .iter()
            .any(|t| t.data["outcome"] == event.data["outcome"])
        {
            return Ok(());
        }
    }
    events.publish(vec![event]).await?;
    tracing::debug!(gateway = %name, reference = %receipt.reference, outcome = %receipt.outcome, reply = receipt.reply, "a receipt came in");
    Ok(())
}
