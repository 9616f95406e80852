use std::fmt;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use reqwest::{Method, Url};

use super::Call;
use crate::port::{OutboundSms, SmsAccepted};
use crate::sms::{Encoding, InvalidSegments, Reference, Segment, split, split_octets};

/// Kannel reports delivered (1), failed (2) and refused by the centre (16).
const DLR_MASK: &str = "19";

/// How to send through Kannel's `smsbox`. `Debug` hides the password.
#[derive(Clone)]
pub struct KannelSettings {
    url: Url,
    username: String,
    password: String,
    from: Option<String>,
    dlr_url: Option<Url>,
}

/// Why a text is not the address of a Kannel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKannelUrl {
    /// Not a web address.
    #[error("a Kannel is named as in kannel+http://user@host:13013/cgi-bin/sendsms")]
    Form,
    /// A password in the address would be seen by everybody on this machine.
    #[error("a password does not belong into the address: give it in a file")]
    PasswordInside,
    /// Neither in the address nor beside it.
    #[error("the user's name is missing, as in kannel+http://user@host:13013/cgi-bin/sendsms")]
    NoUser,
}

impl KannelSettings {
    /// Reads `[kannel+]http://[user@]host:port/cgi-bin/sendsms`; the path is that of Kannel when there is none.
    ///
    /// # Errors
    /// [`InvalidKannelUrl`].
    pub fn new(
        address: &str,
        username: Option<&str>,
        password: &str,
    ) -> Result<Self, InvalidKannelUrl> {
        let address = address.strip_prefix("kannel+").unwrap_or(address);
        let mut url = Url::parse(address).map_err(|_| InvalidKannelUrl::Form)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(InvalidKannelUrl::Form);
        }
        if url.password().is_some() {
            return Err(InvalidKannelUrl::PasswordInside);
        }
        let named = percent_decode_str(url.username())
            .decode_utf8_lossy()
            .into_owned();
        let username = username
            .map(str::to_owned)
            .or(Some(named).filter(|n| !n.is_empty()))
            .ok_or(InvalidKannelUrl::NoUser)?;
        url.set_username("").map_err(|()| InvalidKannelUrl::Form)?;
        if matches!(url.path(), "" | "/") {
            url.set_path("/cgi-bin/sendsms");
        }
        Ok(Self {
            url,
            username,
            password: password.to_owned(),
            from: None,
            dlr_url: None,
        })
    }

    /// Sets the sender's number or name.
    #[must_use]
    pub fn sent_from(mut self, from: Option<String>) -> Self {
        self.from = from;
        self
    }

    /// Asks for receipts at this address, as in `https://mdm.example/gateway/v1/kannel-1/<secret>/dlr`.
    #[must_use]
    pub fn receipts_at(mut self, url: Option<Url>) -> Self {
        self.dlr_url = url;
        self
    }

    /// The same settings with the password hidden.
    pub(super) fn hidden(&self) -> Self {
        Self {
            password: "••••".to_owned(),
            ..self.clone()
        }
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// The requests of a message, one for each segment: Kannel itself would ask for a receipt of the first one only.
    ///
    /// # Errors
    /// In words, when it takes more than 255 segments.
    pub(super) fn calls(&self, sms: &OutboundSms, send: u32) -> Result<Vec<Call>, InvalidSegments> {
        let [.., low] = send.to_be_bytes();
        let (ports, number) = (sms.options.ports, Reference::Eight(low));
        let segments = match &sms.options.octets {
            Some(octets) => split_octets(octets, ports, number)?,
            None => split(&sms.text, ports, number)?,
        };
        let total = segments.len();
        let calls = (1..).zip(&segments);
        Ok(calls
            .map(|(number, segment)| self.call(sms, segment, (send, number, total)))
            .collect())
    }

    /// Every parameter is percent-encoded: Kannel cuts what is not.
    fn call(&self, sms: &OutboundSms, segment: &Segment, place: (u32, usize, usize)) -> Call {
        let mut url = self.url.clone();
        let coding = match segment.encoding {
            Encoding::Gsm7 => "0",
            Encoding::Binary => "1",
            Encoding::Ucs2 => "2",
        };
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("username", &self.username)
                .append_pair("password", &self.password)
                .append_pair("to", &sms.to.to_string());
            if let Some(text) = segment.text() {
                query.append_pair("text", &text);
            }
            query
                .append_pair("charset", "UTF-8")
                .append_pair("coding", coding);
            if let Some(from) = &self.from {
                query.append_pair("from", from);
            }
            let options = &sms.options;
            if options.flash {
                query.append_pair("mclass", "0");
            }
            let minutes = |time: Duration| time.as_secs().div_ceil(60).max(1).to_string();
            if let Some(validity) = options.validity {
                query.append_pair("validity", &minutes(validity));
            }
            if let Some(deferred) = options.deferred {
                query.append_pair("deferred", &minutes(deferred));
            }
            if let Some(priority) = options.priority {
                query.append_pair("priority", &priority.to_string());
            }
            if let Some(dlr_url) = &self.dlr_url {
                // Kannel fills in %d (kind of receipt), %A (the centre's words) and %F (its id).
                let mark = if dlr_url.query().is_some() { '&' } else { '?' };
                let (send, number, total) = place;
                let filled = format!(
                    "{dlr_url}{mark}ref={}&send={send}&part={number}&of={total}&type=%d&reply=%A&id=%F",
                    sms.reference
                );
                query
                    .append_pair("dlr-mask", DLR_MASK)
                    .append_pair("dlr-url", &filled);
            }
        }
        let mut octets = |name: &str, octets: &[u8]| {
            let escaped = percent_encode(octets, NON_ALPHANUMERIC);
            let query = format!("{}&{name}={escaped}", url.query().unwrap_or_default());
            url.set_query(Some(&query));
        };
        if !segment.header.is_empty() {
            octets("udh", &segment.header);
        }
        if segment.encoding == Encoding::Binary {
            octets("text", &segment.payload);
        }
        Call {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: None,
        }
    }
}

impl fmt::Debug for KannelSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KannelSettings({}, {}, …)", self.url, self.username)
    }
}

/// `0: Accepted for delivery` or `3: Queued for later delivery`, in some versions with the id behind.
pub(super) fn accepted(answer: &str) -> SmsAccepted {
    let mut parts = answer.splitn(3, ": ").skip(1);
    let words = parts.next().unwrap_or(answer);
    SmsAccepted {
        answer: words.to_owned(),
        reference: parts.next().map(str::to_owned),
    }
}
