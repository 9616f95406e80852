//! A customer in evaluation: what its end stops, what goes on, and that conversion lifts it. The clock is set.

use std::time::Duration;

use callhome::api::{
    ActionView, CustomerView, EnrolResponse, Page, Problem, ProblemCode, ServerStatus,
};
use callhome::domain::{AuditEntry, DeviceId, DeviceSecret, SystemId};
use callhome::net::router::{RouterClient, directions};
use callhome::port::RouterDoor as _;
use callhome::server::Customer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::device::{TestDevice, enrolment, invite, random};
use crate::support::server::{Setup, TestServer, answer, keys_of, now};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn status(server: &TestServer) -> ServerStatus {
    server.get("/api/v1/server").await
}

fn path(id: SystemId) -> String {
    format!("/api/v1/customers/{id}/evaluation")
}

async fn later(server: TestServer, name: &str, customers: Vec<Customer>) -> TestServer {
    TestServer::with(Setup {
        name: name.into(),
        dir: Some(server.stop().await),
        ahead: 2 * DAY,
        customers,
        ..Setup::default()
    })
    .await
}

#[tokio::test]
async fn after_its_end_nothing_new_is_taken_and_conversion_lifts_that() {
    let server = TestServer::start().await;
    let own = status(&server).await.system_id;
    assert_eq!(status(&server).await.evaluation, None);
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let id = device.enrolled.device;
    let until = now().after(DAY);
    let order = json!({ "until": until });
    let put = server.local(Method::PUT, &path(own)).json(&order);
    let begun: CustomerView = answer(put, 200).await;
    assert!(begun.own);
    let shown = status(&server).await.evaluation.expect("in evaluation");
    assert_eq!((shown.until, shown.by_router), (until, false));
    // While it lasts all is as ever.
    let ring = json!({ "device": id, "action": "rng(1)" });
    let _rung: ActionView = server.post("/api/v1/actions", &ring, 201).await;
    let lock =
        json!({ "device": id, "action": "lck()", "accept_risk": ["lock"], "reason": "lost" });
    let locked: ActionView = server.post("/api/v1/actions", &lock, 201).await;
    let done = format!(
        r#"<result xmlns="urn:callhome:result:1" sequence="{}" action="lck" status="done" at="2026-11-20T14:02:11.043Z"/>"#,
        locked.sequence
    );
    let taken = device.signed(&server, Method::POST, "/agent/v1/results", done);
    assert_eq!(taken.send().await.expect("an answer").status(), 204);
    let invitation = invite(&server, 1).await;

    let server = later(server, "test", Vec::new()).await;
    for (what, body) in [
        ("invitations", json!({ "count": 1 })),
        ("actions", ring.clone()),
        ("actions", json!({ "device": id, "action": "aud()" })),
        ("callbacks", json!({ "device": id })),
    ] {
        let problem: Problem = server.post(&format!("/api/v1/{what}"), &body, 403).await;
        assert_eq!(problem.code, ProblemCode::EvaluationEnded, "{problem:?}");
        assert!(
            problem.detail.contains(&shown.last_day()),
            "{what}: {problem:?}"
        );
        assert!(problem.next.contains("server convert"), "{problem:?}");
    }
    // Whatever the code is, a device hears the same; without the system id it hears nothing of it.
    let (agent, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let right = enrolment(&invitation, agent, &secret, "490154203237518");
    let mut wrong = right.clone();
    wrong["code"] = json!("aaaaa-aaaaa");
    let mut elsewhere = right.clone();
    elsewhere["system_id"] = json!(SystemId::from_number(own_other(own)));
    let enrol = |body: &Value| server.network(Method::POST, "/agent/v1/enrol").json(body);
    let refused: Problem = answer(enrol(&right), 403).await;
    assert_eq!(refused.code, ProblemCode::EvaluationEnded);
    let guessed: Problem = answer(enrol(&wrong), 403).await;
    assert_eq!(refused.detail, guessed.detail);
    let unknown: Problem = answer(enrol(&elsewhere), 401).await;
    assert_eq!(unknown.code, ProblemCode::AuthenticationFailure);
    // Who is in stays in: the phone calls, and nobody's phone stays locked because a trial ended.
    let unlock =
        json!({ "device": id, "action": "ulk()", "accept_risk": ["lock"], "reason": "found" });
    let _unlocked: ActionView = server.post("/api/v1/actions", &unlock, 201).await;
    let nonce = data_encoding::HEXLOWER.encode(&random::<12>());
    let at = now().after(2 * DAY);
    let session = device.signed_at(&server, Method::POST, "/agent/v1/session", "{}", at, &nonce);
    let session: callhome::api::SessionResponse = answer(session, 200).await;
    assert_eq!(
        session.actions.len(),
        2,
        "what was asked in time, and the unlock"
    );
    let _devices: Page<Value> = server.get("/api/v1/devices").await;

    // A date that is over prolongs nothing; conversion lets the phone in with the code that it has.
    let over = json!({ "until": until });
    let put = server.local(Method::PUT, &path(own)).json(&over);
    let problem: Problem = answer(put, 422).await;
    assert!(!problem.next.is_empty());
    let converted: CustomerView = answer(server.local(Method::DELETE, &path(own)), 200).await;
    assert_eq!(converted.evaluation, None);
    assert_eq!(status(&server).await.evaluation, None);
    let _rung: ActionView = server.post("/api/v1/actions", &ring, 201).await;
    let _enrolled: EnrolResponse = answer(enrol(&right), 200).await;
    let trail: Page<AuditEntry> = server.get("/api/v1/audit?limit=1000").await;
    for event in ["customer.evaluate", "customer.convert"] {
        let entry = trail.items.iter().find(|e| e.draft.event == event);
        assert_eq!(entry.expect(event).draft.subject, format!("system:{own}"));
    }
    server.stop().await;
}

/// Another number than that of a system id.
fn own_other(own: SystemId) -> u32 {
    let digits: String = own.to_string().chars().take(9).collect();
    digits.parse::<u32>().expect("digits") ^ 1
}

#[tokio::test]
async fn a_router_tells_its_customer_and_shows_nobody_the_way_after_the_end() {
    let id = SystemId::from_number(30_640_615);
    let folder = tempfile::tempdir().expect("a folder");
    let (_, key) = keys_of(&folder, "customer");
    let customers = vec![Customer {
        system_id: id,
        key: key.verifying_key(),
    }];
    let router = TestServer::with(Setup {
        name: "router".into(),
        customers: customers.clone(),
        ..Setup::default()
    })
    .await;
    let route = callhome::api::RouteRegistration {
        server_url: "https://mgmt.example.net:8443".into(),
        ca_pem: router.ca_pem.clone(),
    };
    let until = now().after(DAY);
    let put = |id| {
        let order = json!({ "until": until });
        router.local(Method::PUT, &path(id)).json(&order)
    };
    let stranger: Problem = answer(put(SystemId::from_number(own_other(id))), 404).await;
    assert!(stranger.next.contains("server customers"), "{stranger:?}");
    let before: CustomerView = answer(put(id), 200).await;
    assert_eq!((before.own, before.server_url), (false, None));

    let door = |router: &TestServer, ahead: Duration| {
        RouterClient::new(
            &router.url.parse().expect("an address"),
            Some(&router.ca_pem),
            id,
            key.clone(),
            std::sync::Arc::new(Ahead(ahead)),
            std::sync::Arc::new(callhome::host::OsEntropy),
        )
        .expect("a client")
    };
    let told = door(&router, Duration::ZERO).register(&route).await;
    assert_eq!(told.expect("registered").evaluation_until, Some(until));
    let ask = async |router: &TestServer| {
        let url = router.url.parse().expect("an address");
        directions(&url, Some(&router.ca_pem), id).await
    };
    assert_eq!(ask(&router).await.expect("in time"), route);
    let list: Vec<CustomerView> = router.get("/api/v1/customers").await;
    assert_eq!(list.len(), 2);
    assert!(list[0].own, "{list:?}");
    assert_eq!(
        list[1].server_url.as_deref(),
        Some(route.server_url.as_str())
    );

    let router = later(router, "router", customers).await;
    let refused = ask(&router).await.expect_err("it ended");
    assert!(refused.to_string().contains("evaluation"), "{refused}");
    // The customer's server still registers, and so it hears of the conversion.
    let _converted: CustomerView = answer(router.local(Method::DELETE, &path(id)), 200).await;
    let told = door(&router, 2 * DAY).register(&route).await;
    assert_eq!(told.expect("registered").evaluation_until, None);
    assert_eq!(ask(&router).await.expect("converted"), route);
    router.stop().await;
}

/// A clock that is ahead of the system's.
struct Ahead(Duration);

impl callhome::port::Clock for Ahead {
    fn now(&self) -> callhome::domain::Timestamp {
        now().after(self.0)
    }
}
