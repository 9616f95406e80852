use std::net::SocketAddr;

use super::*;
use crate::sip::digest::{ClientNonce, NonceSource, challenges};
use crate::sip::{Credentials, Message, Method};

const URI: &str = "sip:example.net";
const PASSWORD: &str = "secret";

fn registrar() -> Registrar {
    let nonces = NonceSource::new([5; 32], Duration::from_secs(300));
    Registrar::new(
        Verifier::new("example.net", nonces),
        RegistrarLimits::default(),
    )
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_000_000_000)
}

fn anna() -> Applicant {
    Applicant {
        user: "anna".into(),
        password: Some(PASSWORD.into()),
        registers_others: false,
    }
}

/// A REGISTER of sip:anna@example.net with these header lines and no digest answer yet.
fn register(lines: &str) -> InboundRequest {
    let text = format!(
        "REGISTER {URI} SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK1\nFrom: <sip:anna@example.net>;tag=1\nTo: <sip:anna@EXAMPLE.net>\nCall-ID: c1\n{lines}\n\n"
    );
    InboundRequest {
        message: Message::parse(text.replace('\n', "\r\n").as_bytes()).expect("valid"),
        source: SocketAddr::from(([198, 51, 100, 7], 4321)),
        local: SocketAddr::from(([198, 51, 100, 1], 5060)),
        transport: crate::sip::Transport::Udp,
    }
}

fn answered(mut request: InboundRequest, user: &str) -> InboundRequest {
    let Decision::Refused(reply) = registrar().decide(&request, None, Vec::new(), now()) else {
        panic!("registered without a password");
    };
    assert_eq!(reply.code, 401);
    let response = reply.to_message(&request.message, "t");
    let challenge = challenges(&response).remove(0);
    let value = challenge.answer(
        &Credentials::new(user, PASSWORD),
        &Method::REGISTER,
        URI,
        b"",
        ClientNonce {
            cnonce: "c",
            count: 1,
        },
    );
    request.message.push("Authorization", &value);
    request
}

fn decide(lines: &str, current: Vec<Binding>) -> Decision {
    let request = answered(register(lines), "anna");
    assert_eq!(registrar().claimed_user(&request).as_deref(), Some("anna"));
    registrar().decide(&request, Some(&anna()), current, now())
}

fn registered(lines: &str, current: Vec<Binding>) -> (Vec<Binding>, Reply) {
    match decide(lines, current) {
        Decision::Registered {
            aor,
            bindings,
            reply,
        } => {
            assert_eq!(aor, "sip:anna@example.net");
            assert_eq!(reply.code, 200);
            (bindings, reply)
        }
        Decision::Refused(reply) => panic!("refused: {reply:?}"),
    }
}

fn refused(lines: &str, current: Vec<Binding>) -> u16 {
    match decide(lines, current) {
        Decision::Refused(reply) => reply.code,
        Decision::Registered { .. } => panic!("registered: {lines}"),
    }
}

#[test]
fn a_contact_is_bound_with_all_that_it_told() {
    let (bindings, reply) = registered(
        "CSeq: 2 REGISTER\nContact: <sip:anna@10.0.0.7:5060>;+sip.instance=\"<urn:uuid:1>\"\nExpires: 600\nPath: <sip:p1;lr>, <sip:p2;lr>\nAccept: application/application-server-contact-me;q=1, text/plain\nUser-Agent: phone/1",
        Vec::new(),
    );
    let [binding] = &bindings[..] else {
        panic!("one binding");
    };
    assert_eq!(binding.contact, "sip:anna@10.0.0.7:5060");
    assert_eq!(binding.instance, "<urn:uuid:1>");
    assert_eq!(binding.path, ["sip:p1;lr", "sip:p2;lr"]);
    assert_eq!(
        binding.accept,
        ["application/application-server-contact-me", "text/plain"]
    );
    assert_eq!(
        binding.received.expect("known").to_string(),
        "198.51.100.7:4321"
    );
    assert_eq!(binding.expires_at, now().after(Duration::from_secs(600)));
    assert!(!binding.indirect);
    let contact = &reply.headers[0].1;
    assert_eq!(
        contact,
        "<sip:anna@10.0.0.7:5060>;+sip.instance=\"<urn:uuid:1>\";expires=600"
    );
}

#[test]
fn an_instance_that_moves_replaces_its_old_contact() {
    let (first, _) = registered(
        "CSeq: 2 REGISTER\nContact: <sip:anna@10.0.0.7>;+sip.instance=\"<urn:uuid:1>\", <sip:anna@10.0.0.9>",
        Vec::new(),
    );
    let (second, _) = registered(
        "CSeq: 3 REGISTER\nContact: <sip:anna@10.0.0.8>;+sip.instance=\"<urn:uuid:1>\"",
        first,
    );
    let contacts: Vec<_> = second.iter().map(|b| b.contact.as_str()).collect();
    assert_eq!(contacts, ["sip:anna@10.0.0.9", "sip:anna@10.0.0.8"]);
}

