use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{AgentReport, ReportKind};
use crate::port::EventDraft;

use crate::server::endpoint::Endpoint;
use crate::server::error::Answer;
use crate::server::extract::json;
use crate::server::identity::Signed;

const LONGEST_DETAIL: usize = 300;

/// Takes a report of what a device refused.
#[cfg_attr(test, utoipa::path(post, path = "/agent/v1/report", request_body = AgentReport, responses((status = 204), (status = 401, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn report(
    State(endpoint): State<Endpoint>,
    signed: Signed,
) -> Answer<StatusCode> {
    let mut report: AgentReport = json(&signed.body)?;
    report.detail = report
        .detail
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_DETAIL)
        .collect();
    let device = signed.agent.device;
    let kind = match report.kind {
        ReportKind::WrongToken => "report.forged",
        ReportKind::Downgrade => "report.downgrade",
        ReportKind::Unreadable => "report.unreadable",
        ReportKind::UntrustedServer => "report.untrusted-server",
        ReportKind::Replay => "report.replay",
        ReportKind::Full => "report.full",
    };
    let text = format!("{} over {}: {}", report.count, report.bearer, report.detail);
    let now = endpoint.now();
    endpoint
        .ports()
        .device_log
        .heard(device, now, kind, &text)
        .await?;
    let event = EventDraft {
        at: now,
        kind: "device.report".into(),
        subject: format!("device:{device}"),
        device: Some(device),
        data: serde_json::to_value(&report).unwrap_or_default(),
    };
    endpoint.ports().events.publish(vec![event]).await?;
    Ok(StatusCode::NO_CONTENT)
}
