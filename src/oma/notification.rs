use std::fmt;

use data_encoding::BASE64;
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

/// Octets of the digest before the trigger.
const DIGEST: usize = 16;

/// Octets of the trigger before the server id.
const FIXED: usize = 8;

/// Version 1.1, times ten, in the first ten bits.
const VERSION: u16 = 11;

/// What a notification asks of the device's user interface (OMA-TS-DM_Notification 1.2 §6.2.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UiMode {
    /// Says nothing about it.
    NotSpecified,
    /// The session runs unseen.
    Background,
    /// The user is told.
    Informative,
    /// The user is asked first.
    UserInteraction,
}

/// Who wants the session (§6.2.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initiator {
    /// The user.
    User,
    /// The server.
    Server,
}

/// The trigger of package 0: "open a session with this server" (OMA-TS-DM_Notification 1.2 §6.2).
///
/// It carries neither address nor credentials: the device knows the server already.
///
/// ```
/// use callhome::oma::{Initiator, Notification, SignedNotification, UiMode};
/// let notification =
///     Notification::new("mgmt.example", 0x00a5, UiMode::Background, Initiator::Server).unwrap();
/// let octets = notification.sign("srvpw", b"nonce");
/// let read = SignedNotification::parse(&octets).unwrap();
/// assert!(read.is_genuine("srvpw", b"nonce"));
/// assert!(!read.is_genuine("srvpw", b"other"));
/// assert!(SignedNotification::parse(&octets[..20]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    server_id: String,
    session_id: u16,
    ui_mode: UiMode,
    initiator: Initiator,
    vendor: Vec<u8>,
}

/// A notification with its digest, as octets that may have come from anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedNotification {
    digest: [u8; DIGEST],
    trigger: Vec<u8>,
    notification: Notification,
}

/// Why octets are not a notification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNotification {
    /// Too short for digest, header and server id.
    #[error("a notification has a digest of 16 octets, 8 more and the server id; found {0} octets")]
    Short(usize),
    /// Not version 1.1.
    #[error("a notification of DM 1.2 has version 1.1, found {}.{}", .0 / 10, .0 % 10)]
    Version(u16),
    /// The server id is empty, longer than 255 octets or not UTF-8.
    #[error("a server id is 1 to 255 octets of UTF-8")]
    ServerId,
    /// The session id is zero.
    #[error("a session id is 1 to ffff")]
    SessionId,
}

impl UiMode {
    const ALL: [Self; 4] = [
        Self::NotSpecified,
        Self::Background,
        Self::Informative,
        Self::UserInteraction,
    ];

    const fn bits(self) -> u64 {
        match self {
            Self::NotSpecified => 0,
            Self::Background => 1,
            Self::Informative => 2,
            Self::UserInteraction => 3,
        }
    }

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotSpecified => "not specified",
            Self::Background => "in the background",
            Self::Informative => "the user is told",
            Self::UserInteraction => "the user is asked",
        }
    }
}

impl Notification {
    /// Builds a trigger.
    ///
    /// # Errors
    /// [`InvalidNotification::ServerId`] and [`InvalidNotification::SessionId`] when they are out of range.
    pub fn new(
        server_id: &str,
        session_id: u16,
        ui_mode: UiMode,
        initiator: Initiator,
    ) -> Result<Self, InvalidNotification> {
        if !(1..=255).contains(&server_id.len()) {
            return Err(InvalidNotification::ServerId);
        }
        if session_id == 0 {
            return Err(InvalidNotification::SessionId);
        }
        Ok(Self {
            server_id: server_id.to_owned(),
            session_id,
            ui_mode,
            initiator,
            vendor: Vec::new(),
        })
    }

    /// The server that the device is to call.
    #[must_use]
    pub fn server_id(&self) -> &str {
        &self.server_id
    }

    /// The id that the session will have. A repeat of the same trigger keeps it.
    #[must_use]
    pub const fn session_id(&self) -> u16 {
        self.session_id
    }

