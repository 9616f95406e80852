use std::time::Duration;

use callhome::api::{AuditVerdict, Device, Event, Problem, ProblemCode, ServerStatus};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::device::TestDevice;
use crate::support::server::{Setup, TestServer, answer};

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn every_error_is_a_problem_document_with_its_correlation_id() {
    let server = TestServer::start().await;
    let device = json!({ "identities": ["imei:358931104120071"] });
    let huge = "x".repeat(2 * 1024 * 1024);
    let cases = [
        (
            "no such address",
            server.local(Method::GET, "/api/v2/x"),
            404,
            "not-found",
        ),
        (
            "no such device",
            server.local(Method::GET, "/api/v1/devices/4t9wz0kc"),
            404,
            "not-found",
        ),
        (
            "no id",
            server.local(Method::GET, "/api/v1/devices/~"),
            404,
            "not-found",
        ),
        (
            "wrong method",
            server.local(Method::PUT, "/api/v1/find"),
            405,
            "invalid-request",
        ),
        (
            "no JSON",
            server.local(Method::POST, "/api/v1/find").body("{"),
            400,
            "invalid-request",
        ),
        (
            "no IMEI",
            server.local(Method::POST, "/api/v1/devices").json(&device),
            400,
            "invalid-request",
        ),
        (
            "too large",
            server.local(Method::POST, "/api/v1/find").body(huge),
            413,
            "too-large",
        ),
        (
            "bad query",
            server.local(Method::GET, "/api/v1/devices?limit=many"),
            400,
            "invalid-request",
        ),
        (
            "no session",
            server.network(Method::GET, "/api/v1/devices"),
            401,
            "not-authenticated",
        ),
        (
            "no gateway",
            server.network(Method::GET, "/gateway/v1/x/y/mo?text=a"),
            404,
            "not-found",
        ),
        (
            "no peer",
            server.network(Method::POST, "/federation/v1/test/hello"),
            401,
            "authentication-failure",
        ),
    ];
    for (name, request, status, code) in cases {
        let response = send(request.header("x-correlation-id", "c-17")).await;
        assert_eq!(response.status(), status, "{name}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{name}"
        );
        assert_eq!(response.headers()["x-correlation-id"], "c-17", "{name}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{name}");
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], code, "{name}");
        assert_eq!(problem["status"], status, "{name}");
        assert_eq!(
            problem["type"],
            format!("urn:callhome:problem:{code}"),
            "{name}"
        );
        assert_eq!(problem["correlation"], "c-17", "{name}");
    }
    server.stop().await;
}

#[tokio::test]
async fn every_documented_route_is_served() {
    let server = TestServer::start().await;
    let document: Value = server.get("/openapi.json").await;
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let place = path
            .replace("{id}", "4t9wz0kc")
            .replace("{device}", "4t9wz0kc")
            .replace("{sequence}", "00000001")
            .replace("{name}", "x")
            .replace("{kind}", "documents")
            .replace("{system_id}", "0306406152");
        for method in methods.as_object().expect("methods").keys() {
            let method = method.to_uppercase().parse::<Method>().expect("a method");
            let response = send(server.network(method.clone(), &place)).await;
            let status = response.status().as_u16();
            // Without credentials: whoever is asked says who is missing, not that there is nothing.
            assert!(
                ![404, 405, 500].contains(&status),
                "{method} {path}: {status}"
            );
            routes += 1;
        }
    }
    assert!(routes > 50, "{routes}");
    server.stop().await;
}

#[tokio::test]
async fn edits_need_the_version_that_was_read() {
    let server = TestServer::start().await;
    let body = json!({ "name": "Lund 1", "identities": ["imei:358931104120070"] });
    let device: Device = server.post("/api/v1/devices", &body, 201).await;
    let path = format!("/api/v1/devices/{}", device.id);
    let tag = send(server.local(Method::GET, &path)).await.headers()["etag"].clone();
    let edit = |owner: &str| {
        let body = json!({ "owner": owner });
        server
            .local(Method::PATCH, &path)
            .header("if-match", tag.clone())
            .json(&body)
    };
    let edited: Device = answer(edit("M. Eriksson"), 200).await;
    assert_eq!(edited.owner.as_deref(), Some("M. Eriksson"));
    let late: Problem = answer(edit("Somebody Else"), 412).await;
    assert_eq!(late.code, ProblemCode::VersionMismatch);

    let again: Problem = server.post("/api/v1/devices", &body, 409).await;
    assert_eq!(again.code, ProblemCode::Conflict);
    for name in [
        "imei:358931104120070",
        "358931104120070",
        "Lund%201",
        "m.%20eriksson",
    ] {
        let found: Vec<Device> = server
            .get(&format!("/api/v1/devices/resolve?name={name}"))
            .await;
        assert_eq!(found.len(), 1, "{name}");
    }
    server.stop().await;
}

/// Reads events off a stream until `count` have come.
pub(crate) async fn events(request: RequestBuilder, count: usize) -> Vec<Event> {
    let mut response = send(request).await;
    assert_eq!(response.status(), 200);
    let (mut text, mut found) = (String::new(), Vec::new());
    while found.len() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(20), response.chunk())
            .await
            .expect("an event in time")
            .expect("a stream")
            .expect("no end");
        text.push_str(&String::from_utf8_lossy(&chunk));
        found = text
            .split_inclusive("\n\n")
            .filter(|block| block.ends_with("\n\n"))
            .filter_map(|block| block.lines().find_map(|l| l.strip_prefix("data: ")))
            .map(|data| serde_json::from_str(data).expect("an event"))
            .collect();
    }
    found
}

