use std::io::Write;
use std::sync::{Arc, Mutex};

use callhome::api::{ActionView, Invitation, PinView};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::device::{TestDevice, invite};
use crate::support::server::{Setup, TestServer};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn text(request: RequestBuilder) -> String {
    let response = request.send().await.expect("an answer");
    response.text().await.expect("a body")
}

#[tokio::test]
async fn planted_secrets_are_in_no_log_no_error_and_no_trail() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole process: other tests beside this one log too, which only makes the search wider.
    tracing::subscriber::set_global_default(
        tracing_subscriber::fmt()
            // Microseconds look like PINs.
            .without_time()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish(),
    )
    .expect("no other test sets one");
    let server = TestServer::with(Setup {
        gateway_doors: vec![("tap".into(), "planted-gateway-secret".into())],
        ..Setup::default()
    })
    .await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let lock = json!({ "device": device.enrolled.device, "action": "lck()", "accept_risk": ["lock"], "reason": "r" });
    let _made: ActionView = server.post("/api/v1/actions", &lock, 201).await;
    let path = format!("/api/v1/devices/{}/pin", device.enrolled.device);
    let pins: Vec<PinView> = server.post(&path, &Value::Null, 200).await;
    let invitation: Invitation = invite(&server, 1).await;
    let asked = json!({ "name": "ci", "role": "viewer", "valid_days": 1 });
    let token: Value = server.post("/api/v1/tokens", &asked, 201).await;
    let secrets = [
        ("password", "planted-password".to_owned()),
        ("gateway", "planted-gateway-secret".to_owned()),
        ("first code", server.first_code()),
        ("device secret", device.secret.to_hex()),
        ("SIP password", device.secret.sip_password()),
        ("PIN", pins[0].pin.clone()),
        ("code", invitation.codes[0].to_string()),
        (
            "token",
            token["token"].as_str().expect("a token").to_owned(),
        ),
    ];
    let mut seen = String::new();
    let post = |path: &str| server.network(Method::POST, path);
    for (_, secret) in &secrets {
        let login = json!({ "operator": secret, "password": secret });
        let enrol = json!({ "code": secret, "secret": secret, "device_id": secret });
        let wrong_shape = json!([secret]);
        let mo = format!("/gateway/v1/tap/{secret}/mo");
        for request in [
            post("/api/v1/auth/login").json(&login),
            post("/api/v1/auth/login").json(&json!(secret)),
            post("/api/v1/auth/login").json(&wrong_shape),
            post("/agent/v1/enrol").json(&wrong_shape),
            post("/agent/v1/session")
                .header("signature", secret)
                .body(secret.clone()),
            server
                .network(Method::GET, "/api/v1/devices")
                .bearer_auth(format!("x{secret}")),
            server.network(Method::GET, &mo),
        ] {
            seen.push_str(&text(request).await);
        }
        // The code's form is told, the code itself is not.
        let told = text(post("/agent/v1/enrol").json(&enrol)).await;
        seen.push_str(&told);
    }
    let taken = "/gateway/v1/tap/planted-gateway-secret/mo?text=hello&from=%2B14085550137";
    seen.push_str(&text(server.network(Method::GET, taken)).await);
    let trail = "/api/v1/audit?limit=1000";
    seen.push_str(&text(server.local(Method::GET, trail)).await);
    let device_log = format!("/api/v1/devices/{}/log", device.enrolled.device);
    seen.push_str(&text(server.local(Method::GET, &device_log)).await);
    seen.push_str(&text(server.local(Method::GET, "/metrics")).await);
    server.stop().await;

    let logged = String::from_utf8_lossy(&log.0.lock().expect("the log")).into_owned();
    assert!(logged.contains("answered"), "the log was not caught");
    // Crates below us log at TRACE what they read from the wire; only our own words count here.
    let ours: String = logged
        .lines()
        .filter(|line| line.contains(" callhome::"))
        .collect::<Vec<_>>()
        .join("\n");
    for (name, secret) in secrets {
        assert!(!ours.contains(&secret), "{name} was logged");
        assert!(!seen.contains(&secret), "{name} was told");
    }
}
