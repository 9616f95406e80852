use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::api::{
    Device, DeviceEdit, DeviceLogLine, DeviceNumber, LockState, NewDevice, NumberQuestion, Page,
    PinView, ProblemCode,
};
use crate::domain::{Identity, Msisdn, Permission, ShortId, Timestamp};
use crate::flow::ActError;
use crate::flow::number::{self, Answerer};
use crate::port::{DeviceFilter, PageOf, RemotePins, StoreError};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::{PageWords, Place, Words};
use crate::server::identity::Caller;
use crate::server::write::{Write, outcome_id};

/// Filters of the device list.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ListWords {
    identity: Option<Identity>,
    number: Option<Msisdn>,
    word: Option<String>,
    contains: Option<String>,
    locked: Option<bool>,
    silent_since: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Lists devices that fit all given filters, by name.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/devices", params(("identity" = Option<String>, Query), ("number" = Option<String>, Query), ("word" = Option<String>, Query), ("contains" = Option<String>, Query), ("locked" = Option<bool>, Query), ("silent_since" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<Device>)), tag = "devices"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Words(words): Words<ListWords>,
) -> Answer<Json<Page<Device>>> {
    caller.require(Permission::Read)?;
    let filter = DeviceFilter {
        identity: words.identity,
        number: words.number,
        word: words.word,
        contains: words.contains,
        locked: words.locked,
        silent_since: words.silent_since,
    };
    let page = PageOf {
        cursor: words.cursor,
        limit: words.limit.unwrap_or(100).clamp(1, 1000),
    };
    Ok(Json(endpoint.ports().devices.devices(filter, page).await?))
}

/// Adds a device by hand.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/devices", request_body = NewDevice, responses((status = 201, body = Device), (status = 409, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    write: Write<NewDevice>,
) -> Answer<Response> {
    write.require(Permission::Engineer)?;
    let device = new_device(&endpoint, &write.value)?;
    let subject = format!("device:{}", device.id);
    let stamp = write.stamp(&endpoint, "device.add", &subject, device.name.clone());
    let devices = &endpoint.ports().devices;
    let device = match devices.save_device(device, stamp).await {
        Err(StoreError::AlreadyDone(outcome)) => {
            let id: ShortId = outcome_id(&outcome, "device")?;
            find(&endpoint, id).await?
        }
        done => done?,
    };
    Ok((StatusCode::CREATED, tagged(device)).into_response())
}

fn new_device(endpoint: &Endpoint, asked: &NewDevice) -> Answer<Device> {
    let Some(first) = asked.identities.first() else {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "a device needs at least one identity, as in imei:358931104120070",
        ));
    };
    let name = match asked.name.trim() {
        "" => first.to_string(),
        given => given.to_owned(),
    };
    Ok(Device {
        id: endpoint.new_id()?,
        server: endpoint.name().to_owned(),
        name,
        owner: asked.owner.clone().filter(|t| !t.is_empty()),
        model: asked.model.clone().filter(|t| !t.is_empty()),
        identities: asked.identities.clone(),
        numbers: unverified(&asked.numbers, &[]),
        agent_id: None,
        epoch: 0,
        enrolled_at: None,
        tag: None,
        proxy: None,
        push: Vec::new(),
        has_data: true,
        lock: LockState::default(),
        bindings: Vec::new(),
        last_heard: None,
        open_actions: 0,
        attributes: asked.attributes.clone(),
        version: 0,
    })
}

/// Numbers with what is known of them: those that stay keep their verification.
fn unverified(numbers: &[Msisdn], known: &[DeviceNumber]) -> Vec<DeviceNumber> {
    numbers
        .iter()
        .map(|number| {
            let known = known.iter().find(|k| k.number == *number);
            known
                .cloned()
                .unwrap_or_else(|| DeviceNumber::new(number.clone()))
        })
        .collect()
}

/// One device.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/devices/{id}", params(("id" = String, Path)), responses((status = 200, body = Device), (status = 404, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn show(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
) -> Answer<Response> {
    caller.require(Permission::Read)?;
    Ok(tagged(find(&endpoint, id).await?))
}

