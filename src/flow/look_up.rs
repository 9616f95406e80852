//! Where a device may be that the registry has no address of (requirement A2): its numbers by ENUM, all its names at
//! directories. Nobody is asked about a device that is registered, or when nobody is set up to be asked.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use crate::api::Device;
use crate::domain::{Bearer, Msisdn, Timestamp};
use crate::port::{Directory, DirectoryQuestion, NumberBook, SipSender};
use crate::sip::{OutboundRequest, SipAnswer, SipOutcome, SipUri};

use super::Ports;
use super::ways::{Destination, Way, is_inside, ways};

/// For one question.
const PATIENCE: Duration = Duration::from_secs(2);
/// Names of a device that are asked for at most, at each place.
const NAMES: usize = 4;
/// Addresses of one name that are tried at most.
const ADDRESSES: usize = 3;

/// The ways to a device, and what was asked to find them.
pub(super) struct Found {
    /// Best first.
    pub(super) ways: Vec<Way>,
    /// Who was asked; nobody when the device is registered.
    pub(super) asked: Vec<Asked>,
}

/// Somebody who was asked.
pub(super) struct Asked {
    /// What was asked: `enum` or `directory`.
    pub(super) kind: &'static str,
    /// Where it is, or why that is not known, for people.
    pub(super) outcome: Result<String, String>,
    /// How long it took.
    pub(super) elapsed: Duration,
    ways: Vec<Way>,
}

/// All ways to a device at `now`, looked up when the registry has none over SIP.
pub(super) async fn find(ports: &Ports, device: &Device, now: Timestamp) -> Found {
    let ways = ways(ports, device, now);
    let over_sip = |way: &Way| matches!(way.to, Destination::Sip { .. });
    let look_ups = &ports.look_ups;
    let Some(sip) = ports.sip.as_deref().filter(|_| !ways.iter().any(over_sip)) else {
        return Found {
            ways,
            asked: Vec::new(),
        };
    };
    let by_number = async {
        match look_ups.numbers.as_deref() {
            Some(book) => {
                let numbers = device.numbers.iter().take(NAMES);
                join_all(numbers.map(|n| number(book, &n.number))).await
            }
            None => Vec::new(),
        }
    };
    let names = names(device);
    let directories = look_ups.directories.iter();
    let at_directories = join_all(directories.map(|d| directory(sip, d, &names)));
    let (mut asked, at_directories) = tokio::join!(by_number, at_directories);
    asked.extend(at_directories);
    let mut found: Vec<Way> = Vec::new();
    for way in asked.iter_mut().flat_map(|a| std::mem::take(&mut a.ways)) {
        if found.iter().all(|known| !same_place(known, &way)) {
            found.push(way);
        }
    }
    found.extend(ways);
    Found { ways: found, asked }
}

impl Found {
    /// Why nothing was found, for people; `None` when something was, or nobody was asked.
    pub(super) fn in_vain(&self) -> Option<String> {
        let why: Option<Vec<&str>> = self
            .asked
            .iter()
            .map(|asked| asked.outcome.as_ref().err().map(String::as_str))
            .collect();
        Some(why?.join("; ")).filter(|words| !words.is_empty())
    }
}

fn same_place(one: &Way, other: &Way) -> bool {
    match (&one.to, &other.to) {
        (Destination::Sip { uri, route }, Destination::Sip { uri: u, route: r }) => {
            uri == u && route == r
        }
        _ => false,
    }
}

/// What others may know a device by: its numbers, then what it is.
fn names(device: &Device) -> Vec<String> {
    let numbers = device.numbers.iter().map(|n| n.number.to_string());
    let identities = device.identities.iter().filter_map(|identity| {
        let text = identity.to_string();
        text.split_once(':').map(|(_, value)| value.to_owned())
    });
    // What cannot stand in front of an @ as it is names nobody there.
    let plain = |name: &String| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-_.!~".contains(c))
    };
    numbers
        .chain(identities)
        .filter(plain)
        .take(NAMES)
        .collect()
}

