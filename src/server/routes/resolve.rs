use axum::Json;
use axum::extract::State;

use crate::api::{Device, ProblemCode};
use crate::domain::{DeviceId, Identity, IdentityKind, Msisdn, Permission, ShortId};
use crate::port::{DeviceFilter, PageOf};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Words;
use crate::server::identity::Caller;

/// More than this many fits are no answer to "which one".
const MOST: u32 = 50;

/// What people call a device.
#[derive(Debug, serde::Deserialize)]
pub(super) struct NameWords {
    name: String,
}

/// All devices that a name fits exactly: registry id, agent id, identity with or without its kind, number, name, owner.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/devices/resolve", params(("name" = String, Query)), responses((status = 200, body = Vec<Device>)), tag = "devices"))]
pub(super) async fn resolve(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Words(words): Words<NameWords>,
) -> Answer<Json<Vec<Device>>> {
    caller.require(Permission::Read)?;
    Ok(Json(named(&endpoint, &words.name).await?))
}

/// All devices that a name fits exactly.
pub(in crate::server) async fn named(endpoint: &Endpoint, name: &str) -> Answer<Vec<Device>> {
    let name = name.trim();
    if name.is_empty() {
        return Err(ApiError::new(
            ProblemCode::InvalidRequest,
            "name the device: an identity, number, name, owner or id",
        )
        .next("See them all:  callhome device list"));
    }
    let mut found: Vec<Device> = Vec::new();
    let mut add = |devices: Vec<Device>| {
        for device in devices {
            if found.iter().all(|d| d.id != device.id) {
                found.push(device);
            }
        }
    };
    for id in ids(endpoint, name).await? {
        add(endpoint
            .ports()
            .devices
            .device(id)
            .await?
            .into_iter()
            .collect());
    }
    for filter in filters(name) {
        let page = PageOf {
            cursor: None,
            limit: MOST,
        };
        add(endpoint.ports().devices.devices(filter, page).await?.items);
    }
    Ok(found)
}

async fn ids(endpoint: &Endpoint, name: &str) -> Answer<Vec<ShortId>> {
    let mut ids: Vec<ShortId> = name.parse().into_iter().collect();
    if let Ok(agent) = name.parse::<DeviceId>() {
        let key = endpoint.ports().enrolments.agent(agent).await?;
        ids.extend(key.map(|k| k.device));
    }
    Ok(ids)
}

fn filters(name: &str) -> Vec<DeviceFilter> {
    let mut identities: Vec<Identity> = name.parse().into_iter().collect();
    identities.extend(
        IdentityKind::ALL
            .into_iter()
            .filter_map(|kind| Identity::new(kind, name).ok()),
    );
    let mut filters: Vec<DeviceFilter> = identities
        .into_iter()
        .map(|identity| DeviceFilter {
            identity: Some(identity),
            ..DeviceFilter::default()
        })
        .collect();
    if let Ok(number) = name.parse::<Msisdn>() {
        filters.push(DeviceFilter {
            number: Some(number),
            ..DeviceFilter::default()
        });
    }
    filters.push(DeviceFilter {
        word: Some(name.to_owned()),
        ..DeviceFilter::default()
    });
    filters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_tried_as_every_identity_it_can_be() {
        let kinds: Vec<_> = filters("358931104120070")
            .into_iter()
            .filter_map(|f| f.identity.map(|i| i.kind()))
            .collect();
        assert_eq!(
            kinds,
            [IdentityKind::Imei, IdentityKind::Imsi, IdentityKind::Serial]
        );
        let named = filters("imei:358931104120070");
        assert!(named[0].identity.is_some());
        assert_eq!(
            named.last().and_then(|f| f.word.as_deref()),
            Some("imei:358931104120070")
        );
    }
}
