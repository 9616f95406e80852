/// The port on the device to which a push goes (WAP-259-WDP, `wap-push`).
pub const PUSH_PORT: u16 = 2948;

/// The source port that is usual for DM notifications.
pub const DEFAULT_SOURCE_PORT: u16 = 9200;

/// `application/vnd.syncml.notification` as a well-known content type (OMNA).
pub const CONTENT_TYPE_NOTIFICATION: WspValue = WspValue::WellKnown(0x44);

/// WSP PDU type of a push (WAP-230-WSP §8.2.1).
const PUSH: u8 = 0x06;

/// The header `X-Wap-Application-Id` (WSP assigned number 0x2F).
const APPLICATION_ID: u8 = 0x2f;

/// `x-wap-application:syncml.dm` (OMNA push application id 0x07).
const APPLICATION_DM: u8 = 0x07;

/// A value that has a number, or is spelled out (WAP-230-WSP §8.4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WspValue {
    /// The assigned number.
    WellKnown(u8),
    /// Text.
    Text(String),
}

/// A connectionless WSP push: what stands in the text message beside the ports.
///
/// ```
/// use callhome::oma::WspPush;
/// let push = WspPush::notification(1, vec![0; 36]);
/// assert_eq!(&push.to_octets()[..6], [0x01, 0x06, 0x03, 0xc4, 0xaf, 0x87]);
/// assert_eq!(WspPush::parse(&push.to_octets()).unwrap(), push);
/// assert!(WspPush::parse(&[1, 6, 200]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WspPush {
    /// Transaction id; chosen by the sender.
    pub tid: u8,
    /// The media type of the body, without its parameters.
    pub content_type: WspValue,
    /// Parameters of the content type as they came.
    pub parameters: Vec<u8>,
    /// `X-Wap-Application-Id`: the application that the body is for.
    pub application: Option<WspValue>,
    /// What it carries.
    pub body: Vec<u8>,
}

/// Why octets are not a WSP push.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPush {
    /// The PDU type is not push.
    #[error("the second octet of a WSP push is 06")]
    NotPush,
    /// A length goes past the end, or is longer than five octets.
    #[error("a length goes past the end of the push")]
    Length,
    /// A value that is neither a short integer, a text nor a length with octets.
    #[error("a header of the push is malformed")]
    Value,
}

impl WspPush {
    /// Wraps a DM notification (OMA-TS-DM_Notification 1.2 §6.3.1).
    #[must_use]
    pub fn notification(tid: u8, body: Vec<u8>) -> Self {
        Self {
            tid,
            content_type: CONTENT_TYPE_NOTIFICATION,
            parameters: Vec::new(),
            application: Some(WspValue::WellKnown(APPLICATION_DM)),
            body,
        }
    }

    /// Whether it carries a DM notification.
    #[must_use]
    pub fn is_notification(&self) -> bool {
        match &self.content_type {
            WspValue::WellKnown(code) => CONTENT_TYPE_NOTIFICATION == WspValue::WellKnown(*code),
            WspValue::Text(text) => {
                text.eq_ignore_ascii_case("application/vnd.syncml.notification")
            }
        }
    }