    /// The session id as the client sends it in `SyncHdr`: upper-case hexadecimal without leading zeros (§6.2.2.10).
    #[must_use]
    pub fn session_id_text(&self) -> String {
        format!("{:X}", self.session_id)
    }

    /// What it asks of the user interface.
    #[must_use]
    pub const fn ui_mode(&self) -> UiMode {
        self.ui_mode
    }

    /// Who wants the session.
    #[must_use]
    pub const fn initiator(&self) -> Initiator {
        self.initiator
    }

    /// Octets after the server id, which only the vendor understands.
    #[must_use]
    pub fn vendor(&self) -> &[u8] {
        &self.vendor
    }

    /// The same trigger with octets after the server id, for a device that knows what they mean.
    #[must_use]
    pub fn with_vendor(mut self, vendor: &[u8]) -> Self {
        self.vendor = vendor.to_vec();
        self
    }

    /// The octets for the device: digest, then trigger.
    ///
    /// `password` is the server's secret on this device, `nonce` the last one that the device gave, as raw octets.
    #[must_use]
    pub fn sign(&self, password: &str, nonce: &[u8]) -> Vec<u8> {
        let trigger = self.trigger();
        let mut octets = digest(&self.server_id, password, nonce, &trigger).to_vec();
        octets.extend(trigger);
        octets
    }

    fn trigger(&self) -> Vec<u8> {
        let initiator = u64::from(self.initiator == Initiator::Server);
        // version:10 ui-mode:2 initiator:1 future:27, together 40 bits
        let head = u64::from(VERSION) << 30 | self.ui_mode.bits() << 28 | initiator << 27;
        let mut octets = head.to_be_bytes()[3..].to_vec();
        octets.extend(self.session_id.to_be_bytes());
        // The constructor and the parser bound it.
        octets.push(u8::try_from(self.server_id.len()).unwrap_or(u8::MAX));
        octets.extend(self.server_id.as_bytes());
        octets.extend(&self.vendor);
        octets
    }
}

impl SignedNotification {
    /// Reads digest and trigger.
    ///
    /// # Errors
    /// [`InvalidNotification`] when they are malformed. Reserved bits are passed over.
    pub fn parse(octets: &[u8]) -> Result<Self, InvalidNotification> {
        let short = || InvalidNotification::Short(octets.len());
        let (digest, trigger) = octets.split_first_chunk::<DIGEST>().ok_or_else(short)?;
        let (head, rest) = trigger.split_first_chunk::<FIXED>().ok_or_else(short)?;
        let [b0, b1, _, _, _, s0, s1, length] = *head;
        let first = u16::from_be_bytes([b0, b1]);
        let version = first >> 6;
        if version != VERSION {
            return Err(InvalidNotification::Version(version));
        }
        let (server_id, vendor) = rest
            .split_at_checked(usize::from(length))
            .ok_or_else(short)?;
        let server_id =
            std::str::from_utf8(server_id).map_err(|_| InvalidNotification::ServerId)?;
        let ui_mode = UiMode::ALL[usize::from(first >> 4 & 3)];
        let initiator = match first >> 3 & 1 {
            0 => Initiator::User,
            _ => Initiator::Server,
        };
        let session_id = u16::from_be_bytes([s0, s1]);
        let mut notification = Notification::new(server_id, session_id, ui_mode, initiator)?;
        notification.vendor = vendor.to_vec();
        Ok(Self {
            digest: *digest,
            trigger: trigger.to_vec(),
            notification,
        })
    }

    /// What it says, believed or not.
    #[must_use]
    pub const fn notification(&self) -> &Notification {
        &self.notification
    }

    /// Whether the digest fits the password and the nonce. Takes the same time wherever it differs.
    #[must_use]
    pub fn is_genuine(&self, password: &str, nonce: &[u8]) -> bool {
        let server_id = &self.notification.server_id;
        let expected = digest(server_id, password, nonce, &self.trigger);
        expected.ct_eq(&self.digest).into()
    }
}

impl fmt::Debug for SignedNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedNotification({:?})", self.notification)
    }
}

