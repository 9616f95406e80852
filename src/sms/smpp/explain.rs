use super::coding::{Alphabet, reading};
use super::receipt::SmppReceipt;
use super::status::Status;
use super::wire::ShortMessage;
use crate::sms::segment::{Header, Reference};

/// One field of a PDU.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PduField {
    /// Its name in the standard.
    pub name: String,
    /// Where it begins.
    pub offset: usize,
    /// Its octets in hexadecimal digits; hidden for passwords.
    pub hex: String,
    /// What it says.
    pub value: String,
}

/// A PDU with its meaning.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExplainedPdu {
    /// Name of the command.
    pub command: String,
    /// Sequence number.
    pub sequence: u32,
    /// Status, in words, of answers.
    pub status: Option<String>,
    /// All fields in order.
    pub fields: Vec<PduField>,
    /// The text that it carries.
    pub text: Option<String>,
    /// Of a receipt: the message and what became of it.
    pub receipt: Option<(String, String)>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

struct Walk<'a> {
    octets: &'a [u8],
    at: usize,
    fields: Vec<PduField>,
    faults: Vec<String>,
}

impl<'a> Walk<'a> {
    fn left(&self) -> &'a [u8] {
        &self.octets[self.at..]
    }

    fn note(&mut self, name: &str, octets: &[u8], value: String) {
        self.fields.push(PduField {
            name: name.to_owned(),
            offset: self.at,
            hex: data_encoding::HEXLOWER.encode(octets),
            value,
        });
        self.at += octets.len();
    }

    fn take(&mut self, name: &str, length: usize) -> Option<&'a [u8]> {
        let taken = self.left().get(..length);
        if taken.is_none() && !self.faults.iter().any(|f| f.contains("ends")) {
            let missing = length - self.left().len();
            self.faults
                .push(format!("it ends in {name}: {missing} octets are missing"));
        }
        taken
    }

    fn octet(&mut self, name: &str, words: impl Fn(u8) -> String) -> Option<u8> {
        let octets = self.take(name, 1)?;
        let value = octets[0];
        self.note(name, octets, words(value));
        Some(value)
    }

    fn word(&mut self, name: &str, words: impl Fn(u32) -> String) -> Option<u32> {
        let octets = self.take(name, 4)?;
        let value = octets.iter().fold(0, |n, b| n << 8 | u32::from(*b));
        self.note(name, octets, words(value));
        Some(value)
    }

    /// A text that ends with NUL and has at most `most` octets with it.
    fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let left = self.left();
        let Some(end) = left.iter().take(most).position(|b| *b == 0) else {
            self.faults
                .push(format!("{name} does not end within {most} octets"));
            return None;
        };
        let octets = &left[..=end];
        let text = String::from_utf8_lossy(&octets[..end]).into_owned();
        if !text.is_ascii() {
            self.faults.push(format!("{name} is not ASCII"));
        }
        let shown = format!("{text:?}");
        if name == "password" {
            self.note(name, octets, "(hidden)".to_owned());
            if let Some(field) = self.fields.last_mut() {
                field.hex = "••".to_owned();
            }
        } else {
            self.note(name, octets, shown);
        }
        Some(text)
    }
}

