//! Where operators' tokens are kept between two commands.
//!
//! The desktop's keyring (Secret Service) comes first. Where there is none (SSH, CI,
//! containers) the kernel keeps them for this login only, or a file sealed with a
//! passphrase or a key file does. A plain file is written only when it was asked for.

mod file;
mod keyring;

use std::fmt;
use std::path::PathBuf;

pub use file::Unlock;

use super::HostError;
use file::{PlainFile, SealedFile};
use keyring::{KernelKeys, SessionKeyring};

/// Which place to use.
#[derive(Debug, Clone)]
pub enum SecretChoice {
    /// The keyring; where there is none, the kernel's keys of this login.
    Automatic,
    /// The desktop's keyring and nothing else.
    Keyring,
    /// The kernel's keys of this login and nothing else.
    Kernel,
    /// A file of its own, sealed.
    Sealed {
        /// The file, made (mode 0600) when it does not exist.
        path: PathBuf,
        /// What opens it.
        unlock: Unlock,
    },
    /// A file (mode 0600) that everybody can read who can read files of this user. Only on an explicit wish.
    Plain {
        /// The file.
        path: PathBuf,
    },
}

/// A place that keeps secrets by name.
trait Place: Send + Sync {
    fn words(&self) -> &'static str;
    fn get(&self, name: &str) -> Result<Option<String>, HostError>;
    fn set(&self, name: &str, secret: &str) -> Result<(), HostError>;
    fn delete(&self, name: &str) -> Result<bool, HostError>;
}

/// A place that keeps operators' tokens by name. Calls block, a keyring's at most for as long as a person
/// needs to unlock it; where none is running that is known at once.
pub struct SecretStore {
    places: Vec<Box<dyn Place>>,
}

impl SecretStore {
    /// Finds the place.
    ///
    /// # Errors
    /// [`HostError::NoSecretStore`] when none works here, with what there is instead;
    /// [`HostError::WrongKey`], [`HostError::TooOpen`], [`HostError::File`] for files.
    pub fn open(choice: SecretChoice) -> Result<Self, HostError> {
        let places: Vec<Box<dyn Place>> = match choice {
            SecretChoice::Automatic => {
                let keyring = SessionKeyring::open();
                let kernel = KernelKeys::open();
                let mut places: Vec<Box<dyn Place>> = Vec::new();
                let mut reasons = Vec::new();
                match keyring {
                    Ok(place) => places.push(Box::new(place)),
                    Err(e) => reasons.push(e.to_string()),
                }
                match kernel {
                    Ok(place) => places.push(Box::new(place)),
                    Err(e) => reasons.push(e.to_string()),
                }
                if places.is_empty() {
                    return Err(HostError::NoSecretStore(reasons.join("; ")));
                }
                places
            }
            SecretChoice::Keyring => vec![Box::new(SessionKeyring::open()?)],
            SecretChoice::Kernel => vec![Box::new(KernelKeys::open()?)],
            SecretChoice::Sealed { path, unlock } => {
                vec![Box::new(SealedFile::open(path, unlock)?)]
            }
            SecretChoice::Plain { path } => vec![Box::new(PlainFile::open(path)?)],
        };
        Ok(Self { places })
    }

    /// Where [`SecretStore::set`] puts secrets, for people.
    #[must_use]
    pub fn place(&self) -> &'static str {
        self.places.first().map_or("nowhere", |p| p.words())
    }

    /// The secret with this name.
    ///
    /// # Errors
    /// [`HostError::SecretStore`] when the place refuses, as when it stays locked.
    pub fn get(&self, name: &str) -> Result<Option<String>, HostError> {
        Ok(self.find(name)?.map(|(secret, _)| secret))
    }

    /// The secret with this name, and the words for where it was.
    ///
    /// # Errors
    /// As [`SecretStore::get`].
    pub fn find(&self, name: &str) -> Result<Option<(String, &'static str)>, HostError> {
        for place in &self.places {
            if let Some(secret) = place.get(name)? {
                return Ok(Some((secret, place.words())));
            }
        }
        Ok(None)
    }

    /// Keeps a secret under a name, instead of the one that was there.
    ///
    /// # Errors
    /// As [`SecretStore::get`].
    pub fn set(&self, name: &str, secret: &str) -> Result<(), HostError> {
        match self.places.split_first() {
            Some((first, others)) => {
                first.set(name, secret)?;
                // An older one in another place must not come to light again later.
                others.iter().try_for_each(|p| p.delete(name).map(drop))
            }
            None => Ok(()),
        }
    }

    /// Forgets a secret; whether there was one.
    ///
    /// # Errors
    /// As [`SecretStore::get`].
    pub fn delete(&self, name: &str) -> Result<bool, HostError> {
        let mut found = false;
        for place in &self.places {
            found |= place.delete(name)?;
        }
        Ok(found)
    }
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretStore({})", self.place())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn whether_there_is_a_place_is_known_soon() {
        let begun = Instant::now();
        // What this machine has differs; that it says so in time, and works if it says so, must not.
        match SecretStore::open(SecretChoice::Automatic) {
            Ok(store) => assert!(!store.place().is_empty()),
            Err(HostError::NoSecretStore(reasons)) => assert!(!reasons.is_empty()),
            Err(other) => panic!("{other}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn a_plain_file_keeps_changes_and_forgets() {
        let dir = tempfile::tempdir().expect("temp dir");
        let store = SecretStore::open(SecretChoice::Plain {
            path: dir.path().join("tokens"),
        })
        .expect("opens");
        keeps_changes_and_forgets(&store);
    }

    #[test]
    fn a_sealed_file_keeps_changes_and_forgets() {
        let dir = tempfile::tempdir().expect("temp dir");
        let store = SecretStore::open(SecretChoice::Sealed {
            path: dir.path().join("tokens"),
            unlock: Unlock::KeyFile(dir.path().join("key")),
        })
        .expect("opens");
        keeps_changes_and_forgets(&store);
    }

    #[test]
    fn the_kernel_keeps_changes_and_forgets_where_it_may() {
        // Containers may forbid it; then the place says so at once, which the test above holds.
        if let Ok(store) = SecretStore::open(SecretChoice::Kernel) {
            keeps_changes_and_forgets(&store);
        }
    }

    fn keeps_changes_and_forgets(store: &SecretStore) {
        let name = format!("callhome-test-{}", std::process::id());
        assert_eq!(store.get(&name).expect("read"), None);
        store.set(&name, "first").expect("kept");
        store.set(&name, "second").expect("changed");
        assert_eq!(store.get(&name).expect("read").as_deref(), Some("second"));
        assert!(store.delete(&name).expect("forgotten"));
        assert!(!store.delete(&name).expect("nothing there"));
        assert_eq!(store.get(&name).expect("read"), None);
    }
}
