use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;

use crate::api::{CustomerRecord, CustomerView, Evaluation, EvaluationOrder, ProblemCode};
use crate::domain::{Permission, SystemId};
use crate::port::StoreError;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::evaluation;
use crate::server::extract::Place;
use crate::server::identity::Caller;
use crate::server::write::Write;

/// Lists the customers: this server itself first, then those whose router it is.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/customers", responses((status = 200, body = Vec<CustomerView>)), tag = "server"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<Vec<CustomerView>>> {
    caller.require(Permission::Read)?;
    let own = endpoint.settings().system_id;
    let mut records = known(&endpoint).await?;
    let first = records.remove(&own).map(|mut record| {
        // Where it itself is, it knows better than any registration.
        record.route = None;
        record.view(true)
    });
    let others = records.into_values().map(|record| record.view(false));
    Ok(Json(first.into_iter().chain(others).collect()))
}

/// All customers that there are.
async fn known(endpoint: &Endpoint) -> Answer<BTreeMap<SystemId, CustomerRecord>> {
    let settings = endpoint.settings();
    let configured = settings.customers.iter().map(|c| c.system_id);
    let mut records: BTreeMap<SystemId, CustomerRecord> = configured
        .chain([settings.system_id])
        .map(|id| (id, CustomerRecord::new(id)))
        .collect();
    for record in endpoint.parts().customers.customers().await? {
        // Those that were taken out of the configuration are none any more.
        if let Some(entry) = records.get_mut(&record.system_id) {
            *entry = record;
        }
    }
    Ok(records)
}

/// Puts a customer into evaluation until a date, or gives it another date.
#[cfg_attr(test, utoipa::path(put, path = "/api/v1/customers/{system_id}/evaluation", params(("system_id" = String, Path)), request_body = EvaluationOrder, responses((status = 200, body = CustomerView), (status = 404, body = crate::api::Problem), (status = 409, body = crate::api::Problem), (status = 422, body = crate::api::Problem)), tag = "server"))]
pub(super) async fn evaluate(
    State(endpoint): State<Endpoint>,
    Place(id): Place<SystemId>,
    write: Write<EvaluationOrder>,
) -> Answer<Json<CustomerView>> {
    write.require(Permission::Administer)?;
    let until = write.value.until;
    if until <= endpoint.now() {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "an evaluation ends in the future",
        )
        .next("name a later date"));
    }
    let evaluation = Evaluation {
        until,
        by_router: false,
    };
    change(&endpoint, id, &write, Some(evaluation)).await
}

/// Converts a customer: it is in evaluation no more.
#[cfg_attr(test, utoipa::path(delete, path = "/api/v1/customers/{system_id}/evaluation", params(("system_id" = String, Path)), responses((status = 200, body = CustomerView), (status = 404, body = crate::api::Problem), (status = 409, body = crate::api::Problem)), tag = "server"))]
pub(super) async fn convert(
    State(endpoint): State<Endpoint>,
    Place(id): Place<SystemId>,
    write: Write<()>,
) -> Answer<Json<CustomerView>> {
    write.require(Permission::Administer)?;
    change(&endpoint, id, &write, None).await
}

async fn change<T: serde::de::DeserializeOwned>(
    endpoint: &Endpoint,
    id: SystemId,
    write: &Write<T>,
    evaluation: Option<Evaluation>,
) -> Answer<Json<CustomerView>> {
    let own = id == endpoint.settings().system_id;
    let mut record = known(endpoint).await?.remove(&id).ok_or_else(|| {
        ApiError::not_found(format_args!("customer {id}"))
            .next("callhome server customers lists those whose router this server is")
    })?;
    if record.evaluation.as_ref().is_some_and(|e| e.by_router) {
        return Err(ApiError::new(
            ProblemCode::Conflict,
            "the router with which this server registers has set its evaluation",
        )
        .next(format!("it is changed there: callhome server convert {id}")));
    }
    let detail = evaluation
        .as_ref()
        .map_or_else(String::new, |e| format!("until {}", e.until));
    let event = evaluation::event(evaluation.as_ref());
    let stamp = write.stamp(endpoint, event, &format!("system:{id}"), detail);
    let customers = &endpoint.parts().customers;
    match customers
        .save_evaluation(id, evaluation.clone(), stamp)
        .await
    {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    record.evaluation = evaluation;
    Ok(Json(record.view(own)))
}
