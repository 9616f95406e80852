use std::net::{SocketAddr, UdpSocket};
use std::str::FromStr;
use std::thread;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record};

/// A name server of a few records on a port that the system chose; it ends with the test.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
}

fn name(text: &str) -> Name {
    Name::from_str(text).expect("a name")
}

pub(crate) fn naptr(owner: &str, order: u16, preference: u16, service: &str, to: &str) -> Record {
    let data = NAPTR::new(
        order,
        preference,
        b"s".as_slice().into(),
        service.as_bytes().into(),
        b"".as_slice().into(),
        name(to),
    );
    Record::from_rdata(name(owner), 60, RData::NAPTR(data))
}

/// The SIP address of a number (ENUM).
pub(crate) fn number(owner: &str, preference: u16, rule: &str) -> Record {
    let data = NAPTR::new(
        100,
        preference,
        b"u".as_slice().into(),
        b"E2U+sip".as_slice().into(),
        rule.as_bytes().into(),
        Name::root(),
    );
    Record::from_rdata(name(owner), 60, RData::NAPTR(data))
}

pub(crate) fn srv(owner: &str, priority: u16, port: u16, target: &str) -> Record {
    let data = SRV::new(priority, 0, port, name(target));
    Record::from_rdata(name(owner), 60, RData::SRV(data))
}

pub(crate) fn a(owner: &str, octets: [u8; 4]) -> Record {
    Record::from_rdata(name(owner), 60, RData::A(A(octets.into())))
}

impl NameServer {
    pub(crate) fn with(records: Vec<Record>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("bound");
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let Ok(asked) = Message::from_vec(&buffer[..length]) else {
                    continue;
                };
                let question = asked.queries[0].clone();
                let mut answer = asked.into_response();
                answer.edns = None;
                let found = records.iter().filter(|r| {
                    r.name == *question.name() && r.record_type() == question.query_type()
                });
                answer.answers = found.cloned().collect();
                if answer.answers.is_empty() {
                    answer.metadata.response_code = ResponseCode::NXDomain;
                }
                let octets = answer.to_vec().expect("can be written");
                socket.send_to(&octets, from).expect("loopback");
            }
        });
        Self { address }
    }
}
