use std::sync::Arc;
use std::time::Duration;

use super::error::{CommandError, ErrorKind};
use crate::config::ApplicationServerConfig;
use crate::flow::trigger::Watched;
use crate::net::health::HttpHealth;

/// Application servers as they are configured.
///
/// # Errors
/// [`ErrorKind::Config`] for a certificate that cannot be used.
pub(super) fn watched(
    configured: &[ApplicationServerConfig],
) -> Result<Vec<Watched>, CommandError> {
    let wrong = |name: &str, words: String| {
        CommandError::new(
            ErrorKind::Config,
            format!("application server {name}: {words}"),
        )
    };
    configured
        .iter()
        .map(|server| {
            let name = &server.name;
            let pem = match &server.ca_file {
                Some(file) => Some(
                    std::fs::read_to_string(file)
                        .map_err(|e| wrong(name, format!("{}: {e}", file.display())))?,
                ),
                None => None,
            };
            let health = HttpHealth::new(server.health_url.clone(), pem.as_deref())
                .map_err(|e| wrong(name, e.to_string()))?;
            Ok(Watched {
                name: name.clone(),
                health: Arc::new(health),
                every: Duration::from_secs(server.every_s.max(1)),
                failures: server.failures.max(1),
                devices: server.devices.clone(),
                instead: server.instead.clone(),
            })
        })
        .collect()
}
