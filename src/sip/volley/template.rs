use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::sip::endpoint::{Attempt, Endpoint};
use crate::sip::id_source::IdSource;
use crate::sip::method::Method;
use crate::sip::request::{OutboundRequest, Patience};
use crate::sip::timer::Timers;
use crate::sip::uri::SipUri;
use crate::sip::wire::Message;

/// A request with gaps, for all the targets that get the same.
///
/// The endpoint itself writes it once, to a target that cannot exist; where that target, our
/// address and the drawn names stand in the text are the gaps. So a message of a
/// [`Volley`](super::Volley) has the form of any other of ours.
#[derive(Debug)]
pub struct Template {
    method: Method,
    body: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Gap(Gap),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Uri,
    Local,
    CallId,
    Tag,
    Branch,
    Number,
    Answers,
}

/// What goes into the gaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling<'a> {
    pub(super) uri: &'a str,
    pub(super) local: &'a str,
    /// 96 random bits: the Call-ID; the tag is their last third.
    pub(super) word: u128,
    /// Which slot, and 64 random bits, for the branch.
    pub(super) slot: u32,
    pub(super) key: u64,
    pub(super) number: u32,
    /// Header fields that answer challenges, each with its line end.
    pub(super) answers: &'a str,
}

impl Template {
    /// Makes gaps in a request; its URI only says where the target's goes, unless it has a To of its own.
    ///
    /// # Panics
    /// Never: the endpoint writes every request that can be built.
    #[must_use]
    pub fn new(mut request: OutboundRequest, ids: &mut IdSource) -> Self {
        let uri: SipUri = format!("sip:{}@{}.invalid", ids.word(), ids.word())
            .parse()
            .expect("hexadecimal digits are a user and a host");
        let nowhere = IpAddr::V6(Ipv6Addr::from(ids.bits() | 1 << 127));
        let local = SocketAddr::new(nowhere, 65_001);
        request.uri = uri.clone();
        // A gap for answers is made anyway; the password is not needed here.
        request.credentials = None;
        let (method, body) = (request.method.clone(), request.body.clone());
        let seed = IdSource::from_random(ids.seed());
        let mut writer = Endpoint::new(Timers::default(), seed);
        let mut attempt = Attempt::udp(local, local);
        attempt.may_grow = false;
        writer.send(
            Duration::ZERO,
            request,
            attempt,
            Vec::new(),
            Patience::default(),
        );
        let bytes = writer.next_transmit().expect("a request is sent").bytes;
        let message = Message::parse(&bytes).expect("our own message");
        let tag = message.from().and_then(|f| f.tag().map(str::to_owned));
        let via = message.top_via();
        let gaps = [
            (uri.to_string(), Gap::Uri),
            (local.to_string(), Gap::Local),
            (
                message.header("Call-ID").unwrap_or_default().to_owned(),
                Gap::CallId,
            ),
            (tag.unwrap_or_default(), Gap::Tag),
            (
                via.and_then(|v| v.branch().map(str::to_owned))
                    .unwrap_or_default(),
                Gap::Branch,
            ),
            ("\r\nCSeq: 1 ".to_owned(), Gap::Number),
        ];
        let head = bytes.len() - body.len();
        Self {
            parts: cut(&bytes[..head], &gaps),
            method,
            body,
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The text without what differs from target to target and from run to run: two templates that do the same have the same.
    #[must_use]
    pub fn fingerprint(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(bytes) => text.extend_from_slice(bytes),
                Part::Gap(gap) => text.extend_from_slice(format!("\0{gap:?}\0").as_bytes()),
            }
        }
        text.extend_from_slice(&self.body);
        text
    }

    /// Appends a message.
    pub(super) fn write(&self, with: &Filling<'_>, into: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Text(bytes) => into.extend_from_slice(bytes),
                Part::Gap(gap) => match gap {
                    Gap::Uri => into.extend_from_slice(with.uri.as_bytes()),
                    Gap::Local => into.extend_from_slice(with.local.as_bytes()),
                    Gap::CallId => {
                        let mut name = [0; 16];
                        BASE64URL_NOPAD.encode_mut(&with.word.to_be_bytes()[4..], &mut name);
                        into.extend_from_slice(&name);
                    }
                    Gap::Tag => hex(&with.word.to_be_bytes()[12..], into),
                    Gap::Branch => {
                        into.extend_from_slice(b"z9hG4bK");
                        hex(&with.slot.to_be_bytes(), into);
                        hex(&with.key.to_be_bytes(), into);
                    }
                    Gap::Number => {
                        into.extend_from_slice(b"\r\nCSeq: ");
                        match u8::try_from(with.number) {
                            Ok(digit @ 0..10) => into.push(b'0' + digit),
                            _ => into.extend_from_slice(with.number.to_string().as_bytes()),
                        }
                        into.push(b' ');
                    }
                    Gap::Answers => into.extend_from_slice(with.answers.as_bytes()),
                },
            }
        }
        into.extend_from_slice(&self.body);
    }
}

/// The slot and the random bits of a branch that [`Template::write`] wrote.
pub(super) fn read_branch(branch: &str) -> Option<(u32, u64)> {
    let digits = branch.as_bytes().strip_prefix(b"z9hG4bK")?;
    let mut bytes = [0; 12];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    HEXLOWER_PERMISSIVE.decode_mut(digits, &mut bytes).ok()?;
    let (slot, key) = bytes.split_at(4);
    Some((
        u32::from_be_bytes(slot.try_into().ok()?),
        u64::from_be_bytes(key.try_into().ok()?),
    ))
}

/// Of at most 16 bytes.
fn hex(bytes: &[u8], into: &mut Vec<u8>) {
    let mut digits = [0; 32];
    let digits = &mut digits[..2 * bytes.len()];
    HEXLOWER.encode_mut(bytes, digits);
    into.extend_from_slice(digits);
}

/// Cuts the text at all its gaps; the answers to challenges go where the endpoint writes them, above Content-Length.
fn cut(head: &[u8], gaps: &[(String, Gap)]) -> Vec<Part> {
    let end = find(head, b"\r\nContent-Length: ").map_or(head.len(), |at| at + 2);
    let mut parts = cut_gaps(&head[..end], gaps);
    parts.push(Part::Gap(Gap::Answers));
    parts.push(Part::Text(head[end..].to_vec()));
    parts
}

fn cut_gaps(mut text: &[u8], gaps: &[(String, Gap)]) -> Vec<Part> {
    let mut parts = Vec::new();
    loop {
        let next = gaps
            .iter()
            .filter(|(needle, _)| !needle.is_empty())
            .filter_map(|(needle, gap)| Some((find(text, needle.as_bytes())?, needle.len(), *gap)))
            .min_by_key(|(at, ..)| *at);
        let Some((at, length, gap)) = next else {
            parts.push(Part::Text(text.to_vec()));
            return parts;
        };
        parts.push(Part::Text(text[..at].to_vec()));
        parts.push(Part::Gap(gap));
        text = &text[at + length..];
    }
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|w| w == needle)
}
