use std::collections::BTreeMap;
use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

use crate::host::{HostError, MasterKey, OsEntropy, private_file};
use crate::port::{Entropy, Sealer};

use super::Place;

/// What the sealed content is bound to.
const CONTEXT: &str = "callhome/secrets/v1";

/// What opens a sealed file.
#[derive(Clone)]
pub enum Unlock {
    /// A file with a key of 64 hexadecimal digits (mode 0600), made when it does not exist.
    KeyFile(PathBuf),
    /// What a person knows.
    Passphrase(String),
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(path) => write!(f, "KeyFile({})", path.display()),
            Self::Passphrase(_) => f.write_str("Passphrase(…)"),
        }
    }
}

type Secrets = BTreeMap<String, String>;

/// Secrets by name in a file that nobody else may read.
pub(super) struct PlainFile(PathBuf);

/// Secrets by name in a file that is sealed as a whole.
pub(super) struct SealedFile {
    path: PathBuf,
    salt: [u8; 16],
    key: MasterKey,
}

/// The sealed file as it stands on the disk.
#[derive(Serialize, Deserialize)]
struct Envelope {
    form: String,
    /// For the passphrase (Argon2id, RFC 9106: 19 MiB, two passes, one lane); unused with a key file.
    salt: String,
    sealed: String,
}

impl PlainFile {
    pub(super) fn open(path: PathBuf) -> Result<Self, HostError> {
        let place = Self(path);
        place.read()?;
        Ok(place)
    }

    fn read(&self) -> Result<Secrets, HostError> {
        match private_file::read(&self.0)? {
            Some(content) => serde_json::from_slice(&content).map_err(|_| damaged(&self.0)),
            None => Ok(Secrets::new()),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Secrets) -> T) -> Result<T, HostError> {
        alone(&self.0, || {
            let mut secrets = self.read()?;
            let outcome = change(&mut secrets);
            let text = serde_json::to_vec(&secrets).expect("texts by name are plain data");
            private_file::write(&self.0, &text)?;
            Ok(outcome)
        })
    }
}

impl Place for PlainFile {
    fn words(&self) -> &'static str {
        "a plain file"
    }

    fn get(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(self.read()?.remove(name))
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), HostError> {
        self.change(|s| drop(s.insert(name.into(), secret.into())))
    }

    fn delete(&self, name: &str) -> Result<bool, HostError> {
        self.change(|s| s.remove(name).is_some())
    }
}

impl SealedFile {
    /// Opens the file, and so learns at once whether passphrase or key file is right.
    pub(super) fn open(path: PathBuf, unlock: Unlock) -> Result<Self, HostError> {
        let salt = match envelope(&path)? {
            Some(found) => HEXLOWER
                .decode(found.salt.as_bytes())
                .ok()
                .and_then(|s| s.try_into().ok())
                .ok_or_else(|| damaged(&path))?,
            None => {
                let mut salt = [0; 16];
                OsEntropy.fill(&mut salt)?;
                salt
            }
        };
        let key = match unlock {
            Unlock::KeyFile(file) => {
                // On a fresh machine there is no folder for settings yet.
                if let Some(folder) = file.parent() {
                    private_file::create_folder(folder)?;
                }
                MasterKey::open_or_create(&file)?
            }
            Unlock::Passphrase(words) => MasterKey::from_bytes(&stretch(&words, &salt)?),
        };
        let place = Self { path, salt, key };
        place.read()?;
        Ok(place)
    }

    fn read(&self) -> Result<Secrets, HostError> {
        let Some(envelope) = envelope(&self.path)? else {
            return Ok(Secrets::new());
        };
        let sealed = BASE64
            .decode(envelope.sealed.as_bytes())
            .map_err(|_| damaged(&self.path))?;
        let content = self
            .key
            .open(CONTEXT, &sealed)
            .map_err(|_| HostError::WrongKey(self.path.clone()))?;
        serde_json::from_slice(&content).map_err(|_| damaged(&self.path))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Secrets) -> T) -> Result<T, HostError> {
        alone(&self.path, || {
            let mut secrets = self.read()?;
            let outcome = change(&mut secrets);
            let text = serde_json::to_vec(&secrets).expect("texts by name are plain data");
            let envelope = Envelope {
                form: CONTEXT.into(),
                salt: HEXLOWER.encode(&self.salt),
                sealed: BASE64.encode(&self.key.seal(CONTEXT, &text)?),
            };
            let text = serde_json::to_vec(&envelope).expect("an envelope is plain data");
            private_file::write(&self.path, &text)?;
            Ok(outcome)
        })
    }
}

impl Place for SealedFile {
    fn words(&self) -> &'static str {
        "a sealed file"
    }

    fn get(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(self.read()?.remove(name))
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), HostError> {
        self.change(|s| drop(s.insert(name.into(), secret.into())))
    }

    fn delete(&self, name: &str) -> Result<bool, HostError> {
        self.change(|s| s.remove(name).is_some())
    }
}

fn envelope(path: &Path) -> Result<Option<Envelope>, HostError> {
    let Some(content) = private_file::read(path)? else {
        return Ok(None);
    };
    let envelope: Envelope = serde_json::from_slice(&content).map_err(|_| damaged(path))?;
    if envelope.form != CONTEXT {
        return Err(damaged(path));
    }
    Ok(Some(envelope))
}

fn stretch(words: &str, salt: &[u8]) -> Result<[u8; 32], HostError> {
    let refused = |e: argon2::Error| HostError::SecretStore {
        place: "a sealed file",
        reason: e.to_string(),
    };
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(refused)?;
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(words.as_bytes(), salt, &mut key)
        .map_err(refused)?;
    Ok(key)
}

fn damaged(path: &Path) -> HostError {
    HostError::Damaged {
        path: path.to_owned(),
        what: "it does not hold secrets in the form that callhome writes".into(),
    }
}

/// Runs a change while no other command runs one on the same file.
fn alone<T>(path: &Path, work: impl FnOnce() -> Result<T, HostError>) -> Result<T, HostError> {
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let lock = path.with_file_name(name);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock)
        .map_err(HostError::file("open", &lock))?;
    file.lock().map_err(HostError::file("lock", &lock))?;
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_passphrase_opens_the_file() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("tokens");
        let open =
            |words: &str| SealedFile::open(path.clone(), Unlock::Passphrase(words.to_owned()));
        open("correct horse")
            .expect("new")
            .set("lab", "cht_secret")
            .expect("kept");
        let again = open("correct horse").expect("opens");
        assert_eq!(
            again.get("lab").expect("read").as_deref(),
            Some("cht_secret")
        );
        assert!(matches!(open("wrong horse"), Err(HostError::WrongKey(_))));
        let text = std::fs::read_to_string(&path).expect("read");
        assert!(
            !text.contains("cht_secret") && !text.contains("lab"),
            "{text}"
        );
    }

    #[test]
    fn a_plain_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("tokens");
        PlainFile::open(path.clone())
            .expect("new")
            .set("lab", "x")
            .expect("kept");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(matches!(
            PlainFile::open(path),
            Err(HostError::TooOpen { .. })
        ));
    }

    #[test]
    fn commands_that_write_at_once_lose_nothing() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("tokens");
        std::thread::scope(|scope| {
            for i in 0..8 {
                let path = path.clone();
                scope.spawn(move || {
                    let place = PlainFile::open(path).expect("opens");
                    place.set(&format!("name {i}"), "x").expect("kept");
                });
            }
        });
        let kept = PlainFile::open(path).expect("opens").read().expect("read");
        assert_eq!(kept.len(), 8);
    }
}
