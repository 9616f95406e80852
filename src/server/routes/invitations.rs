use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};

use crate::api::{Device, Invitation, InvitationRequest, InvitationWay, JoinLink, ProblemCode};
use crate::domain::{EnrolmentCode, Permission};
use crate::port::{Step, StoreError};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::evaluation;
use crate::server::invitation;
use crate::server::write::Write;

const MOST: u32 = 100_000;
/// 7 days: the life of a code, and the longest.
const LIFE_S: u64 = 7 * 24 * 3600;

/// What is stored of a code: SHA-256 of its text without the hyphen.
pub(in crate::server) fn code_digest(code: &EnrolmentCode) -> [u8; 32] {
    Sha256::digest(code.to_string().replace('-', "").as_bytes()).into()
}

/// Who may invite like this. A clerk lets in one new phone at a time. A code for a device that was enrolled before
/// stands in for the proof that it is the same one, and many codes let in whoever finds the list: both are for engineers.
fn permission(asked: &InvitationRequest, device: Option<&Device>) -> Permission {
    if asked.count == 1 && device.is_none_or(|d| d.agent_id.is_none()) {
        Permission::Operate
    } else {
        Permission::Engineer
    }
}

/// Makes one-time enrolment codes. They are shown this once.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/invitations", request_body = InvitationRequest, responses((status = 201, body = Invitation), (status = 422, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    write: Write<InvitationRequest>,
) -> Answer<(StatusCode, Json<Invitation>)> {
    write.require(Permission::Read)?;
    let asked = &write.value;
    let device = match asked.device {
        Some(id) => Some(super::devices::find(&endpoint, id).await?),
        None => None,
    };
    write.require(permission(asked, device.as_ref()))?;
    evaluation::admit(&endpoint).await?;
    let life_s = asked.valid_s.unwrap_or(LIFE_S);
    if !(1..=MOST).contains(&asked.count) || !(60..=LIFE_S).contains(&life_s) {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            format!("1 to {MOST} codes that live 60 s to 7 days can be made at once"),
        ));
    }
    if (asked.device.is_some() || asked.send.is_some()) && asked.count != 1 {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "one device needs one code",
        ));
    }
    if let Some(way) = &asked.send {
        invitation::check(&endpoint, way)?;
    }
    let codes: Vec<EnrolmentCode> = (0..asked.count)
        .map(|_| endpoint.new_code())
        .collect::<Result<_, _>>()?;
    let digests = codes.iter().map(code_digest).collect();
    let expires_at = endpoint.now().after(Duration::from_secs(life_s));
    let subject = asked
        .device
        .map_or_else(String::new, |id| format!("device:{id}"));
    let by = match &asked.send {
        Some(InvitationWay::Sms { to }) => format!(" by SMS to {}", to.masked()),
        Some(InvitationWay::Email { .. }) => " by e-mail".to_owned(),
        None => String::new(),
    };
    let detail = format!("{} codes until {expires_at}{by}", asked.count);
    let mut stamp = write.stamp(&endpoint, "device.invite", &subject, detail);
    if let Some(claim) = &mut stamp.idempotency {
        claim.outcome = format!("invitation:{}", endpoint.new_id()?);
    }
    let enrolments = &endpoint.ports().enrolments;
    let number = match &asked.send {
        Some(InvitationWay::Sms { to }) => Some(to.clone()),
        _ => None,
    };
    match enrolments
        .invite(digests, asked.device, number, expires_at, stamp)
        .await
    {
        Err(StoreError::AlreadyDone(_)) => {
            return Err(ApiError::new(
                ProblemCode::Conflict,
                "these codes were made before, and they are shown only once",
            )
            .next("ask for new ones under a new idempotency key"));
        }
        done => done?,
    }
    Step::InvitationStored.reached();
    let home = &endpoint.ports().home;
    let system_id = endpoint.settings().system_id;
    let server_url = home.https.as_ref().map(crate::flow::PublicAddress::url);
    let links = match (&server_url, &home.certificate_pin) {
        (Some(url), Some(pin)) => codes
            .iter()
            .filter_map(|code| JoinLink::new(url, system_id, code, pin))
            .map(|link| link.to_string())
            .collect(),
        _ => Vec::new(),
    };
    let sent = match (&asked.send, codes.first()) {
        (Some(way), Some(code)) => {
            let words = invitation::Words {
                server: endpoint.name(),
                system_id,
                code,
                link: links.first().map(String::as_str),
                until: expires_at,
            };
            let sent = invitation::send(&endpoint, way, &words).await?;
            Step::InvitationSent.reached();
            Some(sent)
        }
        _ => None,
    };
    Ok((
        StatusCode::CREATED,
        Json(Invitation {
            system_id,
            server_url: server_url.unwrap_or_default(),
            ca_pem: endpoint.settings().ca_pem.clone(),
            codes,
            expires_at,
            links,
            sent,
        }),
    ))
}
