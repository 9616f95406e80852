use std::io::Read;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::cli::commands::sms::{password, private};
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::output::seconds;
use crate::domain::Msisdn;
use crate::net::dns::{Resolver, name_server};
use crate::net::sip_link::Outlook;
use crate::net::tls::ClientTls;
use crate::sip::{
    Credentials, ENUM_ZONE, InvalidRequest, InvalidSipUri, OutboundRequest, SipUri, Transport,
    UnknownTransport,
};

/// More than fits into a datagram.
const MAX_BODY: u64 = 64 * 1024;

/// Flags of every verb that sends.
#[derive(Debug, Args)]
pub(super) struct SendFlags {
    /// Send it through this proxy (loose route)
    #[arg(long, value_name = "ADDRESS", value_parser = address, help_heading = "Sending")]
    pub(super) proxy: Option<SipUri>,
    /// User name for digest challenges
    #[arg(
        long,
        value_name = "USER",
        requires = "password_file",
        help_heading = "Sending"
    )]
    pub(super) user: Option<String>,
    /// File with the password, only readable by its owner
    #[arg(long, value_name = "FILE", requires = "user", help_heading = "Sending")]
    pub(super) password_file: Option<PathBuf>,
    /// Address of record to send as
    #[arg(id = "as", long = "as", value_name = "ADDRESS", value_parser = address, help_heading = "Sending")]
    pub(super) from: Option<SipUri>,
    /// Add a header field, as in 'Subject: hello'; may be repeated
    #[arg(long, value_name = "FIELD", help_heading = "Sending")]
    pub(super) header: Vec<String>,
    /// How long to wait for an answer, as in 4s or 1min
    #[arg(
        long,
        value_name = "TIME",
        value_parser = seconds,
        default_value = "10s",
        help_heading = "Sending"
    )]
    pub(super) timeout: Duration,
    /// Print the message that would be sent, and send nothing
    #[arg(short = 'n', long, help_heading = "Sending")]
    pub(super) dry_run: bool,
    /// Send it over this transport: udp, tcp, tls, ws or wss
    #[arg(long, value_name = "TRANSPORT", value_parser = transport, help_heading = "Connection")]
    pub(super) transport: Option<Transport>,
    #[command(flatten)]
    pub(super) outlook: OutlookFlags,
}

/// Who finds names, and whom to trust.
#[derive(Debug, Default, Args)]
pub(in crate::cli::commands) struct OutlookFlags {
    /// Name server to ask instead of the system's
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = name_server, help_heading = "Connection")]
    pub(super) dns: Option<SocketAddr>,
    /// Authorities to trust for TLS instead of the system's (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    ca: Option<PathBuf>,
    /// Certificate to show to servers that ask for one (PEM)
    #[arg(
        long,
        value_name = "FILE",
        requires = "key",
        help_heading = "Connection"
    )]
    cert: Option<PathBuf>,
    /// Key of that certificate (PEM), only readable by its owner
    #[arg(
        long,
        value_name = "FILE",
        requires = "cert",
        help_heading = "Connection"
    )]
    key: Option<PathBuf>,
}

fn transport(text: &str) -> Result<Transport, UnknownTransport> {
    text.parse()
}

impl OutlookFlags {
    /// What the flags say; the system's, when they say nothing.
    pub(in crate::cli::commands) fn outlook(&self) -> Result<Outlook, CommandError> {
        let resolver = Arc::new(self.dns.map_or_else(Resolver::system, Resolver::at));
        let text = |path: &PathBuf| {
            let bytes = read(path)?;
            String::from_utf8(bytes)
                .map_err(|_| CommandError::usage(format!("{} is not PEM", path.display())))
        };
        let ca = self.ca.as_ref().map(text).transpose()?;
        let shown = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let key = String::from_utf8(private(key)?)
                    .map_err(|_| CommandError::usage(format!("{} is not PEM", key.display())))?;
                Some((text(cert)?, key))
            }
            _ => None,
        };
        if ca.is_none() && shown.is_none() {
            let tls = ClientTls::system();
            return Ok(Outlook { resolver, tls });
        }
        let shown = shown.as_ref().map(|(c, k)| (c.as_str(), k.as_str()));
        let tls = ClientTls::new(ca.as_deref(), shown).map_err(|e| {
            CommandError::usage(e.to_string())
                .hint("--ca, --cert and --key take files in PEM form (-----BEGIN …)")
        })?;
        Ok(Outlook { resolver, tls })
    }
}

/// Flags of verbs that can send to all the addresses in a file.
#[derive(Debug, Args)]
pub(super) struct ManyFlags {
    /// CSV or NDJSON file with one address a row; - is standard input
    #[arg(
        id = "from",
        long = "from",
        value_name = "FILE",
        help_heading = "Many targets"
    )]
    pub(super) file: Option<PathBuf>,
    /// At most this many messages a second, copies included; 0 is no limit
    #[arg(long, value_name = "RATE", value_parser = per_second, default_value = "1000", requires = "from", help_heading = "Many targets")]
    pub(super) rate: f64,
    /// How many may be unanswered at once
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), requires = "from", help_heading = "Many targets")]
    pub(super) jobs: u32,
    /// Begin no more targets after this many failed
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "from",
        help_heading = "Many targets"
    )]
    pub(super) stop_after_failures: Option<NonZeroU32>,
}

/// Reads a rate: a bare number is meant a second.
fn per_second(text: &str) -> Result<f64, String> {
    match text.trim().parse::<u32>() {
        Ok(number) => Ok(number.into()),
        Err(_) => crate::cli::bulk::rate(text)
            .map(|rate| 1.0 / rate.interval.as_secs_f64())
            .map_err(|_| "a rate is a number a second, or as in 60/min".to_owned()),
    }
}

