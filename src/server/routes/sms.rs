use std::time::Duration;

use axum::Json;
use axum::extract::State;
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::api::{
    ProblemCode, SmsGatewayHealth, SmsGatewayView, SmsSegmentView, SmsSendRequest, SmsSendResponse,
    SmsSending, SmsSignRequest, SmsSignResponse, SmsStatus, SmsVerifyRequest, SmsVerifyResponse,
};
use crate::domain::{Permission, Risk, ShortId};
use crate::flow::{ActError, sign as signing, text};
use crate::port::{OutboundSms, StoreError};
use crate::sms::{Joined, Meter, Parts, SendOptions, SignedMessage};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Place;
use crate::server::identity::Caller;
use crate::server::write::{Write, outcome_id};

use super::actions::consent;

/// Signs an action string; the device's secret stays here.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/sms/sign", request_body = SmsSignRequest, responses((status = 200, body = SmsSignResponse), (status = 403, body = crate::api::Problem)), tag = "sms"))]
pub(super) async fn sign(
    State(endpoint): State<Endpoint>,
    write: Write<SmsSignRequest>,
) -> Answer<Json<SmsSignResponse>> {
    write.require(Permission::Engineer)?;
    let given = consent(&write.value.accept_risk, write.value.reason.as_ref());
    if write.value.accept_risk.contains(&Risk::DataLoss) {
        // Whoever signs a wipe could send it: the same role as for wiping.
        write.require(Permission::Administer)?;
    }
    let caller = write.caller.for_flow();
    let key = write.flow_key();
    let signed = signing::sign(endpoint.ports(), write.value, given, caller, key).await?;
    Ok(Json(signed))
}

/// Says whether a signed text is genuine.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/sms/verify", request_body = SmsVerifyRequest, responses((status = 200, body = SmsVerifyResponse)), tag = "sms"))]
pub(super) async fn verify(
    State(endpoint): State<Endpoint>,
    write: Write<SmsVerifyRequest>,
) -> Answer<Json<SmsVerifyResponse>> {
    write.require(Permission::Engineer)?;
    Ok(Json(signing::verify(endpoint.ports(), write.value).await?))
}

/// Sends a text through a gateway.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/sms/send", request_body = SmsSendRequest, responses((status = 200, body = SmsSendResponse), (status = 502, body = crate::api::Problem)), tag = "sms"))]
pub(super) async fn send(
    State(endpoint): State<Endpoint>,
    write: Write<SmsSendRequest>,
) -> Answer<Json<SmsSendResponse>> {
    write.require(Permission::Engineer)?;
    let asked = &write.value;
    let missing = risks(&asked.text)
        .into_iter()
        .find(|risk| !asked.accept_risk.contains(risk));
    if let Some(risk) = missing {
        let what = "this text".to_owned();
        return Err(ActError::RiskNotAccepted { risk, what }.into());
    }
    if risks(&asked.text).contains(&Risk::DataLoss) {
        write.require(Permission::Administer)?;
    }
    let gateways = &endpoint.ports().gateways;
    let named = asked.gateway.as_deref();
    let known = named.is_none_or(|name| gateways.iter().any(|g| g.name() == name));
    if gateways.is_empty() || !known {
        return Err(no_gateway(&endpoint));
    }
    let options = options(asked)?;
    let meter = Meter::of(&asked.text)
        .map_err(|error| ApiError::new(ProblemCode::Unprocessable, error.to_string()))?;
    let reference = endpoint.new_id()?;
    let detail = format!(
        "through {}{}",
        named.unwrap_or("whichever takes it"),
        asked
            .reason
            .as_ref()
            .map_or_else(String::new, |r| format!(", reason: {r}"))
    );
    // Before the send: a text that went out without a trace would be worse than a trace without a text.
    let stamp = write.stamp(&endpoint, "sms.send", &format!("sms:{reference}"), detail);
    match endpoint.ports().audit.begin(stamp).await {
        Err(StoreError::AlreadyDone(outcome)) => {
            return sent_before(&endpoint, outcome_id(&outcome, "sms")?, &meter).await;
        }
        done => done?,
    }
    let sms = OutboundSms {
        options,
        ..OutboundSms::text(asked.to.clone(), asked.text.clone(), reference)
    };
    let (gateway, accepted) = text::send(endpoint.ports(), named, sms)
        .await
        .map_err(ActError::from)?;
    Ok(Json(SmsSendResponse {
        id: reference,
        gateway: gateway.name().to_owned(),
        answer: accepted.answer,
        reference: accepted.reference,
        segments: u32::try_from(meter.segments).unwrap_or(u32::MAX),
    }))
}