/// The device or a 404.
pub(super) async fn find(endpoint: &Endpoint, id: ShortId) -> Answer<Device> {
    endpoint
        .ports()
        .devices
        .device(id)
        .await?
        .ok_or_else(|| ApiError::not_found(format_args!("device {id}")))
}

fn tagged(device: Device) -> Response {
    let tag = format!("\"{}\"", device.version);
    let mut response = Json(device).into_response();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Changes a device. With `If-Match`, only the version that was read.
#[cfg_attr(test, utoipa::path(patch, path = "/api/v1/devices/{id}", params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = DeviceEdit, responses((status = 200, body = Device), (status = 412, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn edit(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<DeviceEdit>,
) -> Answer<Response> {
    write.require(Permission::Engineer)?;
    let mut device = find(&endpoint, id).await?;
    if let Some(version) = if_match(&write.headers)? {
        device.version = version;
    }
    let changed = apply(&mut device, &write.value);
    let stamp = write.stamp(
        &endpoint,
        "device.edit",
        &format!("device:{id}"),
        changed.join(", "),
    );
    let device = match endpoint.ports().devices.save_device(device, stamp).await {
        Err(StoreError::AlreadyDone(_)) => find(&endpoint, id).await?,
        done => done?,
    };
    endpoint.reacher().verify_numbers(&endpoint, &device);
    Ok(tagged(device))
}

fn if_match(headers: &HeaderMap) -> Answer<Option<u64>> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .map(|t| t.trim().trim_matches('"'))
        .and_then(|t| t.parse().ok())
        .map(Some)
        .ok_or_else(|| ApiError::invalid("If-Match takes the ETag of the device, as in \"3\""))
}

/// Applies an edit and names the fields that it touched.
fn apply(device: &mut Device, edit: &DeviceEdit) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let text = |t: &String| Some(t.trim().to_owned()).filter(|t| !t.is_empty());
    if let Some(name) = edit.name.as_ref().and_then(text) {
        device.name = name;
        changed.push("name");
    }
    if let Some(owner) = &edit.owner {
        device.owner = text(owner);
        changed.push("owner");
    }
    if let Some(model) = &edit.model {
        device.model = text(model);
        changed.push("model");
    }
    if let Some(numbers) = &edit.numbers {
        device.numbers = unverified(numbers, &device.numbers);
        changed.push("numbers");
    }
    if let Some(push) = &edit.push {
        device.push.clone_from(push);
        changed.push("push addresses");
    }
    for (key, value) in &edit.attributes {
        if value.is_empty() {
            device.attributes.remove(key);
        } else {
            device.attributes.insert(key.clone(), value.clone());
        }
        changed.push("attributes");
    }
    changed.dedup();
    changed
}

/// How a device is removed.
#[derive(Debug, serde::Deserialize)]
pub(super) struct RemoveWords {
    #[serde(default)]
    forget_pins: bool,
}

/// Removes a device with all that hangs on it but the audit trail. One that is locked only when its PINs may be
/// forgotten with it.
#[cfg_attr(test, utoipa::path(delete, path = "/api/v1/devices/{id}", params(("id" = String, Path), ("forget_pins" = Option<bool>, Query)), responses((status = 204), (status = 404, body = crate::api::Problem), (status = 409, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn remove(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    Words(words): Words<RemoveWords>,
    write: Write<()>,
) -> Answer<StatusCode> {
    write.require(Permission::Administer)?;
    let locked = endpoint.ports().devices.device(id).await?;
    if let Some(device) = locked.filter(|d| d.lock.locked && !words.forget_pins) {
        return Err(ApiError::new(
            ProblemCode::Conflict,
            format!(
                "{} is locked, and the PIN that opens it would be forgotten with it",
                device.name
            ),
        )
        .next(format!(
            "callhome device unlock {id}, or callhome device pin {id} and write it down"
        )));
    }
    let stamp = write.stamp(&endpoint, "device.delete", &format!("device:{id}"), "");
    match endpoint.ports().devices.delete_device(id, stamp).await {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What was heard from and of a device, newest first.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/devices/{id}/log", params(("id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<DeviceLogLine>)), tag = "devices"))]
