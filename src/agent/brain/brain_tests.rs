use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use crate::agent::phone::{Content, PinAnswer};
use crate::api::{BackupItem, BackupReceipt, BackupView, ReportKind, SessionRequest};
use crate::domain::{DeviceId, DeviceSecret, Identity, Purpose};
use crate::oma::{Initiator, Notification, UiMode};
use crate::port::DoorError;
use crate::sip::{Bootstrap, InboundRequest, Message, Method};
use crate::sms::{Draft, Payload, Reply, ResultStatus, UnlockPin};

pub(super) const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn later(seconds: u64) -> Timestamp {
    T0.after(Duration::from_secs(seconds))
}

fn secret() -> DeviceSecret {
    DeviceSecret::from_bytes([7; 32])
}

pub(super) fn brain() -> Brain {
    let persona = Persona {
        device_id: DeviceId::from_random([9; 16]),
        secret: secret(),
        identities: vec!["imei:358931104120070".parse::<Identity>().expect("valid")],
        numbers: vec!["+14085550137".parse().expect("valid")],
        name: None,
        model: Some("Test".into()),
        has_data: true,
    };
    let mut brain = Brain::new(persona, 5);
    let answer = EnrolResponse {
        device: ShortId::from_random([1; 5]),
        epoch: 3,
        server: "home".into(),
        sip_registrar: None,
        sips_registrar: None,
        aor: None,
        trusted_servers: vec!["192.0.2.7".into(), "[2001:db8::1]".into()],
        sms_sender: None,
    };
    brain.enrolled("https://mgmt.example.net:8443", answer, T0);
    brain
}

pub(super) fn signed(first: u32, actions: &str) -> String {
    let draft: Draft = format!("KME 2.00 {first:08x} {actions}")
        .parse()
        .expect(actions);
    draft
        .sign(&SmsKeys::derive(&secret()))
        .expect("numbered")
        .to_string()
}

fn sms(brain: &mut Brain, text: &str) -> Vec<Effect> {
    brain.receive_sms("+1999", text, T0)
}

/// The only result among the effects.
fn result(effects: &[Effect]) -> &crate::sms::ActionResult {
    let mut results = effects.iter().filter_map(|e| match e {
        Effect::SendResult(result) => Some(result),
        _ => None,
    });
    let first = results.next().expect("a result");
    assert!(results.next().is_none(), "one result");
    first
}

/// What is stored and read again: a restart.
fn restarted(brain: &Brain) -> Brain {
    Brain::from_bytes(&brain.to_bytes().expect("plain data")).expect("as written")
}

#[test]
fn a_lock_is_executed_once_however_often_it_comes() {
    let mut brain = brain();
    let text = signed(1, "lck(Call%20IT)");
    let first = sms(&mut brain, &text);
    assert_eq!(result(&first).status(), ResultStatus::Done);
    for _ in 0..3 {
        brain = restarted(&brain);
        let again = sms(&mut brain, &text);
        assert_eq!(result(&again), result(&first), "the stored result");
    }
    assert_eq!(brain.counters().executed.get("lck"), Some(&1));
    let screen = brain.phone().lock_screen().expect("locked");
    assert_eq!(screen.message(), Some("Call IT"));
}

#[test]
fn the_pin_of_the_lock_opens_it_and_no_other() {
    let mut brain = brain();
    sms(&mut brain, &signed(1, "lck()"));
    let pin = UnlockPin::derive(&secret(), Sequence::new(1));
    let other = UnlockPin::derive(&secret(), Sequence::new(2));
    assert_eq!(brain.enter_pin(other.expose(), T0), PinAnswer::Wrong);
    assert_eq!(brain.enter_pin(pin.expose(), T0), PinAnswer::Unlocked);
    assert_eq!(brain.enter_pin(pin.expose(), T0), PinAnswer::NotLocked);
}

#[test]
fn forged_altered_and_downgraded_messages_do_nothing_and_are_reported_once() {
    let good = signed(1, "lck()");
    let old = {
        let token = SmsKeys::derive(&secret()).sign(Version::V1, b"KME 1.00 00000001 aud()");
        format!("KME 1.00 00000001 {token} aud()")
    };
    for (name, text, kind) in [
        (
            "altered",
            good.replace("lck()", "wip()"),
            ReportKind::WrongToken,
        ),
        (
            "forged",
            "KME 2.00 00000001 0123456789abcdef lck()".into(),
            ReportKind::WrongToken,
        ),
        ("downgraded", old, ReportKind::Downgrade),
        (
            "unreadable",
            "KME 2.00 1 lck()".into(),
            ReportKind::Unreadable,
        ),
    ] {
        let mut brain = brain();
        let effects = sms(&mut brain, &text);
        let [Effect::Report(report)] = effects.as_slice() else {
            panic!("{name}: {effects:?}");
        };
        assert_eq!((report.kind, report.count), (kind, 1), "{name}");
        assert!(brain.counters().executed.is_empty(), "{name}");
        // More of them within a minute: counted, not reported one by one, and right ones still work.
        assert!(sms(&mut brain, &text).is_empty(), "{name}");
        assert_eq!(result(&sms(&mut brain, &good)).status(), ResultStatus::Done);
    }
}

