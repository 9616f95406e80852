//! Push services as they are configured.

use std::path::Path;
use std::sync::Arc;

use crate::cli::error::{CommandError, ErrorKind};
use crate::config::PushConfig;
use crate::host::{SystemClock, private_file};
use crate::net::push::{self, PushSetup};
use crate::port::PushService;

/// Sets all of them up.
///
/// # Errors
/// [`ErrorKind::Config`] with the service's name for settings and files that do not fit; never with what they hold.
pub(super) fn services(
    configured: &[PushConfig],
) -> Result<Vec<Arc<dyn PushService>>, CommandError> {
    configured.iter().map(service).collect()
}

fn service(config: &PushConfig) -> Result<Arc<dyn PushService>, CommandError> {
    let wrong = |why: String| CommandError::new(ErrorKind::Config, why);
    let setup = PushSetup {
        name: config.name.clone(),
        credentials: secret(&config.credentials_file)?,
        url: config.url.clone(),
        options: config.options.clone(),
        ca_pem: match &config.ca_file {
            Some(file) => Some(
                std::fs::read_to_string(file)
                    .map_err(|e| wrong(format!("{}: {e}", file.display())))?,
            ),
            None => None,
        },
        clock: Arc::new(SystemClock),
    };
    push::open(&config.kind, setup).map_err(|e| {
        wrong(e.to_string()).hint("See what is set, and where:  callhome config explain")
    })
}

fn secret(file: &Path) -> Result<String, CommandError> {
    let content = private_file::read(file)?.ok_or_else(|| {
        CommandError::new(
            ErrorKind::Config,
            format!("there is no file {}", file.display()),
        )
    })?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}
