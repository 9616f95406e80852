//! The local socket: operators of this account talk to the endpoint without a network.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Longest path of a Unix socket (`sun_path` of unix(7), without the final zero).
const LONGEST_PATH: usize = 107;

/// A listening Unix socket with mode 0600 that serves only its owner and root.
#[derive(Debug)]
pub struct LocalListener {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

impl LocalListener {
    /// Binds at `path`; a socket that a crashed run left there is replaced. The caller holds the lock on the directory.
    ///
    /// # Errors
    /// The system's error; for a path that is too long, one that says what to do.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() + 4 > LONGEST_PATH {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{}: a socket's path has at most {} characters; choose a shorter --data-dir",
                    path.display(),
                    LONGEST_PATH - 4
                ),
            ));
        }
        // Bound under another name and moved into place: nobody meets it before its mode is set.
        let beside = path.with_extension("new");
        // Leftover of a crash; usually there is none.
        drop(fs::remove_file(&beside));
        let listener = UnixListener::bind(&beside)?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&beside)?.uid();
        fs::rename(&beside, path)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            owner,
        })
    }

    /// The next connection of the owner or root; others are dropped.
    ///
    /// # Errors
    /// The system's error when nothing can be accepted now.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let uid = stream.peer_cred()?.uid();
            if uid == self.owner || uid == 0 {
                return Ok(stream);
            }
            tracing::warn!(uid, "another account tried the local socket");
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        // Already gone is as good.
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn replaces_what_a_crash_left_and_is_private() {
        let dir = tempfile::tempdir().expect("scratch");
        let path = dir.path().join("callhome.sock");
        fs::write(&path, "left over").expect("written");
        let listener = LocalListener::bind(&path).expect("bound");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (client, served) = tokio::join!(UnixStream::connect(&path), listener.accept());
        assert!(client.is_ok() && served.is_ok());
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_says_what_to_do() {
        let path = PathBuf::from(format!("/tmp/{}/callhome.sock", "x".repeat(120)));
        let error = LocalListener::bind(&path).expect_err("too long");
        assert!(error.to_string().contains("--data-dir"), "{error}");
    }
}