#[test]
fn every_action_ends_with_a_result() {
    for (action, status) in [
        ("aud()", ResultStatus::Done),
        ("loc(3,60)", ResultStatus::Done),
        ("loc(0)", ResultStatus::Failed),
        ("lck()", ResultStatus::Done),
        ("ulk()", ResultStatus::Done),
        ("wip()", ResultStatus::Done),
        ("wip(moon)", ResultStatus::Failed),
        ("rst()", ResultStatus::Done),
        ("rng(5)", ResultStatus::Done),
        ("rng(soon)", ResultStatus::Failed),
        ("msg(Hello)", ResultStatus::Done),
        ("msg()", ResultStatus::Failed),
        ("log(5)", ResultStatus::Done),
        ("act(camera,off)", ResultStatus::Done),
        ("act()", ResultStatus::Failed),
        ("trm(https%3A%2F%2Fh%2Ft)", ResultStatus::Done),
        ("nop()", ResultStatus::Done),
        ("ref()", ResultStatus::Done),
        ("get(nowhere.txt)", ResultStatus::Failed),
        ("get(P%20Dat.txt,10)", ResultStatus::Failed),
        ("bak(moon)", ResultStatus::Failed),
        ("res(4t9wz0kc)", ResultStatus::Failed),
        ("put(a.txt)", ResultStatus::Failed),
        (
            "cal(https%3A%2F%2Fevil.example%2F,x)",
            ResultStatus::Refused,
        ),
        ("zzz(1)", ResultStatus::Unsupported),
    ] {
        let mut brain = brain();
        let effects = sms(&mut brain, &signed(1, action));
        let made = result(&effects);
        assert_eq!(made.status(), status, "{action}");
        // What goes out can be read by the other side.
        let read = crate::sms::ActionResult::from_xml(made.to_xml().as_bytes());
        assert_eq!(read.expect(action).sequence(), Sequence::new(1));
    }
}

#[test]
fn results_wait_until_the_server_has_them() {
    let mut brain = brain();
    sms(&mut brain, &signed(1, "aud() loc(1)"));
    let mut brain = restarted(&brain);
    assert_eq!(brain.resume(T0).len(), 2);
    brain.result_sent(Sequence::new(1));
    let waiting = brain.waiting();
    assert_eq!(result(&waiting).sequence(), Sequence::new(2));
    let Effect::SendResult(located) = &sms(&mut brain, &signed(3, "ref()"))[0] else {
        panic!("ref() sends what waits");
    };
    assert_eq!(located.sequence(), Sequence::new(2));
}