pub(super) async fn log(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
    Words(page): Words<PageWords>,
) -> Answer<Json<Page<DeviceLogLine>>> {
    caller.require(Permission::Read)?;
    find(&endpoint, id).await?;
    Ok(Json(
        endpoint.ports().device_log.log(id, page.page()).await?,
    ))
}

/// Which server's device.
#[derive(Debug, serde::Deserialize)]
pub(super) struct WhereWords {
    server: Option<String>,
}

/// Reveals the PINs that open a locked device, newest first; with `?server=` those of the locks of a device at a peer
/// that this server asked for. Each reveal is audited.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/devices/{id}/pin", params(("id" = String, Path), ("server" = Option<String>, Query)), request_body = Option<BTreeMap<String, String>>, responses((status = 200, body = Vec<PinView>), (status = 404, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn pin(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    Words(words): Words<WhereWords>,
    write: Write<Option<BTreeMap<String, String>>>,
) -> Answer<Json<Vec<PinView>>> {
    write.require(Permission::Operate)?;
    if let Some(peer) = words.server.filter(|s| s != endpoint.name()) {
        return pins_there(&endpoint, peer, id, &write).await;
    }
    let device = find(&endpoint, id).await?;
    let words = |key: &str| {
        write
            .value
            .as_ref()
            .and_then(|v| v.get(key))
            .map_or_else(String::new, |t| format!(" {key}: {t}"))
    };
    let detail = format!("{}{}{}", device.name, words("reason"), words("ticket"));
    let mut stamp = write.stamp(&endpoint, "pin.reveal", &format!("device:{id}"), detail);
    // A second look is a second reveal and must be in the trail: no idempotency here.
    stamp.idempotency = None;
    let pins = endpoint.parts().pins.pins(id, stamp).await?;
    if pins.is_empty() {
        return Err(ApiError::new(
            ProblemCode::NotFound,
            format!(
                "no lock was ever asked for on {}, so there is no PIN",
                device.name
            ),
        )
        .next(format!(
            "What was asked of it:  callhome action list --device {id}"
        )));
    }
    Ok(Json(pins))
}

/// The PINs of a device that a peer holds; both trails tell of it.
async fn pins_there(
    endpoint: &Endpoint,
    peer: String,
    device: ShortId,
    write: &Write<Option<BTreeMap<String, String>>>,
) -> Answer<Json<Vec<PinView>>> {
    let peers = endpoint.ports().peers.as_ref();
    let peers = peers.ok_or_else(|| ActError::NoSuchPeer(peer.clone()))?;
    let word = |key: &str| write.value.as_ref().and_then(|v| v.get(key)).cloned();
    let look = RemotePins {
        device,
        operator: write.caller.name().to_owned(),
        reason: word("reason"),
        ticket: word("ticket"),
    };
    let subject = format!("device:{device}");
    let told = format!("at {peer}");
    let entry = write.caller.audit(endpoint, "pin.reveal", &subject, told);
    endpoint.ports().audit.append(entry).await?;
    let asked = peers.pins(&peer, look).await;
    let pins = asked.map_err(|source| ActError::Peer {
        peer,
        source: Box::new(source),
    })?;
    Ok(Json(pins))
}

/// Begins the verification of a number: the server sends a text message there, and the device or its user answers.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/devices/{id}/verify", params(("id" = String, Path)), request_body = NumberQuestion, responses((status = 202, body = Device), (status = 404, body = crate::api::Problem), (status = 422, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn verify(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<NumberQuestion>,
) -> Answer<(StatusCode, Json<Device>)> {
    write.require(Permission::Operate)?;
    let answerer = match write.value.by_user {
        true => Answerer::User,
        false => Answerer::Agent,
    };
    let asked = number::ask(
        endpoint.ports(),
        id,
        write.value.number.clone(),
        answerer,
        write.caller.for_flow(),
        write.flow_key(),
    );
    Ok((StatusCode::ACCEPTED, Json(asked.await?)))
}
