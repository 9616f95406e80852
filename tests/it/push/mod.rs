//! Push services (requirement C12) against stand-ins of another make that check every octet of format that the real
//! ones document.

mod peer;
mod whole;

use std::sync::Arc;

use callhome::host::SystemClock;
use callhome::net::push::{self, PushSetup, PushSetupError};
use callhome::port::{BearerError, Clock as _, PushError, PushMessage, PushService};
use std::time::Duration;

use peer::StandIn;

fn setup(peer: &StandIn, credentials: &str) -> PushSetup {
    PushSetup {
        name: "main".into(),
        credentials: credentials.into(),
        url: Some(peer.url().parse().expect("an address")),
        options: [
            ("key_id", "ABC123DEFG"),
            ("team_id", "DEF123GHIJ"),
            ("topic", "com.example.callhome"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        ca_pem: Some(peer.ca_pem().to_owned()),
        clock: Arc::new(SystemClock),
    }
}

fn fcm(peer: &StandIn) -> Arc<dyn PushService> {
    push::open("fcm", setup(peer, &peer.read("service-account.json"))).expect("set up")
}

fn apns(peer: &StandIn) -> Arc<dyn PushService> {
    push::open("apns", setup(peer, &peer.read("AuthKey.p8"))).expect("set up")
}

fn message(to: &str, request: &str) -> PushMessage {
    PushMessage {
        to: to.parse().expect("an address"),
        request_id: request.into(),
        expires_at: SystemClock.now().after(Duration::from_secs(300)),
    }
}

fn refused(answer: Result<String, PushError>) -> String {
    match answer {
        Err(PushError::Bearer(BearerError::Refused { target, reason })) => {
            assert_eq!(target, "main");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn fcm_takes_a_data_message_under_one_access_token_for_many() {
    let peer = StandIn::start("fcm");
    let service = fcm(&peer);
    assert_eq!((service.name(), service.service()), ("main", "fcm"));
    for (token, request) in [
        ("dGVzdC10b2tlbg:APA91", "4t9wz0kc"),
        ("other", "x3hq80vn.2"),
    ] {
        let answer = service
            .push(message(&format!("fcm:{token}"), request))
            .await
            .expect("taken");
        assert!(
            answer.starts_with("projects/callhome-test/messages/"),
            "{answer}"
        );
        let saw = peer.saw();
        assert_eq!(
            (&saw["token"], &saw["request_id"]),
            (&token.into(), &request.into())
        );
        let ttl = saw["ttl"].as_str().expect("a time");
        assert!(["299s", "300s"].contains(&ttl), "{ttl}");
        assert_eq!(saw["grants"], 1, "the access token is used again");
    }
    // Google ended the access token before its time: one more is got, and the message goes out.
    service
        .push(message("fcm:revoked", "r"))
        .await
        .expect("taken at the second try");
    assert_eq!(peer.saw()["grants"], 1);
    assert_eq!(peer.saw()["grants"], 2);
    peer.saw_nothing();
}

#[tokio::test]
async fn fcm_says_which_tokens_have_ended_and_when_it_wants_patience() {
    let mut peer = StandIn::start("fcm");
    let service = fcm(&peer);
    let ended = service.push(message("fcm:unregistered1", "a")).await;
    assert_eq!(
        ended,
        Err(PushError::Gone {
            service: "main".into(),
            reason: "UNREGISTERED".into()
        })
    );
    peer.saw();
    let wrong = refused(service.push(message("fcm:broken1", "b")).await);
    assert_eq!(
        wrong,
        "INVALID_ARGUMENT: The registration token is not a valid FCM registration token"
    );
    peer.saw();
    let busy = refused(service.push(message("fcm:busy1", "c")).await);
    assert_eq!(busy, "QUOTA_EXCEEDED: again in 30 s");
    peer.saw();
    // It is left alone for as long as it asked, whoever is to be woken.
    let waits = service.push(message("fcm:fine", "d")).await;
    let Err(PushError::Bearer(BearerError::Unusable(words))) = waits else {
        panic!("{waits:?}");
    };
    assert!(
        words.starts_with("main asked for patience: again in "),
        "{words}"
    );
    peer.saw_nothing();
    peer.stop();
    let silent = fcm(&peer).push(message("fcm:fine", "e")).await;
    assert_eq!(
        silent,
        Err(BearerError::Unreachable("main at 127.0.0.1".into()).into())
    );
}

#[tokio::test]
async fn apns_takes_a_background_message_over_one_connection_under_one_provider_token() {
    let peer = StandIn::start("apns");
    let service = apns(&peer);
    assert_eq!(service.service(), "apns");
    let mut connections = Vec::new();
    for request in ["4t9wz0kc", "x3hq80vn"] {
        let id = service
            .push(message(
                "apns:00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0",
                request,
            ))
            .await
            .expect("taken");
        assert_eq!(id.len(), 36, "the id that the service gave: {id}");
        let saw = peer.saw();
        assert_eq!(saw["request_id"], request);
        assert_eq!(saw["providers"], 1, "the provider token is used again");
        let left = saw["expiration"].as_i64().expect("a time") - SystemClock.now().seconds();
        assert!((290..=300).contains(&left), "{left}");
        connections.push(saw["session"].clone());
    }
    assert_eq!(connections[0], connections[1], "one connection for both");
}

#[tokio::test]
async fn apns_says_which_tokens_have_ended_and_when_it_wants_patience() {
    let peer = StandIn::start("apns");
    let service = apns(&peer);
    for (token, reason) in [
        ("unregistered1", "Unregistered"),
        ("broken1", "BadDeviceToken"),
    ] {
        let ended = service.push(message(&format!("apns:{token}"), "a")).await;
        assert_eq!(
            ended,
            Err(PushError::Gone {
                service: "main".into(),
                reason: reason.into()
            })
        );
        peer.saw();
    }
    // A provider token that has ended is replaced for the next message.
    assert_eq!(
        refused(service.push(message("apns:revoked1", "b")).await),
        "ExpiredProviderToken"
    );
    peer.saw();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    service
        .push(message("apns:revoked1", "b"))
        .await
        .expect("taken");
    assert_eq!(peer.saw()["providers"], 2);
    assert_eq!(
        refused(service.push(message("apns:busy1", "c")).await),
        "TooManyRequests: again in 30 s"
    );
    peer.saw();
    service
        .push(message("apns:fine", "d"))
        .await
        .expect_err("it asked for patience");
    peer.saw_nothing();
}

#[tokio::test]
async fn a_stand_in_with_another_certificate_or_key_is_not_trusted_with_anything() {
    let (peer, other) = (StandIn::start("fcm"), StandIn::start("fcm"));
    let account = peer.read("service-account.json");
    let mut strange = setup(&peer, &account);
    strange.ca_pem = Some(other.ca_pem().to_owned());
    let service = push::open("fcm", strange).expect("set up");
    service
        .push(message("fcm:fine", "a"))
        .await
        .expect_err("its certificate is signed by somebody else");
    peer.saw_nothing();
    // With the key of another account, the stand-in finds that the signature is wrong.
    let mut mixed: serde_json::Value = serde_json::from_str(&account).expect("JSON");
    let others: serde_json::Value =
        serde_json::from_str(&other.read("service-account.json")).expect("JSON");
    mixed["private_key"] = others["private_key"].clone();
    let service = push::open("fcm", setup(&peer, &mixed.to_string())).expect("set up");
    service
        .push(message("fcm:fine", "a"))
        .await
        .expect_err("no access token");
}

#[test]
fn settings_that_do_not_fit_are_told_without_the_credentials() {
    let peer = StandIn::start("apns");
    let key = peer.read("AuthKey.p8");
    let error = |kind: &str, setup: PushSetup| match push::open(kind, setup) {
        Err(error) => error,
        Ok(service) => panic!("{} was set up", service.name()),
    };
    let unknown = error("pigeon", setup(&peer, &key));
    assert_eq!(
        unknown.to_string(),
        "\"pigeon\" is no push service that is known here; known: fcm, apns"
    );
    let mut without = setup(&peer, &key);
    without.options.remove("topic");
    assert!(matches!(
        error("apns", without),
        PushSetupError::Missing { what: "topic", .. }
    ));
    for (kind, credentials) in [
        ("apns", "hunter2"),
        ("fcm", "hunter2"),
        ("fcm", r#"{"private_key": "hunter2"}"#),
        ("fcm", key.as_str()),
    ] {
        let error = error(kind, setup(&peer, credentials));
        assert!(
            matches!(error, PushSetupError::Credentials { .. }),
            "{error}"
        );
        let words = format!("{error} {error:?}");
        let body = key.lines().nth(1).expect("the key's first line");
        assert!(
            !words.contains("hunter2") && !words.contains(body),
            "{words}"
        );
    }
}