/// Explains a whole PDU field by field, whatever is wrong with it; `alphabet` is what data coding 0 means.
#[must_use]
pub fn explain_pdu(octets: &[u8], alphabet: Alphabet) -> ExplainedPdu {
    let mut walk = Walk {
        octets,
        at: 0,
        fields: Vec::new(),
        faults: Vec::new(),
    };
    let length = walk.word("command_length", |n| format!("{n} octets"));
    if let Some(length) = length
        && length as usize != octets.len()
    {
        let fault = format!(
            "command_length is {length}, there are {} octets",
            octets.len()
        );
        walk.faults.push(fault);
    }
    let command = walk.word("command_id", |id| command_name(id).to_owned());
    let command = command.unwrap_or(0);
    let response = command & 0x8000_0000 != 0;
    let status = walk.word("command_status", |s| match (response, s) {
        (false, 0) => "none: a request".to_owned(),
        _ => Status(s).to_string(),
    });
    if !response && status.is_some_and(|s| s != 0) {
        walk.faults.push("a request has a status".to_owned());
    }
    let sequence = walk.word("sequence_number", |n| n.to_string()).unwrap_or(0);
    if !(1..=0x7fff_ffff).contains(&sequence) && command != 0x8000_0000 {
        walk.faults
            .push("the sequence number is not within 1 and 7fffffff".to_owned());
    }
    let mut message = ShortMessage::default();
    let refused = response && status.is_some_and(|s| s != 0) && walk.left().is_empty();
    let carries = match command {
        1 | 2 | 9 => {
            bind(&mut walk);
            false
        }
        4 | 5 => {
            let read = short_message(&mut walk, &mut message, alphabet, command == 5);
            read.is_some()
        }
        0x8000_0001 | 0x8000_0002 | 0x8000_0009 if !refused => {
            walk.text("system_id", 16);
            false
        }
        0x8000_0004 | 0x8000_0005 if !refused => {
            let id = walk.text("message_id", 65).unwrap_or_default();
            if command == 0x8000_0004 && id.is_empty() && status == Some(0) {
                walk.faults
                    .push("a message that was taken has no id".to_owned());
            }
            false
        }
        _ => false,
    };
    let has_parameters = matches!(
        command,
        4 | 5 | 0x8000_0001 | 0x8000_0002 | 0x8000_0004 | 0x8000_0005 | 0x8000_0009
    );
    if has_parameters {
        parameters(&mut walk, &mut message);
    } else if !walk.left().is_empty() {
        let rest = walk.left();
        let known = !command_name(command).starts_with("unknown");
        if matches!(
            command,
            1 | 2 | 6 | 9 | 0x15 | 0x8000_0006 | 0x8000_0015 | 0x8000_0000
        ) {
            walk.faults
                .push(format!("{} octets stand behind its fields", rest.len()));
        }
        let words = if known { "its fields" } else { "not known" };
        walk.note("rest", rest, words.to_owned());
    }
    if command_name(command).starts_with("unknown") {
        walk.faults
            .push(format!("command 0x{command:08x} is not known"));
    }
    finish(walk, command, status, sequence, &message, carries, alphabet)
}

fn finish(
    mut walk: Walk<'_>,
    command: u32,
    status: Option<u32>,
    sequence: u32,
    message: &ShortMessage,
    carries: bool,
    alphabet: Alphabet,
) -> ExplainedPdu {
    let mut receipt = None;
    let mut text = None;
    if carries && command == 5 && message.is_receipt() {
        match SmppReceipt::of(message) {
            Ok(found) => receipt = Some((found.id, found.state.word().to_owned())),
            Err(error) => walk.faults.push(error.to_string()),
        }
    }
    if carries {
        let payload = match message.octets.first() {
            Some(length) if message.has_header() => message.octets.get(usize::from(*length) + 1..),
            _ => Some(&message.octets[..]),
        };
        text = payload.map(|p| reading(message.data_coding, alphabet).text(p));
    }
    ExplainedPdu {
        command: command_name(command).to_owned(),
        sequence,
        status: (command & 0x8000_0000 != 0)
            .then(|| status.map(|s| Status(s).to_string()))
            .flatten(),
        fields: walk.fields,
        text,
        receipt,
        faults: walk.faults,
    }
}

fn bind(walk: &mut Walk<'_>) -> Option<()> {
    walk.text("system_id", 16)?;
    walk.text("password", 9)?;
    walk.text("system_type", 13)?;
    let version = walk.octet("interface_version", |v| format!("{}.{}", v >> 4, v & 15))?;
    if version != 0x34 {
        walk.faults
            .push("the interface version is not 3.4".to_owned());
    }
    walk.octet("addr_ton", type_of_number)?;
    walk.octet("addr_npi", numbering_plan)?;
    walk.text("address_range", 41)?;
    Some(())
}

