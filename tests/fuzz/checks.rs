//! What must hold for any octets: nothing panics, and what was read reads the same after it was written.
//!
//! One function for each fuzz target. `tests/it/fuzz_corpus.rs` compiles this file too and plays the
//! corpus through it, so that what was found once stays found.

use std::time::Duration;

use callhome::net::capture::read_capture;
use callhome::oma::{SignedNotification, WspPush};
use callhome::sip::contact_me::{CONTENT_TYPE, CONTENT_TYPE_XML, ContactMe};
use callhome::sip::digest::{Challenge, challenges};
use callhome::sip::{
    CSeq, Message, NameAddr, Params, SipUri, Via, explain, faults, quote, unquote,
};
use callhome::sms::smpp::{
    Alphabet, Bind, Esme, EsmeSettings, Frame, IdForm, Pdu, SmppReceipt, Status, explain_pdu,
    from_phone,
};
use callhome::sms::{
    ActionResult, Draft, Encoding, Fragment, FromPhone, Header, Inbound, Meter, Receipt, Reference,
    Reply, Segment, SignedMessage, describe, join, pack, split, typed_action, unpack,
};

/// A target: the name of its folder in the corpus, and what is checked.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("sip_message", sip_message),
    ("sip_headers", sip_headers),
    ("sip_uri", sip_uri),
    ("contact_me", contact_me),
    ("sms_grammar", sms_grammar),
    ("sms_reply", sms_reply),
    ("sms_result", sms_result),
    ("sms_segments", sms_segments),
    ("gateway_receipt", gateway_receipt),
    ("oma_push", oma_push),
    ("smpp_pdu", smpp_pdu),
    ("smpp_receipt", smpp_receipt),
    ("capture", capture),
];

/// A whole message: read, judged, explained, written and read again.
pub fn sip_message(octets: &[u8]) {
    let told = explain(octets);
    let Ok(message) = Message::parse(octets) else {
        assert!(told.is_ok_and(|told| !told.faults.is_empty()) || explain(octets).is_err());
        return;
    };
    assert!(told.is_ok(), "what can be read can be explained");
    let _found = faults(&message);
    let _typed = (
        message.top_via(),
        message.from(),
        message.to(),
        message.cseq(),
        message.method(),
        message.list("Contact"),
        challenges(&message),
    );
    let again = Message::parse(&message.to_bytes()).expect("what was written can be read");
    assert_eq!(again.to_bytes(), message.to_bytes());
    if message.code().is_none() {
        let answer = Message::response(&message, 400, "Bad Request", "tag");
        Message::parse(&answer.to_bytes()).expect("an answer can be read");
    }
}

/// The values of header fields that have a structure.
pub fn sip_headers(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let line: String = text.chars().filter(|c| !c.is_control()).collect();

    let address = NameAddr::parse(&line);
    let _uri = address.sip_uri();
    if line.contains('<') && !address.uri().contains(['<', '>', '"']) {
        let again = NameAddr::parse(&address.to_string());
        assert_eq!(again.uri(), address.uri());
        assert_eq!(again.display_name(), address.display_name());
        assert_eq!(again.tag(), address.tag());
    }
    if let Some(via) = Via::parse(&line) {
        let again = Via::parse(&via.to_string()).expect("a Via that was written");
        assert_eq!(
            (&again.transport, &again.sent_by),
            (&via.transport, &via.sent_by)
        );
        assert_eq!(again.branch(), via.branch());
    }
    if let Some(cseq) = CSeq::parse(&line) {
        assert_eq!(CSeq::parse(&cseq.to_string()), Some(cseq));
    }
    let params = Params::parse(&line);
    let _printed = params.to_string();
    assert_eq!(unquote(&quote(&line)), line);
    if let Some(challenge) = Challenge::parse(&line, false) {
        let again = Challenge::parse(&challenge.to_header(), false).expect("a challenge");
        assert_eq!(
            (again.realm, again.nonce),
            (challenge.realm, challenge.nonce)
        );
    }
}

/// A SIP address.
pub fn sip_uri(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    if let Ok(uri) = text.parse::<SipUri>() {
        let written = uri.to_string();
        let again: SipUri = written.parse().expect("an address that was written");
        assert_eq!(again.to_string(), written);
        assert_eq!(
            (again.user(), again.host(), again.port()),
            (uri.user(), uri.host(), uri.port())
        );
        let _more = (uri.to_aor(), uri.socket_addr(), uri.port_or_default());
    }
}

/// A wish to be called back, in both forms.
pub fn contact_me(octets: &[u8]) {
    for form in [CONTENT_TYPE, CONTENT_TYPE_XML] {
        if let Ok(wish) = ContactMe::parse(form, octets) {
            let _labels = wish.labelled();
            let text = wish.to_text();
            let again = ContactMe::parse(CONTENT_TYPE, text.as_bytes()).expect("what was written");
            assert_eq!(again.to_text(), text);
            ContactMe::parse(CONTENT_TYPE_XML, wish.to_xml().as_bytes()).expect("what was written");
        }
    }
}

