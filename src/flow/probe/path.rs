use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{ProbeCheck, ProbeGrade, ProbeMessage};
use crate::domain::Timestamp;
use crate::flow::rung::{brief, millis};
use crate::port::{Connection, SipSender, Survey, Surveyor, TlsFinding};
use crate::sip::{Direction, LadderStep, Message, OutboundRequest, SipOutcome, SipUri, redacted};

use super::Finding;
use super::words::{ago, span};

/// For the answer to OPTIONS.
const PATIENCE: Duration = Duration::from_secs(4);
/// Places of a name that are told one by one.
const TOLD: usize = 4;
/// A certificate that ends sooner than this is worth a look.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// One way over SIP, as far as a message travels it.
pub(super) struct Path {
    name: Option<Finding>,
    connection: Option<Finding>,
    tls: Option<Finding>,
    /// The answer to OPTIONS.
    pub(super) options: Finding,
    /// What stands in the way, for the verdict; empty when nothing does.
    trouble: String,
    /// What crossed.
    pub(super) messages: Vec<ProbeMessage>,
}

/// How a path is walked.
pub(super) struct Walk<'a> {
    /// Sends OPTIONS.
    pub(super) sip: &'a dyn SipSender,
    /// Looks at the way; nobody does when absent.
    pub(super) surveyor: Option<&'a dyn Surveyor>,
    /// When the probe began.
    pub(super) began: Instant,
    /// The same by the clock.
    pub(super) now: Timestamp,
    /// What the far end is called in the verdict; its address when `None`.
    pub(super) who: Option<&'static str>,
    /// Whose the far end is, as in `its proxy's`.
    pub(super) whose: &'static str,
}

impl Path {
    /// A way that is not there.
    pub(super) fn skipped(why: &str) -> Self {
        Self {
            name: None,
            connection: None,
            tls: None,
            options: Finding::skipped(format!("not tried: {why}")),
            trouble: why.to_owned(),
            messages: Vec::new(),
        }
    }

    /// Walks it: looks at the way and asks for OPTIONS side by side.
    pub(super) async fn walk(walk: &Walk<'_>, uri: &SipUri, route: &[SipUri]) -> Self {
        let first = route.first().unwrap_or(uri);
        let survey = async {
            match walk.surveyor {
                Some(surveyor) => Some(surveyor.survey(first).await),
                None => None,
            }
        };
        let request = OutboundRequest::options(uri.clone())
            .via_route(route.to_vec())
            .captured();
        let sent_at = walk.began.elapsed();
        let (survey, sent) = tokio::join!(survey, walk.sip.send(request, PATIENCE));
        let mut path = Self {
            name: None,
            connection: None,
            tls: None,
            options: Finding::new(ProbeGrade::Bad, ""),
            trouble: String::new(),
            messages: Vec::new(),
        };
        let target = first.to_string();
        let who = walk.who.unwrap_or(&target);
        match sent {
            Err(error) => {
                path.options.text = format!("{target}: {error}");
                path.trouble = format!("{who} cannot be asked: {error}");
            }
            Ok(report) => {
                let took = brief(report.elapsed);
                let (text, trouble) = match &report.outcome {
                    SipOutcome::NoAnswer => (
                        format!("no answer after {took}"),
                        format!("{who} gives no answer within {took}"),
                    ),
                    SipOutcome::TransportError { detail } => {
                        (detail.clone(), format!("{who} takes nothing: {detail}"))
                    }
                    other => (other.to_string(), format!("{who} answers {other}")),
                };
                path.trouble = trouble;
                path.options = Finding {
                    text: format!("{target}: {text}"),
                    grade: grade(&report.outcome),
                    elapsed_ms: Some(millis(report.elapsed)),
                };
                let crossed = report.ladder.iter();
                path.messages = crossed.filter_map(|s| message(s, sent_at)).collect();
            }
        }
        if let Some(survey) = survey {
            path.surveyed(first, survey, walk);
        }
        path
    }