#[tokio::test]
async fn a_watcher_that_comes_back_misses_nothing_and_gets_nothing_twice() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let ring = |n: u32| json!({ "device": device.enrolled.device, "action": format!("rng({n})") });
    let path = "/api/v1/events?after=0&kind=action.changed";
    for n in 1..=3 {
        let _made: Value = server.post("/api/v1/actions", &ring(n), 201).await;
    }
    let first = events(server.local(Method::GET, path), 2).await;
    let resumed = server
        .local(Method::GET, path)
        .header("last-event-id", first[1].id.to_string());
    let (rest, ()) = tokio::join!(events(resumed, 2), async {
        let _made: Value = server.post("/api/v1/actions", &ring(4), 201).await;
    });
    let ids: Vec<u64> = first[..2].iter().chain(&rest).map(|e| e.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert!(rest.iter().all(|e| e.kind == "action.changed"));
    server.stop().await;
}

#[tokio::test]
async fn the_trail_verifies_and_a_checkpoint_is_part_of_it() {
    let server = TestServer::start().await;
    let _device = TestDevice::enrol(&server, "358931104120070").await;
    let _signed: Value = server
        .post("/api/v1/audit/checkpoint", &Value::Null, 200)
        .await;
    let verdict: AuditVerdict = server.get("/api/v1/audit/verify").await;
    assert!(verdict.intact, "{verdict:?}");
    assert_eq!(verdict.checkpoints, 1);
    assert!(verdict.entries >= 2);
    server.stop().await;
}

#[tokio::test]
async fn a_backup_of_the_server_is_a_database_and_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let copy = send(server.local(Method::POST, "/api/v1/server/backup")).await;
    let bytes = copy.bytes().await.expect("a copy");
    assert!(bytes.starts_with(b"SQLite format 3\0"));
    let left: Vec<_> = std::fs::read_dir(server.path())
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("backup-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let status: ServerStatus = server.get("/api/v1/server").await;
    assert_eq!(status.https.as_deref(), Some(server.url.as_str()));
    server.stop().await;
}

#[tokio::test]
async fn a_restarted_server_is_the_same_server() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let body = json!({ "device": device.enrolled.device, "action": "rng(1)" });
    let _made: Value = server.post("/api/v1/actions", &body, 201).await;
    let before: ServerStatus = server.get("/api/v1/server").await;
    let (ca_pem, socket) = (server.ca_pem.clone(), server.socket.clone());
    let dir = server.stop().await;
    assert!(!socket.exists());
    let setup = crate::support::server::Setup {
        dir: Some(dir),
        ..Default::default()
    };
    let server = TestServer::with(setup).await;
    let after: ServerStatus = server.get("/api/v1/server").await;
    assert_eq!(after.system_id, before.system_id);
    assert_eq!(server.ca_pem, ca_pem);
    assert_eq!(device.session(&server).await.actions.len(), 1);
    server.stop().await;
}

/// A client of its own, which keeps its connection open, at an address of this machine.
fn at_address(server: &TestServer, host: u8) -> reqwest::Client {
    let ca = reqwest::Certificate::from_pem(server.ca_pem.as_bytes()).expect("a CA");
    reqwest::Client::builder()
        .no_proxy()
        .add_root_certificate(ca)
        .local_address(std::net::IpAddr::from([127, 0, 0, host]))
        .build()
        .expect("a client")
}

#[tokio::test]
async fn who_opens_too_many_connections_is_told_so_and_others_are_served() {
    let server = TestServer::with(Setup {
        https_at_most: Some(8),
        ..Setup::default()
    })
    .await;
    let url = format!("{}/healthz", server.url);
    let ask = async |client: &reqwest::Client| {
        let answer = client.get(&url).send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("whole");
        (status, headers, text)
    };
    let told = |(status, headers, text): (u16, reqwest::header::HeaderMap, String), why: &str| {
        assert_eq!(status, 503, "{text}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["retry-after"], "60");
        let problem: Value = serde_json::from_str(&text).expect("a problem");
        assert_eq!(problem["detail"], why);
        assert!(
            problem["next"].to_string().contains("in a minute"),
            "{text}"
        );
    };
    let mut open = Vec::new();
    for _ in 0..6 {
        let client = at_address(&server, 2);
        assert_eq!(ask(&client).await.0, 200);
        open.push(client);
    }
    let why = "too many connections are open from this address";
    told(ask(&at_address(&server, 2)).await, why);
    for host in [3, 4] {
        let client = at_address(&server, host);
        assert_eq!(ask(&client).await.0, 200);
        open.push(client);
    }
    told(
        ask(&at_address(&server, 5)).await,
        "too many connections are open",
    );
    // Whoever was let in is served as before.
    assert_eq!(ask(&open[0]).await.0, 200);
    drop(open);
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while ask(&at_address(&server, 2)).await.0 != 200 {
        assert!(std::time::Instant::now() < until, "there is room again");
    }
    server.stop().await;
}