    /// The octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let media = self.content_type.to_octets();
        let mut headers = Vec::new();
        if self.parameters.is_empty() {
            headers.extend(media);
        } else {
            // Content-general-form: Value-length Media-type parameters.
            let length = media.len() + self.parameters.len();
            match u8::try_from(length) {
                Ok(short @ ..=30) => headers.push(short),
                _ => {
                    headers.push(0x1f);
                    headers.extend(uintvar(length));
                }
            }
            headers.extend(media);
            headers.extend(&self.parameters);
        }
        if let Some(application) = &self.application {
            headers.push(APPLICATION_ID | 0x80);
            headers.extend(application.to_octets());
        }
        let mut octets = vec![self.tid, PUSH];
        octets.extend(uintvar(headers.len()));
        octets.extend(headers);
        octets.extend(&self.body);
        octets
    }

    /// Reads a push. Headers other than the application id are passed over.
    ///
    /// # Errors
    /// [`InvalidPush`] when it is malformed.
    pub fn parse(octets: &[u8]) -> Result<Self, InvalidPush> {
        let [tid, kind, rest @ ..] = octets else {
            return Err(InvalidPush::Length);
        };
        if *kind != PUSH {
            return Err(InvalidPush::NotPush);
        }
        let (length, rest) = read_uintvar(rest)?;
        let (headers, body) = rest.split_at_checked(length).ok_or(InvalidPush::Length)?;
        let (content_type, parameters, mut headers) = read_content_type(headers)?;
        let mut application = None;
        while !headers.is_empty() {
            let (name, after) = read_value(headers)?;
            let (value, after) = read_value(after)?;
            let is_application = match &name {
                Some(WspValue::WellKnown(code)) => *code == APPLICATION_ID,
                Some(WspValue::Text(text)) => text.eq_ignore_ascii_case("x-wap-application-id"),
                None => return Err(InvalidPush::Value),
            };
            if is_application {
                application = value;
            }
            headers = after;
        }
        Ok(Self {
            tid: *tid,
            content_type,
            parameters,
            application,
            body: body.to_vec(),
        })
    }
}

impl WspValue {
    fn to_octets(&self) -> Vec<u8> {
        match self {
            Self::WellKnown(code) => vec![code | 0x80],
            Self::Text(text) => {
                // Text ends at the first NUL.
                let mut octets: Vec<u8> = text.bytes().filter(|b| *b != 0).collect();
                // A text whose first octet could be taken for something else is quoted (§8.4.2.1).
                if octets.first().is_none_or(|b| !(0x20..0x7f).contains(b)) {
                    octets.insert(0, 0x7f);
                }
                octets.push(0);
                octets
            }
        }
    }
}

/// An unsigned integer of variable length (WAP-230-WSP §8.1.2): seven bits an octet, highest first.
fn uintvar(value: usize) -> Vec<u8> {
    let mut octets = vec![value.to_le_bytes()[0] & 0x7f];
    let mut rest = value >> 7;
    while rest > 0 {
        octets.insert(0, rest.to_le_bytes()[0] & 0x7f | 0x80);
        rest >>= 7;
    }
    octets
}

fn read_uintvar(octets: &[u8]) -> Result<(usize, &[u8]), InvalidPush> {
    let mut value = 0_usize;
    for (i, octet) in octets.iter().take(5).enumerate() {
        value = value << 7 | usize::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            return Ok((value, &octets[i + 1..]));
        }
    }
    Err(InvalidPush::Length)
}

/// Content type, its parameters, and what follows.
type ContentType<'a> = (WspValue, Vec<u8>, &'a [u8]);

fn read_content_type(octets: &[u8]) -> Result<ContentType<'_>, InvalidPush> {
    let (general, after) = match octets {
        [length @ ..=30, rest @ ..] => rest
            .split_at_checked(usize::from(*length))
            .ok_or(InvalidPush::Length)?,
        [0x1f, rest @ ..] => {
            let (length, rest) = read_uintvar(rest)?;
            rest.split_at_checked(length).ok_or(InvalidPush::Length)?
        }
        _ => {
            let (value, after) = read_value(octets)?;
            return Ok((value.ok_or(InvalidPush::Value)?, Vec::new(), after));
        }
    };
    let (value, parameters) = read_value(general)?;
    Ok((value.ok_or(InvalidPush::Value)?, parameters.to_vec(), after))
}

