//! One send over one way, and what came of it in words.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::{Attempt, LadderLine};
use crate::domain::{Bearer, ShortId, Timestamp};
use crate::port::{BearerError, OutboundSms, SipSender, SmsGateway};
use crate::sip::{Direction, LadderStep, OutboundRequest, SipOutcome, SipReport};
use crate::sms::SignedMessage;

use super::ways::{Destination, Way};

/// Of a rung whose session came before its answer.
pub(super) const CALLED_FIRST: &str = "called home before it answered";

/// What came of one send.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// Whether the bearer took it, or may have.
    pub(super) accepted: bool,
    /// Nobody said that it took it: it may have.
    pub(super) in_doubt: bool,
    /// In words, as in `200 OK in 38 ms` or `no answer after 4.0 s`.
    pub(super) outcome: String,
    /// How long it took.
    pub(super) elapsed: Duration,
    /// What crossed by SIP, times from the send's start.
    pub(super) steps: Vec<LadderStep>,
    /// The text message that was handed over, with its token masked.
    pub(super) text: Option<String>,
}

impl Sent {
    /// Nothing was sent, for a reason.
    pub(super) fn not(why: impl Into<String>) -> Self {
        Self {
            accepted: false,
            in_doubt: false,
            outcome: why.into(),
            elapsed: Duration::ZERO,
            steps: Vec::new(),
            text: None,
        }
    }

    /// A bearer took it.
    pub(super) fn taken(by: &str, elapsed: Duration) -> Self {
        Self {
            accepted: true,
            in_doubt: false,
            outcome: format!("accepted by {by} in {}", brief(elapsed)),
            elapsed,
            steps: Vec::new(),
            text: None,
        }
    }

    /// As an attempt of an action.
    pub(super) fn attempt(&self, way: &Way, peer: &str, at: Timestamp) -> Attempt {
        Attempt {
            at,
            bearer: way.bearer,
            target: way.target.clone(),
            outcome: self.outcome.clone(),
            accepted: self.accepted,
            because: None,
            elapsed_ms: millis(self.elapsed),
            messages: self.lines(way, peer, Duration::ZERO),
        }
    }

    /// As lines of the callback's picture; `began` is when the send began after the callback did.
    pub(super) fn lines(&self, way: &Way, peer: &str, began: Duration) -> Vec<LadderLine> {
        let carrier = match &way.to {
            Destination::Sms { gateway, .. } => Some((gateway.name(), "SMS")),
            Destination::Push { service, .. } => Some((service.name(), "push")),
            Destination::Sip { .. } => None,
        };
        if let (Some(text), Some((far, kind))) = (&self.text, carrier) {
            let line = |at: Duration, from: &str, to: &str, text: String| LadderLine {
                at_ms: millis(at),
                from: from.to_owned(),
                to: to.to_owned(),
                text,
            };
            let us = "callhome";
            let answer = line(began + self.elapsed, far, us, "accepted".to_owned());
            let mut lines = vec![line(began, us, far, format!("{kind} {text}"))];
            lines.extend((self.accepted && !self.in_doubt).then_some(answer));
            return lines;
        }
        let far = match way.bearer {
            Bearer::SipProxy => "proxy",
            _ => peer,
        };
        self.steps
            .iter()
            .map(|step| {
                let (from, to) = match step.direction {
                    Direction::Sent => ("callhome", far),
                    Direction::Received => (far, "callhome"),
                };
                LadderLine {
                    at_ms: millis(began + step.at),
                    from: from.to_owned(),
                    to: to.to_owned(),
                    text: match step.again {
                        true => format!("{} (again)", step.label()),
                        false => step.label().to_owned(),
                    },
                }
            })
            .collect()
    }
}

/// Sends a SIP request.
pub(super) async fn send_sip(
    sip: &dyn SipSender,
    request: OutboundRequest,
    timeout: Duration,
) -> Sent {
    let started = Instant::now();
    match sip.send(request, timeout).await {
        Ok(report) => sip_sent(report),
        Err(error) => bearer_failed(&error, started.elapsed()),
    }
}

/// Hands a text to a gateway. Of one that does not answer within `timeout` nobody knows whether it has it: it counts as
/// taken, so that the phone does not get it twice and nobody believes it withdrawn.
pub(super) async fn send_sms(
    gateway: &dyn SmsGateway,
    to: crate::domain::Msisdn,
    text: String,
    reference: ShortId,
    timeout: Duration,
) -> Sent {
    let started = Instant::now();
    let masked = SignedMessage::parse(text.as_bytes()).map(|m| m.masked());
    let sms = OutboundSms::text(to, text, reference);
    let answer = tokio::time::timeout(timeout, gateway.send(sms)).await;
    let elapsed = started.elapsed();
    let sent = match answer {
        Ok(Ok(_)) => Sent::taken(gateway.name(), elapsed),
        Ok(Err(error)) => bearer_failed(&error, elapsed),
        Err(_) => Sent {
            elapsed,
            accepted: true,
            in_doubt: true,
            ..Sent::not(format!(
                "{} did not answer after {}: it may have it",
                gateway.name(),
                brief(elapsed)
            ))
        },
    };
    Sent {
        text: masked.ok(),
        ..sent
    }
}

fn sip_sent(report: SipReport) -> Sent {
    let took = brief(report.elapsed);
    let outcome = match &report.outcome {
        delivered @ SipOutcome::Delivered { .. } => format!("{delivered} in {took}"),
        refused @ SipOutcome::Refused { .. } => format!("{refused} in {took}"),
        alive @ SipOutcome::Alive { .. } => {
            format!("{alive} in {took}: it is there but does not know this")
        }
        SipOutcome::Ringing => "rang like a phone for people; cancelled".to_owned(),
        SipOutcome::NoAnswer => format!("no answer after {took}"),
        SipOutcome::TransportError { detail } => detail.clone(),
    };
    Sent {
        accepted: report.outcome.is_delivered(),
        in_doubt: false,
        outcome,
        elapsed: report.elapsed,
        steps: report.ladder,
        text: None,
    }
}

pub(super) fn bearer_failed(error: &BearerError, elapsed: Duration) -> Sent {
    let outcome = match error {
        BearerError::Unreachable(_) => format!("{error} after {}", brief(elapsed)),
        other => other.to_string(),
    };
    // It may be there: another bearer now could double it. The action clock decides.
    let in_doubt = matches!(error, BearerError::Uncertain { .. });
    Sent {
        elapsed,
        accepted: in_doubt,
        in_doubt,
        ..Sent::not(outcome)
    }
}

/// `38 ms` below a second, `4.0 s` above.
pub(super) fn brief(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(1) {
        format!("{} ms", elapsed.as_millis())
    } else {
        format!("{:.1} s", elapsed.as_secs_f64())
    }
}

/// Whole milliseconds.
pub(super) fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
