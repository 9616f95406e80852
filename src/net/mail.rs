//! Letters by SMTP (RFC 5321), with TLS that is always verified.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::port::{BearerError, Letter, Mailer};

const ANSWER: Duration = Duration::from_secs(20);

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Plain at first, then STARTTLS (RFC 3207); a server that does not offer it gets nothing.
    StartTls,
    /// TLS from the first octet (RFC 8314).
    Tls,
    /// Not at all: only to this machine itself.
    None,
}

/// A mail server and who we are there. `Debug` hides the password.
#[derive(Clone)]
pub struct MailSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// User and password; without them nothing is asked.
    pub account: Option<(String, String)>,
    /// The sender, as in `Device care <devices@example.net>`.
    pub from: String,
    /// Authority of its certificate (PEM); the system's when absent.
    pub ca_pem: Option<String>,
}

/// Why letters cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The sender is no address.
    #[error("the sender of letters, {0:?}, is no e-mail address")]
    From(String),
    /// Without TLS to another machine.
    #[error(
        "letters would go to {0} without TLS: that is done on this machine only (127.0.0.1, ::1, localhost)"
    )]
    Plain(String),
    /// The authority cannot be used.
    #[error("the certificate (PEM) of the mail server's authority cannot be read")]
    Authority,
    /// TLS cannot be set up.
    #[error("TLS to the mail server cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// Sends letters through one mail server.
pub struct SmtpMailer {
    server: String,
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpMailer {
    /// Prepares the way to a mail server; it is dialled when there is a letter.
    ///
    /// # Errors
    /// [`MailSetupError`].
    pub fn new(settings: MailSettings) -> Result<Self, MailSetupError> {
        let from: Mailbox = settings
            .from
            .parse()
            .map_err(|_| MailSetupError::From(settings.from.clone()))?;
        let host = settings.host.as_str();
        let tls = match settings.security {
            MailSecurity::StartTls => Tls::Required(parameters(host, settings.ca_pem.as_deref())?),
            MailSecurity::Tls => Tls::Wrapper(parameters(host, settings.ca_pem.as_deref())?),
            MailSecurity::None if is_here(host) => Tls::None,
            MailSecurity::None => return Err(MailSetupError::Plain(settings.host)),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(ANSWER));
        if let Some((user, password)) = settings.account {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            server: format!("{host}:{}", settings.port),
            from,
            transport: builder.build(),
        })
    }
}

fn parameters(host: &str, ca_pem: Option<&str>) -> Result<TlsParameters, MailSetupError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca_pem {
        let authority =
            Certificate::from_pem(pem.as_bytes()).map_err(|_| MailSetupError::Authority)?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(authority);
    }
    builder.build().map_err(MailSetupError::Tls)
}

fn is_here(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, letter: Letter) -> Result<(), BearerError> {
        let to: Address = letter
            .to
            .parse()
            .map_err(|_| BearerError::Unusable(format!("{:?} is no e-mail address", letter.to)))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)
            .map_err(|e| BearerError::Unusable(format!("the letter cannot be written: {e}")))?;
        let sent = tokio::time::timeout(ANSWER * 2, self.transport.send(message)).await;
        match sent {
            Err(_) => Err(BearerError::Unreachable(self.server.clone())),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.told(&error)),
        }
    }
}

impl SmtpMailer {
    /// Goes to the mail server, logs in, and sends nothing.
    ///
    /// # Errors
    /// [`BearerError`] as when a letter is sent.
    pub async fn check(&self) -> Result<(), BearerError> {
        match tokio::time::timeout(ANSWER, self.transport.test_connection()).await {
            Err(_) => Err(BearerError::Unreachable(self.server.clone())),
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(BearerError::Refused {
                target: self.server.clone(),
                reason: "it does not go on after the login".into(),
            }),
            Ok(Err(error)) => Err(self.told(&error)),
        }
    }

    /// Its address.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// A server that answered and said no is told apart from one that was not heard.
    fn told(&self, error: &lettre::transport::smtp::Error) -> BearerError {
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            reason = format!("{reason}: {inner}");
            cause = inner.source();
        }
        if error.is_permanent() || error.is_transient() || error.is_tls() || error.is_client() {
            BearerError::Refused {
                target: self.server.clone(),
                reason,
            }
        } else {
            BearerError::Unreachable(format!("{} ({reason})", self.server))
        }
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpMailer({})", self.server)
    }
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailSettings({}:{})", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, security: MailSecurity) -> MailSettings {
        MailSettings {
            host: host.into(),
            port: 25,
            security,
            account: Some(("callhome".into(), "hunter2".into())),
            from: "Device care <devices@example.net>".into(),
            ca_pem: None,
        }
    }

    #[test]
    fn letters_leave_this_machine_only_under_tls() {
        let plain = SmtpMailer::new(settings("smtp.example.net", MailSecurity::None));
        assert!(matches!(plain, Err(MailSetupError::Plain(_))));
        for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
            assert!(
                SmtpMailer::new(settings(host, MailSecurity::None)).is_ok(),
                "{host}"
            );
        }
        let from = MailSettings {
            from: "nobody".into(),
            ..settings("localhost", MailSecurity::None)
        };
        assert!(matches!(
            SmtpMailer::new(from),
            Err(MailSetupError::From(_))
        ));
        let shown = format!("{:?}", settings("localhost", MailSecurity::Tls));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
