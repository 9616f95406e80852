use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{HostError, private_file};

/// The folder that holds one endpoint's state. It has at most one owner at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// What owns a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// How it runs.
    pub mode: OwnerMode,
    /// Its process id.
    pub pid: u32,
    /// HTTPS address, when it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// SIP address, when it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<String>,
}

/// How the owner of a data folder runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnerMode {
    /// `callhome serve`: it stays.
    Serve,
    /// A command that is its own endpoint: it goes when it is done.
    Embedded,
}

/// Ownership of a data folder, for as long as it lives.
///
/// The operating system ends it with the process, also when that is killed.
#[derive(Debug)]
#[must_use = "the folder is free again when this is dropped"]
pub struct DataLock {
    dir: DataDir,
    _file: File,
}

impl DataDir {
    /// Opens a data folder, which is created (for its owner only) when it does not exist.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, HostError> {
        let path = path.into();
        private_file::create_folder(&path)?;
        Ok(Self(path))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.file("callhome.db")
    }

    /// The file of the [`super::MasterKey`].
    #[must_use]
    pub fn master_key(&self) -> PathBuf {
        self.file("master.key")
    }

    /// The Unix socket at which the owner serves commands of the same user.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.file("callhome.sock")
    }

    /// Becomes the owner. Does not wait.
    ///
    /// # Errors
    /// [`HostError::InUse`] when there is another owner, [`HostError::File`].
    pub fn lock(&self) -> Result<DataLock, HostError> {
        let path = self.file("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(HostError::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(DataLock {
                dir: self.clone(),
                _file: file,
            }),
            Err(TryLockError::WouldBlock) => Err(HostError::InUse {
                path: self.0.clone(),
                owner: self.owner(),
            }),
            Err(TryLockError::Error(e)) => Err(HostError::file("lock", path)(e)),
        }
    }

    /// Who said last that it owns the folder; believe it only while [`DataDir::lock`] says that it is in use.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        let content = private_file::read(&self.file("owner.json")).ok()??;
        serde_json::from_slice(&content).ok()
    }
}

impl DataLock {
    /// The folder.
    #[must_use]
    pub const fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// Writes down who owns the folder, for others to read.
    ///
    /// # Errors
    /// [`HostError::File`].
    pub fn announce(&self, owner: &Owner) -> Result<(), HostError> {
        let text = serde_json::to_vec(owner).expect("an owner is plain data");
        private_file::write(&self.dir.file("owner.json"), &text)
    }
}

impl Drop for DataLock {
    fn drop(&mut self) {
        // What is left behind is not believed without the lock; removing it is only tidy.
        drop(fs::remove_file(self.dir.file("owner.json")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_and_says_who() {
        let temp = tempfile::tempdir().expect("temp dir");
        let dir = DataDir::open(temp.path().join("a/b")).expect("made");
        let lock = dir.lock().expect("free");
        let owner = Owner {
            mode: OwnerMode::Serve,
            pid: 4711,
            https: Some("127.0.0.1:8443".into()),
            sip: None,
        };
        lock.announce(&owner).expect("written");
        match dir.lock() {
            Err(HostError::InUse { owner: found, .. }) => assert_eq!(found, Some(owner)),
            other => panic!("expected InUse, found {other:?}"),
        }
        drop(lock);
        assert_eq!(dir.owner(), None);
        dir.lock().map(drop).expect("free again");
    }
}