async fn number(book: &dyn NumberBook, number: &Msisdn) -> Asked {
    let started = Instant::now();
    let found = timeout(PATIENCE, book.sip_of(number)).await;
    let (zone, masked) = (book.name(), number.masked());
    let (outcome, ways) = match found {
        Ok(Some(uri)) => {
            let told = format!("{masked} is {uri} by ENUM in {zone}");
            (Ok(told), vec![direct(uri, &format!("ENUM in {zone}"))])
        }
        Ok(None) => (
            Err(format!("ENUM in {zone} has no SIP address of {masked}")),
            Vec::new(),
        ),
        Err(_) => (
            Err(format!(
                "ENUM in {zone} did not answer within {} s",
                PATIENCE.as_secs()
            )),
            Vec::new(),
        ),
    };
    Asked {
        kind: "enum",
        outcome,
        elapsed: started.elapsed(),
        ways,
    }
}

/// Asks for all names at once; the first that is known there counts.
async fn directory(sip: &dyn SipSender, directory: &Directory, names: &[String]) -> Asked {
    let started = Instant::now();
    let asked = join_all(names.iter().map(|name| ask(sip, directory, name))).await;
    let host = host(&directory.address);
    let mut why = Vec::new();
    let mut found = None;
    for (name, answer) in names.iter().zip(asked) {
        match answer {
            Ok(places) => {
                found = Some((name, places));
                break;
            }
            Err(words) if why.contains(&words) => {}
            Err(words) => why.push(words),
        }
    }
    let (outcome, ways) = match found {
        Some((name, places)) => {
            let texts: Vec<String> = places.iter().map(ToString::to_string).collect();
            let ways = places
                .into_iter()
                .map(|uri| match is_inside(&uri) {
                    // It means something there, and nothing here (requirement A4).
                    true => through(uri, directory),
                    false => direct(uri, &host),
                })
                .collect();
            (
                Ok(format!("{name} is {} by {host}", texts.join(", "))),
                ways,
            )
        }
        None if names.is_empty() => (
            Err(format!("{host} cannot be asked: no name is known")),
            Vec::new(),
        ),
        None => (Err(format!("{host}: {}", why.join(", "))), Vec::new()),
    };
    Asked {
        kind: "directory",
        outcome,
        elapsed: started.elapsed(),
        ways,
    }
}

async fn ask(
    sip: &dyn SipSender,
    directory: &Directory,
    name: &str,
) -> Result<Vec<SipUri>, String> {
    let whom = directory.address.clone().with_user(name);
    let request = match directory.question {
        DirectoryQuestion::Options => OutboundRequest::options(whom.clone()),
        DirectoryQuestion::Register => {
            OutboundRequest::query(directory.address.clone(), whom.clone())
        }
    };
    let mut request = request.staying();
    request.credentials.clone_from(&directory.credentials);
    let report = sip
        .send(request, PATIENCE)
        .await
        .map_err(|e| e.to_string())?;
    let contacts = || {
        let mut contacts = report
            .answer
            .as_ref()
            .map_or_else(Vec::new, SipAnswer::contacts);
        contacts.retain(|uri| *uri != whom);
        contacts.truncate(ADDRESSES);
        contacts
    };
    let known = match (&report.outcome, directory.question) {
        (
            SipOutcome::Refused {
                code: 300..=399, ..
            },
            _,
        )
        | (SipOutcome::Delivered { .. }, DirectoryQuestion::Register) => contacts(),
        // Somebody of that name answered from behind it.
        (SipOutcome::Delivered { .. } | SipOutcome::Alive { .. }, DirectoryQuestion::Options) => {
            return Ok(vec![whom]);
        }
        (
            SipOutcome::Refused {
                code: 401 | 407, ..
            },
            _,
        ) => {
            return Err("it asks for a password and takes none that is set".to_owned());
        }
        (outcome, _) => return Err(format!("{name} is not there ({outcome})")),
    };
    match known.is_empty() {
        true => Err(format!("{name} is not registered there")),
        false => Ok(known),
    }
}

fn host(uri: &SipUri) -> String {
    let aor = uri.clone().with_user("").to_aor();
    let host = aor.split_once(':').map_or(aor.as_str(), |(_, rest)| rest);
    host.to_owned()
}

fn direct(uri: SipUri, by: &str) -> Way {
    Way {
        bearer: Bearer::SipDirect,
        target: format!("{uri} by {by}"),
        to: Destination::Sip {
            uri,
            route: Vec::new(),
        },
    }
}

fn through(uri: SipUri, directory: &Directory) -> Way {
    let hop = directory.address.clone();
    Way {
        bearer: Bearer::SipProxy,
        target: format!("{uri} through {}", host(&hop)),
        to: Destination::Sip {
            uri,
            route: vec![hop],
        },
    }
}
