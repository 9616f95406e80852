use axum::Json;
use axum::extract::State;

use crate::api::{
    ProblemCode, SmsSendRequest, SmsSendResponse, SmsSignRequest, SmsSignResponse,
    SmsVerifyRequest, SmsVerifyResponse,
};
use crate::domain::{Permission, Risk};
use crate::flow::{ActError, sign as signing};
use crate::port::OutboundSms;
use crate::sms::{Meter, SignedMessage};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::write::Write;

use super::actions::consent;

/// Signs an action string; the device's secret stays here.
#[utoipa::path(post, path = "/api/v1/sms/sign", request_body = SmsSignRequest, responses((status = 200, body = SmsSignResponse), (status = 403, body = crate::api::Problem)), tag = "sms")]
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
    let signed = signing::sign(endpoint.ports(), write.value, given, caller).await?;
    Ok(Json(signed))
}

/// Says whether a signed text is genuine.
#[utoipa::path(post, path = "/api/v1/sms/verify", request_body = SmsVerifyRequest, responses((status = 200, body = SmsVerifyResponse)), tag = "sms")]
pub(super) async fn verify(
    State(endpoint): State<Endpoint>,
    write: Write<SmsVerifyRequest>,
) -> Answer<Json<SmsVerifyResponse>> {
    write.require(Permission::Engineer)?;
    Ok(Json(signing::verify(endpoint.ports(), write.value).await?))
}

/// Sends a text through a gateway.
#[utoipa::path(post, path = "/api/v1/sms/send", request_body = SmsSendRequest, responses((status = 200, body = SmsSendResponse), (status = 502, body = crate::api::Problem)), tag = "sms")]
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
    let gateway = match &asked.gateway {
        Some(name) => gateways.iter().find(|g| g.name() == name),
        None => gateways.first(),
    }
    .ok_or_else(|| {
        ApiError::new(
            ProblemCode::NotFound,
            "there is no such gateway on this server",
        )
        .next("callhome server status lists the gateways; they are set in the configuration")
    })?;
    let meter = Meter::of(&asked.text)
        .map_err(|error| ApiError::new(ProblemCode::Unprocessable, error.to_string()))?;
    let reference = endpoint.new_id()?;
    let detail = format!(
        "through {}{}",
        gateway.name(),
        asked
            .reason
            .as_ref()
            .map_or_else(String::new, |r| format!(", reason: {r}"))
    );
    // Before the send: a text that went out without a trace would be worse than a trace without a text.
    let entry = write
        .caller
        .audit(&endpoint, "sms.send", &format!("sms:{reference}"), detail);
    endpoint.ports().audit.append(entry).await?;
    let sms = OutboundSms {
        to: asked.to.clone(),
        text: asked.text.clone(),
        reference,
    };
    let accepted = gateway.send(sms).await.map_err(ActError::from)?;
    Ok(Json(SmsSendResponse {
        gateway: gateway.name().to_owned(),
        answer: accepted.answer,
        reference: accepted.reference,
        segments: u32::try_from(meter.segments).unwrap_or(u32::MAX),
    }))
}

/// The risks of a text, if it is a signed action string.
fn risks(text: &str) -> Vec<Risk> {
    SignedMessage::parse(text.as_bytes())
        .map(|message| message.actions().iter().filter_map(|a| a.risk()).collect())
        .unwrap_or_default()
}
