use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::faults::{FaultSettings, Faults};
use super::wire::{Downlink, Sms};
use crate::domain::Msisdn;
use crate::port::{WebCaller, task};

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Messages that wait for one absent number; older ones are dropped first, as real centres do.
const MAX_WAITING: usize = 100;
/// Long messages of which segments are missing; more are a fault of somebody.
const MAX_UNFINISHED: usize = 10_000;
/// How often a web address is called before a message or receipt is given up.
const CALLS: u32 = 5;

/// How a carrier is set up.
#[derive(Clone, Default)]
pub struct CarrierSettings {
    /// User and password that `sendsms` asks for; none are asked for when absent.
    pub account: Option<(String, String)>,
    /// Where messages from devices go, as in `https://host/gateway/v1/sim/secret/mo`. `%p %P %a %i` stand for sender,
    /// receiver, text and id as in Kannel; without any of them `from`, `to`, `text` and `id` are appended.
    pub mo_url: Option<String>,
    /// What it does wrong.
    pub faults: FaultSettings,
}

/// How many of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct CarrierCounts {
    /// Messages taken from the server's side.
    pub taken: u64,
    /// Copies handed to devices.
    pub delivered: u64,
    /// Messages lost on purpose.
    pub lost: u64,
    /// Messages from devices handed on.
    pub from_devices: u64,
    /// Messages and receipts that nobody took.
    pub given_up: u64,
}

/// A message to a device, with where its receipts go.
#[derive(Debug, Clone)]
struct Stored {
    sms: Sms,
    /// One for each segment that asked for a receipt.
    receipt_urls: Vec<String>,
}

/// Which long message a segment belongs to: receiver, sender, reference, how many there are.
type LongMessage = (Msisdn, String, u16, u8);
/// The texts of its segments that have come, with where their receipts go.
type Segments = Vec<Option<(String, Option<String>)>>;

#[derive(Default)]
struct Book {
    attached: HashMap<Msisdn, (u64, mpsc::UnboundedSender<Downlink>)>,
    waiting: HashMap<Msisdn, Vec<Stored>>,
    /// Handed to a connection, which has not said that it arrived.
    unacknowledged: HashMap<String, (u64, Msisdn, Stored)>,
    counts: CarrierCounts,
    /// Long messages of which segments are missing.
    unfinished: HashMap<LongMessage, Segments>,
}

