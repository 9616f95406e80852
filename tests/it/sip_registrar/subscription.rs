//! RFC 6665 at the registrar (requirement B2).

use callhome::sip::{Dialog, NameAddr, OutboundRequest, SipReport, SipUri, contact_me};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{IMEI, SipDevice, call, code, header};
use crate::support::server::{Setup, TestServer};

fn subscribe(device: &SipDevice, server: &TestServer, expires: u32) -> OutboundRequest {
    let uri = SipUri::at(&device.user(), server.sip());
    OutboundRequest::subscribe(uri, device.aor(), contact_me::EVENT, expires)
        .expect("an event")
        .with_contact(&format!("<{}>", device.contact()))
        .expect("a contact")
        .with_credentials(device.credentials())
}

/// The dialog of a subscription, for the next SUBSCRIBE in it.
fn dialog(report: &SipReport) -> Dialog {
    let answer = report.answer.as_ref().expect("an answer");
    let header = |name| answer.header(name).next().expect("there");
    let tag = |name| {
        let address = NameAddr::parse(header(name));
        address.tag().expect("a tag").to_owned()
    };
    let number = header("CSeq").split(' ').next().expect("a number");
    Dialog {
        call_id: header("Call-ID").to_owned(),
        local_tag: tag("From"),
        remote_tag: tag("To"),
        sequence: number.parse::<u32>().expect("a number") + 1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_is_told_what_is_pending_also_after_a_restart_until_it_unsubscribes() {
    let server = TestServer::start().await;
    let mut phone = SipDevice::enrol(&server, IMEI).await;
    assert_eq!(
        code(&phone.send(phone.register(&server, 600)).await),
        Some(200)
    );

    let begun = phone.send(subscribe(&phone, &server, 600)).await;
    assert_eq!(code(&begun), Some(200), "{begun:?}");
    let first = phone.next().await;
    let state = header(&first, "Subscription-State");
    assert!(state.starts_with("active;expires="), "{state}");
    assert!(first.message.body().is_empty(), "nothing is pending");

    // A callback goes out in the dialog. The phone takes it and opens no session, so it stays pending.
    let asked = call(&server, &phone.test).await;
    let second = phone.next().await;
    let dialog = dialog(&begun);
    assert_eq!(header(&second, "Call-ID"), dialog.call_id);
    let tag = |name| {
        NameAddr::parse(header(&second, name))
            .tag()
            .map(str::to_owned)
    };
    assert_eq!(tag("To"), Some(dialog.local_tag.clone()));
    assert_eq!(tag("From"), Some(dialog.remote_tag.clone()));
    let wish = String::from_utf8_lossy(second.message.body()).into_owned();
    assert!(
        wish.contains(&format!("Request-Id: {}", asked.id)),
        "{wish}"
    );

    let mut refresh = subscribe(&phone, &server, 900).in_dialog(dialog.clone());
    assert_eq!(code(&phone.send(refresh.clone()).await), Some(200));
    let third = phone.next().await;
    let state = header(&third, "Subscription-State");
    assert!(
        state.starts_with("active;expires=89") || state.ends_with("=900"),
        "{state}"
    );
    let wish = String::from_utf8_lossy(third.message.body()).into_owned();
    assert!(
        wish.contains(&format!("Request-Id: {}", asked.id)),
        "{wish}"
    );

    // Another run of the server, at another port: binding and subscription are still there.
    let dir = server.stop().await;
    let server = TestServer::with(Setup {
        dir: Some(dir),
        ..Setup::default()
    })
    .await;
    let number = |r: &callhome::sip::InboundRequest| r.message.cseq().map(|c| c.number);
    let asked = call(&server, &phone.test).await;
    let fourth = phone.next().await;
    assert_eq!(header(&fourth, "Call-ID"), dialog.call_id);
    assert!(number(&fourth) > number(&third), "numbers go on");
    let wish = String::from_utf8_lossy(fourth.message.body()).into_owned();
    assert!(
        wish.contains(&format!("Request-Id: {}", asked.id)),
        "{wish}"
    );

    refresh.uri = SipUri::at(&phone.user(), server.sip());
    refresh.expires = Some(0);
    refresh.dialog = Some(Dialog {
        sequence: 20,
        ..dialog.clone()
    });
    assert_eq!(code(&phone.send(refresh.clone()).await), Some(200));
    let last = phone.next().await;
    assert_eq!(
        header(&last, "Subscription-State"),
        "terminated;reason=timeout"
    );
    refresh.dialog = Some(Dialog {
        sequence: 30,
        ..dialog.clone()
    });
    assert_eq!(code(&phone.send(refresh).await), Some(481));
    // The REGISTER's own subscription still holds: NOTIFY outside any dialog.
    call(&server, &phone.test).await;
    let outside = phone.next().await;
    assert_ne!(header(&outside, "Call-ID"), dialog.call_id);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_is_not_refreshed_is_ended_with_a_notify_and_known_no_more() {
    let server = TestServer::start().await;
    let mut phone = SipDevice::enrol(&server, IMEI).await;
    let registered = phone.send(phone.register(&server, 3600)).await;
    assert_eq!(code(&registered), Some(200));
    let begun = phone.send(subscribe(&phone, &server, 600)).await;
    assert_eq!(code(&begun), Some(200), "{begun:?}");
    let first = phone.next().await;
    let dialog = dialog(&begun);

    // Ten minutes go by while the server is away.
    let dir = server.stop().await;
    let server = TestServer::with(Setup {
        dir: Some(dir),
        ahead: std::time::Duration::from_secs(601),
        ..Setup::default()
    })
    .await;
    let last = phone.next().await;
    assert_eq!(
        header(&last, "Subscription-State"),
        "terminated;reason=timeout"
    );
    assert_eq!(header(&last, "Call-ID"), dialog.call_id);
    let number = |r: &callhome::sip::InboundRequest| r.message.cseq().map(|c| c.number);
    assert!(number(&last) > number(&first));
    let mut refresh = subscribe(&phone, &server, 600).in_dialog(dialog.clone());
    refresh.uri = SipUri::at(&phone.user(), server.sip());
    assert_eq!(code(&phone.send(refresh).await), Some(481));
    // The registration was for an hour and still holds: what comes now comes outside the dialog.
    call(&server, &phone.test).await;
    let outside = phone.next().await;
    assert_ne!(header(&outside, "Call-ID"), dialog.call_id);
    server.stop().await;
}

/// Takes a NOTIFY and never answers it.
struct Silent(tokio::sync::mpsc::UnboundedSender<()>);

#[async_trait::async_trait]
impl callhome::port::SipHandler for Silent {
    async fn handle(&self, _: callhome::sip::InboundRequest) -> callhome::sip::Reply {
        self.0.send(()).expect("the test runs");
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_does_not_wait_for_a_subscriber_that_does_not_answer() {
    use callhome::net::sip_link::{LinkOptions, SipLink};
    let server = TestServer::start().await;
    let (told, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let options = LinkOptions::new(([127, 0, 0, 1], 0).into(), [3; 32]);
    let link = SipLink::open(options.with_handler(std::sync::Arc::new(Silent(told))));
    let (_, requests) = tokio::sync::mpsc::unbounded_channel();
    let phone = SipDevice::on(link.expect("a port"), requests, &server, IMEI).await;
    let registered = phone.send(phone.register(&server, 600)).await;
    assert_eq!(code(&registered), Some(200));
    let begun = phone.send(subscribe(&phone, &server, 600)).await;
    assert_eq!(code(&begun), Some(200), "{begun:?}");
    asked.recv().await.expect("the NOTIFY is there");
    let patience = std::time::Duration::from_secs(10);
    let stopped = tokio::time::timeout(patience, server.stop()).await;
    assert!(stopped.is_ok(), "it waits for the answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_device_itself_subscribes_and_only_to_what_there_is() {
    let server = TestServer::start().await;
    let phone = SipDevice::enrol(&server, IMEI).await;
    let mut unsigned = subscribe(&phone, &server, 600);
    unsigned.credentials = None;
    assert_eq!(code(&phone.send(unsigned).await), Some(401));
    let mut other = subscribe(&phone, &server, 600);
    other.to = Some("sip:somebody@callhome.test".parse().expect("an address"));
    assert_eq!(code(&phone.send(other).await), Some(403));
    let mut dialogs = subscribe(&phone, &server, 600);
    dialogs.event = Some("dialog".into());
    let refused = phone.send(dialogs).await;
    assert_eq!(code(&refused), Some(489));
    let answer = refused.answer.expect("an answer");
    assert_eq!(
        answer.header("Allow-Events").next(),
        Some(contact_me::EVENT)
    );
    let brief = phone.send(subscribe(&phone, &server, 5)).await;
    assert_eq!(code(&brief), Some(423));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipp_subscribes_and_takes_the_notify_in_its_dialog() {
    if !crate::sip_peers::installed(&["sipp"]) {
        return;
    }
    let server = TestServer::start().await;
    let phone = SipDevice::enrol(&server, IMEI).await;
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sipp/uac_subscribe.xml");
    let (user, password) = (phone.user(), phone.test.secret.sip_password());
    let to = server.sip().to_string();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let users = folder.path().join("users.csv");
    let line = format!("SEQUENTIAL\n{user};[authentication username={user} password={password}]\n");
    std::fs::write(&users, line).expect("a scratch file");
    let ran = tokio::task::spawn_blocking(move || {
        Command::new("sipp")
            .args(["-sf".as_ref(), scenario.as_os_str()])
            .args(["-inf".as_ref(), users.as_os_str()])
            .args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "20"])
            .args(["-trace_err", "-error_file", "errors.log", &to])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .map(|ran| {
                let errors = folder.path().join("errors.log");
                (ran, std::fs::read_to_string(errors).unwrap_or_default())
            })
    })
    .await
    .expect("no panic");
    let (ran, errors) = ran.expect("sipp runs");
    assert!(ran.status.success(), "{errors}");
    server.stop().await;
}
