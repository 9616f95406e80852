//! Message centres that speak SMPP 3.4: connections that stay, in both directions.
//!
//! The machine of `sms/smpp` decides what is said; here are its sockets, its clock, and
//! the way back: ids, receipts and messages of phones go to a `port::SmsInbox`. A
//! connection that ends is opened again, with growing waits that are drawn.
//!
//! | file | what |
//! |---|---|
//! | `driver` | one session after the other over one connection after the other |
//! | `connect` | TCP and TLS |
//! | `desk` | which PDU belongs to which message; what its sender is told |

mod connect;
mod desk;
mod driver;

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::Msisdn;
use crate::net::tls::ClientTls;
use crate::port::{
    BearerError, GatewayHealth, OutboundSms, SmsAccepted, SmsGateway, SmsInbox, SmsPart, task,
};
use crate::sms::smpp::{Bind, EsmeSettings, IdForm, SubmitSettings, submits};

use desk::Fate;
use driver::{Driver, Order};

/// How long a message waits for its turn, a connection included, before it is given back …
const PATIENCE: Duration = Duration::from_secs(5);
/// … and how long its answer may take. Both together end before the flows' own patience does.
const ANSWER: Duration = Duration::from_millis(4500);
/// Messages that wait for the drivers; more senders wait with theirs.
const QUEUE: usize = 4096;

/// In which directions, over how many connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindMode {
    /// Both directions over one connection.
    #[default]
    Transceiver,
    /// To phones only: no receipts come back.
    Transmitter,
    /// From phones only.
    Receiver,
    /// Both directions, each over a connection of its own.
    Pair,
}

/// How to reach a centre. `Debug` hides the account.
#[derive(Clone)]
pub struct SmppSettings {
    /// Host name or address, IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS, when it is spoken.
    pub tls: Option<ClientTls>,
    /// Directions.
    pub bind: BindMode,
    /// User.
    pub system_id: String,
    /// Password, 8 characters at most.
    pub password: String,
    /// Kind of account.
    pub system_type: String,
    /// Unanswered messages at once.
    pub window: usize,
    /// Messages a second at most.
    pub per_second: Option<u32>,
    /// Silence after which the centre is asked whether it is there.
    pub enquire: Duration,
    /// How the centre writes its ids.
    pub ids: IdForm,
    /// How messages are to look.
    pub messages: SubmitSettings,
    /// Random bytes: where references begin, and for the waits between connections.
    pub seed: [u8; 8],
}

/// Why a centre cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmppSetupError {
    /// SMPP has only so much room.
    #[error("{0} has more than {1} characters or is not ASCII")]
    TooLong(&'static str, usize),
    /// There is no user.
    #[error("the user's name (system_id) is missing")]
    NoUser,
}

impl SmppSettings {
    /// The usual settings for a host and an account.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, system_id: &str, password: &str) -> Self {
        Self {
            host: host.into(),
            port,
            tls: None,
            bind: BindMode::default(),
            system_id: system_id.to_owned(),
            password: password.to_owned(),
            system_type: String::new(),
            window: 10,
            per_second: None,
            enquire: Duration::from_secs(30),
            ids: IdForm::Same,
            messages: SubmitSettings {
                registered_delivery: 1,
                ..SubmitSettings::default()
            },
            seed: [0; 8],
        }
    }

    fn check(&self) -> Result<(), SmppSetupError> {
        if self.system_id.is_empty() {
            return Err(SmppSetupError::NoUser);
        }
        for (name, text, most) in [
            ("the user's name", &self.system_id, 15),
            ("the password", &self.password, 8),
            ("the system type", &self.system_type, 12),
            ("the service type", &self.messages.service_type, 5),
            ("the sender", &self.messages.from, 20),
        ] {
            if text.len() > most || !text.is_ascii() {
                return Err(SmppSetupError::TooLong(name, most));
            }
        }
        Ok(())
    }

    fn esme(&self, bind: Bind) -> EsmeSettings {
        EsmeSettings {
            bind,
            system_id: self.system_id.clone(),
            password: self.password.clone(),
            system_type: self.system_type.clone(),
            window: self.window,
            per_second: self.per_second,
            enquire: self.enquire,
            answer: ANSWER,
        }
    }
}

impl fmt::Debug for SmppSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmppSettings({}:{}, …)", self.host, self.port)
    }
}

