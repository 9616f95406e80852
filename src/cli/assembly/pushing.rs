//! Push services as they are configured.

use std::sync::Arc;

use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::server_secrets::ServerSecrets;
use crate::config::PushConfig;
use crate::host::SystemClock;
use crate::net::push::{self, PushSetup};
use crate::port::PushService;

/// Sets all of them up.
///
/// # Errors
/// [`ErrorKind::Config`] with the service's name for settings and files that do not fit; never with what they hold.
pub(super) fn services(
    configured: &[PushConfig],
    secrets: &ServerSecrets,
) -> Result<Vec<Arc<dyn PushService>>, CommandError> {
    configured
        .iter()
        .map(|config| service(config, secrets))
        .collect()
}

fn service(
    config: &PushConfig,
    secrets: &ServerSecrets,
) -> Result<Arc<dyn PushService>, CommandError> {
    let wrong = |why: String| CommandError::new(ErrorKind::Config, why);
    let setup = PushSetup {
        name: config.name.clone(),
        credentials: secrets.of(&config.credentials_file)?,
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