/// Action strings, signed and not, and actions as people type them.
pub fn sms_grammar(octets: &[u8]) {
    if let Ok(message) = SignedMessage::parse(octets) {
        let again = SignedMessage::parse(message.as_str().as_bytes()).expect("its own text");
        assert_eq!(again.signed_octets(), message.signed_octets());
        for numbered in message.numbered_actions() {
            let _words = describe(numbered.action);
        }
        let _more = (message.masked(), message.link(), message.reply_nonce());
    }
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    if let Ok(draft) = text.parse::<Draft>() {
        let again: Draft = draft.to_string().parse().expect("what was written");
        assert_eq!(again, draft);
        let _meter = Meter::of(&draft.with_placeholders());
    }
    if let Ok(action) = typed_action(text) {
        let _words = describe(&action);
    }
}

/// The answer that a device gives by text message.
pub fn sms_reply(octets: &[u8]) {
    if let Ok(reply) = Reply::parse(octets) {
        for status in reply.statuses() {
            let _words = status.to_string();
        }
    }
}

/// The document in which a device reports an action.
pub fn sms_result(octets: &[u8]) {
    if let Ok(result) = ActionResult::from_xml(octets) {
        let xml = result.to_xml();
        let again = ActionResult::from_xml(xml.as_bytes()).expect("what was written");
        assert_eq!(again.to_xml(), xml);
        let _short = (result.to_reply_status().to_string(), result.fields());
    }
}

/// User data headers, packed septets, texts split and joined.
pub fn sms_segments(octets: &[u8]) {
    if let Ok(header) = Header::parse(octets) {
        let written = header.to_octets();
        assert_eq!(Header::parse(&written), Ok(header));
    }
    let septets: Vec<u8> = octets.iter().map(|b| b & 0x7f).collect();
    let fill = septets.len() % 7;
    assert_eq!(unpack(&pack(&septets, fill), septets.len(), fill), septets);
    let _beyond = unpack(octets, octets.len() + 9, fill);
    let half = octets.len() / 2;
    for encoding in [Encoding::Gsm7, Encoding::Ucs2, Encoding::Binary] {
        let segment = |at: &[u8]| {
            let (header, payload) = at.split_at(at.len().min(6));
            Segment {
                encoding,
                header: header.to_vec(),
                payload: payload.to_vec(),
            }
        };
        let _text = join(&[segment(&octets[..half]), segment(&octets[half..])]);
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        let _meter = Meter::of(text);
        if let Ok(segments) = split(text, None, Reference::Sixteen(7)) {
            assert_eq!(join(&segments).as_deref(), Ok(text));
        }
    }
}

/// What a gateway calls in with: `name=value` pairs, decoded.
pub fn gateway_receipt(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let pairs: Vec<(&str, &str)> = text.split('&').filter_map(|p| p.split_once('=')).collect();
    let _receipt = Receipt::from_parameters(pairs.iter().copied());
    let _message = Inbound::from_parameters(pairs.iter().copied());
}

/// A push and the notification that it may carry.
pub fn oma_push(octets: &[u8]) {
    if let Ok(push) = WspPush::parse(octets) {
        let written = push.to_octets();
        let again = WspPush::parse(&written).expect("what was written");
        assert_eq!(again.to_octets(), written);
    }
    if let Ok(signed) = SignedNotification::parse(octets) {
        let _genuine = signed.is_genuine("password", b"nonce");
        let _words = signed.notification().session_id_text();
    }
}

/// A PDU: read, explained, written and read again; and a sender that hears it.
pub fn smpp_pdu(octets: &[u8]) {
    let told = explain_pdu(octets, Alphabet::Gsm);
    if let Ok(frame) = Frame::read(octets) {
        assert_eq!(told.sequence, frame.sequence);
        // Of commands that we do not speak only the id is kept.
        if let Ok(pdu) = &frame.pdu
            && !matches!(pdu, Pdu::Other(_))
            && let Ok(written) = Frame::write(frame.sequence, frame.status, pdu)
        {
            let again = Frame::read(&written).expect("what was written can be read");
            assert_eq!(again.pdu.as_ref(), Ok(pdu));
        }
        if let Ok(Pdu::Deliver(message)) = frame.pdu {
            let _receipt = SmppReceipt::of(&message);
            if let FromPhone::Part(part) = from_phone(&message, Alphabet::Gsm) {
                let _whole = Fragment::join(&[part]);
            }
        }
    }
    let mut esme = Esme::new(EsmeSettings {
        bind: Bind::Transceiver,
        system_id: "foo".into(),
        password: "bar".into(),
        system_type: String::new(),
        window: 1,
        per_second: None,
        enquire: Duration::from_secs(30),
        answer: Duration::from_secs(8),
    });
    esme.connected(Duration::ZERO);
    let welcome = Pdu::BindResp {
        bind: Bind::Transceiver,
        system_id: String::new(),
    };
    let welcome = Frame::write(1, Status::OK, &welcome).expect("it fits");
    esme.receive(Duration::ZERO, &welcome);
    esme.receive(Duration::ZERO, octets);
    for _ in 0..octets.len() + 8 {
        if esme.poll(Duration::ZERO).is_none() {
            return;
        }
    }
    panic!("it never has nothing more to say");
}

/// The text of a receipt, and its ids.
pub fn smpp_receipt(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    if let Ok(receipt) = SmppReceipt::from_text(&text) {
        for form in [IdForm::Same, IdForm::HexThenDecimal, IdForm::DecimalThenHex] {
            assert_eq!(
                form.of_receipt(&receipt.id).plain,
                form.of_answer(&receipt.id).plain
            );
        }
    }
}

/// A capture file.
pub fn capture(octets: &[u8]) {
    if let Ok(capture) = read_capture(octets) {
        for message in capture.messages {
            sip_message(&message.bytes);
        }
    }
}
