use callhome::api::{LoginResponse, Page, Problem, ProblemCode, TokenSecret, WhoAmI};
use callhome::domain::{AuditEntry, Role};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::device::TestDevice;
use crate::support::server::{TestServer, answer};

async fn add(server: &TestServer, name: &str, role: &str) -> String {
    let body = json!({ "name": name, "role": role, "password": "long enough" });
    let path = format!("/api/v1/operators/{name}");
    let _made: Value = answer(server.local(Method::PUT, &path).json(&body), 200).await;
    login(server, name, "long enough").await.token
}

async fn login(server: &TestServer, name: &str, password: &str) -> LoginResponse {
    let body = json!({ "operator": name, "password": password });
    answer(
        server
            .network(Method::POST, "/api/v1/auth/login")
            .json(&body),
        200,
    )
    .await
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn the_first_admin_enters_with_the_code_and_replaces_it() {
    let server = TestServer::start().await;
    let code = server.first_code();
    let ask = |body: &Value| {
        server
            .network(Method::POST, "/api/v1/auth/login")
            .json(body)
    };
    let mut body = json!({ "operator": "admin", "password": code });
    let problem: Problem = answer(ask(&body), 422).await;
    assert!(problem.next.contains("auth login"), "{problem:?}");

    body["new_password"] = "correct horse".into();
    let session: LoginResponse = answer(ask(&body), 200).await;
    assert_eq!(session.role, Role::Admin);
    assert!(!server.path().join("first-admin.code").exists());
    let again: Problem = answer(ask(&body), 401).await;
    assert_eq!(again.code, ProblemCode::NotAuthenticated);

    let session = login(&server, "admin", "correct horse").await;
    let whoami = server.network(Method::GET, "/api/v1/auth/whoami");
    let me: WhoAmI = answer(whoami.bearer_auth(&session.token), 200).await;
    assert_eq!(me.operator, "admin");
    let logout = server.network(Method::POST, "/api/v1/auth/logout");
    assert_eq!(status(logout.bearer_auth(&session.token)).await, 204);
    let whoami = server.network(Method::GET, "/api/v1/auth/whoami");
    assert_eq!(status(whoami.bearer_auth(&session.token)).await, 401);
    server.stop().await;
}

#[tokio::test]
async fn each_role_may_what_it_may_and_a_denial_names_the_one_that_may() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let id = device.enrolled.device;
    let tokens = [
        add(&server, "vera", "viewer").await,
        add(&server, "hanna", "helpdesk").await,
        add(&server, "emil", "engineer").await,
        add(&server, "ada", "admin").await,
    ];
    let ring = json!({ "device": id, "action": "rng(1)" });
    let put = json!({ "device": id, "action": "put(a,https%3A%2F%2Fh%2Fa,00)" });
    let wipe =
        json!({ "device": id, "action": "wip()", "accept_risk": ["data-loss"], "reason": "r" });
    // What is asked, and from which role on it is allowed (0 viewer … 3 admin), with which status.
    let table = [
        ("list", Method::GET, "/api/v1/devices", Value::Null, 0, 200),
        ("trail", Method::GET, "/api/v1/audit", Value::Null, 0, 200),
        ("ring", Method::POST, "/api/v1/actions", ring, 1, 201),
        ("put", Method::POST, "/api/v1/actions", put, 2, 201),
        (
            "invite",
            Method::POST,
            "/api/v1/invitations",
            json!({ "count": 1 }),
            1,
            201,
        ),
        (
            "invite many",
            Method::POST,
            "/api/v1/invitations",
            json!({ "count": 2 }),
            2,
            201,
        ),
        (
            "let in again",
            Method::POST,
            "/api/v1/invitations",
            json!({ "count": 1, "device": id }),
            2,
            201,
        ),
        (
            "operators",
            Method::GET,
            "/api/v1/operators",
            Value::Null,
            3,
            200,
        ),
        ("tokens", Method::GET, "/api/v1/tokens", Value::Null, 3, 200),
        ("wipe", Method::POST, "/api/v1/actions", wipe, 3, 201),
    ];
    for (name, method, path, body, least, good) in table {
        for (rank, token) in tokens.iter().enumerate() {
            let mut request = server.network(method.clone(), path).bearer_auth(token);
            if !body.is_null() {
                request = request.json(&body);
            }
            if rank >= least {
                assert_eq!(status(request).await, good, "{name} as {rank}");
            } else {
                let denial: Problem = answer(request, 403).await;
                assert_eq!(denial.code, ProblemCode::Forbidden, "{name} as {rank}");
                let may = Role::ALL[least].to_string();
                assert!(denial.detail.contains(&may), "{name} as {rank}: {denial:?}");
            }
        }
        let bare = server.network(method.clone(), path).json(&body);
        assert_eq!(status(bare).await, 401, "{name} without a session");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_removed_operator_and_a_revoked_token_are_out_at_once() {
    let server = TestServer::start().await;
    let session = add(&server, "emil", "engineer").await;
    let asked = json!({ "name": "ci", "role": "viewer", "valid_days": 1 });
    let token: TokenSecret = server.post("/api/v1/tokens", &asked, 201).await;
    let list = |secret: &str| {
        server
            .network(Method::GET, "/api/v1/devices")
            .bearer_auth(secret)
    };
    assert_eq!(status(list(&session)).await, 200);
    assert_eq!(status(list(&token.token)).await, 200);

    assert_eq!(
        status(server.local(Method::DELETE, "/api/v1/operators/emil")).await,
        204
    );
    let path = format!("/api/v1/tokens/{}", token.view.id);
    assert_eq!(status(server.local(Method::DELETE, &path)).await, 204);
    assert_eq!(status(list(&session)).await, 401);
    assert_eq!(status(list(&token.token)).await, 401);
    server.stop().await;
}

#[tokio::test]
async fn a_token_bound_to_another_address_does_not_hold() {
    let server = TestServer::start().await;
    let asked =
        json!({ "name": "ci", "role": "viewer", "valid_days": 1, "bind_address": "192.0.2.1" });
    let token: TokenSecret = server.post("/api/v1/tokens", &asked, 201).await;
    let request = server.network(Method::GET, "/api/v1/devices");
    assert_eq!(status(request.bearer_auth(token.token)).await, 401);
    server.stop().await;
}

#[tokio::test]
async fn a_session_that_is_used_from_another_address_is_refused_and_written_down() {
    let server = TestServer::start().await;
    add(&server, "emil", "engineer").await;
    let ask = json!({ "operator": "emil", "password": "long enough", "bind_address": true });
    let session: LoginResponse = answer(
        server
            .network(Method::POST, "/api/v1/auth/login")
            .json(&ask),
        200,
    )
    .await;
    let ca = reqwest::Certificate::from_pem(server.ca_pem.as_bytes()).expect("a CA");
    let thief = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .local_address(Some([127, 0, 0, 2].into()))
        .build()
        .expect("a client");
    let url = format!("{}/api/v1/devices", server.url);
    let stolen = thief.get(&url).bearer_auth(&session.token);
    let refused: Problem = answer(stolen, 401).await;
    assert_eq!(refused.code, ProblemCode::NotAuthenticated);
    let nobody = thief.get(&url).bearer_auth("unknown");
    let unknown: Problem = answer(nobody, 401).await;
    assert_eq!(refused.detail, unknown.detail, "nothing is given away");
    // Its owner goes on.
    let own = server
        .network(Method::GET, "/api/v1/devices")
        .bearer_auth(&session.token);
    assert_eq!(status(own).await, 200);
    let trail: Page<AuditEntry> = server.get("/api/v1/audit?limit=200").await;
    let told: Vec<&AuditEntry> = trail
        .items
        .iter()
        .filter(|e| e.draft.event == "session.refused")
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].draft.actor, "operator:emil");
    assert_eq!(
        told[0].draft.detail,
        "used from 127.0.0.2, bound to 127.0.0.1"
    );
    server.stop().await;
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down_and_unknown_names_look_like_wrong_passwords() {
    let server = TestServer::start().await;
    let _session = add(&server, "emil", "engineer").await;
    let guess = |name: &str| {
        let body = json!({ "operator": name, "password": "wrong guess" });
        server
            .network(Method::POST, "/api/v1/auth/login")
            .json(&body)
    };
    let known: Problem = answer(guess("emil"), 401).await;
    let unknown: Problem = answer(guess("nobody"), 401).await;
    assert_eq!(known.detail, unknown.detail);
    let mut last = 401;
    for _ in 0..20 {
        last = status(guess("emil")).await;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    // The local socket is no network address: the owner of the machine gets in.
    assert_eq!(
        status(server.local(Method::GET, "/api/v1/devices")).await,
        200
    );
    server.stop().await;
}