/// What people are told about a connection.
#[derive(Debug, Clone)]
struct Standing {
    bound_since: Option<Instant>,
    why_not: String,
}

/// A message centre. Its connections live until [`SmppGateway::close`] or until it is dropped.
pub struct SmppGateway {
    name: String,
    prefixes: Vec<String>,
    settings: Arc<SmppSettings>,
    orders: mpsc::Sender<Order>,
    standings: Vec<(Bind, Arc<Mutex<Standing>>)>,
    reference: AtomicU32,
    stop: CancellationToken,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole after every statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SmppGateway {
    /// Sets up a centre; must be called inside a runtime. With `at_once` it is connected to now, for receipts and
    /// messages of phones, otherwise when the first message is sent.
    ///
    /// # Errors
    /// [`SmppSetupError`].
    pub fn start(
        name: impl Into<String>,
        settings: SmppSettings,
        prefixes: Vec<String>,
        inbox: Arc<dyn SmsInbox>,
        at_once: bool,
    ) -> Result<Self, SmppSetupError> {
        settings.check()?;
        let (name, settings) = (name.into(), Arc::new(settings));
        let stop = CancellationToken::new();
        let binds: &[Bind] = match settings.bind {
            BindMode::Transceiver => &[Bind::Transceiver],
            BindMode::Transmitter => &[Bind::Transmitter],
            BindMode::Receiver => &[Bind::Receiver],
            BindMode::Pair => &[Bind::Transmitter, Bind::Receiver],
        };
        let (orders, queue) = mpsc::channel(QUEUE);
        let mut queue = Some(queue);
        let mut standings = Vec::new();
        for bind in binds {
            let standing = Arc::new(Mutex::new(Standing {
                bound_since: None,
                why_not: "not connected yet".to_owned(),
            }));
            standings.push((*bind, Arc::clone(&standing)));
            // The first one sends; a receiver beside it has nobody to take orders from.
            let (idle, nothing) = mpsc::channel(1);
            let driver = Driver {
                name: name.clone(),
                settings: Arc::clone(&settings),
                bind: *bind,
                inbox: Arc::clone(&inbox),
                standing,
                stop: stop.clone(),
                keep: queue.is_none().then_some(idle),
                at_once: at_once || queue.is_none(),
            };
            tokio::spawn(task(driver.run(queue.take().unwrap_or(nothing))));
        }
        let [a, b, c, d, ..] = settings.seed;
        Ok(Self {
            name,
            prefixes,
            reference: AtomicU32::new(u32::from_be_bytes([a, b, c, d])),
            settings,
            orders,
            standings,
            stop,
        })
    }

    /// Ends the sessions in good order.
    pub async fn close(&self) {
        let (done, ended) = oneshot::channel();
        if self.orders.send(Order::Leave(done)).await.is_ok() {
            // A centre that does not answer is left all the same.
            let _left = tokio::time::timeout(Duration::from_secs(2), ended).await;
        }
        self.stop.cancel();
    }

    fn refused(&self, reason: String) -> BearerError {
        BearerError::Refused {
            target: self.name.clone(),
            reason,
        }
    }

    fn why_not(&self) -> String {
        self.standings
            .iter()
            .map(|(_, standing)| locked(standing))
            .find(|s| s.bound_since.is_none())
            .map_or_else(|| "it is busy".to_owned(), |s| s.why_not.clone())
    }

    /// What the fates of the segments mean for the message.
    fn outcome(&self, fates: &[Fate]) -> Result<SmsAccepted, BearerError> {
        let unknown = fates.iter().filter(|f| matches!(f, Fate::Unknown)).count();
        let refused = fates.iter().find_map(|f| match f {
            Fate::Refused(status) => Some(*status),
            _ => None,
        });
        let unsent = fates.iter().find_map(|f| match f {
            Fate::NotSent(status) => Some(*status),
            _ => None,
        });
        let total = fates.len();
        // Where a segment is surely missing, no phone can read the message: it is safe to send it again.
        match (refused, unsent, unknown) {
            (Some(status), _, _) => Err(self.refused(status.to_string())),
            (None, Some(Some(status)), _) => {
                Err(self.refused(format!("{status}, again and again")))
            }
            (None, Some(None), _) => Err(BearerError::Unreachable(format!(
                "{} at {}:{} ({})",
                self.name,
                self.settings.host,
                self.settings.port,
                self.why_not()
            ))),
            (None, None, 1..) => Err(BearerError::Uncertain {
                target: self.name.clone(),
                reason: format!("{unknown} of {total} segments were not answered"),
            }),
            (None, None, 0) => {
                let ids: Vec<&str> = fates.iter().filter_map(Fate::id).collect();
                Ok(SmsAccepted {
                    answer: match total {
                        1 => "Taken by the centre".to_owned(),
                        _ => format!("Taken by the centre in {total} segments"),
                    },
                    reference: Some(ids.join(",")),
                })
            }
        }
    }
}

#[async_trait]
impl SmsGateway for SmppGateway {
    fn name(&self) -> &str {
        &self.name
    }