/// The answer to a request that was served under the same key.
async fn sent_before(
    endpoint: &Endpoint,
    id: ShortId,
    meter: &Meter,
) -> Answer<Json<SmsSendResponse>> {
    let records = endpoint.ports().texts.parts_of(id).await?;
    let Some(record) = records.into_iter().next() else {
        return Err(ApiError::new(
            ProblemCode::Conflict,
            format!("this was asked for before under the same key, as {id}, and no gateway is known to have taken it"),
        )
        .next("see that it did not arrive, then send it anew, under another key"));
    };
    Ok(Json(SmsSendResponse {
        id,
        gateway: record.gateway,
        answer: "taken when it was asked for first".to_owned(),
        reference: record.id,
        segments: u32::try_from(meter.segments).unwrap_or(u32::MAX),
    }))
}

fn no_gateway(endpoint: &Endpoint) -> ApiError {
    if endpoint.ports().gateways.is_empty() {
        return ActError::no_gateway().into();
    }
    ApiError::new(
        ProblemCode::NotFound,
        "there is no such gateway on this server",
    )
    .next("See them:  callhome sms gateway list")
}

/// How a text is to be sent.
fn options(asked: &SmsSendRequest) -> Answer<SendOptions> {
    let wrong = |detail: &str| ApiError::new(ProblemCode::Unprocessable, detail);
    if asked.priority.is_some_and(|p| p > 3) {
        return Err(wrong("a priority is 0, 1, 2 or 3"));
    }
    let octets = asked.octets.as_deref().map(|hex| {
        HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|_| wrong("octets are hexadecimal digits, two for each"))
    });
    Ok(SendOptions {
        flash: asked.flash,
        validity: asked.validity_s.map(Duration::from_secs),
        deferred: asked.deferred_s.map(Duration::from_secs),
        priority: asked.priority,
        ports: asked.to_port.map(|to| (to, asked.from_port.unwrap_or(0))),
        octets: octets.transpose()?,
    })
}

/// The server's gateways, best first.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/sms/gateways", responses((status = 200, body = Vec<SmsGatewayView>)), tag = "sms"))]
pub(super) async fn gateways(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<Vec<SmsGatewayView>>> {
    caller.require(Permission::Read)?;
    let views = endpoint.ports().gateways.iter().map(|gateway| {
        let (description, prefixes) = gateway.describe();
        SmsGatewayView {
            name: gateway.name().to_owned(),
            description,
            prefixes,
        }
    });
    Ok(Json(views.collect()))
}

/// Asks a gateway whether it is there.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/sms/gateways/{name}/test", responses((status = 200, body = SmsGatewayHealth), (status = 502, body = crate::api::Problem)), tag = "sms"))]
pub(super) async fn test_gateway(
    State(endpoint): State<Endpoint>,
    Place(name): Place<String>,
    write: Write<()>,
) -> Answer<Json<SmsGatewayHealth>> {
    write.require(Permission::Engineer)?;
    let gateways = &endpoint.ports().gateways;
    let gateway = gateways.iter().find(|g| g.name() == name);
    let gateway = gateway.ok_or_else(|| no_gateway(&endpoint))?;
    let health = gateway.check().await.map_err(ActError::from)?;
    Ok(Json(SmsGatewayHealth {
        name,
        ready: health.ready,
        detail: health.detail,
    }))
}

/// What became of a text message, segment by segment.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/sms/{id}", responses((status = 200, body = SmsStatus), (status = 404, body = crate::api::Problem)), tag = "sms"))]
pub(super) async fn status(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    caller: Caller,
) -> Answer<Json<SmsStatus>> {
    caller.require(Permission::Read)?;
    let records = endpoint.ports().texts.parts_of(id).await?;
    if records.is_empty() {
        return Err(ApiError::not_found(format!("a text message {id}")));
    }
    let mut sends: Vec<(u32, Parts, SmsSending)> = Vec::new();
    for record in records {
        let part = record.part;
        if sends.last().is_none_or(|(send, ..)| *send != part.send) {
            let sending = SmsSending {
                gateway: record.gateway,
                state: String::new(),
                total: part.total,
                segments: Vec::new(),
            };
            sends.push((part.send, Parts::of(part.total), sending));
        }
        let Some((_, parts, sending)) = sends.last_mut() else {
            continue;
        };
        if let Some(outcome) = record.outcome {
            parts.note(part.number, outcome);
        }
        sending.segments.push(SmsSegmentView {
            number: part.number,
            id: record.id,
            outcome: record.outcome.map(|o| o.to_string()),
            reply: record.words,
            at: record.at,
        });
    }
    let sends = sends.into_iter().map(|(_, parts, mut sending)| {
        sending.state = match parts.joined() {
            Joined::Pending => "pending",
            Joined::Delivered => "delivered",
            Joined::Failed(_) => "failed",
        }
        .to_owned();
        sending
    });
    Ok(Json(SmsStatus {
        id,
        sends: sends.collect(),
    }))
}

/// The risks of a text, if it is a signed action string.
fn risks(text: &str) -> Vec<Risk> {
    SignedMessage::parse(text.as_bytes())
        .map(|message| message.actions().iter().filter_map(|a| a.risk()).collect())
        .unwrap_or_default()
}
