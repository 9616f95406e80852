use std::net::SocketAddr;
use std::time::Duration;

use super::relay::{Doors, Relay, Upstream};
use crate::domain::Timestamp;
use crate::sip::{Hop, Message, Transport};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn udp(port: u16) -> Hop {
    Hop::udp(at(port))
}

const PROXY: u16 = 5070;
const REGISTRAR: u16 = 5060;
const PHONE: u16 = 40_000;

fn relay() -> Relay {
    let own = Doors {
        plain: at(PROXY),
        tls: None,
    };
    let registrar = Upstream {
        hop: udp(REGISTRAR),
        name: "127.0.0.1".into(),
    };
    Relay::new(own, registrar, [3; 32])
}

fn message(first: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("{first}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

fn register() -> Vec<u8> {
    message(
        "REGISTER sip:127.0.0.1:5060 SIP/2.0",
        &[
            ("Via", "SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bKa;rport"),
            ("Route", "<sip:127.0.0.1:5070;lr>"),
            ("From", "<sip:d@h>;tag=1"),
            ("To", "<sip:d@h>"),
            ("Call-ID", "c1"),
            ("CSeq", "1 REGISTER"),
            ("Contact", "<sip:d@127.0.0.1:40000>"),
            ("Max-Forwards", "70"),
        ],
    )
}

/// A relay through which the phone has registered.
fn registered() -> Relay {
    let mut relay = relay();
    let up = relay.relay(&register(), udp(PHONE), NOW).expect("relayed");
    let request = Message::parse(&up.bytes).expect("a message");
    let mut answer = Message::response(&request, 200, "OK", "t");
    answer.push("Contact", "<sip:d@127.0.0.1:40000>;expires=600");
    let down = relay
        .relay(&answer.to_bytes(), udp(REGISTRAR), NOW)
        .expect("relayed");
    assert_eq!(down.to, udp(PHONE));
    assert_eq!(
        Message::parse(&down.bytes)
            .expect("a message")
            .list("Via")
            .len(),
        1
    );
    relay
}

fn notify(uri: &str, via: &str, hops: &str) -> Vec<u8> {
    message(
        &format!("NOTIFY {uri} SIP/2.0"),
        &[
            ("Via", via),
            ("Route", "<sip:127.0.0.1:5070;lr>"),
            ("From", "<sip:s@h>;tag=1"),
            ("To", "<sip:d@h>"),
            ("Call-ID", "c2"),
            ("CSeq", "1 NOTIFY"),
            ("Event", "application-server-contact-me"),
            ("Max-Forwards", hops),
        ],
    )
}

const VIA: &str = "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKb;rport";

#[test]
fn a_registration_goes_up_with_the_path_back() {
    let up = relay()
        .relay(&register(), udp(PHONE), NOW)
        .expect("relayed");
    assert_eq!(up.to, udp(REGISTRAR));
    let message = Message::parse(&up.bytes).expect("a message");
    assert_eq!(message.header("Path"), Some("<sip:127.0.0.1:5070;lr>"));
    assert_eq!(message.header("Route"), None);
    assert_eq!(message.header("Max-Forwards"), Some("69"));
    assert_eq!(message.list("Via").len(), 2);
}

#[test]
fn a_notification_reaches_the_device_stripped_of_the_route_and_its_answer_the_sender() {
    let mut relay = registered();
    let uri = "sip:d@127.0.0.1:40000";
    let down = relay
        .relay(&notify(uri, VIA, "70"), udp(REGISTRAR), NOW)
        .expect("relayed");
    assert_eq!(down.to, udp(PHONE));
    let message = Message::parse(&down.bytes).expect("a message");
    assert_eq!((message.header("Route"), message.uri()), (None, Some(uri)));
    let again = relay
        .relay(&notify(uri, VIA, "70"), udp(REGISTRAR), NOW)
        .expect("relayed");
    assert_eq!(again, down, "a copy is the same copy further on");
    let answer = Message::response(&message, 200, "OK", "t").to_bytes();
    let up = relay.relay(&answer, udp(PHONE), NOW).expect("relayed");
    assert_eq!(up.to, udp(REGISTRAR));
    let via = Message::parse(&up.bytes)
        .expect("a message")
        .top_via()
        .expect("a Via");
    assert_eq!(via.branch(), Some("z9hG4bKb"));
}

#[test]
fn only_devices_that_registered_are_reached_and_only_while_they_are() {
    let mut relay = registered();
    let late = NOW.after(Duration::from_secs(601));
    for (name, bytes, now, code) in [
        (
            "a stranger",
            notify("sip:x@127.0.0.1:9", VIA, "70"),
            NOW,
            404,
        ),
        (
            "gone",
            notify("sip:d@127.0.0.1:40000", VIA, "70"),
            late,
            404,
        ),
        (
            "a loop",
            notify("sip:d@127.0.0.1:40000", VIA, "0"),
            NOW,
            483,
        ),
    ] {
        let answer = relay.relay(&bytes, udp(REGISTRAR), now).expect(name);
        assert_eq!(answer.to, udp(REGISTRAR), "{name}");
        let message = Message::parse(&answer.bytes).expect("a message");
        assert_eq!(message.code(), Some(code), "{name}");
    }
    assert_eq!(relay.counts(NOW).devices, 1);
}

#[test]
fn an_invitation_comes_back_this_way_and_nonsense_goes_nowhere() {
    let mut relay = registered();
    let invite = String::from_utf8(notify("sip:d@127.0.0.1:40000", VIA, "70"))
        .expect("text")
        .replace("NOTIFY", "INVITE");
    let down = relay
        .relay(invite.as_bytes(), udp(REGISTRAR), NOW)
        .expect("relayed");
    let message = Message::parse(&down.bytes).expect("a message");
    assert_eq!(
        message.header("Record-Route"),
        Some("<sip:127.0.0.1:5070;lr>")
    );
    for bytes in [
        &b"\r\n\r\n"[..],
        b"hello",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 1.2.3.4\r\n\r\n",
    ] {
        assert_eq!(relay.relay(bytes, udp(9), NOW), None);
    }
}

const FLOW: u16 = 50_123;

#[test]
fn over_a_connection_the_device_is_reached_on_it_and_each_side_by_the_door_that_it_knows() {
    let own = Doors {
        plain: at(PROXY),
        tls: Some(at(5071)),
    };
    let registrar = Upstream {
        hop: Hop::new(Transport::Tls, at(5061)),
        name: "localhost".into(),
    };
    let mut relay = Relay::new(own, registrar, [3; 32]);
    let flow = Hop::new(Transport::Tcp, at(FLOW));
    let text = String::from_utf8(register()).expect("text");
    let text = text.replace("/UDP", "/TCP").replace(
        "sip:d@127.0.0.1:40000>",
        "sip:d@127.0.0.1:40000;transport=tcp>",
    );
    let up = relay.relay(text.as_bytes(), flow, NOW).expect("relayed");
    assert_eq!(up.to, Hop::new(Transport::Tls, at(5061)));
    assert_eq!(up.name.as_deref(), Some("localhost"));
    let request = Message::parse(&up.bytes).expect("a message");
    let path = "<sip:127.0.0.1:5071;transport=tls;lr>";
    assert_eq!(request.header("Path"), Some(path));
    assert_eq!(request.top_via().expect("a Via").transport, "TLS");
    let mut answer = Message::response(&request, 200, "OK", "t");
    answer.push(
        "Contact",
        "<sip:d@127.0.0.1:40000;transport=tcp>;expires=600, <sip:d@10.0.0.9;transport=tcp>",
    );
    let down = relay
        .relay(&answer.to_bytes(), Hop::new(Transport::Tls, at(5061)), NOW)
        .expect("relayed");
    assert_eq!((down.to, down.name), (flow, None));
    assert_eq!(
        relay.counts(NOW).devices,
        1,
        "not the contact of another connection"
    );

    let source = Hop::new(Transport::Tls, at(6000));
    let invite = String::from_utf8(notify("sip:d@127.0.0.1:40000;transport=tcp", VIA, "70"))
        .expect("text")
        .replace("NOTIFY", "INVITE")
        .replace("/UDP", "/TLS")
        .replace("<sip:127.0.0.1:5070;lr>", path);
    let down = relay
        .relay(invite.as_bytes(), source, NOW)
        .expect("relayed");
    assert_eq!(down.to, flow);
    let message = Message::parse(&down.bytes).expect("a message");
    assert_eq!(message.header("Route"), None);
    assert_eq!(
        message.list("Record-Route"),
        ["<sip:127.0.0.1:5070;transport=tcp;lr>", path]
    );
    // The connection is gone: whoever sent it is told, on the one it came by.
    let told = relay
        .undeliverable(invite.as_bytes(), source)
        .expect("an answer");
    assert_eq!(told.to, source);
    let answer = Message::parse(&told.bytes).expect("a message");
    assert_eq!(answer.code(), Some(480));
}

#[test]
fn an_answer_is_taken_from_where_its_request_went_and_goes_to_whoever_sent_it() {
    let mut relay = registered();
    let request = notify("sip:d@127.0.0.1:40000", VIA, "70");
    let down = relay.relay(&request, udp(REGISTRAR), NOW).expect("relayed");
    let request = Message::parse(&down.bytes).expect("a message");
    let answer = Message::response(&request, 200, "OK", "t").to_bytes();
    for (name, source) in [
        ("a stranger", udp(9)),
        ("who asked", udp(REGISTRAR)),
        ("another transport", Hop::new(Transport::Tcp, at(PHONE))),
    ] {
        assert_eq!(relay.relay(&answer, source, NOW), None, "{name}");
    }
    // The phone cannot have it sent anywhere else, nor answer what it was not asked.
    let text = String::from_utf8(answer.clone()).expect("text");
    for (was, forged) in [
        ("received=127.0.0.1", "received=192.0.2.9"),
        ("rport=5060", "rport=22"),
        ("branch=z9hG4bKb", "branch=z9hG4bKc"),
        ("Call-ID: c2", "Call-ID: c3"),
    ] {
        let text = text.replace(was, forged);
        assert!(text.contains(forged), "{text}");
        assert_eq!(
            relay.relay(text.as_bytes(), udp(PHONE), NOW),
            None,
            "{forged}"
        );
    }
    let up = relay.relay(&answer, udp(PHONE), NOW).expect("relayed");
    assert_eq!(up.to, udp(REGISTRAR));
}

#[test]
fn a_registration_is_believed_only_of_the_registrar() {
    let mut relay = relay();
    let up = relay.relay(&register(), udp(PHONE), NOW).expect("relayed");
    let request = Message::parse(&up.bytes).expect("a message");
    let mut answer = Message::response(&request, 200, "OK", "t");
    answer.push("Contact", "<sip:d@127.0.0.1:40000>;expires=600");
    assert_eq!(relay.relay(&answer.to_bytes(), udp(PHONE), NOW), None);
    assert_eq!(relay.counts(NOW).devices, 0);
}

#[test]
fn a_line_that_others_may_read_as_two_goes_nowhere() {
    let mut relay = registered();
    let request = notify("sip:d@127.0.0.1:40000", VIA, "70");
    let text = String::from_utf8(request).expect("text");
    let text = text.replace(
        "Event: ",
        "Subject: x\rRoute: <sip:192.0.2.9;lr>\r\nEvent: ",
    );
    assert_eq!(relay.relay(text.as_bytes(), udp(REGISTRAR), NOW), None);
}