#[test]
fn missing_actions_are_asked_for_after_a_while() {
    let mut brain = brain().with_hold(Duration::from_secs(10));
    assert!(sms(&mut brain, &signed(3, "aud()")).is_empty());
    assert_eq!(brain.poll_timeout(), Some(later(10)));
    let effects = brain.poll(later(10));
    let [Effect::OpenSession { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(request.missing, [Sequence::new(1), Sequence::new(2)]);
    let effects = brain.receive_sms("", &signed(1, "nop() nop()"), later(11));
    assert_eq!(effects.len(), 3, "both, and the one that waited");
    assert_eq!(brain.poll_timeout(), None);
}

/// What the server answers to an upload.
type Receipt = Result<BackupReceipt, DoorError>;

fn receipt(effect: &Effect) -> (Sequence, Receipt, (String, u32, Vec<u8>)) {
    use sha2::Digest;
    let Effect::Upload {
        job,
        backup,
        path,
        entries,
        content,
    } = effect
    else {
        panic!("{effect:?}");
    };
    let sha256 = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(content));
    let receipt = BackupReceipt {
        backup: *backup,
        path: path.clone(),
        sha256,
        size_bytes: content.len() as u64,
    };
    (*job, Ok(receipt), (path.clone(), *entries, content.clone()))
}

#[test]
fn a_backup_survives_a_restart_in_its_middle_and_can_be_put_back() {
    let mut brain = brain();
    let mut effects = sms(&mut brain, &signed(1, "bak(all)"));
    let mut items = Vec::new();
    let mut backups = std::collections::BTreeSet::new();
    while let [effect @ Effect::Upload { backup, .. }] = effects.as_slice() {
        backups.insert(*backup);
        // Each time the device is switched off before the answer comes: it sends the item again.
        brain = restarted(&brain);
        let again = brain.resume(T0);
        assert_eq!(again.as_slice(), std::slice::from_ref(effect));
        let (job, answer, item) = receipt(effect);
        items.push(item);
        effects = brain.uploaded(job, answer, T0);
    }
    assert_eq!((items.len(), backups.len()), (8, 1));
    assert_eq!(
        result(&effects).payload(),
        &Payload::Backup {
            kind: "all".into(),
            items: 47,
            size_bytes: items.iter().map(|i| i.2.len() as u64).sum(),
        }
    );
    let before = brain.phone().content();
    sms(&mut brain, &signed(2, "wip(all)"));
    assert_eq!(brain.phone().content(), Content::default());
    let view = BackupView {
        id: ShortId::from_random([2; 5]),
        device: ShortId::from_random([1; 5]),
        device_name: "Test".into(),
        kind: "all".into(),
        created_at: T0,
        completed_at: Some(T0),
        items: items
            .iter()
            .map(|(path, entries, content)| BackupItem {
                path: path.clone(),
                size_bytes: content.len() as u64,
                sha256: String::new(),
                entries: *entries,
            })
            .collect(),
        size_bytes: 0,
    };
    let mut effects = sms(&mut brain, &signed(3, "res(x,%2Fagent%2Fv1%2Fbackups%2Fx)"));
    let mut answers = vec![serde_json::to_vec(&view).expect("plain data")];
    answers.extend(items.iter().map(|i| i.2.clone()));
    for content in answers {
        let [Effect::Download { job, link }] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        assert!(link.starts_with("/agent/v1/backups/x"), "{link}");
        effects = brain.downloaded(*job, Ok(content), T0);
    }
    assert_eq!(result(&effects).status(), ResultStatus::Done);
    assert_eq!(brain.phone().content(), before);
}

#[test]
fn an_upload_is_tried_again_before_it_fails() {
    let mut brain = brain();
    let effects = sms(&mut brain, &signed(1, "get(P%20Dat.txt,4096)"));
    let (job, ..) = receipt(&effects[0]);
    let mut now = T0;
    for _ in 0..5 {
        let down = Err(DoorError::Unreachable("down".into()));
        assert!(brain.uploaded(job, down, now).is_empty());
        now = brain.poll_timeout().expect("tried again");
        assert_eq!(brain.poll(now).as_slice(), effects.as_slice());
    }
    let down = Err(DoorError::Unreachable("down".into()));
    let ended = brain.uploaded(job, down, now);
    assert_eq!(result(&ended).code(), Some("unreachable"));
    assert_eq!(brain.poll_timeout(), None);
}

#[test]
fn a_download_with_another_digest_is_not_installed() {
    let mut brain = brain();
    let digest = "0".repeat(64);
    let effects = sms(&mut brain, &signed(1, &format!("put(a.txt,%2Ff,{digest})")));
    let [Effect::Download { job, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let ended = brain.downloaded(*job, Ok(b"content".to_vec()), T0);
    assert_eq!(result(&ended).code(), Some("wrong-digest"));
    assert_eq!(brain.phone().content().find_file("a.txt"), None);
}

#[test]
fn a_phone_without_data_answers_by_text_message_and_again_when_asked_again() {
    let mut brain = brain();
    brain.persona.has_data = false;
    let text = signed(1, "lck() bak() num(00112233aabbccdd)");
    let effects = sms(&mut brain, &text);
    let [Effect::SendSms { to, text: answer }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(to, "+1999");
    let reply = Reply::parse(answer.as_bytes()).expect("a reply");
    assert!(reply.verify(&SmsKeys::derive(&secret())).is_ok());
    let statuses: Vec<String> = reply.statuses().iter().map(ToString::to_string).collect();
    assert_eq!(statuses[0], "ok(locked)");
    assert!(statuses[1].starts_with("err(failed,"), "{statuses:?}");
    assert_eq!(sms(&mut brain, &text), effects, "the answer may be lost");
    let other = signed(3, "aud() num(00112233aabbccdd)");
    assert!(sms(&mut brain, &other).is_empty(), "the nonce is used up");
}

#[test]
fn ordinary_text_messages_are_for_the_user() {
    let mut brain = brain();
    assert!(sms(&mut brain, "Dinner at 7?").is_empty());
    assert_eq!(
        brain.phone().messages().collect::<Vec<_>>(),
        ["Dinner at 7?"]
    );
}

fn request(method: Method, headers: &[(&str, &str)], body: &[u8]) -> InboundRequest {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 5070));
    let mut message = Message::request(method, "sip:dev@127.0.0.1:5070");
    for (name, value) in headers {
        message.push(name, value);
    }
    message.set_body(body.to_vec());
    InboundRequest {
        message,
        source: local,
        local,
        transport: crate::sip::Transport::Udp,
    }
}

fn contact_me(body: &str) -> InboundRequest {
    let headers = [
        ("Event", "application-server-contact-me"),
        ("Content-Type", "application/application-server-contact-me"),
    ];
    request(Method::NOTIFY, &headers, body.as_bytes())
}

#[test]
fn a_trusted_server_is_called_once_for_each_request() {
    let mut brain = brain();
    let notify = contact_me("Address: mgmt.example.net\r\nPort: 8443\r\nRequest-Id: 4t9wz0kc\r\n");
    let (reply, effects) = brain.receive_sip(&notify, T0);
    assert_eq!(reply.code, 200);
    let [
        Effect::OpenSession {
            request,
            at,
            job: None,
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert!(at.is_empty(), "its own endpoint");
    assert_eq!(request.request_id.as_deref(), Some("4t9wz0kc"));
    let (reply, effects) = restarted(&brain).receive_sip(&notify, T0);
    assert_eq!((reply.code, effects.len()), (200, 0));

    let elsewhere = contact_me("Address: 192.0.2.7\r\nPort: 9443\r\nRequest-Id: b\r\n");
    let (_, effects) = brain.receive_sip(&elsewhere, T0);
    assert!(
        matches!(&effects[..], [Effect::OpenSession { at, .. }] if at[..] == ["https://192.0.2.7:9443/agent/v1/session"]),
        "{effects:?}"
    );
}

#[test]
fn path_component_api_and_trusted_alternatives_are_what_is_called() {
    let notify = contact_me(
        "Address: 192.0.2.7\r\nPort: 9443\r\nProtocol: http\r\nPath: /provision?v=2\r\nComponent: phonebook\r\n\
         Api: json/2\r\nRequest-Id: req-17/a\r\nAlternative: evil.example:80\r\nAlternative: mgmt.example.net:8080\r\n",
    );
    let (reply, effects) = brain().receive_sip(&notify, T0);
    assert_eq!(reply.code, 200);
    let [Effect::OpenSession { request, at, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        at[..],
        [
            "http://192.0.2.7:9443/provision?v=2",
            "http://mgmt.example.net:8080/provision?v=2"
        ],
        "the alternative that is not trusted is left out"
    );
    assert_eq!(request.request_id.as_deref(), Some("req-17/a"));
    assert_eq!(request.component.as_deref(), Some("phonebook"));
    assert_eq!(request.api.as_deref(), Some("json/2"));

    let bare = contact_me("Request-Id: r2\r\nPath: /x\r\n");
    let (_, effects) = brain().receive_sip(&bare, T0);
    assert!(
        matches!(&effects[..], [Effect::OpenSession { at, .. }] if at[..] == ["https://mgmt.example.net:8443/x"]),
        "without an address, the configured one: {effects:?}"
    );
}

#[test]
fn a_time_slot_is_waited_for_over_a_restart_and_a_missed_one_is_dropped() {
    let slot = format!(
        "Request-Id: late\r\nNot-Before: {}\r\nNot-After: {}\r\n",
        later(60),
        later(120)
    );
    let mut brain = brain();
    for _ in 0..2 {
        let (reply, effects) = brain.receive_sip(&contact_me(&slot), T0);
        assert_eq!((reply.code, effects.len()), (200, 0));
    }
    assert_eq!(brain.poll_timeout(), Some(later(60)));
    assert!(restarted(&brain).poll(later(59)).is_empty());
    assert!(restarted(&brain).poll(later(121)).is_empty(), "missed");
    let mut brain = restarted(&brain);
    let effects = brain.poll(later(60));
    assert!(
        matches!(&effects[..], [Effect::OpenSession { request, .. }] if request.request_id.as_deref() == Some("late")),
        "{effects:?}"
    );
    assert!(brain.poll(later(61)).is_empty(), "once");
    let (reply, _) = brain.receive_sip(&contact_me(&slot), later(121));
    assert_eq!(reply.code, 480, "over");
}

#[test]
fn an_untrusted_server_is_refused_and_reported() {
    let mut brain = brain();
    let notify = contact_me("Address: evil.example\r\nRequest-Id: 4t9wz0kc\r\n");
    let (reply, effects) = brain.receive_sip(&notify, T0);
    assert_eq!(reply.code, 403);
    assert!(
        matches!(&effects[..], [Effect::Report(r)] if r.kind == ReportKind::UntrustedServer),
        "{effects:?}"
    );
    let (_, effects) = brain.receive_sip(&notify, later(1));
    assert!(effects.is_empty(), "reports are throttled");
}

#[test]
fn what_is_not_understood_is_said_so() {
    let mut brain = brain();
    for (sip, code) in [
        (request(Method::NOTIFY, &[("Event", "dialog")], b""), 489),
        (
            request(Method::NOTIFY, &[("Event", "check-sync;reboot=false")], b""),
            200,
        ),
        (request(Method::OPTIONS, &[], b""), 200),
        (request(Method::MESSAGE, &[], b"hello"), 405),
        (
            request(
                Method::INVITE,
                &[("Content-Type", "application/sdp")],
                b"v=0",
            ),
            488,
        ),
        (contact_me("Port: soon\r\n"), 400),
        (contact_me("Not-After: 2020-01-01T00:00:00Z\r\n"), 480),
    ] {
        let line = sip.message.first_line();
        assert_eq!(brain.receive_sip(&sip, T0).0.code, code, "{line}");
    }
}

fn bootstrap(server: &str, expires_at: Timestamp, secret: &DeviceSecret) -> InboundRequest {
    let bootstrap = Bootstrap {
        server: server.into(),
        token: "one-time".into(),
        expires_at,
        tls_pin: None,
        session: ShortId::from_random([3; 5]),
    };
    let headers = [("Content-Type", "application/vnd.callhome.bootstrap+json")];
    request(Method::INVITE, &headers, &bootstrap.seal(secret))
}

#[test]
fn a_bootstrap_serves_once_and_only_its_own_device() {
    let mut brain = brain();
    let home = "https://mgmt.example.net:8443";
    let good = bootstrap(home, later(60), &secret());
    let (reply, effects) = brain.receive_sip(&good, T0);
    assert_eq!(reply.code, 200);
    let [Effect::OpenSession { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(request.bootstrap_token.as_deref(), Some("one-time"));
    for (name, invite) in [
        ("a second time", good),
        (
            "for another device",
            bootstrap(home, later(60), &DeviceSecret::from_bytes([8; 32])),
        ),
        ("too old", bootstrap(home, T0, &secret())),
        (
            "to a stranger",
            bootstrap("https://evil.example", later(60), &secret()),
        ),
    ] {
        let (reply, effects) = restarted(&brain).receive_sip(&invite, later(1));
        assert_eq!(reply.code, 403, "{name}");
        let opened = effects
            .iter()
            .any(|e| matches!(e, Effect::OpenSession { .. }));
        assert!(!opened, "{name}");
    }
}

#[test]
fn package_0_is_believed_only_with_the_digest_of_this_epoch() {
    let password = data_encoding::HEXLOWER.encode(&secret().key(Purpose::Bootstrap));
    let package = |nonce: u32| {
        let octets = Notification::new("home", 7, UiMode::Background, Initiator::Server)
            .expect("a short name")
            .with_vendor(b"4t9wz0kc")
            .sign(&password, &nonce.to_be_bytes());
        let headers = [("Content-Type", "application/vnd.syncml.notification")];
        request(Method::INVITE, &headers, &octets)
    };
    let mut brain = brain();
    assert_eq!(
        brain.receive_sip(&package(2), T0).0.code,
        403,
        "another epoch"
    );
    let (reply, effects) = brain.receive_sip(&package(3), T0);
    assert_eq!(reply.code, 200);
    assert!(
        matches!(&effects[..], [Effect::OpenSession { request: SessionRequest { request_id: Some(id), .. }, .. }] if id == "4t9wz0kc"),
        "{effects:?}"
    );
}

#[test]
fn a_new_enrolment_begins_at_one_again() {
    let mut brain = brain();
    sms(&mut brain, &signed(1, "lck()"));
    let answer = EnrolResponse {
        epoch: 4,
        ..brain.enrolment().expect("enrolled").clone()
    };
    brain.enrolled("https://mgmt.example.net:8443", answer, T0);
    let effects = sms(&mut brain, &signed(1, "ulk()"));
    assert_eq!(result(&effects).status(), ResultStatus::Done);
    assert!(brain.phone().lock_screen().is_none());
}

#[test]
fn nothing_of_the_secret_is_shown() {
    let text = format!("{:?}", brain());
    assert!(
        !text.contains("0707") && !text.contains("7, 7, 7"),
        "{text}"
    );
}
