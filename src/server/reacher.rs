use tokio_util::task::TaskTracker;

use crate::api::Device;
use crate::domain::ShortId;
use crate::flow::number;
use crate::flow::reach::{self, Climb};
use crate::port::task;

use super::endpoint::Endpoint;
use super::frame::{correlation, under};

/// Climbs callbacks' ladders, and has new numbers verified, in the background, for as long as the endpoint runs.
#[derive(Debug, Default)]
pub(super) struct Reacher(TaskTracker);

impl Reacher {
    /// Begins to climb. A callback that is not finished when the endpoint stops is watched again after the next start.
    pub(super) fn climb(&self, endpoint: &Endpoint, climb: Climb) {
        let endpoint = endpoint.clone();
        let id = correlation();
        self.0.spawn(task(under(id, async move {
            let request = climb.view.id;
            tokio::select! {
                () = endpoint.stopping().cancelled() => {}
                climbed = reach::climb(endpoint.ports(), climb) => report(request, climbed),
            }
        })));
    }

    /// Begins the verification of a device's new numbers, if it has any.
    pub(super) fn verify_numbers(&self, endpoint: &Endpoint, device: &Device) {
        if !number::has_new(device) || endpoint.ports().gateways.is_empty() {
            return;
        }
        let (endpoint, device) = (endpoint.clone(), device.id);
        self.0.spawn(task(under(correlation(), async move {
            tokio::select! {
                () = endpoint.stopping().cancelled() => {}
                asked = number::verify_new(endpoint.ports(), device) => {
                    if let Err(error) = asked {
                        tracing::warn!(device.id = %device, %error, "a number could not be verified");
                    }
                }
            }
        })));
    }

    /// Goes on with callbacks that were under way when the endpoint stopped last.
    pub(super) async fn resume(&self, endpoint: &Endpoint) {
        let unfinished = match reach::unfinished(endpoint.ports()).await {
            Ok(unfinished) => unfinished,
            Err(error) => {
                tracing::error!(%error, "callbacks of the run before cannot be read");
                return;
            }
        };
        for climb in unfinished {
            self.climb(endpoint, climb);
        }
    }

    /// Waits until all of them have ended; the endpoint is stopping.
    pub(super) async fn finish(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

fn report<T, E: std::fmt::Display>(id: ShortId, outcome: Result<T, E>) {
    if let Err(error) = outcome {
        tracing::error!(callback.id = %id, %error, "a callback could not be followed");
    }
}
