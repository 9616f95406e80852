//! Which way is next, and how long the last one is given.

use std::time::Duration;

use crate::api::{ActionView, Attempt, RECEIPT};
use crate::domain::{ActionState, Bearer, Timestamp};
use crate::port::MachineError;

use super::ways::Way;
use super::{Ports, Tries};

/// For the session of a device that took a NOTIFY; then the next rung is tried.
const SESSION_WAIT: Duration = Duration::from_secs(10);
/// Text messages cost and wait at the carrier for a phone that is off: the same one is not sent again sooner …
const SMS_SOONEST: Duration = Duration::from_secs(60);
/// … and its waits grow further.
const SMS_LATEST: Duration = Duration::from_secs(6 * 3600);
/// The retry clock: never sooner …
const SOONEST: Duration = Duration::from_secs(10);
/// … and never later than this.
const LATEST: Duration = Duration::from_secs(15 * 60);

/// What an action's earlier tries say about its ways.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// For each rung, whether it was tried often enough for now.
    worn: Vec<bool>,
    /// The way that took it last, and how often in all, when that was in vain often enough.
    left: Option<(Bearer, String, u32)>,
}

impl Past {
    /// Reads the attempts. A way that took the action as often as [`Tries`] says, without an answer, comes after the
    /// others; once that holds for each way that takes anything, all of them begin anew.
    pub(super) fn of(view: &ActionView, rungs: &[Way], tries: &Tries) -> Self {
        // What a carrier said of a try is none; once it was fetched, what was before counts no more.
        let of_now: Vec<&Attempt> = view
            .attempts
            .iter()
            .rev()
            .take_while(|a| a.bearer != Bearer::Session)
            .filter(|a| !a.outcome.starts_with(RECEIPT))
            .collect();
        let ways: Vec<Seen> = rungs
            .iter()
            .map(|way| Seen::of(way, &of_now, tries.over(way.bearer)))
            .collect();
        let may = |way: &Way| view.via.is_none_or(|via| way.bearer == via);
        let rounds = rungs
            .iter()
            .zip(&ways)
            .filter(|(way, seen)| may(way) && seen.takes)
            .map(|(_, seen)| seen.taken / seen.most)
            .min()
            .unwrap_or(0);
        let worn: Vec<bool> = ways
            .iter()
            .map(|seen| seen.taken >= seen.most.saturating_mul(rounds + 1))
            .collect();
        let last = of_now.iter().find(|a| a.accepted);
        let left = last.and_then(|last| {
            let taken = of_now.iter().filter(|a| a.accepted && is_same(a, last));
            let taken = u32::try_from(taken.count()).unwrap_or(u32::MAX);
            (taken % tries.over(last.bearer) == 0)
                .then(|| (last.bearer, last.target.clone(), taken))
        });
        Self { worn, left }
    }

    /// Whether the rung at `index` was tried often enough for now.
    pub(super) fn is_worn(&self, index: usize) -> bool {
        self.worn.get(index).copied().unwrap_or(false)
    }

    /// Why it goes over this way now, when it went over another one before.
    pub(super) fn why_now(&self, way: &Way) -> Option<String> {
        let (bearer, target, taken) = self.left.as_ref()?;
        if *bearer == way.bearer && *target == way.target {
            return None;
        }
        let tries = match taken {
            1 => "1 try".to_owned(),
            many => format!("{many} tries"),
        };
        let over = match bearer {
            Bearer::SipDirect => "by SIP",
            Bearer::SipProxy => "by SIP through its proxy",
            Bearer::Push => "by push",
            Bearer::Sms => "by text message",
            Bearer::Session => "in a session",
        };
        let through = match *bearer == way.bearer {
            true => format!(" ({target})"),
            false => String::new(),
        };
        Some(format!("after {tries} {over}{through} without an answer"))
    }
}

/// What became of a way.
struct Seen {
    /// How often it took the action.
    taken: u32,
    /// How often in a row it is to be tried.
    most: u32,
    /// Whether it took the last one, or was not tried yet.
    takes: bool,
}

impl Seen {
    /// `attempts` newest first.
    fn of(way: &Way, attempts: &[&Attempt], most: u32) -> Self {
        let own = || {
            let over = attempts.iter();
            over.filter(|a| a.bearer == way.bearer && a.target == way.target)
        };
        let taken = own().filter(|a| a.accepted).count();
        Self {
            taken: u32::try_from(taken).unwrap_or(u32::MAX),
            most,
            takes: own().next().is_none_or(|last| last.accepted),
        }
    }
}

fn is_same(one: &Attempt, other: &Attempt) -> bool {
    one.bearer == other.bearer && one.target == other.target
}

/// How long a bearer that took something is given before the next try. `youngest` is the age of the youngest action
/// that went in the message; `more` says whether there is another way.
pub(super) fn after(
    ports: &Ports,
    bearer: Bearer,
    youngest: Duration,
    more: bool,
) -> Result<Duration, MachineError> {
    if bearer == Bearer::Sms {
        drawn(ports, youngest, SMS_SOONEST, SMS_LATEST)
    } else if more {
        Ok(SESSION_WAIT)
    } else {
        backoff(ports, youngest)
    }
}

/// How long until the next try of what no bearer took.
pub(super) fn backoff(ports: &Ports, age: Duration) -> Result<Duration, MachineError> {
    drawn(ports, age, SOONEST, LATEST)
}

/// How long until the next try: at least `soonest`, at most `latest`, in between drawn evenly below twice the
/// `age` of the action, so that waits grow as it gets older and a thousand actions of one moment do not come back in
/// one.
fn drawn(
    ports: &Ports,
    age: Duration,
    soonest: Duration,
    latest: Duration,
) -> Result<Duration, MachineError> {
    let top = (age * 2).clamp(soonest * 2, latest);
    let mut bytes = [0; 4];
    ports.entropy.fill(&mut bytes)?;
    let share = f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX);
    Ok(soonest + (top - soonest).mul_f64(share))
}

/// Tries end when the action does. One of which nothing was sent comes back at its end, to be marked expired.
pub(super) fn next_try(view: &ActionView, at: Timestamp, taken: bool) -> Option<Timestamp> {
    if at < view.expires_at {
        return Some(at);
    }
    let unsent = view.state == ActionState::Pending && !taken;
    unsent.then_some(view.expires_at)
}
