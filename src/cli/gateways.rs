use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use url::Url;

use super::error::{CommandError, ErrorKind};
use crate::config::{GatewayConfig, GatewayKind, GatewayMethod};
use crate::host::private_file;
use crate::net::sms_http::{HttpGateway, KannelSettings, TemplateMethod, TemplateSettings};
use crate::port::SmsGateway;
use crate::server::GatewayDoor;

/// The text message gateways of a server: those it sends through, and those that call in.
#[derive(Default)]
pub struct Gateways {
    /// In order of preference.
    pub senders: Vec<Arc<dyn SmsGateway>>,
    /// With the digests of the secrets in their callback addresses.
    pub doors: Vec<GatewayDoor>,
}

/// Builds the gateways that the configuration describes.
///
/// `public_url` is the address under which gateways reach this server; without one nobody is asked for receipts.
///
/// # Errors
/// [`ErrorKind::Config`] with the gateway's name when a setting is wrong, [`ErrorKind::SecretStore`] when a file
/// with a secret is missing or can be read by others.
pub fn build(
    configured: &[GatewayConfig],
    public_url: Option<&Url>,
) -> Result<Gateways, CommandError> {
    let mut gateways = Gateways::default();
    for config in configured {
        let callback = config
            .callback_secret_file
            .as_deref()
            .map(secret_line)
            .transpose()?;
        if let Some(secret) = &callback {
            gateways.doors.push(GatewayDoor {
                name: config.name.clone(),
                secret_digest: Sha256::digest(secret.as_bytes()).into(),
            });
        }
        let receipts = public_url
            .zip(callback.as_deref())
            .map(|(url, secret)| receipts_at(url, &config.name, secret))
            .transpose()?;
        gateways.senders.push(
            sender(config, receipts)?
                .serving(config.prefixes.clone())
                .shared(),
        );
    }
    Ok(gateways)
}

fn sender(config: &GatewayConfig, receipts: Option<Url>) -> Result<HttpGateway, CommandError> {
    let wrong = |e: &dyn std::error::Error| {
        CommandError::new(ErrorKind::Config, format!("gateway {}: {e}", config.name))
            .hint("Where it is set:  callhome config explain")
    };
    match config.kind {
        GatewayKind::Kannel => {
            let password = config
                .password_file
                .as_deref()
                .map(secret_line)
                .transpose()?
                .unwrap_or_default();
            let settings = KannelSettings::new(&config.url, config.username.as_deref(), &password)
                .map_err(|e| wrong(&e))?
                .sent_from(config.from.clone())
                .receipts_at(receipts);
            HttpGateway::kannel(&config.name, settings, None).map_err(|e| wrong(&e))
        }
        GatewayKind::Http => {
            let mut headers: Vec<(String, String)> = config
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            for (name, file) in &config.header_files {
                headers.push((name.clone(), secret_line(file)?));
            }
            let settings = TemplateSettings {
                method: config.method.map(|method| match method {
                    GatewayMethod::Get => TemplateMethod::Get,
                    GatewayMethod::Post => TemplateMethod::Post,
                    GatewayMethod::Put => TemplateMethod::Put,
                }),
                url: config.url.clone(),
                headers,
                body: config.body.clone(),
                from: config.from.clone(),
            };
            HttpGateway::template(&config.name, settings, None).map_err(|e| wrong(&e))
        }
    }
}

/// `https://…/gateway/v1/<name>/<secret>/dlr`.
fn receipts_at(public_url: &Url, name: &str, secret: &str) -> Result<Url, CommandError> {
    let mut url = public_url.clone();
    url.path_segments_mut()
        .map_err(|()| {
            CommandError::new(ErrorKind::Config, "the server's public address has no path")
        })?
        .pop_if_empty()
        .extend(["gateway", "v1", name, secret, "dlr"]);
    Ok(url)
}

/// The first line of a file that only its owner can read.
pub(in crate::cli) fn secret_line(path: &Path) -> Result<String, CommandError> {
    let refused = |why: String| CommandError::new(ErrorKind::SecretStore, why);
    let octets = private_file::read(path)
        .map_err(|e| refused(e.to_string()))?
        .ok_or_else(|| refused(format!("{} does not exist", path.display())))?;
    let text = String::from_utf8(octets)
        .map_err(|_| refused(format!("{} is not text", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    fn config(kind: GatewayKind, url: &str) -> GatewayConfig {
        GatewayConfig {
            name: "g-1".into(),
            kind,
            url: url.into(),
            method: None,
            headers: Default::default(),
            header_files: Default::default(),
            body: None,
            username: None,
            password_file: None,
            from: None,
            prefixes: Vec::new(),
            callback_secret_file: None,
        }
    }

    #[test]
    fn gateways_are_built_in_order_and_open_their_doors() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let secret = folder.path().join("secret");
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&secret)
            .and_then(|mut f| f.write_all(b"opensesame\n"))
            .expect("a scratch file");
        let kannel = GatewayConfig {
            username: Some("kme".into()),
            password_file: Some(secret.clone()),
            callback_secret_file: Some(secret),
            ..config(GatewayKind::Kannel, "http://127.0.0.1:13013")
        };
        let web = config(
            GatewayKind::Http,
            "https://sms.example/?to={to}&text={text}",
        );
        let built = build(&[kannel, web], None).expect("set up");
        assert_eq!(built.senders.len(), 2);
        assert_eq!(built.doors.len(), 1);
        let digest: [u8; 32] = Sha256::digest(b"opensesame").into();
        assert_eq!(built.doors[0].secret_digest, digest);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_gateway() {
        let wrong = config(GatewayKind::Http, "https://sms.example/?to={to}");
        let error = build(&[wrong], None).map(|_| ()).expect_err("no text");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with("gateway g-1: "), "{error:?}");
        let missing = GatewayConfig {
            password_file: Some("/nonexistent/pw".into()),
            ..config(GatewayKind::Kannel, "http://kme@127.0.0.1:13013")
        };
        let error = build(&[missing], None).map(|_| ()).expect_err("no file");
        assert_eq!(error.kind(), ErrorKind::SecretStore);
    }

    #[test]
    fn receipts_go_below_the_public_address() {
        for base in ["https://mdm.example:8443", "https://mdm.example:8443/"] {
            let url = receipts_at(&base.parse().expect("an address"), "k", "s").expect("a path");
            assert_eq!(url.as_str(), "https://mdm.example:8443/gateway/v1/k/s/dlr");
        }
    }
}
