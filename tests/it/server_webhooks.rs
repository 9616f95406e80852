//! Third parties are told of events, each by itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callhome::api::Event;
use callhome::port::{BearerError, Webhooks};
use tokio::sync::mpsc;

use crate::support::device::TestDevice;
use crate::support::server::{Setup, TestServer};

/// The first one never answers, the second one tells the test.
struct DeadAndAlive(mpsc::UnboundedSender<u64>);

#[async_trait]
impl Webhooks for DeadAndAlive {
    fn targets(&self) -> usize {
        2
    }

    async fn deliver(&self, target: usize, event: &Event) -> Result<(), BearerError> {
        if target == 0 {
            std::future::pending::<()>().await;
        }
        // Nobody listens any more only when the test is over.
        self.0.send(event.id).ok();
        Ok(())
    }
}

#[tokio::test]
async fn one_that_does_not_answer_holds_up_neither_the_others_nor_the_end() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let server = TestServer::with(Setup {
        webhooks: Some(Arc::new(DeadAndAlive(told))),
        ..Setup::default()
    })
    .await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let mut last = 0;
    for _ in 0..3 {
        let ring = serde_json::json!({ "device": device.enrolled.device, "action": "rng(1)" });
        let _made: serde_json::Value = server.post("/api/v1/actions", &ring, 201).await;
        let next = tokio::time::timeout(Duration::from_secs(20), heard.recv()).await;
        let next = next.expect("in time").expect("the server runs");
        assert!(next > last, "in order: {next} after {last}");
        last = next;
    }
    let stopped = tokio::time::timeout(Duration::from_secs(20), server.stop()).await;
    assert!(stopped.is_ok(), "it stops all the same");
}
