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

#[tokio::test]
async fn a_stale_token_keeps_nobody_out_who_has_a_good_one() {
    let server = TestServer::start().await;
    let good = add(&server, "emil", "engineer").await;
    let whoami = |token: &str| {
        let request = server.network(Method::GET, "/api/v1/auth/whoami");
        request.bearer_auth(token)
    };
    let mut seen = Vec::new();
    for _ in 0..60 {
        seen.push(status(whoami("chs_stale")).await);
    }
    assert_eq!((seen[0], seen[59]), (401, 429));
    assert_eq!(status(whoami(&good)).await, 200);
    assert!(!login(&server, "emil", "long enough").await.token.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn passwords_guessed_at_once_are_no_more_than_one_after_the_other() {
    let server = TestServer::start().await;
    let _session = add(&server, "emil", "engineer").await;
    let _session = add(&server, "vera", "viewer").await;
    let body = json!({ "operator": "emil", "password": "wrong guess" });
    let guesses = (0..60).map(|_| {
        let request = server.network(Method::POST, "/api/v1/auth/login");
        status(request.json(&body))
    });
    let seen = futures_util::future::join_all(guesses).await;
    let looked_at = seen.iter().filter(|status| **status == 401).count();
    assert!((1..=12).contains(&looked_at), "{looked_at}: {seen:?}");
    // Behind the same address somebody else is not kept out.
    login(&server, "vera", "long enough").await;
    server.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = TestServer::start().await;
    let first = add(&server, "emil", "engineer").await;
    let second = login(&server, "emil", "long enough").await.token;
    let whoami = |token: &str| {
        let request = server.network(Method::GET, "/api/v1/auth/whoami");
        status(request.bearer_auth(token))
    };
    let change = json!({ "current": "long enough", "new": "longer still" });
    let request = server.network(Method::POST, "/api/v1/auth/password");
    assert_eq!(
        status(request.bearer_auth(&second).json(&change)).await,
        204
    );
    assert_eq!((whoami(&first).await, whoami(&second).await), (401, 200));
    // An admin sets another one; the role alone changes nothing else.
    let role = json!({ "name": "emil", "role": "admin" });
    let path = "/api/v1/operators/emil";
    let _saved: Value = answer(server.local(Method::PUT, path).json(&role), 200).await;
    assert_eq!(whoami(&second).await, 200);
    let set = json!({ "name": "emil", "role": "admin", "password": "set by admin" });
    let _saved: Value = answer(server.local(Method::PUT, path).json(&set), 200).await;
    assert_eq!(whoami(&second).await, 401);
    let seen: Vec<Value> = server.get("/api/v1/operators").await;
    let emil = seen.iter().find(|o| o["name"] == "emil").expect("there");
    assert!(emil["last_login"].is_string(), "{emil}");
    server.stop().await;
}

#[tokio::test]
async fn a_token_ends_with_the_one_that_made_it() {
    let server = TestServer::start().await;
    let admin = add(&server, "ada", "admin").await;
    let make = async |with: &str, name: &str, days: u32| -> TokenSecret {
        let body = json!({ "name": name, "role": "admin", "valid_days": days });
        let request = server.network(Method::POST, "/api/v1/tokens");
        answer(request.bearer_auth(with).json(&body), 201).await
    };
    let whoami = |token: &str| {
        let request = server.network(Method::GET, "/api/v1/auth/whoami");
        status(request.bearer_auth(token))
    };
    let first = make(&admin, "first", 2).await;
    let second = make(&first.token, "second", 300).await;
    let third = make(&second.token, "third", 300).await;
    assert!(second.view.expires_at <= first.view.expires_at);
    assert_eq!(whoami(&third.token).await, 200);
    let logout = server.network(Method::POST, "/api/v1/auth/logout");
    assert_eq!(status(logout.bearer_auth(&admin)).await, 204);
    assert_eq!(whoami(&first.token).await, 200, "a session is no maker");
    let path = format!("/api/v1/tokens/{}", first.view.id);
    assert_eq!(status(server.local(Method::DELETE, &path)).await, 204);
    for token in [first, second, third] {
        assert_eq!(whoami(&token.token).await, 401, "{}", token.view.name);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_stream_of_a_removed_operator_ends() {
    let server = TestServer::start().await;
    let token = add(&server, "vera", "viewer").await;
    let request = server.network(Method::GET, "/api/v1/events");
    let mut stream = request.bearer_auth(&token).send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    let path = "/api/v1/operators/vera";
    assert_eq!(status(server.local(Method::DELETE, path)).await, 204);
    let _device = TestDevice::enrol(&server, "358931104120070").await;
    let end = async {
        let mut told = String::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            told.push_str(&String::from_utf8_lossy(&chunk));
        }
        told
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(30), end).await;
    let told = told.expect("it ends by itself");
    assert!(!told.contains("data:"), "nothing is told any more: {told}");
    server.stop().await;
}