/// Reads one value; `None` for octets behind a length, which are passed over.
fn read_value(octets: &[u8]) -> Result<(Option<WspValue>, &[u8]), InvalidPush> {
    match octets {
        [] => Err(InvalidPush::Length),
        [short @ 0x80..=0xff, rest @ ..] => Ok((Some(WspValue::WellKnown(short & 0x7f)), rest)),
        [length @ ..=30, rest @ ..] => rest
            .split_at_checked(usize::from(*length))
            .map(|(_, after)| (None, after))
            .ok_or(InvalidPush::Length),
        [0x1f, rest @ ..] => {
            let (length, rest) = read_uintvar(rest)?;
            rest.split_at_checked(length)
                .map(|(_, after)| (None, after))
                .ok_or(InvalidPush::Length)
        }
        [first, ..] => {
            let start = usize::from(*first == 0x7f);
            let end = octets
                .iter()
                .position(|b| *b == 0)
                .ok_or(InvalidPush::Length)?;
            let text = octets.get(start..end).ok_or(InvalidPush::Value)?;
            let text = std::str::from_utf8(text).map_err(|_| InvalidPush::Value)?;
            Ok((Some(WspValue::Text(text.to_owned())), &octets[end + 1..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_example_is_wrapped_and_unwrapped() {
        let body = include_bytes!("../../tests/vectors/oma/pkg0.bin").to_vec();
        let wrapped = include_bytes!("../../tests/vectors/oma/pkg0-wsp.bin");
        let push = WspPush::notification(1, body.clone());
        assert_eq!(HEXLOWER.encode(&push.to_octets()), HEXLOWER.encode(wrapped));
        let read = WspPush::parse(wrapped).expect("worked example");
        assert!(read.is_notification());
        assert_eq!(read.body, body);
    }

    #[test]
    fn a_push_that_another_program_made_is_read() {
        // Client provisioning with SEC and MAC, as Kannel 1.4.5 makes it.
        let hex = include_str!("../../tests/vectors/oma/kannel-cp-userpin.wsp.hex");
        let octets = data_encoding::HEXLOWER_PERMISSIVE
            .decode(hex.trim().as_bytes())
            .expect("hexadecimal");
        let push = WspPush::parse(&octets).expect("made by Kannel");
        assert_eq!(push.content_type, WspValue::WellKnown(0x36));
        assert_eq!(push.parameters.len(), 44);
        let body = include_bytes!("../../tests/vectors/oma/kannel-cp-userpin.wbxml");
        assert_eq!(push.body, body);
        assert_eq!(push.to_octets(), octets);
        assert!(!push.is_notification());
    }

    #[test]
    fn spelled_out_values_mean_the_same() {
        let mut octets = vec![9, 6, 0];
        octets.extend(b"application/vnd.syncml.notification\0");
        octets.extend(b"X-Wap-Application-Id\0x-wap-application:syncml.dm\0");
        octets[2] = u8::try_from(octets.len() - 3).expect("short");
        octets.push(0xaa);
        let push = WspPush::parse(&octets).expect("allowed");
        assert!(push.is_notification());
        let application = WspValue::Text("x-wap-application:syncml.dm".into());
        assert_eq!(push.application, Some(application));
        assert_eq!(push.body, [0xaa]);
    }

    #[test]
    fn lengths_past_the_end_are_refused() {
        for octets in [
            &[][..],
            &[1],
            &[1, 6],
            &[1, 6, 3, 0xc4],
            &[1, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[1, 6, 1, b'a'],
            &[1, 6, 2, 5, 0xc4],
        ] {
            assert_eq!(
                WspPush::parse(octets),
                Err(InvalidPush::Length),
                "{octets:?}"
            );
        }
        assert_eq!(WspPush::parse(&[1, 5, 1, 0xc4]), Err(InvalidPush::NotPush));
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = WspPush::parse(&octets).is_ok();
        }

        #[test]
        fn any_body_is_wrapped_and_unwrapped(tid in any::<u8>(), body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let push = WspPush::notification(tid, body);
            prop_assert_eq!(WspPush::parse(&push.to_octets()), Ok(push));
        }
    }
}