    /// Takes in what was seen on the way; the first thing that is wrong there is the trouble.
    fn surveyed(&mut self, uri: &SipUri, survey: Survey, walk: &Walk<'_>) {
        let whose = walk.whose;
        match &survey.places {
            Err(why) => {
                self.trouble.clone_from(why);
                self.name = Some(Finding::new(ProbeGrade::Bad, why.clone()));
                return;
            }
            Ok(places) => self.name = name(uri, places, survey.located_in),
        }
        if let Some(connection) = &survey.connection {
            let finding = connected(connection);
            if finding.grade == ProbeGrade::Bad {
                self.trouble = format!("{whose} address takes no connection: {}", finding.text);
            }
            self.connection = Some(finding);
        }
        if let Some(tls) = &survey.tls {
            let (finding, trouble) = certified(tls, walk.now);
            if let Some(trouble) = trouble {
                self.trouble = format!("{whose} {trouble}");
            }
            self.tls = Some(finding);
        }
    }

    /// What is wrong, in words that follow `because`.
    pub(super) fn trouble(&self) -> &str {
        &self.trouble
    }

    /// The worst that was seen.
    pub(super) fn has(&self, grade: ProbeGrade) -> bool {
        let way = [&self.name, &self.connection, &self.tls];
        self.options.grade == grade || way.into_iter().flatten().any(|f| f.grade == grade)
    }

    /// Whether the name leads nowhere.
    pub(super) fn is_nameless(&self) -> bool {
        matches!(&self.name, Some(f) if f.grade == ProbeGrade::Bad)
    }

    /// The findings by name, `proxy-` before those of the way to a proxy.
    pub(super) fn into_checks(self, prefix: &str, answer: &str) -> Vec<ProbeCheck> {
        let way = [
            ("name", self.name),
            ("connection", self.connection),
            ("tls", self.tls),
        ];
        let mut checks: Vec<ProbeCheck> = way
            .into_iter()
            .filter_map(|(what, finding)| Some(finding?.named(&format!("{prefix}{what}"))))
            .collect();
        checks.push(self.options.named(answer));
        checks
    }
}

/// Any answer shows that somebody is there (401, 405, 481, 489 too); one that refuses is worth a look.
fn grade(outcome: &SipOutcome) -> ProbeGrade {
    match outcome {
        SipOutcome::Delivered { .. } | SipOutcome::Alive { .. } => ProbeGrade::Ok,
        outcome if matches!(outcome.code(), Some(401 | 407)) => ProbeGrade::Ok,
        SipOutcome::Refused { .. } | SipOutcome::Ringing => ProbeGrade::Warning,
        SipOutcome::NoAnswer | SipOutcome::TransportError { .. } => ProbeGrade::Bad,
    }
}