fn short_message(
    walk: &mut Walk<'_>,
    message: &mut ShortMessage,
    alphabet: Alphabet,
    from_centre: bool,
) -> Option<()> {
    message.service_type = walk.text("service_type", 6)?;
    message.source.ton = walk.octet("source_addr_ton", type_of_number)?;
    message.source.npi = walk.octet("source_addr_npi", numbering_plan)?;
    message.source.text = walk.text("source_addr", 21)?;
    message.destination.ton = walk.octet("dest_addr_ton", type_of_number)?;
    message.destination.npi = walk.octet("dest_addr_npi", numbering_plan)?;
    message.destination.text = walk.text("destination_addr", 21)?;
    if message.destination.text.is_empty() && !from_centre {
        walk.faults.push("there is no receiver".to_owned());
    }
    message.esm_class = walk.octet("esm_class", esm_class)?;
    message.protocol_id = walk.octet("protocol_id", |n| format!("0x{n:02x}"))?;
    message.priority = walk.octet("priority_flag", |n| n.to_string())?;
    if message.priority > 3 {
        walk.faults.push("the priority is above 3".to_owned());
    }
    for name in ["schedule_delivery_time", "validity_period"] {
        let time = walk.text(name, 17)?;
        if !matches!(time.len(), 0 | 16) || !time.is_ascii() {
            walk.faults
                .push(format!("{name} is not empty and not 16 characters long"));
        } else if time.len() == 16 && !matches!(time.as_bytes()[15], b'+' | b'-' | b'R') {
            walk.faults
                .push(format!("{name} does not end in +, - or R"));
        }
    }
    message.registered_delivery = walk.octet("registered_delivery", registered)?;
    walk.octet("replace_if_present_flag", |n| n.to_string())?;
    message.data_coding = walk.octet("data_coding", |c| {
        format!("0x{c:02x}, {}", reading(c, alphabet).words())
    })?;
    walk.octet("sm_default_msg_id", |n| n.to_string())?;
    let length = walk.octet("sm_length", |n| format!("{n} octets"))?;
    if length == 255 {
        walk.faults
            .push("short_message has more than 254 octets".to_owned());
    }
    let octets = walk.take("short_message", usize::from(length))?;
    message.octets = octets.to_vec();
    user_data(walk, octets, message.has_header());
    Some(())
}

fn user_data(walk: &mut Walk<'_>, octets: &[u8], has_header: bool) {
    let header = octets.first().map_or(0, |l| usize::from(*l) + 1);
    match octets.split_at_checked(header) {
        Some((header, rest)) if has_header && !octets.is_empty() => {
            let words = match Header::parse(header) {
                Ok(header) => header_words(&header),
                Err(error) => {
                    walk.faults.push(error.to_string());
                    "does not add up".to_owned()
                }
            };
            walk.note("user data header", header, words);
            walk.note("short_message", rest, format!("{} octets", rest.len()));
        }
        _ => {
            if has_header {
                walk.faults
                    .push("the user data header is longer than the message".to_owned());
            }
            walk.note("short_message", octets, format!("{} octets", octets.len()));
        }
    }
}

fn header_words(header: &Header) -> String {
    let mut words = Vec::new();
    if let Some((to, from)) = header.ports {
        words.push(format!("port {to} from port {from}"));
    }
    if let Some((reference, total, number)) = header.part {
        let reference = match reference {
            Reference::Eight(r) => format!("{r:02x}"),
            Reference::Sixteen(r) => format!("{r:04x}"),
        };
        words.push(format!("part {number} of {total}, reference {reference}"));
    }
    if words.is_empty() {
        return "nothing that is known".to_owned();
    }
    words.join(", ")
}

