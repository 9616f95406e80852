//! A customer in evaluation: after its end nothing new is taken until it is converted.
//!
//! Refused then are enrolments, invitations, callbacks and actions. An unlock is not: nobody's phone stays locked
//! because a trial ended. What devices tell, what was asked before, and all that only looks goes on.

use crate::api::{Evaluation, ProblemCode, RouteAnswer};
use crate::domain::{Action, ActionKind, AuditDraft, Timestamp};
use crate::port::{Stamp, StoreError};

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};

/// The evaluation that this server is in.
pub(super) async fn own(endpoint: &Endpoint) -> Result<Option<Evaluation>, StoreError> {
    let id = endpoint.settings().system_id;
    let record = endpoint.parts().customers.customer(id).await?;
    Ok(record.and_then(|c| c.evaluation))
}

/// Refuses something new after this server's evaluation.
pub(super) async fn admit(endpoint: &Endpoint) -> Answer<()> {
    check(own(endpoint).await?.as_ref(), endpoint.now())
}

/// The same for an action.
pub(super) async fn admit_action(endpoint: &Endpoint, action: &Action) -> Answer<()> {
    match action.kind() {
        Some(ActionKind::Unlock) => Ok(()),
        _ => admit(endpoint).await,
    }
}

/// Refuses something new after an evaluation.
pub(super) fn check(evaluation: Option<&Evaluation>, now: Timestamp) -> Answer<()> {
    let Some(ended) = evaluation.filter(|e| e.has_ended(now)) else {
        return Ok(());
    };
    let (who, next) = if ended.by_router {
        (
            "the router's administrator",
            "ask who runs the router to convert this system id: callhome server convert SYSTEM-ID",
        )
    } else {
        (
            "an administrator",
            "an administrator converts it: callhome server convert (or prolongs it: callhome server evaluate --until DATE)",
        )
    };
    Err(ApiError::new(
        ProblemCode::EvaluationEnded,
        format!(
            "the evaluation of this system id ended on {}: phones can be unlocked and looked at, and nothing new is taken until {who} converts it",
            ended.last_day()
        ),
    )
    .next(next))
}

/// Keeps what the router said of this server's evaluation. One that was set here is not the router's to end.
pub(super) async fn told_by_router(endpoint: &Endpoint, answer: &RouteAnswer) {
    let told = answer.evaluation_until.map(|until| Evaluation {
        until,
        by_router: true,
    });
    if let Err(error) = keep(endpoint, told).await {
        tracing::warn!(%error, "what the router said of the evaluation was not stored");
    }
}

async fn keep(endpoint: &Endpoint, told: Option<Evaluation>) -> Result<(), StoreError> {
    let before = own(endpoint).await?;
    let set_here = before.as_ref().is_some_and(|e| !e.by_router);
    if told == before || (told.is_none() && set_here) {
        return Ok(());
    }
    let id = endpoint.settings().system_id;
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: endpoint.now(),
            actor: "router".into(),
            event: event(told.as_ref()).into(),
            subject: format!("system:{id}"),
            detail: told.as_ref().map_or_else(String::new, Evaluation::last_day),
            correlation: String::new(),
        }),
        ..Stamp::default()
    };
    let customers = &endpoint.parts().customers;
    customers.save_evaluation(id, told, stamp).await
}

/// The word for it in the trail.
pub(super) const fn event(evaluation: Option<&Evaluation>) -> &'static str {
    match evaluation {
        Some(_) => "customer.evaluate",
        None => "customer.convert",
    }
}