/// Where the name leads, in the order in which it is tried; nothing is said of a bare address.
fn name(uri: &SipUri, places: &[crate::port::Place], took: Duration) -> Option<Finding> {
    places.first()?;
    let is_address = uri.host().parse::<IpAddr>().is_ok();
    if is_address && places.len() == 1 {
        return None;
    }
    let told: Vec<String> = places
        .iter()
        .take(TOLD)
        .map(|place| {
            let why = match place.why.as_str() {
                "" => String::new(),
                why => format!(" ({why})"),
            };
            format!("{} {}{why}", place.transport, place.address)
        })
        .collect();
    let more = match places.len().saturating_sub(TOLD) {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    Some(Finding {
        text: format!("{} → {}{more}", uri.host(), told.join(", then ")),
        grade: ProbeGrade::Ok,
        elapsed_ms: Some(millis(took)),
    })
}

fn connected(connection: &Connection) -> Finding {
    let missed = match connection.missed.len() {
        0 => String::new(),
        _ => format!(", after {}", connection.missed.join(", ")),
    };
    let address = connection.address;
    match &connection.outcome {
        Ok(took) => Finding {
            text: format!("tcp {address}{missed}"),
            grade: match connection.missed.len() {
                0 => ProbeGrade::Ok,
                _ => ProbeGrade::Warning,
            },
            elapsed_ms: Some(millis(*took)),
        },
        Err(why) => Finding::new(ProbeGrade::Bad, format!("tcp {address}: {why}{missed}")),
    }
}

/// What the certificates say, and what is wrong with them in words that follow `its`.
fn certified(tls: &TlsFinding, now: Timestamp) -> (Finding, Option<String>) {
    let Some(own) = tls.chain.first() else {
        let why = tls.refused.clone().unwrap_or_default();
        let trouble = format!("address does not speak TLS: {why}");
        return (Finding::new(ProbeGrade::Bad, why), Some(trouble));
    };
    // The first to end is the end of all.
    let weakest = tls.chain.iter().min_by_key(|c| c.ends).unwrap_or(own);
    // The chain as it was shown, up to who signed its last one.
    let signers = tls.chain.iter().filter(|c| c.issuer != c.subject);
    let signers: String = signers
        .map(|c| format!(", signed by {}", c.issuer))
        .collect();
    let whose = match weakest == own {
        true => String::new(),
        false => format!("that of {} ", weakest.subject),
    };
    let who = format!("{}{signers}", own.subject);
    let (text, grade, trouble) = if weakest.ends < now {
        let since = ago(now.since(weakest.ends));
        let expired = format!("expired {since}");
        let trouble = format!("certificate {expired}");
        (
            format!("{who}, {whose}{expired}"),
            ProbeGrade::Bad,
            Some(trouble),
        )
    } else if own.begins > now {
        let begins = format!("begins only in {}", span(own.begins.since(now)));
        let trouble = format!("certificate {begins}");
        (format!("{who}, {begins}"), ProbeGrade::Bad, Some(trouble))
    } else if let Some(why) = &tls.refused {
        let trouble = format!("certificate is not believed: {why}");
        (format!("{who}: {why}"), ProbeGrade::Bad, Some(trouble))
    } else {
        let left = weakest.ends.since(now);
        let grade = match left < SOON {
            true => ProbeGrade::Warning,
            false => ProbeGrade::Ok,
        };
        (
            format!("{who}, {whose}expires in {}", span(left)),
            grade,
            None,
        )
    };
    let finding = Finding {
        text,
        grade,
        elapsed_ms: Some(millis(tls.elapsed)),
    };
    (finding, trouble)
}

fn message(step: &LadderStep, offset: Duration) -> Option<ProbeMessage> {
    let octets = step.octets.as_ref()?;
    let at = (offset + step.at).as_micros();
    Some(ProbeMessage {
        at_us: u64::try_from(at).unwrap_or(u64::MAX),
        sent: step.direction == Direction::Sent,
        local: own_address(octets, step.peer).to_string(),
        peer: step.peer.to_string(),
        transport: step.transport.to_string(),
        again: step.again,
        text: String::from_utf8_lossy(&redacted(octets)).into_owned(),
    })
}

/// Our address by the topmost Via, which is ours in what we send and in what answers it.
fn own_address(octets: &[u8], peer: SocketAddr) -> SocketAddr {
    let unknown = || {
        SocketAddr::new(
            match peer.is_ipv4() {
                true => IpAddr::from([0; 4]),
                false => IpAddr::from([0; 16]),
            },
            5060,
        )
    };
    let by_via = || {
        let message = Message::parse(octets).ok()?;
        let via = message.list("Via").into_iter().next()?;
        let sent_by = via.split_whitespace().nth(1)?.split(';').next()?.to_owned();
        let plain = || sent_by.trim_matches(['[', ']']).parse::<IpAddr>();
        let with_port = sent_by.parse::<SocketAddr>().ok();
        with_port.or_else(|| Some(SocketAddr::new(plain().ok()?, 5060)))
    };
    by_via().unwrap_or_else(unknown)
}
