//! Why a device, or any SIP address, cannot be reached.
//!
//! | file | holds |
//! |---|---|
//! | `path` | one way over SIP: name, connection, certificate, OPTIONS |
//! | `words` | times for people |

mod path;
mod words;

use std::time::Duration;

use tokio::time::Instant;

use crate::api::{ActionView, Device, ProbeCheck, ProbeGrade, ProbeMessage, ProbeReport};
use crate::domain::{ActionState, Bearer, ShortId, Timestamp};
use crate::port::{ActionFilter, Clock, PageOf, SipSender, Surveyor};
use crate::sip::SipUri;

use self::path::{Path, Walk};
use self::words::{ago, span};
use super::look_up::{self, Asked};
use super::rung::millis;
use super::ways::{Destination, Way, why_not};
use super::{ActError, Ports};

/// A device that connects by itself does so more often than this.
const SILENCE: Duration = Duration::from_secs(24 * 3600);

/// Runs all checks of a device side by side and draws the conclusion.
///
/// # Errors
/// [`ActError`] when there is no such device or the store failed.
pub async fn probe(ports: &Ports, device: ShortId) -> Result<ProbeReport, ActError> {
    let device = ports
        .devices
        .device(device)
        .await?
        .ok_or_else(|| ActError::no_device(device))?;
    let now = ports.now();
    let began = Instant::now();
    let found = look_up::find(ports, &device, now).await;
    let ways = &found.ways;
    let way = |bearer: Bearer| ways.iter().find(|way| way.bearer == bearer);
    let walked = async |bearer, whose| match (way(bearer), &ports.sip) {
        (
            Some(Way {
                to: Destination::Sip { uri, route },
                ..
            }),
            Some(sip),
        ) => {
            let walk = Walk {
                sip: &**sip,
                surveyor: ports.surveyor.as_deref(),
                began,
                now,
                who: None,
                whose,
            };
            Path::walk(&walk, uri, route).await
        }
        _ => Path::skipped(&why_not(ports, &device, bearer, now)),
    };
    let (direct, proxy, waiting) = tokio::join!(
        walked(Bearer::SipDirect, "its"),
        walked(Bearer::SipProxy, "its proxy's"),
        open_actions(ports, device.id),
    );
    let waiting = waiting?;
    let evidence = Evidence {
        binding: binding(ports, &device, now),
        looked_up: found.asked.iter().map(looked_up).collect(),
        direct,
        proxy,
        sms: sms(ports, &device, way(Bearer::Sms), now),
        session: session(&device, now),
        waiting: waiting_finding(&waiting),
    };
    let grades = [
        &evidence.direct.options,
        &evidence.proxy.options,
        &evidence.sms,
    ];
    let reachable = grades.iter().any(|f| f.grade == ProbeGrade::Ok);
    let verdict = evidence.verdict(&device);
    let next = evidence.next(&device, &waiting);
    let (checks, messages) = evidence.into_parts();
    Ok(ProbeReport {
        device: Some(device.id),
        target: device.name.clone(),
        at: now,
        reachable,
        verdict,
        checks,
        next,
        messages,
    })
}

/// Looks at the way to any SIP address, and asks there for OPTIONS.
pub async fn probe_address(
    sip: &dyn SipSender,
    surveyor: &dyn Surveyor,
    clock: &dyn Clock,
    uri: &SipUri,
    route: &[SipUri],
) -> ProbeReport {
    let walk = Walk {
        sip,
        surveyor: Some(surveyor),
        began: Instant::now(),
        now: clock.now(),
        who: route.is_empty().then_some("it"),
        whose: match route.is_empty() {
            true => "its",
            false => "the proxy's",
        },
    };
    let mut path = Path::walk(&walk, uri, route).await;
    let reachable = path.options.grade == ProbeGrade::Ok;
    let verdict = match path.options.grade {
        ProbeGrade::Ok => format!("{uri} can be reached: it answers."),
        ProbeGrade::Warning => format!("{uri} is there and refuses: {}.", path.trouble()),
        _ => format!("{uri} cannot be reached because {}.", path.trouble()),
    };
    let mut next = Vec::new();
    if path.is_nameless() {
        let host = uri.host();
        next.push(format!(
            "callhome sip resolve {host}    shows what the DNS says"
        ));
    }
    if reachable && !path.has(ProbeGrade::Warning) {
        next.push(format!(
            "callhome sip notify {uri}    makes a device there call home"
        ));
    } else if !reachable {
        next.push(format!(
            "callhome probe {uri} --watch    follows the repair"
        ));
    }
    ProbeReport {
        device: None,
        target: uri.to_string(),
        at: walk.now,
        reachable,
        verdict,
        messages: std::mem::take(&mut path.messages),
        checks: path.into_checks("", "options"),
        next,
    }
}

