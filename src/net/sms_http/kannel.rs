use std::fmt;

use percent_encoding::percent_decode_str;
use reqwest::{Method, Url};

use super::Call;
use crate::port::{OutboundSms, SmsAccepted};
use crate::sms::{Encoding, Meter};

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

    /// Every parameter is percent-encoded: Kannel cuts what is not.
    pub(super) fn call(&self, sms: &OutboundSms) -> Call {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("username", &self.username)
                .append_pair("password", &self.password)
                .append_pair("to", &sms.to.to_string())
                .append_pair("text", &sms.text)
                .append_pair("charset", "UTF-8")
                .append_pair("coding", coding(&sms.text));
            if let Some(from) = &self.from {
                query.append_pair("from", from);
            }
            if let Some(dlr_url) = &self.dlr_url {
                // Kannel fills in %d (kind of receipt), %A (the centre's words) and %F (its id).
                let mark = if dlr_url.query().is_some() { '&' } else { '?' };
                let filled = format!(
                    "{dlr_url}{mark}ref={}&type=%d&reply=%A&id=%F",
                    sms.reference
                );
                query
                    .append_pair("dlr-mask", DLR_MASK)
                    .append_pair("dlr-url", &filled);
            }
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

/// 0 = 7-bit alphabet, 2 = UCS-2.
fn coding(text: &str) -> &'static str {
    match Meter::of(text).map(|m| m.encoding) {
        Ok(Encoding::Gsm7) => "0",
        _ => "2",
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
