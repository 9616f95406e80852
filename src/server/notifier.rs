//! The notifier: subscriptions of devices and what they are told (requirement B2, RFC 6665).
//!
//! `sip::Notifier` decides; here is what is kept of its decisions. All subscriptions are in
//! the store and, while the endpoint runs, in memory. A NOTIFY that a flow sends to a
//! subscribed device goes out in the dialog of its subscription.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use crate::domain::{ShortId, Subscription, Timestamp};
use crate::flow::{relay, subscriber};
use crate::port::{BearerError, Clock, Entropy, SipSender, StoreError, Subscriptions, task};
use crate::sip::{
    Ended, Method, OutboundRequest, SipReport, SipUri, SubscriptionState, notification,
};

use super::endpoint::Endpoint;

/// For the answer to a NOTIFY that no flow waits for (64 × T1).
const PATIENCE: Duration = Duration::from_secs(32);
/// Subscriptions that one device may have; the one that ends first gives way.
const MOST_EACH: usize = 16;
/// The clock is looked at this often at least, should it have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The open subscriptions of an endpoint.
pub(super) struct Notifier {
    kept: Arc<dyn Subscriptions>,
    open: Mutex<HashMap<String, Open>>,
    /// The socket, before it was wrapped in [`Subscribed`].
    link: Option<Arc<dyn SipSender>>,
    changed: Notify,
    tasks: TaskTracker,
}

#[derive(Clone)]
struct Open {
    device: ShortId,
    subscription: Subscription,
}

impl Notifier {
    pub(super) fn new(kept: Arc<dyn Subscriptions>, link: Option<Arc<dyn SipSender>>) -> Self {
        Self {
            kept,
            open: Mutex::default(),
            link,
            changed: Notify::new(),
            tasks: TaskTracker::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        // The map is whole after every statement.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up the subscriptions of the run before.
    pub(super) async fn load(&self) -> Result<(), StoreError> {
        let stored = self.kept.subscriptions().await?;
        let mut open = self.lock();
        for (device, subscription) in stored {
            // One that came in since the start is newer than what is stored.
            open.entry(subscription.key()).or_insert(Open {
                device,
                subscription,
            });
        }
        Ok(())
    }

    /// The subscription with this key.
    pub(super) fn find(&self, key: &str) -> Option<Subscription> {
        self.lock().get(key).map(|open| open.subscription.clone())
    }

    /// Stores a subscription that is new or was refreshed.
    pub(super) async fn keep(
        &self,
        device: ShortId,
        subscription: Subscription,
    ) -> Result<(), StoreError> {
        self.kept
            .save_subscription(device, subscription.clone())
            .await?;
        let surplus = {
            let mut open = self.lock();
            let key = subscription.key();
            open.insert(
                key,
                Open {
                    device,
                    subscription,
                },
            );
            surplus(&open, device)
        };
        if let Some(key) = surplus {
            self.forget(&key).await?;
        }
        self.changed.notify_one();
        Ok(())
    }

    async fn forget(&self, key: &str) -> Result<(), StoreError> {
        self.lock().remove(key);
        self.kept.delete_subscription(key).await
    }

    /// Tells a subscriber how things stand, in the background: the answer to its SUBSCRIBE goes out meanwhile.
    pub(super) fn tell_soon(&self, endpoint: &Endpoint, key: String) {
        let endpoint = endpoint.clone();
        self.tasks.spawn(task(async move {
            tokio::select! {
                () = endpoint.stopping().cancelled() => {}
                told = endpoint.notifier().tell(&endpoint, &key) => {
                    if let Err(error) = told {
                        tracing::error!(%error, "a subscriber could not be told");
                    }
                }
            }
        }));
    }

    /// Sends the NOTIFY that says how a subscription stands; one that is over is forgotten.
    async fn tell(&self, endpoint: &Endpoint, key: &str) -> Result<(), StoreError> {
        let now = endpoint.now();
        let Some((device, request, over)) = self.next_notify(key, now).await? else {
            return Ok(());
        };
        let Some(link) = &self.link else {
            return Ok(());
        };
        let request = match over {
            true => request,
            false => subscriber::tell(endpoint.ports(), device, request).await?,
        };
        match link.send(request, PATIENCE).await {
            Ok(report) if knows_no_such_dialog(&report) => self.forget(key).await,
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(device.id = %device, %error, "a subscriber cannot be notified");
                Ok(())
            }
        }
    }

    /// The next NOTIFY of a subscription, its number used up in the store; whether it is the last.
    async fn next_notify(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<(ShortId, OutboundRequest, bool)>, StoreError> {
        let (open, built, over) = {
            let mut all = self.lock();
            let Some(open) = all.get_mut(key) else {
                return Ok(None);
            };
            let over = !open.subscription.is_current(now);
            let state = match over {
                true => SubscriptionState::Terminated(Ended::Timeout),
                false => SubscriptionState::Active(open.subscription.expires_at.since(now)),
            };
            let built = notification(&mut open.subscription, state);
            let now_open = open.clone();
            if over {
                // Taken out at once: it is told of its end by one, whoever comes first.
                all.remove(key);
            }
            (now_open, built, over)
        };
        let request = match built {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "a subscription names no address and is dropped");
                self.forget(key).await?;
                return Ok(None);
            }
        };
        // A number is used once, also by the run after this one.
        match over {
            true => self.kept.delete_subscription(key).await?,
            false => {
                let Open {
                    device,
                    subscription,
                } = open.clone();
                self.kept.save_subscription(device, subscription).await?;
            }
        }
        Ok(Some((open.device, request, over)))
    }