/// The store of a short message service centre: who is attached, what waits, what is on its way.
pub(super) struct Centre {
    settings: CarrierSettings,
    book: Mutex<Book>,
    faults: Mutex<Faults>,
    ids: AtomicU64,
    web: Arc<dyn WebCaller>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Book {
    fn wait(&mut self, number: Msisdn, stored: Stored) {
        let waiting = self.waiting.entry(number).or_default();
        if waiting.len() == MAX_WAITING {
            waiting.remove(0);
        }
        waiting.push(stored);
    }
}

/// What became of a message that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// The device is attached.
    OnItsWay,
    /// It waits until the device attaches.
    Waits,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Centre {
    pub(super) fn new(
        settings: CarrierSettings,
        web: Arc<dyn WebCaller>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            faults: Mutex::new(Faults::new(settings.faults)),
            settings,
            book: Mutex::default(),
            ids: AtomicU64::new(1),
            web,
            tasks: TaskTracker::new(),
            stop,
        })
    }

    pub(super) fn settings(&self) -> &CarrierSettings {
        &self.settings
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn counts(&self) -> CarrierCounts {
        locked(&self.book).counts
    }

    /// Puts numbers on a connection; what waited for them follows. The newest connection has a number.
    pub(super) fn attach(
        self: &Arc<Self>,
        connection: u64,
        numbers: &[Msisdn],
        to: &mpsc::UnboundedSender<Downlink>,
    ) -> usize {
        let mut waiting = Vec::new();
        {
            let mut book = locked(&self.book);
            for number in numbers {
                book.attached
                    .insert(number.clone(), (connection, to.clone()));
                let stored = book.waiting.remove(number).unwrap_or_default();
                waiting.extend(stored.into_iter().map(|s| (number.clone(), s)));
            }
        }
        let count = waiting.len();
        for (number, stored) in waiting {
            self.hand_over(&number, stored);
        }
        count
    }

    /// Forgets a connection that is gone; what it did not acknowledge waits for the next one.
    pub(super) fn detach(&self, connection: u64) {
        let mut book = locked(&self.book);
        book.attached.retain(|_, (owner, _)| *owner != connection);
        let undelivered: Vec<_> = book
            .unacknowledged
            .extract_if(|_, (owner, _, _)| *owner == connection)
            .map(|(_, (_, number, stored))| (number, stored))
            .collect();
        for (number, stored) in undelivered {
            book.wait(number, stored);
        }
    }

    /// Takes a segment of a long message, which goes on when it is whole.
    pub(super) fn take_segment(
        self: &Arc<Self>,
        (to, from, text): (&Msisdn, &str, &str),
        (reference, total, number): (u16, u8, u8),
        receipt_url: Option<String>,
    ) -> Taken {
        let key = (to.clone(), from.to_owned(), reference, total);
        let whole = {
            let mut book = locked(&self.book);
            if book.unfinished.len() >= MAX_UNFINISHED && !book.unfinished.contains_key(&key) {
                book.unfinished.clear();
            }
            let segments = book
                .unfinished
                .entry(key.clone())
                .or_insert_with(|| vec![None; usize::from(total)]);
            if let Some(place) = segments.get_mut(usize::from(number) - 1) {
                *place = Some((text.to_owned(), receipt_url));
            }
            if segments.iter().any(Option::is_none) {
                return Taken::Waits;
            }
            book.unfinished.remove(&key).unwrap_or_default()
        };
        let (texts, urls): (Vec<String>, Vec<Option<String>>) = whole.into_iter().flatten().unzip();
        self.take(
            to,
            from,
            &texts.concat(),
            urls.into_iter().flatten().collect(),
        )
    }

    /// Takes a message for a device; faults happen here, once per message.
    pub(super) fn take(
        self: &Arc<Self>,
        to: &Msisdn,
        from: &str,
        text: &str,
        receipt_urls: Vec<String>,
    ) -> Taken {
        let stored = Stored {
            sms: Sms {
                id: format!("{:08x}", self.next_id()),
                from: from.to_owned(),
                to: to.to_string(),
                text: text.to_owned(),
            },
            receipt_urls,
        };
        let copies = locked(&self.faults).next_message();
        let present = {
            let mut book = locked(&self.book);
            book.counts.taken += 1;
            book.counts.lost += u64::from(copies.is_empty());
            book.attached.contains_key(to)
        };
        for delay in copies {
            if delay.is_zero() {
                self.hand_over(to, stored.clone());
            } else {
                let (centre, to, stored) = (Arc::clone(self), to.clone(), stored.clone());
                self.tasks.spawn(task(async move {
                    if centre.pause(delay).await {
                        centre.hand_over(&to, stored);
                    }
                }));
            }
        }
        if present {
            Taken::OnItsWay
        } else {
            Taken::Waits
        }
    }

    fn hand_over(&self, to: &Msisdn, stored: Stored) {
        let mut book = locked(&self.book);
        let connection = book.attached.get(to).and_then(|(connection, device)| {
            let sent = device.send(Downlink::Deliver(stored.sms.clone()));
            sent.is_ok().then_some(*connection)
        });
        if let Some(connection) = connection {
            book.counts.delivered += 1;
            let id = stored.sms.id.clone();
            book.unacknowledged
                .insert(id, (connection, to.clone(), stored));
        } else {
            book.wait(to.clone(), stored);
        }
    }

    /// A device has a message: the sender gets its receipt (Kannel's type 1), once.
    pub(super) fn received(self: &Arc<Self>, id: &str) {
        let stored = locked(&self.book).unacknowledged.remove(id);
        if let Some((_, _, stored)) = stored {
            for url in &stored.receipt_urls {
                self.call(filled(url, &stored.sms, Some("1")));
            }
        }
    }

    /// Takes a message from a device and hands it on.
    pub(super) fn take_from_device(self: &Arc<Self>, mut sms: Sms) {
        let Some(url) = self.settings.mo_url.clone() else {
            locked(&self.book).counts.given_up += 1;
            return;
        };
        sms.id = format!("{:08x}", self.next_id());
        let copies = locked(&self.faults).next_message();
        locked(&self.book).counts.lost += u64::from(copies.is_empty());
        let url = filled(&with_fields(&url), &sms, None);
        for delay in copies {
            let (centre, url) = (Arc::clone(self), url.clone());
            self.tasks.spawn(task(async move {
                if centre.pause(delay).await && centre.call_until_taken(&url).await {
                    locked(&centre.book).counts.from_devices += 1;
                }
            }));
        }
    }

    fn call(self: &Arc<Self>, url: String) {
        let centre = Arc::clone(self);
        self.tasks.spawn(task(async move {
            centre.call_until_taken(&url).await;
        }));
    }

    async fn call_until_taken(&self, url: &str) -> bool {
        for round in 0..CALLS {
            let answer = tokio::select! {
                () = self.stop.cancelled() => return false,
                answer = self.web.call(url) => answer,
            };
            match answer {
                Ok(200..=299) => return true,
                // Told that it is wrong: saying it again does not make it right.
                Ok(400..=499) => break,
                Ok(_) | Err(_) => {}
            }
            if !self.pause(Duration::from_millis(500 << round)).await {
                return false;
            }
        }
        locked(&self.book).counts.given_up += 1;
        tracing::warn!("the server did not take a message or receipt from the carrier");
        false
    }

    /// False when the carrier stops meanwhile.
    async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}

