use std::net::IpAddr;

use axum::Json;
use axum::extract::{Request, State};
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::api::{
    Device, DeviceNumber, EnrolRequest, EnrolResponse, LockState, ProblemCode, verify_proof,
};
use crate::domain::{AuditDraft, DeviceSecret, Purpose};
use crate::port::{EnrolmentDraft, EnrolmentRefusal, Stamp};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::evaluation;
use crate::server::extract::{Origin, body, json};
use crate::server::frame::correlation;
use crate::server::routes::code_digest;

const LIMIT: usize = 64 * 1024;
const MOST_IDENTITIES: usize = 16;

/// Lets a device in: uses up its one-time code and stores its secret.
#[cfg_attr(test, utoipa::path(post, path = "/agent/v1/enrol", request_body = EnrolRequest, responses((status = 200, body = EnrolResponse), (status = 401, body = crate::api::Problem), (status = 403, body = crate::api::Problem), (status = 429, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn enrol(
    State(endpoint): State<Endpoint>,
    request: Request,
) -> Answer<Json<EnrolResponse>> {
    let (parts, content) = request.into_parts();
    let address = Origin::of(&parts).address();
    endpoint.throttles().enrol.admit(address)?;
    let asked: EnrolRequest = json(&body(content, LIMIT).await?)?;
    if asked.system_id == endpoint.settings().system_id {
        // Before the code is looked at: right or wrong, it is not used up, and works once the server is converted.
        evaluation::admit(&endpoint).await?;
    }
    let mut draft = draft(&endpoint, &asked).await?;
    if asked.system_id != endpoint.settings().system_id {
        // Nobody's code: the same work is done, and the same answer given, as for a wrong one.
        draft.code_digest = [0; 32];
    }
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: draft.at,
            actor: format!("device:{}", asked.device_id),
            event: "device.enrol".into(),
            subject: format!("device:{}", asked.device_id),
            detail: draft.device.name.clone(),
            correlation: correlation(),
        }),
        ..Stamp::default()
    };
    let enrolled = match endpoint.ports().enrolments.enrol(draft, stamp).await? {
        Ok(enrolled) => enrolled,
        Err(refusal) => {
            endpoint.throttles().enrol.failed(address);
            endpoint.metrics().authentication_failures.up();
            note_refusal(&endpoint, address, refusal).await;
            return Err(refused(refusal));
        }
    };
    endpoint.metrics().enrolments.up();
    endpoint
        .reacher()
        .verify_numbers(&endpoint, &enrolled.device);
    Ok(Json(response(&endpoint, &asked, &enrolled.device)))
}

async fn draft(endpoint: &Endpoint, asked: &EnrolRequest) -> Answer<EnrolmentDraft> {
    let secret = DeviceSecret::from_hex(&asked.secret).map_err(ApiError::invalid)?;
    if !(1..=MOST_IDENTITIES).contains(&asked.identities.len()) {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            format!("a device has 1 to {MOST_IDENTITIES} identities"),
        ));
    }
    let at = endpoint.now();
    let name = asked
        .name
        .clone()
        .filter(|n| !n.trim().is_empty())
        .or_else(|| asked.identities.first().map(ToString::to_string))
        .unwrap_or_default();
    let device = Device {
        id: endpoint.new_id()?,
        server: endpoint.name().to_owned(),
        name,
        owner: None,
        model: asked.model.clone(),
        identities: asked.identities.clone(),
        numbers: asked
            .numbers
            .iter()
            .cloned()
            .map(DeviceNumber::new)
            .collect(),
        agent_id: Some(asked.device_id),
        epoch: 0,
        enrolled_at: Some(at),
        tag: None,
        proxy: None,
        push: Vec::new(),
        has_data: asked.has_data,
        lock: LockState::default(),
        bindings: Vec::new(),
        last_heard: Some(at),
        open_actions: 0,
        attributes: asked.attributes.clone(),
        version: 0,
    };
    Ok(EnrolmentDraft {
        code_digest: code_digest(&asked.code),
        agent_id: asked.device_id,
        secret,
        device,
        proven: proven(endpoint, asked).await?,
        at,
    })
}

/// Whether the device showed that it holds the secret of its last enrolment.
async fn proven(endpoint: &Endpoint, asked: &EnrolRequest) -> Answer<bool> {
    let Some(proof) = &asked.proof else {
        return Ok(false);
    };
    let Ok(proof) = HEXLOWER_PERMISSIVE.decode(proof.as_bytes()) else {
        return Ok(false);
    };
    let old = endpoint
        .ports()
        .enrolments
        .agent_by_identity(None, asked.identities.clone())
        .await?;
    // A key for everybody: whether the identity is known does not show in the time taken.
    let key = old
        .as_ref()
        .map_or([0x5a; 32], |old| old.secret.key(Purpose::Http));
    let right = verify_proof(&key, asked.device_id, &proof);
    Ok(right && old.is_some())
}

/// Writes down who was not let in; for one address only a few times.
async fn note_refusal(endpoint: &Endpoint, address: Option<IpAddr>, refusal: EnrolmentRefusal) {
    let from = address.map_or_else(|| "local".to_owned(), |a| a.to_string());
    if !endpoint.throttles().may_report(&format!("enrol:{from}")) {
        return;
    }
    let reason = match refusal {
        EnrolmentRefusal::Code => "no such system id and code",
        EnrolmentRefusal::Proof => "enrolled before, without proof",
        EnrolmentRefusal::Identity => "identities of two devices",
    };
    tracing::warn!(from, reason, "an enrolment was refused");
    let entry = AuditDraft {
        at: endpoint.now(),
        actor: "unknown".into(),
        event: "device.enrol-refused".into(),
        subject: String::new(),
        detail: format!("{reason}; from {from}"),
        correlation: correlation(),
    };
    if let Err(error) = endpoint.ports().audit.append(entry).await {
        tracing::error!(%error, "an audit entry was not written");
    }
}

fn refused(refusal: EnrolmentRefusal) -> ApiError {
    match refusal {
        EnrolmentRefusal::Code => ApiError::new(
            ProblemCode::AuthenticationFailure,
            "the system id or the code is not right, or the code was used or is too old",
        )
        .next("compare both with the invitation, or ask for a new one: callhome device invite"),
        EnrolmentRefusal::Proof => ApiError::new(
            ProblemCode::AuthenticationFailure,
            "this device is enrolled already and did not prove that it is the same",
        )
        .next("an operator lets it in again: callhome device invite DEVICE"),
        EnrolmentRefusal::Identity => ApiError::new(
            ProblemCode::Conflict,
            "these identities belong to two different devices",
        )
        .next("an operator has to correct the registry first"),
    }
}

fn response(endpoint: &Endpoint, asked: &EnrolRequest, device: &Device) -> EnrolResponse {
    let settings = endpoint.settings();
    let mut trusted_servers: Vec<String> = endpoint
        .ports()
        .home
        .https
        .iter()
        .map(|address| address.host.clone())
        .collect();
    trusted_servers.extend(settings.trusted_servers.iter().cloned());
    trusted_servers.dedup();
    EnrolResponse {
        device: device.id,
        epoch: device.epoch,
        server: endpoint.name().to_owned(),
        sip_registrar: settings.sip.clone(),
        sips_registrar: settings.sips.clone(),
        aor: settings
            .sip
            .as_ref()
            .map(|_| format!("sip:{}@{}", asked.device_id, settings.sip_domain)),
        trusted_servers,
        sms_sender: settings.sms_sender.clone(),
    }
}