fn parameters(walk: &mut Walk<'_>, message: &mut ShortMessage) {
    while let [t1, t2, l1, l2, rest @ ..] = walk.left() {
        let tag = u16::from_be_bytes([*t1, *t2]);
        let length = usize::from(u16::from_be_bytes([*l1, *l2]));
        let name = parameter_name(tag);
        let Some(value) = rest.get(..length) else {
            walk.faults
                .push(format!("parameter {name} is longer than the PDU"));
            break;
        };
        let words = match tag {
            0x001e => {
                let id = String::from_utf8_lossy(value);
                let id = id.trim_end_matches('\0').to_owned();
                message.receipted_id = Some(id.clone());
                id
            }
            0x0427 => {
                message.state = value.first().copied();
                let state = message.state.and_then(super::MessageState::from_number);
                state.map_or_else(|| "no state that exists".to_owned(), |s| s.to_string())
            }
            0x0424 => {
                if !message.octets.is_empty() {
                    walk.faults
                        .push("there are a short_message and a message_payload".to_owned());
                }
                message.octets = value.to_vec();
                format!("{} octets", value.len())
            }
            0x0210 => value
                .first()
                .map_or_else(String::new, |v| format!("{}.{}", v >> 4, v & 15)),
            _ => format!("{} octets", value.len()),
        };
        let whole = &walk.left()[..4 + length];
        walk.note(&name, whole, words);
    }
    let rest = walk.left();
    if !rest.is_empty() {
        walk.faults
            .push(format!("{} octets at the end are no parameter", rest.len()));
        walk.note("rest", rest, "not known".to_owned());
    }
}

fn command_name(id: u32) -> &'static str {
    match id {
        0x01 => "bind_receiver",
        0x02 => "bind_transmitter",
        0x03 => "query_sm",
        0x04 => "submit_sm",
        0x05 => "deliver_sm",
        0x06 => "unbind",
        0x07 => "replace_sm",
        0x08 => "cancel_sm",
        0x09 => "bind_transceiver",
        0x0b => "outbind",
        0x15 => "enquire_link",
        0x21 => "submit_multi",
        0x102 => "alert_notification",
        0x103 => "data_sm",
        0x8000_0000 => "generic_nack",
        0x8000_0001 => "bind_receiver_resp",
        0x8000_0002 => "bind_transmitter_resp",
        0x8000_0003 => "query_sm_resp",
        0x8000_0004 => "submit_sm_resp",
        0x8000_0005 => "deliver_sm_resp",
        0x8000_0006 => "unbind_resp",
        0x8000_0007 => "replace_sm_resp",
        0x8000_0008 => "cancel_sm_resp",
        0x8000_0009 => "bind_transceiver_resp",
        0x8000_0015 => "enquire_link_resp",
        0x8000_0021 => "submit_multi_resp",
        0x8000_0103 => "data_sm_resp",
        _ => "unknown command",
    }
}

fn parameter_name(tag: u16) -> String {
    let name = match tag {
        0x0005 => "dest_addr_subunit",
        0x001d => "additional_status_info_text",
        0x001e => "receipted_message_id",
        0x0204 => "user_message_reference",
        0x020a => "source_port",
        0x020b => "destination_port",
        0x020c => "sar_msg_ref_num",
        0x020e => "sar_total_segments",
        0x020f => "sar_segment_seqnum",
        0x0210 => "sc_interface_version",
        0x0423 => "network_error_code",
        0x0424 => "message_payload",
        0x0425 => "delivery_failure_reason",
        0x0426 => "more_messages_to_send",
        0x0427 => "message_state",
        _ => return format!("parameter 0x{tag:04x}"),
    };
    name.to_owned()
}

fn type_of_number(ton: u8) -> String {
    let words = match ton {
        0 => "unknown",
        1 => "international",
        2 => "national",
        3 => "network specific",
        4 => "subscriber",
        5 => "alphanumeric",
        6 => "abbreviated",
        _ => "reserved",
    };
    format!("{ton}, {words}")
}

