use crate::sip::header::{CSeq, NameAddr, Via};
use crate::sip::method::Method;
use crate::sip::params::split_outside_quotes;
use crate::sip::wire::{Message, Reading, Start};

/// What is judged: the parts of a message, as far as there are any.
pub(super) struct Subject<'a> {
    pub(super) start: Option<&'a Start>,
    /// Known also where the first line is refused.
    pub(super) method: Option<Method>,
    pub(super) fields: Vec<(&'a str, &'a str)>,
    pub(super) body: &'a [u8],
}

impl<'a> Subject<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        Self {
            start: Some(message.start()),
            method: match message.start() {
                Start::Request { method, .. } => Some(method.clone()),
                Start::Response { .. } => None,
            },
            fields: message.fields().collect(),
            body: message.body(),
        }
    }

    pub(super) fn read(reading: &'a Reading<'a>) -> Self {
        let fields = reading.fields.iter();
        Self {
            start: reading.start.as_ref().ok(),
            method: reading.method(),
            fields: fields.map(|(n, v)| (n.as_str(), v.as_str())).collect(),
            body: reading.body,
        }
    }

    /// The values of all fields of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| *v)
    }

    /// The first value.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.header(name).is_some()
    }

    /// The items of a header that is a list; empty ones too, for those are faults.
    pub(super) fn items(&self, name: &str) -> Vec<&'a str> {
        self.all(name)
            .flat_map(|v| split_outside_quotes(v, b','))
            .map(str::trim)
            .collect()
    }

    /// The code of an answer.
    pub(super) fn code(&self) -> Option<u16> {
        match self.start {
            Some(Start::Response { code, .. }) => Some(*code),
            _ => None,
        }
    }

    /// The method that an answer answers.
    pub(super) fn answered(&self) -> Option<Method> {
        self.code()?;
        Some(CSeq::parse(self.header("CSeq")?)?.method)
    }

    pub(super) fn from(&self) -> Option<NameAddr> {
        self.header("From").map(NameAddr::parse)
    }

    pub(super) fn to(&self) -> Option<NameAddr> {
        self.header("To").map(NameAddr::parse)
    }

    /// The topmost Via that can be read.
    pub(super) fn top_via(&self) -> Option<Via> {
        Via::parse(self.items("Via").first()?)
    }

    /// Whether the sender follows RFC 2543, which asks for less: its branch has no cookie.
    pub(super) fn is_old(&self) -> bool {
        self.top_via().is_some_and(|via| {
            via.branch()
                .is_none_or(|branch| !branch.starts_with("z9hG4bK"))
        })
    }
}
