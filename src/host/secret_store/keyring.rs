use std::sync::mpsc;
use std::time::Duration;

use keyring_core::{Entry, Error};

use crate::host::HostError;

use super::Place;

const SERVICE: &str = "callhome";
/// How long a message bus may take to say whether it has a keyring.
const FINDING: Duration = Duration::from_millis(1500);
/// How long a person may take to unlock it.
const UNLOCKING: Duration = Duration::from_secs(60);

/// The desktop's keyring, over the Secret Service.
pub(super) struct SessionKeyring;

/// Keys that the kernel keeps for this login; gone at the next start of the machine.
pub(super) struct KernelKeys;

const KEYRING: &str = "the desktop's keyring";
const KERNEL: &str = "the kernel's keys (for this login only)";

impl SessionKeyring {
    pub(super) fn open() -> Result<Self, HostError> {
        bounded(KEYRING, FINDING, || match session_entry("probe") {
            Ok(_) => Ok(Self),
            Err(e) => Err(refused(KEYRING, &e)),
        })
    }
}

impl Place for SessionKeyring {
    fn words(&self) -> &'static str {
        KEYRING
    }

    fn get(&self, name: &str) -> Result<Option<String>, HostError> {
        let name = name.to_owned();
        bounded(KEYRING, UNLOCKING, move || {
            found(KEYRING, session_entry(&name).and_then(|e| e.get_password()))
        })
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), HostError> {
        let (name, secret) = (name.to_owned(), secret.to_owned());
        bounded(KEYRING, UNLOCKING, move || {
            session_entry(&name)
                .and_then(|e| e.set_password(&secret))
                .map_err(|e| refused(KEYRING, &e))
        })
    }

    fn delete(&self, name: &str) -> Result<bool, HostError> {
        let name = name.to_owned();
        bounded(KEYRING, UNLOCKING, move || {
            found(
                KEYRING,
                session_entry(&name).and_then(|e| e.delete_credential()),
            )
            .map(|there| there.is_some())
        })
    }
}

/// An entry at the Secret Service of this desktop session; made anew each time, since the service may have been restarted.
#[cfg(target_os = "linux")]
fn session_entry(name: &str) -> keyring_core::Result<Entry> {
    use keyring_core::api::CredentialStoreApi;
    dbus_secret_service_keyring_store::Store::new()?.build(SERVICE, name, None)
}

/// An entry at the Keychain or the Credential Manager.
#[cfg(not(target_os = "linux"))]
fn session_entry(name: &str) -> keyring_core::Result<Entry> {
    keyring::Entry::new(SERVICE, name)
}

#[cfg(target_os = "linux")]
fn kernel_entry(name: &str) -> keyring_core::Result<Entry> {
    use keyring_core::api::CredentialStoreApi;
    linux_keyutils_keyring_store::Store::new()?.build(SERVICE, name, None)
}

#[cfg(not(target_os = "linux"))]
fn kernel_entry(_: &str) -> keyring_core::Result<Entry> {
    Err(Error::NotSupportedByStore(
        "only Linux has kernel keys".into(),
    ))
}

impl KernelKeys {
    pub(super) fn open() -> Result<Self, HostError> {
        // Containers often forbid the system calls: only a try shows. A secret is written and read back,
        // because some let one of the two through.
        let probe = format!("probe-{}", std::process::id());
        let place = Self;
        place.set(&probe, "probe")?;
        let read = place.get(&probe)?;
        place.delete(&probe)?;
        match read.as_deref() {
            Some("probe") => Ok(place),
            _ => Err(HostError::SecretStore {
                place: KERNEL,
                reason: "what was kept could not be read again".into(),
            }),
        }
    }
}

impl Place for KernelKeys {
    fn words(&self) -> &'static str {
        KERNEL
    }

    fn get(&self, name: &str) -> Result<Option<String>, HostError> {
        found(KERNEL, kernel_entry(name).and_then(|e| e.get_password()))
    }

    fn set(&self, name: &str, secret: &str) -> Result<(), HostError> {
        kernel_entry(name)
            .and_then(|e| e.set_password(secret))
            .map_err(|e| refused(KERNEL, &e))
    }

    fn delete(&self, name: &str) -> Result<bool, HostError> {
        found(
            KERNEL,
            kernel_entry(name).and_then(|e| e.delete_credential()),
        )
        .map(|there| there.is_some())
    }
}

fn found<T>(place: &'static str, outcome: keyring_core::Result<T>) -> Result<Option<T>, HostError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(e) => Err(refused(place, &e)),
    }
}

fn refused(place: &'static str, error: &Error) -> HostError {
    let reason = match error {
        // Their own texts may carry what was stored.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "what it holds is not ours".into(),
        other => other.to_string(),
    };
    HostError::SecretStore { place, reason }
}

/// Runs what may wait for another program on a thread of its own, and does not wait longer than `most`.
fn bounded<T: Send + 'static>(
    place: &'static str,
    most: Duration,
    work: impl FnOnce() -> Result<T, HostError> + Send + 'static,
) -> Result<T, HostError> {
    let (tell, told) = mpsc::channel();
    let silent = |reason: String| HostError::SecretStore { place, reason };
    std::thread::Builder::new()
        .name("keyring".into())
        .spawn(move || drop(tell.send(work())))
        .map_err(|e| silent(e.to_string()))?;
    told.recv_timeout(most)
        .map_err(|_| silent(format!("no answer in {} s", most.as_secs_f32())))?
}