fn numbering_plan(npi: u8) -> String {
    let words = match npi {
        0 => "unknown",
        1 => "E.164",
        3 => "data",
        4 => "telex",
        6 => "land mobile",
        8 => "national",
        9 => "private",
        10 => "ERMES",
        14 => "internet",
        18 => "WAP client",
        _ => "reserved",
    };
    format!("{npi}, {words}")
}

fn esm_class(class: u8) -> String {
    let mut words = vec![match class & 0x03 {
        0 => "default mode",
        1 => "datagram",
        2 => "forward",
        _ => "store and forward",
    }];
    match class & 0x3c {
        0x04 => words.push("delivery receipt"),
        0x08 => words.push("delivery acknowledgement"),
        0x10 => words.push("user acknowledgement"),
        0x18 => words.push("conversation abort"),
        0x20 => words.push("intermediate notification"),
        _ => {}
    }
    if class & 0x40 != 0 {
        words.push("user data header");
    }
    if class & 0x80 != 0 {
        words.push("reply path");
    }
    format!("0x{class:02x}, {}", words.join(", "))
}

fn registered(flag: u8) -> String {
    let words = match flag & 0x03 {
        0 => "no receipt",
        1 => "receipt of success and failure",
        2 => "receipt of failure",
        _ => "receipt of success",
    };
    let more = if flag & 0x10 != 0 {
        ", intermediate notification"
    } else {
        ""
    };
    format!("0x{flag:02x}, {words}{more}")
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    const VECTORS: &str = include_str!("../../../tests/vectors/sms/smpp-pdus-kannel.txt");

    fn vectors() -> impl Iterator<Item = Vec<u8>> {
        VECTORS.lines().filter_map(|line| {
            let hex = line.split(' ').nth(2)?;
            Some(HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal"))
        })
    }

    #[test]
    fn pdus_of_kannel_have_no_fault_and_their_fields_are_all_their_octets() {
        assert!(vectors().count() >= 14);
        for octets in vectors() {
            let told = explain_pdu(&octets, Alphabet::Gsm);
            assert_eq!(told.faults, [] as [String; 0], "{}", told.command);
            let joined: String = told.fields.iter().map(|f| f.hex.as_str()).collect();
            assert_eq!(joined, HEXLOWER.encode(&octets), "{}", told.command);
        }
        let first = explain_pdu(&vectors().next().expect("one"), Alphabet::Gsm);
        assert_eq!(first.command, "submit_sm");
        assert_eq!(
            first.text.as_deref(),
            Some("KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1) get(P%20Dat.txt,1024)")
        );
        let receipt = vectors()
            .map(|o| explain_pdu(&o, Alphabet::Gsm))
            .find_map(|t| t.receipt);
        assert_eq!(receipt, Some(("m19".into(), "DELIVRD".into())));
    }

    #[test]
    fn every_cut_and_every_flipped_length_is_a_fault() {
        for octets in vectors() {
            for end in 0..octets.len() {
                let told = explain_pdu(&octets[..end], Alphabet::Gsm);
                assert!(!told.faults.is_empty(), "{} cut at {end}", told.command);
            }
            let mut longer = octets.clone();
            longer.push(0);
            assert!(!explain_pdu(&longer, Alphabet::Gsm).faults.is_empty());
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let pdu = super::super::Pdu::Bind {
            bind: super::super::Bind::Transceiver,
            system_id: "esme".into(),
            password: "s3cret".into(),
            system_type: String::new(),
            address_range: String::new(),
        };
        let octets = super::super::Frame::write(1, Status::OK, &pdu).expect("fits");
        let told = format!("{:?}", explain_pdu(&octets, Alphabet::Gsm));
        assert!(!told.contains("s3cret") && !told.contains(&HEXLOWER.encode(b"s3cret")));
        assert!(!format!("{pdu:?}").contains("s3cret"));
    }
}
