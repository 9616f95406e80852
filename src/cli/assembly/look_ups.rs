use std::sync::Arc;

use super::wrong_setting;
use crate::cli::error::CommandError;
use crate::cli::server_secrets::ServerSecrets;
use crate::config::{DirectoryAsk, DirectoryConfig, ServerConfig};
use crate::net::dns::{EnumZone, Resolver};
use crate::port::{Directory, DirectoryQuestion, LookUps};
use crate::sip::{Credentials, SipUri};

/// Who is asked where a device is that is not registered.
///
/// # Errors
/// Settings that make no sense.
pub(super) fn look_ups(
    config: &ServerConfig,
    secrets: &ServerSecrets,
    resolver: &Arc<Resolver>,
) -> Result<LookUps, CommandError> {
    let numbers = config.enum_zone.as_deref().map(zone).transpose()?;
    let numbers = numbers.map(|zone| Arc::new(EnumZone::new(Arc::clone(resolver), zone)) as _);
    let directories = config.directories.iter();
    Ok(LookUps {
        numbers,
        directories: directories
            .map(|d| directory(d, secrets))
            .collect::<Result<_, _>>()?,
    })
}

fn zone(text: &str) -> Result<&str, CommandError> {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    match name.len() <= 200 && name.split('.').all(label) {
        true => Ok(name),
        false => Err(wrong_setting(
            "server.enum_zone",
            &format!("{text:?} is no domain as e164.arpa"),
        )),
    }
}

fn directory(config: &DirectoryConfig, secrets: &ServerSecrets) -> Result<Directory, CommandError> {
    let wrong = |why: &str| wrong_setting("server.directories", why);
    let text = &config.address;
    let address = match text.parse::<SipUri>() {
        Err(_) if !text.contains([' ', '/']) => format!("sip:{text}").parse(),
        other => other,
    };
    let address = address.map_err(|why| wrong(&format!("{text:?}: {why}")))?;
    if address.user().is_some() {
        return Err(wrong(&format!(
            "{text:?} names somebody: a directory is a server, as in sip:directory.example.net"
        )));
    }
    let credentials = match (&config.username, &config.password_file) {
        (Some(user), Some(file)) => Some(Credentials::new(user, secrets.of(file)?)),
        (None, None) => None,
        _ => return Err(wrong("username and password_file go together")),
    };
    Ok(Directory {
        address,
        question: match config.ask {
            DirectoryAsk::Options => DirectoryQuestion::Options,
            DirectoryAsk::Register => DirectoryQuestion::Register,
        },
        credentials,
    })
}