/// `MD5( B64(MD5(server-id ":" password)) ":" nonce ":" B64(MD5(trigger)) )`, §6.2.1; the nonce in raw octets.
fn digest(server_id: &str, password: &str, nonce: &[u8], trigger: &[u8]) -> [u8; DIGEST] {
    let credentials = BASE64.encode(&Md5::digest(format!("{server_id}:{password}")));
    let trigger = BASE64.encode(&Md5::digest(trigger));
    let mut outer = Md5::new();
    outer.update(credentials.as_bytes());
    outer.update(b":");
    outer.update(nonce);
    outer.update(b":");
    outer.update(trigger.as_bytes());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &[u8] = include_bytes!("../../tests/vectors/oma/pkg0.bin");

    fn example(ui_mode: UiMode, initiator: Initiator) -> Notification {
        Notification::new("mgmt.example", 0x00a5, ui_mode, initiator).expect("in range")
    }

    #[test]
    fn the_worked_example_is_built_octet_by_octet() {
        let octets = example(UiMode::Background, Initiator::Server).sign("srvpw", b"nonce");
        assert_eq!(HEXLOWER.encode(&octets), HEXLOWER.encode(EXAMPLE));
    }

    #[test]
    fn the_worked_example_is_read_and_believed_only_with_password_and_nonce() {
        let read = SignedNotification::parse(EXAMPLE).expect("worked example");
        assert_eq!(
            read.notification(),
            &example(UiMode::Background, Initiator::Server)
        );
        assert_eq!(read.notification().session_id_text(), "A5");
        assert!(read.is_genuine("srvpw", b"nonce"));
        assert!(!read.is_genuine("srvpw", b"bm9uY2U="));
        assert!(!read.is_genuine("wrong", b"nonce"));
        for at in 0..EXAMPLE.len() {
            let mut altered = EXAMPLE.to_vec();
            altered[at] ^= 1;
            let genuine =
                SignedNotification::parse(&altered).is_ok_and(|n| n.is_genuine("srvpw", b"nonce"));
            assert!(!genuine, "octet {at}");
        }
    }

    #[test]
    fn the_first_octets_tell_mode_and_initiator() {
        for (initiator, firsts) in [
            (Initiator::Server, ["02c8", "02d8", "02e8", "02f8"]),
            (Initiator::User, ["02c0", "02d0", "02e0", "02f0"]),
        ] {
            for (mode, first) in UiMode::ALL.into_iter().zip(firsts) {
                let octets = example(mode, initiator).sign("p", b"n");
                assert_eq!(HEXLOWER.encode(&octets[16..18]), first);
                let read = SignedNotification::parse(&octets).expect("own octets");
                assert_eq!(read.notification(), &example(mode, initiator));
            }
        }
    }

    #[test]
    fn malformed_octets_are_refused() {
        use InvalidNotification as E;
        for (octets, expected) in [
            (&EXAMPLE[..10], E::Short(10)),
            (&EXAMPLE[..23], E::Short(23)),
            (&EXAMPLE[..30], E::Short(30)),
            (&[0; 40][..], E::Version(0)),
        ] {
            assert_eq!(SignedNotification::parse(octets), Err(expected));
        }
        let mut zero = EXAMPLE.to_vec();
        zero[22] = 0;
        assert_eq!(SignedNotification::parse(&zero), Err(E::SessionId));
        zero = EXAMPLE.to_vec();
        zero[24] = 0xff;
        assert_eq!(SignedNotification::parse(&zero), Err(E::ServerId));
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = SignedNotification::parse(&octets).is_ok();
        }

        #[test]
        fn any_trigger_with_vendor_octets_is_read_back(
            id in "[a-z.]{1,60}", session in 1_u16.., vendor in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let mut notification = Notification::new(&id, session, UiMode::Informative, Initiator::User).expect("in range");
            notification.vendor = vendor;
            let read = SignedNotification::parse(&notification.sign("p", b"n")).expect("own octets");
            prop_assert_eq!(read.notification(), &notification);
            prop_assert!(read.is_genuine("p", b"n"));
        }
    }
}