/// Adds the fields that Kannel would be configured with, when the address has no escapes of its own.
fn with_fields(url: &str) -> String {
    if ["%p", "%P", "%a", "%i"].iter().any(|e| url.contains(e)) {
        return url.to_owned();
    }
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}from=%p&to=%P&text=%a&id=%i")
}

/// Replaces Kannel's escapes: sender, receiver, text, id; and of a receipt its type and the centre's words.
fn filled(url: &str, sms: &Sms, receipt: Option<&str>) -> String {
    let mut out = String::with_capacity(url.len() + sms.text.len());
    let mut rest = url;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        let value = match (chars.next(), receipt) {
            (Some('p'), _) => Some(sms.from.as_str()),
            (Some('P'), _) => Some(sms.to.as_str()),
            (Some('a'), None) => Some(sms.text.as_str()),
            (Some('A'), Some(_)) => Some("stat:DELIVRD err:000"),
            (Some('d'), Some(kind)) => Some(kind),
            (Some('i' | 'I' | 'F'), _) => Some(sms.id.as_str()),
            _ => None,
        };
        match value {
            Some(value) => {
                out.extend(utf8_percent_encode(value, ESCAPED));
                rest = &rest[at + 2..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms() -> Sms {
        Sms {
            id: "0000002a".into(),
            from: "+14085550137".into(),
            to: "callhome".into(),
            text: "a b&c".into(),
        }
    }

    #[test]
    fn escapes_are_those_of_kannel_and_other_percent_signs_stay() {
        assert_eq!(
            filled(&with_fields("https://h/mo"), &sms(), None),
            "https://h/mo?from=%2B14085550137&to=callhome&text=a%20b%26c&id=0000002a"
        );
        assert_eq!(
            filled(
                "https://h/dlr?ref=a%20b&type=%d&reply=%A",
                &sms(),
                Some("1")
            ),
            "https://h/dlr?ref=a%20b&type=1&reply=stat%3ADELIVRD%20err%3A000"
        );
        assert_eq!(with_fields("https://h/mo?x=%p"), "https://h/mo?x=%p");
        assert_eq!(filled("100%", &sms(), None), "100%");
    }
}