/// What one check saw.
struct Finding {
    text: String,
    grade: ProbeGrade,
    elapsed_ms: Option<u64>,
}

impl Finding {
    fn new(grade: ProbeGrade, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            grade,
            elapsed_ms: None,
        }
    }

    fn skipped(text: String) -> Self {
        Self::new(ProbeGrade::Skipped, text)
    }

    fn named(self, name: &str) -> ProbeCheck {
        ProbeCheck {
            name: name.to_owned(),
            finding: self.text,
            grade: self.grade,
            elapsed_ms: self.elapsed_ms,
        }
    }
}

/// All findings, in the order in which a message travels.
struct Evidence {
    binding: Finding,
    looked_up: Vec<(&'static str, Finding)>,
    direct: Path,
    proxy: Path,
    sms: Finding,
    session: Finding,
    waiting: Finding,
}

impl Evidence {
    fn into_parts(mut self) -> (Vec<ProbeCheck>, Vec<ProbeMessage>) {
        let mut messages = std::mem::take(&mut self.direct.messages);
        messages.append(&mut self.proxy.messages);
        messages.sort_by_key(|m| m.at_us);
        let mut checks = vec![self.binding.named("binding")];
        let looked_up = self.looked_up.into_iter();
        checks.extend(looked_up.map(|(kind, finding)| finding.named(kind)));
        checks.extend(self.direct.into_checks("", "options"));
        checks.extend(self.proxy.into_checks("proxy-", "proxy"));
        checks.push(self.sms.named("sms"));
        checks.push(self.session.named("session"));
        checks.push(self.waiting.named("waiting"));
        (checks, messages)
    }

    /// The answer in one sentence: the best bearer that works, else the first thing that is wrong.
    fn verdict(&self, device: &Device) -> String {
        let name = &device.name;
        let ok = |finding: &Finding| finding.grade == ProbeGrade::Ok;
        let looked_up = self.looked_up.iter().any(|(_, finding)| ok(finding));
        if looked_up && (ok(&self.direct.options) || ok(&self.proxy.options)) {
            return format!(
                "{name} can be reached: not registered here, it answers where it was looked up."
            );
        }
        if ok(&self.direct.options) {
            return format!("{name} can be reached: it answers at its own address.");
        }
        if ok(&self.proxy.options) {
            return format!("{name} can be reached through its proxy, which answers.");
        }
        if ok(&self.sms) {
            let why = self.sip_trouble();
            return format!("{name} can be reached by text message only: {why}.");
        }
        if device.agent_id.is_none() {
            return format!("{name} cannot be reached because it never enrolled.");
        }
        format!(
            "{name} cannot be reached because {}; by text message: {}.",
            self.sip_trouble(),
            self.sms.text
        )
    }

    /// What is wrong with SIP, from the device's side outwards.
    fn sip_trouble(&self) -> String {
        let tried = |path: &Path| path.options.grade != ProbeGrade::Skipped;
        let (direct, proxy) = (&self.direct, &self.proxy);
        match (tried(direct), tried(proxy)) {
            (false, false) if self.binding.grade == ProbeGrade::Bad => {
                let vain = self.looked_up.iter().map(|(_, f)| format!("; {}", f.text));
                format!("{}{}", self.binding.text, vain.collect::<String>())
            }
            (false, false) => direct.options.text.clone(),
            (true, true) => format!(
                "neither its own address ({}) nor its proxy ({}) answers as it should",
                direct.trouble(),
                proxy.trouble()
            ),
            (true, false) => direct.trouble().to_owned(),
            (false, true) => proxy.trouble().to_owned(),
        }
    }