    /// The key of a current subscription whose device is at `target`.
    fn subscribed_at(&self, target: &SipUri, package: &str, now: Timestamp) -> Option<String> {
        let at = |text: &str| {
            let uri = text.parse::<SipUri>().ok();
            uri.is_some_and(|uri| {
                (uri.user(), uri.host(), uri.port_or_default())
                    == (target.user(), target.host(), target.port_or_default())
            })
        };
        let all = self.lock();
        let fitting = all.iter().filter(|(_, open)| {
            let subscription = &open.subscription;
            subscription.package() == package
                && subscription.is_current(now)
                && at(&subscription.target)
        });
        fitting
            .max_by_key(|(_, open)| open.subscription.expires_at)
            .map(|(key, _)| key.clone())
    }

    fn ended(&self, now: Timestamp) -> Vec<String> {
        let all = self.lock();
        let ended = all
            .iter()
            .filter(|(_, open)| !open.subscription.is_current(now));
        ended.map(|(key, _)| key.clone()).collect()
    }

    fn next_end(&self, now: Timestamp) -> Duration {
        let all = self.lock();
        let first = all.values().map(|open| open.subscription.expires_at).min();
        first.map_or(LONGEST_SLEEP, |end| end.since(now).min(LONGEST_SLEEP))
    }

    /// Waits until nobody is being told any more; the endpoint is stopping.
    pub(super) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Ends subscriptions that were not refreshed, until the endpoint stops.
pub(super) async fn watch(endpoint: Endpoint) {
    let notifier = endpoint.notifier();
    loop {
        // Each by itself: one that does not answer holds up neither the others nor the end of the endpoint.
        for key in notifier.ended(endpoint.now()) {
            notifier.tell_soon(&endpoint, key);
        }
        let pause = notifier.next_end(endpoint.now()) + Duration::from_millis(50);
        tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            () = notifier.changed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The subscription that has to give way, when a device has too many.
fn surplus(open: &HashMap<String, Open>, device: ShortId) -> Option<String> {
    let own = || open.iter().filter(|(_, o)| o.device == device);
    if own().count() <= MOST_EACH {
        return None;
    }
    own()
        .min_by_key(|(_, o)| o.subscription.expires_at)
        .map(|(key, _)| key.clone())
}

fn knows_no_such_dialog(report: &SipReport) -> bool {
    report.outcome.code() == Some(481)
}

/// Sends requests; a NOTIFY to a subscribed device in the dialog of its subscription, and what goes to a device behind
/// a proxy in the form that the proxy wants.
pub(super) struct Subscribed {
    pub(super) link: Arc<dyn SipSender>,
    pub(super) notifier: Arc<Notifier>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Subscribed {
    /// The request in the dialog of a subscription, with its key; `None` when the device has none.
    async fn in_dialog(&self, request: &OutboundRequest) -> Option<(String, OutboundRequest)> {
        if request.method != Method::NOTIFY || request.dialog.is_some() {
            return None;
        }
        let package = request.event.as_deref()?.split(';').next()?.trim();
        let now = self.clock.now();
        let key = self.notifier.subscribed_at(&request.uri, package, now)?;
        let next = match self.notifier.next_notify(&key, now).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "a NOTIFY goes outside its subscription");
                None
            }
        };
        let (_, mut inside, over) = next?;
        if over {
            return None;
        }
        inside.body.clone_from(&request.body);
        inside.content_type.clone_from(&request.content_type);
        inside.credentials.clone_from(&request.credentials);
        inside.target = request.target;
        if inside.route.is_empty() {
            inside.route.clone_from(&request.route);
        }
        Some((key, inside))
    }
}

#[async_trait]
impl SipSender for Subscribed {
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
    ) -> Result<SipReport, BearerError> {
        let Some((key, inside)) = self.in_dialog(&request).await else {
            return relay::send(&*self.link, &*self.entropy, request, timeout).await;
        };
        let report = self.link.send(inside, timeout).await?;
        if !knows_no_such_dialog(&report) {
            return Ok(report);
        }
        // The device has forgotten it (RFC 6665 §4.2.2): what its REGISTER accepts still holds.
        if let Err(error) = self.notifier.forget(&key).await {
            tracing::warn!(%error, "a subscription that the device forgot could not be removed");
        }
        relay::send(&*self.link, &*self.entropy, request, timeout).await
    }
}
