use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};

use super::Call;
use crate::port::OutboundSms;

/// Everything outside RFC 3986 `unreserved` is escaped in addresses and forms.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The HTTP methods that gateways use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateMethod {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
}

/// A gateway described by the request it wants. `Debug` hides headers, body and address.
///
/// `{to}`, `{text}`, `{from}` and `{reference}` are filled in: percent-encoded in the address, and in
/// the body as its content type asks: inside JSON strings, form fields, XML, or as they are.
#[derive(Clone)]
pub struct TemplateSettings {
    /// The method; POST when there is a body and none is given, else GET.
    pub method: Option<TemplateMethod>,
    /// The address.
    pub url: String,
    /// Headers; may hold secrets.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// The sender's number or name.
    pub from: Option<String>,
    /// Where receipts are to be told, for `{receipts}`.
    pub receipts: Option<Url>,
}

impl TemplateSettings {
    /// The form of Twilio's API for an account. `address` is the API's, as in `https://api.twilio.com`.
    #[must_use]
    pub fn twilio(address: &str, account: &str, token: &str, receipts: Option<Url>) -> Self {
        let account_in_path = utf8_percent_encode(account, ESCAPED);
        let credentials = data_encoding::BASE64.encode(format!("{account}:{token}").as_bytes());
        let mut body = "To={to}&From={from}&Body={text}".to_owned();
        if receipts.is_some() {
            body.push_str("&StatusCallback={receipts}");
        }
        Self {
            method: Some(TemplateMethod::Post),
            url: format!(
                "{}/2010-04-01/Accounts/{account_in_path}/Messages.json",
                address.trim_end_matches('/')
            ),
            headers: vec![
                (
                    "Content-Type".to_owned(),
                    "application/x-www-form-urlencoded".to_owned(),
                ),
                ("Authorization".to_owned(), format!("Basic {credentials}")),
            ],
            body: Some(body),
            from: None,
            receipts,
        }
    }
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// The address is no web address.
    #[error("the gateway's address is no http or https address once it is filled in")]
    Url,
    /// Neither the address nor the body has `{text}`, or `{to}`.
    #[error("neither the gateway's address nor its body has {0}")]
    Missing(&'static str),
    /// A placeholder in braces that does not exist.
    #[error(
        "the gateway's address has {0}; there are {{to}}, {{text}}, {{from}}, {{reference}} and {{receipts}}"
    )]
    Unknown(String),
    /// A header's name or value cannot be sent.
    #[error("header {0:?} cannot be sent")]
    Header(String),
    /// `{from}` without a sender.
    #[error("{{from}} is used and the gateway has no sender")]
    NoSender,
    /// `{receipts}` without an address at which the gateway may call.
    #[error(
        "{{receipts}} is used and the gateway has no callback_secret_file, or the server no address"
    )]
    NoReceipts,
}

/// How a value is written so that it cannot break out of its place.
#[derive(Clone, Copy)]
enum Place {
    Percent,
    Json,
    Xml,
    Raw,
}

impl TemplateSettings {
    /// Fills in an example, so that mistakes show before the first message.
    pub(super) fn check(&self) -> Result<Url, InvalidTemplate> {
        let body = self.body.as_deref().unwrap_or_default();
        for needed in ["{text}", "{to}"] {
            if !self.url.contains(needed) && !body.contains(needed) {
                return Err(InvalidTemplate::Missing(needed));
            }
        }
        if let Some(rest) = self.url.split('{').skip(1).find(|rest| {
            !["to}", "text}", "from}", "reference}", "receipts}"]
                .iter()
                .any(|known| rest.starts_with(known))
        }) {
            let name: String = rest.chars().take_while(|c| *c != '}').take(16).collect();
            return Err(InvalidTemplate::Unknown(format!("{{{name}}}")));
        }
        if self.from.is_none() && (self.url.contains("{from}") || body.contains("{from}")) {
            return Err(InvalidTemplate::NoSender);
        }
        if self.receipts.is_none()
            && (self.url.contains("{receipts}") || body.contains("{receipts}"))
        {
            return Err(InvalidTemplate::NoReceipts);
        }
        for (name, value) in &self.headers {
            let fits = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
                && reqwest::header::HeaderValue::from_str(value).is_ok();
            if !fits {
                return Err(InvalidTemplate::Header(name.clone()));
            }
        }
        self.filled_url(&[
            ("{to}", "+10000000"),
            ("{text}", "x"),
            ("{from}", "x"),
            ("{reference}", "x"),
            ("{receipts}", "https://x"),
        ])
    }

    pub(super) fn call(&self, sms: &OutboundSms, send: u32) -> Result<Call, InvalidTemplate> {
        let to = sms.to.to_string();
        let reference = sms.reference.to_string();
        let receipts = self.receipts.as_ref().map(|url| {
            let mark = if url.query().is_some() { '&' } else { '?' };
            format!("{url}{mark}ref={reference}&send={send}")
        });
        let values = [
            ("{to}", to.as_str()),
            ("{text}", sms.text.as_str()),
            ("{from}", self.from.as_deref().unwrap_or_default()),
            ("{reference}", reference.as_str()),
            ("{receipts}", receipts.as_deref().unwrap_or_default()),
        ];
        let method = self.method.unwrap_or(if self.body.is_some() {
            TemplateMethod::Post
        } else {
            TemplateMethod::Get
        });
        Ok(Call {
            method: match method {
                TemplateMethod::Get => Method::GET,
                TemplateMethod::Post => Method::POST,
                TemplateMethod::Put => Method::PUT,
            },
            url: self.filled_url(&values)?,
            headers: self.headers.clone(),
            body: self
                .body
                .as_deref()
                .map(|body| fill(body, &values, self.body_place())),
        })
    }

    fn filled_url(&self, values: &[(&str, &str)]) -> Result<Url, InvalidTemplate> {
        Url::parse(&fill(&self.url, values, Place::Percent))
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or(InvalidTemplate::Url)
    }

    fn body_place(&self) -> Place {
        let content_type = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.to_ascii_lowercase())
            .unwrap_or_default();
        if content_type.contains("json") {
            Place::Json
        } else if content_type.contains("xml") {
            Place::Xml
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            Place::Percent
        } else {
            Place::Raw
        }
    }
}

impl fmt::Debug for TemplateSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemplateSettings(…)")
    }
}

/// Fills in what is known in one pass, so that braces inside a value stay as they are.
fn fill(template: &str, values: &[(&str, &str)], place: Place) -> String {
    let mut text = String::with_capacity(template.len() + 200);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match values.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, value)) => {
                text.push_str(&escaped(value, place));
                rest = &rest[name.len()..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

fn escaped(value: &str, place: Place) -> String {
    match place {
        Place::Percent => utf8_percent_encode(value, ESCAPED).to_string(),
        Place::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Place::Xml => quick_xml::escape::escape(value).into_owned(),
        Place::Raw => value.to_owned(),
    }
}
