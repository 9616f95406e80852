use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};

use crate::domain::{EnrolmentCode, InvalidSystemId, Msisdn, ShortId, SystemId, Timestamp};

/// Asks for enrolment codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct InvitationRequest {
    /// How many codes, 1 to 100,000; each is good for one device.
    pub count: u32,
    /// The device that may use it; any device when absent. Needs `count` 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<ShortId>,
    /// Seconds until the codes die; 7 days when absent, which is also the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_s: Option<u64>,
    /// Has the server send the invitation to somebody. Needs `count` 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<InvitationWay>,
}

/// How an invitation gets to the one who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum InvitationWay {
    /// A text message to the phone itself: its number is verified when it comes with the code.
    Sms {
        /// The phone's number.
        to: Msisdn,
    },
    /// A letter to the phone's user.
    Email {
        /// The address.
        to: String,
    },
}

/// One-time enrolment codes and where to use them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Invitation {
    /// The system id to enrol under.
    pub system_id: SystemId,
    /// Address of the management endpoint for devices, as in `https://mgmt.example.net:8443`.
    pub server_url: String,
    /// Certificate of the endpoint's own CA (PEM), for the device to pin.
    pub ca_pem: String,
    /// The codes. Shown once; the server keeps only their digests.
    pub codes: Vec<EnrolmentCode>,
    /// When they die.
    pub expires_at: Timestamp,
    /// A link for each code, with all that the device needs; none while the server does not listen for devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Who was sent it, through whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentInvitation>,
}

/// An invitation that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SentInvitation {
    /// To whom.
    #[serde(flatten)]
    pub way: InvitationWay,
    /// Through which gateway or mail server.
    pub through: String,
}

/// What a link to be opened on the invited phone carries.
///
/// It stands behind the `#` of the address: a browser that opens it by mistake sends the code to nobody.
///
/// ```
/// use callhome::api::JoinLink;
/// let text = "https://192.0.2.7:8443/join#0306406152.7k2m9x4qd0.KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio";
/// let link: JoinLink = text.parse().unwrap();
/// assert_eq!(link.server_url, "https://192.0.2.7:8443");
/// assert_eq!(link.to_string(), text);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// The management endpoint.
    pub server_url: String,
    /// Its system id.
    pub system_id: SystemId,
    /// The code.
    pub code: EnrolmentCode,
    /// SHA-256 of the certificate (DER) of the endpoint's authority: what the device trusts.
    pub ca_pin: [u8; 32],
}

/// Why a text is no link of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJoinLink {
    /// Not of that form; usually a part was cut off.
    #[error(
        "an invitation's link is https://…/join#SYSTEM-ID.CODE.PIN in one piece: was a part of it cut off?"
    )]
    Form,
    /// The system id in it has a slip.
    #[error("the system id in the link: {0}")]
    SystemId(#[from] InvalidSystemId),
}

impl JoinLink {
    /// The link for a code; the fingerprint of the authority is 64 hexadecimal digits.
    #[must_use]
    pub fn new(
        server_url: &str,
        system_id: SystemId,
        code: &EnrolmentCode,
        ca_fingerprint: &str,
    ) -> Option<Self> {
        let ca_pin = HEXLOWER_PERMISSIVE.decode(ca_fingerprint.as_bytes()).ok()?;
        Some(Self {
            server_url: server_url.trim_end_matches('/').to_owned(),
            system_id,
            code: code.clone(),
            ca_pin: ca_pin.try_into().ok()?,
        })
    }

    /// Whether this is the authority that the link names: its fingerprint as 64 hexadecimal digits.
    #[must_use]
    pub fn names(&self, fingerprint: &str) -> bool {
        HEXLOWER_PERMISSIVE
            .decode(fingerprint.as_bytes())
            .is_ok_and(|found| found == self.ca_pin)
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/join#{}.{}.{}",
            self.server_url,
            self.system_id,
            self.code.to_string().replace('-', ""),
            BASE64URL_NOPAD.encode(&self.ca_pin)
        )
    }
}

impl FromStr for JoinLink {
    type Err = InvalidJoinLink;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = InvalidJoinLink::Form;
        let (server_url, words) = text.trim().split_once("/join#").ok_or(form.clone())?;
        let host = server_url.strip_prefix("https://").ok_or(form.clone())?;
        let mut words = words.split('.');
        let (Some(system_id), Some(code), Some(pin), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(form);
        };
        if host.is_empty() {
            return Err(form);
        }
        let pin = BASE64URL_NOPAD.decode(pin.as_bytes());
        Ok(Self {
            server_url: server_url.to_owned(),
            system_id: system_id.parse()?,
            code: code.parse().map_err(|_| form.clone())?,
            ca_pin: pin.ok().and_then(|p| p.try_into().ok()).ok_or(form)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_lost_a_piece_says_so() {
        let code = EnrolmentCode::from_random(*b"callhom");
        let id = SystemId::from_number(30_640_615);
        let link = JoinLink::new("https://[2001:db8::7]:8443/", id, &code, &"2a".repeat(32))
            .expect("a fingerprint");
        let text = link.to_string();
        assert_eq!(text.parse::<JoinLink>(), Ok(link.clone()));
        assert!(link.names(&"2a".repeat(32)) && !link.names(&"2b".repeat(32)));
        for cut in [
            &text[1..],
            &text[..text.len() - 1],
            &text[..text.len() - 44],
        ] {
            assert_eq!(cut.parse::<JoinLink>(), Err(InvalidJoinLink::Form), "{cut}");
        }
        let slip = text.replace(&id.to_string(), "0306406151");
        assert!(matches!(
            slip.parse::<JoinLink>(),
            Err(InvalidJoinLink::SystemId(_))
        ));
    }
}
