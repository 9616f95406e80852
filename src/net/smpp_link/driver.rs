use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connect::{Duplex, connect};
use super::desk::{Desk, Fate};
use super::{SmppSettings, Standing, locked};
use crate::port::{ReceiptKey, SmsInbox, SmsPart, task};
use crate::sms::FromPhone;
use crate::sms::smpp::{Bind, Esme, Output, ShortMessage, SmppReceipt, Status, from_phone};

/// The first wait before a connection is opened again; it doubles …
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
/// … up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one: the next one is opened as if it were the first.
const GOOD: Duration = LONGEST_WAIT;
/// Octets that wait for a centre that reads slowly before nothing more is read of what it says …
const MAX_UNWRITTEN: usize = 256 * 1024;
/// … and messages of the centre that are being kept before it has to wait with the next one.
const MAX_KEEPING: usize = 1_000;

/// What a driver is asked to do.
pub(super) enum Order {
    /// Send a segment.
    Submit {
        part: SmsPart,
        message: Box<ShortMessage>,
        until: Instant,
        tell: oneshot::Sender<Fate>,
    },
    /// Ask whether the centre is there.
    Check(oneshot::Sender<()>),
    /// End the session in good order.
    Leave(oneshot::Sender<()>),
}

/// Runs the sessions of one bind.
pub(super) struct Driver {
    pub(super) name: String,
    pub(super) settings: Arc<SmppSettings>,
    pub(super) bind: Bind,
    pub(super) inbox: Arc<dyn SmsInbox>,
    pub(super) standing: Arc<Mutex<Standing>>,
    pub(super) stop: CancellationToken,
    /// Keeps the queue of a receiver open.
    pub(super) keep: Option<mpsc::Sender<Order>>,
    /// Whether to connect before there is something to send.
    pub(super) at_once: bool,
}

/// What a driver has in its hands.
struct Hands {
    esme: Esme,
    desk: Desk,
    began: Instant,
    checks: Vec<(oneshot::Sender<()>, Duration)>,
    leaving: Option<oneshot::Sender<()>>,
    /// Answers for messages of the centre, once they are kept.
    kept: mpsc::UnboundedSender<(u32, u32, Status)>,
    /// Messages of the centre that are being kept.
    keeping: usize,
    /// Which connection it is: an answer for an earlier one is dropped.
    connection: u32,
}

enum End {
    /// The connection is gone; why.
    Gone(String),
    /// Nobody wants another one.
    Stop,
}

impl Driver {
    pub(super) async fn run(self, mut orders: mpsc::Receiver<Order>) {
        // Held, not used: a receiver takes no orders.
        let _keep = &self.keep;
        let (kept, mut answers) = mpsc::unbounded_channel();
        let mut hands = Hands {
            esme: Esme::new(self.settings.esme(self.bind)),
            desk: Desk::default(),
            began: Instant::now(),
            checks: Vec::new(),
            leaving: None,
            kept,
            keeping: 0,
            connection: 0,
        };
        let [_, _, _, _, a, b, c, d] = self.settings.seed;
        let mut dice = u32::from_be_bytes([a, b, c, d]);
        let (mut longest, mut wait) = (Duration::ZERO, Duration::ZERO);
        let mut wanted = self.at_once;
        loop {
            if !self.pause(&mut hands, &mut orders, wait, wanted).await {
                return;
            }
            wanted = true;
            let end = match self.opened(&mut hands, &mut orders).await {
                None => return,
                Some(Ok(stream)) => {
                    hands.connection += 1;
                    self.session(&mut hands, &mut orders, &mut answers, stream)
                        .await
                }
                Some(Err(why)) => End::Gone(why),
            };
            let End::Gone(why) = end else { return };
            let bound_since = {
                let mut standing = locked(&self.standing);
                standing.why_not.clone_from(&why);
                standing.bound_since.take()
            };
            tracing::warn!(gateway = %self.name, %why, "the connection to the centre is gone");
            // A centre that lets everybody in and hangs up at once is spared as one that is not there.
            longest = match bound_since.is_some_and(|since| since.elapsed() >= GOOD) {
                true => SHORTEST_WAIT,
                false => (longest * 2).clamp(SHORTEST_WAIT, LONGEST_WAIT),
            };
            // Between half and all of it, so that many senders do not come back in one moment.
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            wait = longest.mul_f64(0.5 + f64::from(dice >> 16) / 131_070.0);
        }
    }