    fn fit(&self, to: &Msisdn) -> Option<usize> {
        super::sms_http::fit(&self.prefixes, to)
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        if self.settings.bind == BindMode::Receiver {
            return Err(BearerError::Unusable(format!(
                "{} is bound as a receiver, which cannot send",
                self.name
            )));
        }
        if self.fit(&sms.to).is_none() {
            return Err(BearerError::Unusable(format!(
                "{} does not serve {}",
                self.name,
                sms.to.masked()
            )));
        }
        let send = self.reference.fetch_add(1, Ordering::Relaxed);
        let [_, _, high, low] = send.to_be_bytes();
        let messages = submits(
            &sms.to,
            &sms.text,
            &sms.options,
            u16::from_be_bytes([high, low]),
            &self.settings.messages,
        )
        .map_err(|error| self.refused(error.to_string()))?;
        // 255 at most: submits() sees to that.
        let total = u8::try_from(messages.len()).unwrap_or(u8::MAX);
        let until = Instant::now() + PATIENCE;
        let mut answers = Vec::with_capacity(messages.len());
        for (number, message) in (1..=total).zip(messages) {
            let part = SmsPart {
                reference: sms.reference,
                send,
                number,
                total,
            };
            let (tell, told) = oneshot::channel();
            let order = Order::Submit {
                part,
                message: Box::new(message),
                until,
                tell,
            };
            if self.orders.send(order).await.is_err() {
                return Err(BearerError::Unreachable(format!("{} (closed)", self.name)));
            }
            answers.push(told);
        }
        let mut fates = Vec::with_capacity(answers.len());
        for told in answers {
            fates.push(told.await.unwrap_or(Fate::NotSent(None)));
        }
        self.outcome(&fates)
    }

    fn describe(&self) -> (String, Vec<String>) {
        let SmppSettings {
            host, port, tls, ..
        } = &*self.settings;
        let secure = if tls.is_some() { " over TLS" } else { "" };
        let description = format!("SMPP 3.4{secure} at {host}:{port}");
        (description, self.prefixes.clone())
    }

    async fn check(&self) -> Result<GatewayHealth, BearerError> {
        let (tell, told) = oneshot::channel();
        let started = Instant::now();
        let asked = self.orders.send(Order::Check(tell)).await.is_ok();
        let heard = tokio::time::timeout(PATIENCE + ANSWER, told).await;
        if !asked || !matches!(heard, Ok(Ok(()))) {
            return Err(BearerError::Unreachable(format!(
                "{} at {}:{} ({})",
                self.name,
                self.settings.host,
                self.settings.port,
                self.why_not()
            )));
        }
        let took = started.elapsed().as_millis();
        let sessions = self.standings.iter().map(|(bind, standing)| {
            let word = match bind {
                Bind::Transmitter => "transmitter",
                Bind::Receiver => "receiver",
                Bind::Transceiver => "transceiver",
            };
            let standing = locked(standing);
            match standing.bound_since {
                Some(since) => format!("bound as {word} for {} s", since.elapsed().as_secs()),
                None => format!("not bound as {word} ({})", standing.why_not),
            }
        });
        let sessions: Vec<String> = sessions.collect();
        let secure = if self.settings.tls.is_some() {
            " over TLS"
        } else {
            ""
        };
        Ok(GatewayHealth {
            ready: self
                .standings
                .iter()
                .all(|(_, standing)| locked(standing).bound_since.is_some()),
            detail: format!("{}{secure}; answers in {took} ms", sessions.join(", ")),
        })
    }
}

impl Drop for SmppGateway {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for SmppGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmppGateway({}, {:?})", self.name, self.settings)
    }
}