/// Flags of verbs whose message has a body.
#[derive(Debug, Default, Args)]
pub(super) struct BodyFlags {
    /// The body, as text
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "body_file",
        help_heading = "Body"
    )]
    pub(super) body: Option<String>,
    /// File with the body, may be binary; - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Body")]
    pub(super) body_file: Option<PathBuf>,
    /// Type of the body
    #[arg(long, value_name = "TYPE", help_heading = "Body")]
    pub(super) content_type: Option<String>,
}

/// Reads an address as people write it: `sip:` may be left out.
pub(in crate::cli::commands) fn address(text: &str) -> Result<SipUri, InvalidSipUri> {
    match text.parse() {
        Err(InvalidSipUri::Scheme(_)) if !text.starts_with("tel:") => format!("sip:{text}").parse(),
        other => other,
    }
}

/// Reads an address, or a telephone number as +14085550137, whose address is asked for before anything is sent.
pub(super) fn callee(text: &str) -> Result<SipUri, InvalidSipUri> {
    let number = text.strip_prefix("tel:").unwrap_or(text);
    match number.parse::<Msisdn>() {
        Ok(number) => {
            let uri: SipUri = format!("sip:+{}@{ENUM_ZONE}", number.digits()).parse()?;
            Ok(uri.with_param("user", Some("phone")))
        }
        Err(_) => address(text),
    }
}

/// The address of a number that [`callee`] read, by ENUM; other addresses stay as they are.
pub(super) async fn dialled(uri: SipUri, resolver: &Resolver) -> Result<SipUri, CommandError> {
    let number = match uri.host() == ENUM_ZONE {
        true => uri.user().and_then(|user| user.parse::<Msisdn>().ok()),
        false => None,
    };
    let Some(number) = number else {
        return Ok(uri);
    };
    let Some(found) = resolver.sip_of(&number, ENUM_ZONE).await else {
        let text = format!(
            "+{} has no SIP address: ENUM has no record that names one",
            number.digits()
        );
        return Err(CommandError::new(ErrorKind::Unreachable, text).hint(
            "Give the address itself, as in anna@example.net, or ask elsewhere:  --dns ADDRESS",
        ));
    };
    Ok(match uri.params().value("transport") {
        Some(transport) => found.with_param("transport", Some(transport)),
        None => found,
    })
}

/// What is wrong with the wish, for people.
pub(super) fn unusable(error: &InvalidRequest) -> CommandError {
    CommandError::usage(error.to_string())
}

impl SendFlags {
    /// Puts the flags into a request.
    pub(super) fn apply(
        &self,
        mut request: OutboundRequest,
    ) -> Result<OutboundRequest, CommandError> {
        if let Some(proxy) = &self.proxy {
            request.route.insert(0, proxy.clone());
        }
        if let Some(transport) = self.transport {
            // Of the next hop: what is behind it is not ours to choose.
            let hop = request.route.first_mut().unwrap_or(&mut request.uri);
            *hop = hop
                .clone()
                .with_param("transport", Some(transport.as_str()));
        }
        if let Some(from) = &self.from {
            request.from = Some(from.clone());
        }
        for field in &self.header {
            let (name, value) = field.split_once(':').ok_or_else(|| {
                CommandError::usage(format!("{field:?} is no header field"))
                    .hint("Write it as:  --header 'Subject: hello'")
            })?;
            request = request
                .with_header(name.trim(), value)
                .map_err(|e| unusable(&e))?;
        }
        if let (Some(user), Some(file)) = (&self.user, &self.password_file) {
            request = request.with_credentials(Credentials::new(user, password(file)?));
        }
        Ok(request)
    }
}

impl BodyFlags {
    /// The body that was given, if one was.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, CommandError> {
        match (&self.body, &self.body_file) {
            (Some(text), _) => Ok(Some(text.clone().into_bytes())),
            (None, Some(path)) => read(path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Puts body and type into a request; `usual` is the type when none was given.
    pub(super) fn apply(
        &self,
        request: OutboundRequest,
        usual: &str,
    ) -> Result<OutboundRequest, CommandError> {
        let Some(body) = self.read()? else {
            if self.content_type.is_some() {
                return Err(CommandError::usage("there is a type but no body")
                    .hint("Give one:  --body TEXT  or  --body-file FILE"));
            }
            return Ok(request);
        };
        let content_type = self.content_type.as_deref().unwrap_or(usual);
        request
            .with_body(content_type, body)
            .map_err(|e| unusable(&e))
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::unreadable(path, &error)
            .hint("Give the name of another file, or - for standard input.")
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_BODY + 1)
            .read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)
            .map_err(failed)?
            .take(MAX_BODY + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    if bytes.len() as u64 > MAX_BODY {
        return Err(CommandError::usage(format!(
            "{} is longer than 64 KiB, which no datagram holds",
            path.display()
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_left_out() {
        for (text, read) in [
            ("anna@example.net", "sip:anna@example.net"),
            ("192.0.2.7:5070", "sip:192.0.2.7:5070"),
            ("[::1]:5070", "sip:[::1]:5070"),
            ("SIP:anna@h", "sip:anna@h"),
            ("sips:anna@h", "sips:anna@h"),
            ("phone1", "sip:phone1"),
        ] {
            assert_eq!(address(text).map(|u| u.to_string()).as_deref(), Ok(read));
        }
        for bad in ["", "tel:+1408", "a b", "http://x/"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