    /// Commands to run next, best first.
    fn next(&self, device: &Device, waiting: &[ActionView]) -> Vec<String> {
        let id = device.id;
        let sip = [&self.direct, &self.proxy]
            .iter()
            .any(|path| path.options.grade == ProbeGrade::Ok);
        let sms = self.sms.grade == ProbeGrade::Ok;
        let mut next = Vec::new();
        if device.agent_id.is_none() {
            next.push(format!(
                "callhome device invite {id}    gives it a code to enrol with"
            ));
        }
        if let Some(stuck) = waiting.first() {
            let action = stuck.id;
            if !sip && sms {
                next.push(format!(
                    "callhome action retry {action} --via sms    reaches it without SIP"
                ));
            } else if sip {
                next.push(format!(
                    "callhome action retry {action}    sends what waits now"
                ));
            }
        }
        if sip || sms {
            next.push(format!("callhome call {id}    makes it call home now"));
        } else {
            if device.numbers.is_empty() {
                next.push(format!(
                    "callhome device edit {id} --number +…    adds a number for text messages"
                ));
            }
            next.push(format!(
                "callhome device log {id}    shows what was heard of it last"
            ));
        }
        next
    }
}

fn looked_up(asked: &Asked) -> (&'static str, Finding) {
    let (grade, text) = match &asked.outcome {
        Ok(text) => (ProbeGrade::Ok, text),
        Err(text) => (ProbeGrade::Warning, text),
    };
    let finding = Finding {
        elapsed_ms: Some(millis(asked.elapsed)),
        ..Finding::new(grade, text.clone())
    };
    (asked.kind, finding)
}

fn binding(ports: &Ports, device: &Device, now: Timestamp) -> Finding {
    if ports.sip.is_none() {
        return Finding::skipped("this endpoint does not listen for SIP".to_owned());
    }
    let Some(newest) = device.bindings.iter().max_by_key(|b| b.registered_at) else {
        return Finding::new(ProbeGrade::Bad, "it is not registered by SIP");
    };
    let age = ago(now.since(newest.registered_at));
    if newest.is_current(now) {
        let left = span(newest.expires_at.since(now));
        Finding::new(
            ProbeGrade::Ok,
            format!("registered {age}, expires in {left}"),
        )
    } else {
        let ended = ago(now.since(newest.expires_at));
        Finding::new(
            ProbeGrade::Bad,
            format!("its registration ended {ended} and was not renewed"),
        )
    }
}

fn sms(ports: &Ports, device: &Device, way: Option<&Way>, now: Timestamp) -> Finding {
    let Some(Way {
        target,
        to: Destination::Sms { trusted, .. },
        ..
    }) = way
    else {
        let why = why_not(ports, device, Bearer::Sms, now);
        // Who has no gateway does without text messages: nothing is wrong with that.
        let grade = match ports.gateways.is_empty() {
            true => ProbeGrade::Skipped,
            false => ProbeGrade::Warning,
        };
        return Finding::new(grade, why);
    };
    if device.agent_id.is_none() {
        return Finding::new(
            ProbeGrade::Warning,
            format!("{target}: nothing can be signed before it enrols"),
        );
    }
    if *trusted {
        Finding::new(ProbeGrade::Ok, target.clone())
    } else {
        Finding::new(
            ProbeGrade::Ok,
            format!("{target}, not verified: nothing destructive goes there"),
        )
    }
}

fn session(device: &Device, now: Timestamp) -> Finding {
    match device.last_heard {
        None => Finding::new(ProbeGrade::Warning, "never heard from"),
        Some(at) => {
            let since = now.since(at);
            let grade = match since > SILENCE {
                true => ProbeGrade::Warning,
                false => ProbeGrade::Ok,
            };
            Finding::new(grade, format!("last heard {}", ago(since)))
        }
    }
}

async fn open_actions(ports: &Ports, device: ShortId) -> Result<Vec<ActionView>, ActError> {
    let filter = ActionFilter {
        device: Some(device),
        states: vec![
            ActionState::Pending,
            ActionState::Sent,
            ActionState::Delivered,
        ],
        name: None,
    };
    let mut open = ports
        .actions
        .actions(filter, PageOf::default())
        .await?
        .items;
    open.sort_by_key(|view| (!view.action.is_destructive(), view.sequence));
    Ok(open)
}

fn waiting_finding(open: &[ActionView]) -> Finding {
    let Some(first) = open.first() else {
        return Finding::new(ProbeGrade::Ok, "nothing waits for it");
    };
    let tried = match first.attempts.last() {
        Some(last) => format!("last tried over {}: {}", last.bearer, last.outcome),
        None if first.next_try_at.is_some() => "nothing could be sent yet".to_owned(),
        None => "not the server's to send".to_owned(),
    };
    let count = match open.len() {
        1 => "1 action".to_owned(),
        n => format!("{n} actions"),
    };
    Finding::new(
        ProbeGrade::Warning,
        format!(
            "{count} ({} {}, {}, {tried})",
            super::act::words(&first.action),
            first.id,
            first.state
        ),
    )
}