#[test]
fn zero_removes_one_and_a_star_all() {
    let contact = "Contact: <sip:anna@10.0.0.7>, <sip:anna@10.0.0.8>";
    let (two, _) = registered(&format!("CSeq: 2 REGISTER\n{contact}"), Vec::new());
    assert_eq!(two.len(), 2);
    let one = "CSeq: 3 REGISTER\nContact: <sip:anna@10.0.0.7>;expires=0";
    assert_eq!(registered(one, two.clone()).0.len(), 1);
    let all = "CSeq: 3 REGISTER\nContact: *\nExpires: 0";
    assert_eq!(registered(all, two.clone()).0, []);
    assert_eq!(
        refused("CSeq: 3 REGISTER\nContact: *\nExpires: 60", two.clone()),
        400
    );
    assert_eq!(registered("CSeq: 3 REGISTER", two).0.len(), 2);
}

#[test]
fn what_comes_late_or_again_changes_nothing() {
    let (one, _) = registered("CSeq: 7 REGISTER\nContact: <sip:anna@10.0.0.7>", Vec::new());
    for number in [6, 7] {
        let lines = format!("CSeq: {number} REGISTER\nContact: <sip:anna@10.0.0.7>;expires=0");
        assert_eq!(refused(&lines, one.clone()), 500, "{number}");
    }
}

#[test]
fn times_are_held_in_bounds() {
    let lines = |e: &str| format!("CSeq: 1 REGISTER\nContact: <sip:anna@h>\nExpires: {e}");
    assert_eq!(refused(&lines("59"), Vec::new()), 423);
    for (wish, granted) in [("60", 60), ("99999999", 86_400), ("soon", 3600)] {
        let (bindings, _) = registered(&lines(wish), Vec::new());
        let seconds = bindings[0].expires_at.since(now()).as_secs();
        assert_eq!(seconds, granted, "{wish}");
    }
}

#[test]
fn expired_bindings_are_forgotten() {
    let (mut old, _) = registered("CSeq: 1 REGISTER\nContact: <sip:anna@h>", Vec::new());
    old[0].expires_at = now();
    assert_eq!(registered("CSeq: 2 REGISTER", old).0, []);
}

#[test]
fn a_wrong_password_an_unknown_user_and_anothers_address_are_refused() {
    let request = answered(register("CSeq: 1 REGISTER\nContact: <sip:anna@h>"), "anna");
    let code = |applicant: &Applicant| match registrar().decide(
        &request,
        Some(applicant),
        Vec::new(),
        now(),
    ) {
        Decision::Refused(reply) => reply.code,
        Decision::Registered { .. } => 200,
    };
    assert_eq!(code(&anna()), 200);
    let wrong = Applicant {
        password: Some("other".into()),
        ..anna()
    };
    let unknown = Applicant {
        password: None,
        ..anna()
    };
    assert_eq!((code(&wrong), code(&unknown)), (403, 403));
}

#[test]
fn only_a_proxy_registers_for_others_and_then_the_device_is_indirect() {
    let request = answered(
        register("CSeq: 1 REGISTER\nContact: <sip:anna@192.168.0.7>"),
        "router",
    );
    let router = |registers_others| Applicant {
        user: "router".into(),
        password: Some(PASSWORD.into()),
        registers_others,
    };
    let decide = |a: Applicant| registrar().decide(&request, Some(&a), Vec::new(), now());
    assert!(matches!(
        decide(router(false)),
        Decision::Refused(Reply { code: 403, .. })
    ));
    let Decision::Registered { bindings, .. } = decide(router(true)) else {
        panic!("refused");
    };
    assert!(bindings[0].indirect);
}

#[test]
fn unknown_extensions_that_are_required_are_named() {
    let request = register("CSeq: 1 REGISTER\nRequire: path, outbound\nContact: <sip:anna@h>");
    let Decision::Refused(reply) = registrar().decide(&request, None, Vec::new(), now()) else {
        panic!("registered");
    };
    assert_eq!(reply.code, 420);
    assert_eq!(
        reply.headers,
        [("Unsupported".to_owned(), "outbound".to_owned())]
    );
}

#[test]
fn a_nonce_that_is_too_old_is_renewed_without_a_new_password() {
    let request = answered(register("CSeq: 1 REGISTER"), "anna");
    let later = now().after(Duration::from_secs(301));
    let Decision::Refused(reply) = registrar().decide(&request, Some(&anna()), Vec::new(), later)
    else {
        panic!("registered");
    };
    assert_eq!(reply.code, 401);
    assert!(reply.headers[0].1.contains("stale=true"));
}

#[test]
fn a_device_with_two_contacts_is_registered_at_the_first() {
    let two = "CSeq: 1 REGISTER\nContact: <sip:a@10.0.0.7>;+sip.instance=\"<urn:uuid:1>\", \
               <sip:a@10.0.0.7;transport=tcp>;+sip.instance=\"<urn:uuid:1>\", <sip:b@10.0.0.8>";
    let (bindings, _) = registered(two, Vec::new());
    let contacts: Vec<_> = bindings.iter().map(|b| b.contact.as_str()).collect();
    assert_eq!(contacts, ["sip:a@10.0.0.7", "sip:b@10.0.0.8"]);
}
