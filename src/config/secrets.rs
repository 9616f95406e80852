use std::path::Path;

use super::ServerConfig;

/// What stands before a secret's name where the path of a file with a secret could stand.
pub(super) const KEPT: &str = "keyring:";

/// A secret that the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret<'a> {
    /// The setting, as in `server.mail.password_file`.
    pub setting: String,
    /// What it says: a file's path, or `keyring:` and a name.
    pub file: &'a Path,
}

impl<'a> NamedSecret<'a> {
    fn new(setting: impl Into<String>, file: &'a Path) -> Self {
        Self {
            setting: setting.into(),
            file,
        }
    }

    /// Its name in the keyring, if it is there and not in a file.
    #[must_use]
    pub fn kept(&self) -> Option<&'a str> {
        kept_name(self.file)
    }
}

/// The name of a secret that is kept in the keyring, where a path stands for one.
///
/// ```
/// use callhome::config::kept_name;
/// assert_eq!(kept_name("keyring:mail".as_ref()), Some("mail"));
/// assert_eq!(kept_name("/etc/callhome/mail.password".as_ref()), None);
/// ```
#[must_use]
pub fn kept_name(file: &Path) -> Option<&str> {
    file.to_str()?.strip_prefix(KEPT)
}

impl ServerConfig {
    /// All secrets that the settings of a server name, in the order in which they stand there.
    #[must_use]
    pub fn secrets(&self) -> Vec<NamedSecret<'_>> {
        let mut found = Vec::new();
        for gateway in &self.gateways {
            let place = format!("server.gateways.{}", gateway.name);
            let files = [
                ("password_file", &gateway.password_file),
                ("callback_secret_file", &gateway.callback_secret_file),
            ];
            for (name, file) in files {
                if let Some(file) = file {
                    found.push(NamedSecret::new(format!("{place}.{name}"), file));
                }
            }
            for (header, file) in &gateway.header_files {
                let setting = format!("{place}.header_files.{header}");
                found.push(NamedSecret::new(setting, file));
            }
        }
        for push in &self.push {
            let setting = format!("server.push.{}.credentials_file", push.name);
            found.push(NamedSecret::new(setting, &push.credentials_file));
        }
        if let Some(file) = self.mail.as_ref().and_then(|m| m.password_file.as_ref()) {
            found.push(NamedSecret::new("server.mail.password_file", file));
        }
        for directory in &self.directories {
            if let Some(file) = &directory.password_file {
                let setting = format!("server.directories.{}.password_file", directory.address);
                found.push(NamedSecret::new(setting, file));
            }
        }
        for hook in &self.webhooks {
            let host = hook.url.host_str().unwrap_or_default();
            let setting = format!("server.webhooks.{host}.secret_file");
            found.push(NamedSecret::new(setting, &hook.secret_file));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_for_a_secret_is_named() {
        let text = "
name: lund
gateways:
  - {name: k, kind: kannel, url: 'http://h/', password_file: keyring:k, callback_secret_file: /f/cb}
  - {name: w, kind: http, url: 'https://h/', header_files: {Authorization: keyring:w.auth}}
push:
  - {name: p, kind: fcm, credentials_file: keyring:fcm}
mail: {host: h, from: a@b, username: u, password_file: keyring:mail}
webhooks:
  - {url: 'https://hooks.example.net/x', secret_file: /f/hook}
";
        let config: ServerConfig = serde_yaml::from_str(text).expect("settings");
        let found: Vec<(String, Option<&str>)> = config
            .secrets()
            .into_iter()
            .map(|s| (s.setting.clone(), s.kept()))
            .collect();
        let expected = [
            ("server.gateways.k.password_file", Some("k")),
            ("server.gateways.k.callback_secret_file", None),
            (
                "server.gateways.w.header_files.Authorization",
                Some("w.auth"),
            ),
            ("server.push.p.credentials_file", Some("fcm")),
            ("server.mail.password_file", Some("mail")),
            ("server.webhooks.hooks.example.net.secret_file", None),
        ];
        assert_eq!(found, expected.map(|(s, k)| (s.to_owned(), k)));
    }
}
