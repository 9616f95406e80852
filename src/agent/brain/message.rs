use crate::api::{AgentReport, ReportKind, SessionRequest};
use crate::domain::{Sequence, Timestamp};
use crate::sms::{Decision, DiscardReason, Gap, Reply, SignedMessage, TokenFault};

use super::{Brain, Effect};

/// Missing numbers that are asked for in one session.
const MAX_MISSING: usize = 64;

impl Brain {
    /// Takes a text message. What is no action string belongs to the phone's user and is shown.
    pub fn receive_sms(&mut self, from: &str, text: &str, now: Timestamp) -> Vec<Effect> {
        if !text.starts_with("KME ") {
            self.phone.show(text);
            self.phone.note(now, "text message for the user");
            return Vec::new();
        }
        self.receive_from(Some(from), text, "sms", now)
    }

    /// Takes a signed text, however it came.
    pub(super) fn receive_signed(
        &mut self,
        text: &str,
        bearer: &str,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.receive_from(None, text, bearer, now)
    }

    fn receive_from(
        &mut self,
        from: Option<&str>,
        text: &str,
        bearer: &str,
        now: Timestamp,
    ) -> Vec<Effect> {
        let enrolled = self.version();
        let checked = SignedMessage::parse(text.as_bytes())
            .map_err(|_| DiscardReason::Malformed)
            .and_then(|message| Ok(message.verify(self.keys(), enrolled)?));
        let decisions = match checked {
            Ok(message) => {
                let decisions = self.receiver.receive(&message, now);
                // Who repeats what the server once sent is not the server.
                let news = |d: &Decision| matches!(d, Decision::Run { .. } | Decision::Hold { .. });
                if let Some(from) = from
                    && (self.reply_to.is_empty() || decisions.iter().any(news))
                {
                    self.reply_to = from.to_owned();
                }
                decisions
            }
            Err(reason) => {
                self.counters.discarded += 1;
                vec![self.receiver.discard(reason, now)]
            }
        };
        self.obey(decisions, bearer, now)
    }

    /// The signed text behind a marker came, or did not.
    pub fn fetched(&mut self, content: Option<&[u8]>, now: Timestamp) -> Vec<Effect> {
        match content.map(std::str::from_utf8) {
            Some(Ok(text)) => self.receive_signed(text, "link", now),
            _ => {
                // The server repeats an action without a result: nothing is lost.
                self.phone
                    .note(now, "an action behind a link could not be fetched");
                Vec::new()
            }
        }
    }

    pub(super) fn obey(
        &mut self,
        decisions: Vec<Decision>,
        bearer: &str,
        now: Timestamp,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        for decision in decisions {
            self.follow(decision, bearer, now, &mut effects);
        }
        effects
    }

    fn follow(
        &mut self,
        decision: Decision,
        bearer: &str,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        match decision {
            Decision::Run { sequence, action } => self.run(sequence, &action, now, effects),
            Decision::Resend(result) | Decision::Superseded(result) => {
                if self.persona.has_data {
                    effects.push(Effect::SendResult(result));
                }
            }
            Decision::StillRunning(_) => {}
            Decision::Hold { sequence, until } => {
                let line = format!("action {sequence} waits for those before it until {until}");
                self.phone.note(now, &line);
            }
            Decision::FetchLink { link, .. } => effects.push(Effect::FetchText { link }),
            Decision::FetchMissing(gaps) => {
                let missing = numbers(&gaps);
                self.phone
                    .note(now, &format!("asks for {} missing actions", missing.len()));
                self.open_session(
                    SessionRequest {
                        missing,
                        ..SessionRequest::default()
                    },
                    effects,
                );
            }
            Decision::Reply { nonce, statuses } => {
                let text = Reply::compose(nonce, statuses, self.keys());
                let to = if self.reply_to.is_empty() {
                    self.enrolment()
                        .and_then(|e| e.sms_sender.clone())
                        .unwrap_or_default()
                } else {
                    self.reply_to.clone()
                };
                effects.push(Effect::SendSms { to, text });
            }
            Decision::Discard { reason, report } => {
                self.phone
                    .note(now, &format!("refused over {bearer}: {reason}"));
                if let Some(count) = report {
                    let report = AgentReport {
                        kind: kind(reason),
                        at: now,
                        count,
                        bearer: bearer.to_owned(),
                        detail: reason.to_string(),
                    };
                    self.report(report, effects);
                }
            }
            Decision::Report(count) => {
                let report = AgentReport {
                    kind: ReportKind::WrongToken,
                    at: now,
                    count,
                    bearer: bearer.to_owned(),
                    detail: "further messages were refused since the last report".to_owned(),
                };
                self.report(report, effects);
            }
        }
    }

    /// Asks for a session, when there is a way to have one.
    pub(super) fn open_session(&mut self, request: SessionRequest, effects: &mut Vec<Effect>) {
        if self.persona.has_data {
            effects.push(Effect::OpenSession {
                request: SessionRequest {
                    contiguous: self.receiver.highest(),
                    ..request
                },
                at: Vec::new(),
                job: None,
            });
        }
    }
}

fn numbers(gaps: &[Gap]) -> Vec<Sequence> {
    gaps.iter()
        .flat_map(|gap| gap.first.value()..=gap.last.value())
        .take(MAX_MISSING)
        .map(Sequence::new)
        .collect()
}

const fn kind(reason: DiscardReason) -> ReportKind {
    match reason {
        DiscardReason::Malformed => ReportKind::Unreadable,
        DiscardReason::Token(TokenFault::Mismatch) => ReportKind::WrongToken,
        DiscardReason::Token(TokenFault::Downgrade { .. } | TokenFault::DestructiveInVersion1) => {
            ReportKind::Downgrade
        }
        DiscardReason::Forgotten(_) | DiscardReason::TooFarAhead(_) => ReportKind::Replay,
        DiscardReason::Full(_) => ReportKind::Full,
    }
}