    /// Waits without a connection; false when it is over. Messages whose time ends meanwhile are given back.
    async fn pause(
        &self,
        hands: &mut Hands,
        orders: &mut mpsc::Receiver<Order>,
        wait: Duration,
        wanted: bool,
    ) -> bool {
        let over = Instant::now() + wait;
        loop {
            self.settle(hands);
            let (waiting, _) = hands.esme.load();
            let wanted = wanted || waiting > 0 || !hands.checks.is_empty();
            if wanted && Instant::now() >= over {
                return true;
            }
            let wake = hands.wake();
            tokio::select! {
                () = self.stop.cancelled() => return false,
                order = orders.recv() => match order {
                    Some(Order::Leave(done)) => {
                        let _gone = done.send(());
                        return false;
                    }
                    Some(order) => hands.take(order),
                    None => return false,
                },
                () = sleep_until(over), if wanted => return true,
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Opens a connection; orders are taken meanwhile. `None` when it is over.
    async fn opened(
        &self,
        hands: &mut Hands,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Option<Result<Box<dyn Duplex>, String>> {
        let opening = connect(&self.settings);
        tokio::pin!(opening);
        loop {
            self.settle(hands);
            let wake = hands.wake();
            tokio::select! {
                () = self.stop.cancelled() => return None,
                opened = &mut opening => return Some(opened),
                order = orders.recv() => match order {
                    Some(Order::Leave(done)) => {
                        let _gone = done.send(());
                        return None;
                    }
                    Some(order) => hands.take(order),
                    None => return None,
                },
                () = sleep_until(wake) => {}
            }
        }
    }

    async fn session(
        &self,
        hands: &mut Hands,
        orders: &mut mpsc::Receiver<Order>,
        answers: &mut mpsc::UnboundedReceiver<(u32, u32, Status)>,
        stream: Box<dyn Duplex>,
    ) -> End {
        let (mut reader, mut writer) = split(stream);
        let mut unwritten: Vec<u8> = Vec::new();
        let mut unflushed = false;
        let mut buffer = vec![0; 16 * 1024];
        let opened = hands.now();
        hands.esme.connected(opened);
        let end = loop {
            let mut closing = None;
            while closing.is_none() {
                let Some(output) = hands.esme.poll(hands.now()) else {
                    break;
                };
                match output {
                    Output::Write(octets) => unwritten.extend(octets),
                    Output::Close(why) => closing = Some(why),
                    other => self.take(hands, other),
                }
            }
            if let Some(why) = closing {
                // The last words; a centre that is gone does not hear them.
                let last = async {
                    writer.write_all(&unwritten).await?;
                    writer.flush().await
                };
                drop(tokio::time::timeout(Duration::from_millis(500), last).await);
                break End::Gone(why);
            }
            let wake = hands.wake();
            let now = hands.now();
            // A centre that takes no answers gets to ask nothing more; in time it counts as silent.
            let listening = unwritten.len() < MAX_UNWRITTEN && hands.keeping < MAX_KEEPING;
            tokio::select! {
                () = self.stop.cancelled() => break End::Stop,
                read = reader.read(&mut buffer), if listening => match read {
                    Ok(0) => break End::Gone(self.closed(hands.esme.heard_at() > opened)),
                    Ok(n) => {
                        hands.esme.receive(hands.now(), &buffer[..n]);
                        hands.checked();
                    }
                    Err(error) => break End::Gone(error.to_string()),
                },
                written = put(&mut writer, &unwritten), if !unwritten.is_empty() || unflushed => match written {
                    Ok(n) => {
                        unwritten.drain(..n);
                        // What TLS kept back goes out once everything is written.
                        unflushed = n > 0;
                    }
                    Err(error) => break End::Gone(error.to_string()),
                },
                order = orders.recv() => match order {
                    Some(Order::Leave(done)) => {
                        hands.leaving = Some(done);
                        hands.esme.leave(now);
                    }
                    Some(order) => hands.take(order),
                    None => break End::Stop,
                },
                Some((connection, sequence, status)) = answers.recv() => {
                    hands.keeping = hands.keeping.saturating_sub(1);
                    if connection == hands.connection {
                        hands.esme.answer(sequence, status);
                    }
                }
                () = sleep_until(wake) => {}
            }
        };
        hands.esme.disconnected();
        self.settle(hands);
        // Answers of this session come no more.
        hands.desk.forget();
        match hands.leaving.take() {
            // However it ended.
            Some(done) => {
                let _gone = done.send(());
                End::Stop
            }
            None => end,
        }
    }

    /// What happened when a centre hung up, of which nothing was heard but for `spoke`.
    fn closed(&self, spoke: bool) -> String {
        let words = match spoke || self.settings.tls.is_some() {
            true => "the centre closed the connection",
            false => {
                "the centre closed the connection without a word: where it wants TLS, its address begins with smpps://"
            }
        };
        words.to_owned()
    }

    /// Everything the machine has to say without a connection.
    fn settle(&self, hands: &mut Hands) {
        while let Some(output) = hands.esme.poll(hands.now()) {
            match output {
                // Of a connection that is gone.
                Output::Write(_) | Output::Close(_) => {}
                other => self.take(hands, other),
            }
        }
        hands.checks.retain(|(tell, _)| !tell.is_closed());
        for ticket in hands.desk.abandoned() {
            if hands.esme.withdraw(ticket) {
                hands.desk.end(ticket);
            }
        }
    }

    fn take(&self, hands: &mut Hands, output: Output) {
        match output {
            Output::Bound => {
                let mut standing = locked(&self.standing);
                standing.bound_since = Some(Instant::now());
                drop(standing);
                tracing::info!(gateway = %self.name, bind = ?self.bind, "bound");
                // Somebody who asked is answered by the keep-alive.
                if !hands.checks.is_empty() {
                    hands.esme.enquire(hands.now());
                }
            }
            Output::NotBound(status) => {
                locked(&self.standing).why_not = format!("not let in: {status}");
            }
            Output::Taken { ticket, id, .. } => self.taken(hands, ticket, id),
            Output::Refused { ticket, status, .. } => {
                if let Some(open) = hands.desk.end(ticket) {
                    if let Some(tell) = open.tell {
                        drop(tell.send(Fate::Refused(status)));
                    }
                    // The rest of a message that cannot be whole any more is not sent.
                    for sibling in hands.desk.siblings(&open.part) {
                        if hands.esme.withdraw(sibling)
                            && let Some(tell) = hands.desk.end(sibling).and_then(|o| o.tell)
                        {
                            drop(tell.send(Fate::NotSent(None)));
                        }
                    }
                }
            }
            Output::NotSent { ticket, status } => {
                if let Some(tell) = hands.desk.end(ticket).and_then(|open| open.tell) {
                    drop(tell.send(Fate::NotSent(status)));
                }
            }
            Output::Unknown { ticket } => hands.desk.unknown(ticket),
            Output::Deliver { sequence, message } => self.deliver(hands, sequence, &message),
            Output::Write(_) | Output::Close(_) => {}
        }
    }

    /// The sender is told when the id is kept, so that its receipt will be understood.
    fn taken(&self, hands: &mut Hands, ticket: u64, id: String) {
        let Some(open) = hands.desk.end(ticket) else {
            return;
        };
        // Without an id no receipt can be told from another.
        let keys = (!id.is_empty()).then(|| self.settings.ids.of_answer(&id));
        let (inbox, name) = (Arc::clone(&self.inbox), self.name.clone());
        tokio::spawn(task(async move {
            if let Err(error) = inbox.taken(&name, open.part, keys).await {
                tracing::error!(gateway = %name, %error, "the id of a message cannot be kept");
            }
            if let Some(tell) = open.tell {
                drop(tell.send(Fate::Taken(id)));
            }
        }));
    }

    fn deliver(&self, hands: &mut Hands, sequence: u32, message: &ShortMessage) {
        let (kept, connection) = (hands.kept.clone(), hands.connection);
        hands.keeping += 1;
        let (inbox, name) = (Arc::clone(&self.inbox), self.name.clone());
        if message.is_receipt() {
            match SmppReceipt::of(message) {
                Ok(receipt) => {
                    let key = ReceiptKey::Id(receipt.keys(self.settings.ids));
                    tokio::spawn(task(async move {
                        let outcome = receipt.state.outcome();
                        let done = inbox.receipt(&name, key, outcome, &receipt.words).await;
                        // The driver may be gone.
                        let _gone = kept.send((connection, sequence, status_of(&name, done)));
                    }));
                }
                Err(error) => {
                    tracing::warn!(gateway = %name, %error, "a receipt was discarded");
                    let _gone = kept.send((connection, sequence, Status::OK));
                }
            }
            return;
        }
        let handed = from_phone(message, self.settings.messages.alphabet);
        tokio::spawn(task(async move {
            let done = match handed {
                FromPhone::Whole(message) => inbox.message(&name, message).await,
                FromPhone::Part(part) => inbox.part(&name, part).await,
            };
            let _gone = kept.send((connection, sequence, status_of(&name, done)));
        }));
    }
}

/// Writes some octets, or flushes when there are none. Loses nothing when it is dropped.
async fn put<W: AsyncWrite + Unpin>(writer: &mut W, octets: &[u8]) -> io::Result<usize> {
    if octets.is_empty() {
        return writer.flush().await.map(|()| 0);
    }
    match writer.write(octets).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        n => Ok(n),
    }
}

/// What the centre is told: kept, or to be handed over again later.
fn status_of(name: &str, done: Result<(), crate::port::StoreError>) -> Status {
    match done {
        Ok(()) => Status::OK,
        Err(error) => {
            tracing::error!(gateway = %name, %error, "a message of the centre cannot be kept");
            Status::TRY_LATER
        }
    }
}

impl Hands {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn wake(&self) -> Instant {
        // Callers that went away are looked for once a second.
        let wake = self.esme.wake_at().map(|at| self.began + at);
        let soon = Instant::now() + Duration::from_secs(1);
        wake.map_or(soon, |at| at.min(soon))
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Submit {
                part,
                message,
                until,
                tell,
            } => {
                if self.leaving.is_some() {
                    drop(tell.send(Fate::NotSent(None)));
                    return;
                }
                let ticket = self.desk.register(part, tell);
                let until = until.saturating_duration_since(self.began);
                self.esme.submit(ticket, *message, until);
            }
            Order::Check(tell) => {
                let now = self.now();
                self.checks.push((tell, now));
                self.esme.enquire(now);
            }
            Order::Leave(done) => {
                let _gone = done.send(());
            }
        }
    }

    /// Whoever asked is told that the centre was heard since, in a session.
    fn checked(&mut self) {
        if !self.esme.is_bound() {
            return;
        }
        for (tell, asked) in std::mem::take(&mut self.checks) {
            if self.esme.heard_at() > asked {
                let _gone = tell.send(());
            } else {
                self.checks.push((tell, asked));
            }
        }
    }
}
