//! Files that only their owner may read: written whole or not at all, checked before they are read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use super::HostError;

/// Reads a file after checking that nobody but its owner may; `None` when it does not exist.
///
/// # Errors
/// [`HostError::TooOpen`] when the group or others have any right to it, [`HostError::File`].
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, HostError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(HostError::file("read", path)(e)),
    };
    // Of the open file, not of the path: nobody can swap it in between.
    let mode = file
        .metadata()
        .map_err(HostError::file("read", path))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o077 != 0 {
        return Err(HostError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    let mut content = Vec::new();
    io::Read::read_to_end(&mut file, &mut content).map_err(HostError::file("read", path))?;
    Ok(Some(content))
}

/// Replaces a file atomically by `content` with mode 0600; durable when it returns.
///
/// # Errors
/// [`HostError::File`]; the file is then as it was.
pub fn write(path: &Path, content: &[u8]) -> Result<(), HostError> {
    let fresh = beside(path);
    place(&fresh, content).map_err(HostError::file("write", path))?;
    fs::rename(&fresh, path)
        .inspect_err(|_| drop(fs::remove_file(&fresh)))
        .and_then(|()| sync_folder(path))
        .map_err(HostError::file("write", path))
}

/// Creates a file with mode 0600 unless it exists; gives what is in it afterwards.
///
/// Two programs that do this at once end up with the same content.
///
/// # Errors
/// [`HostError::File`], [`HostError::TooOpen`].
pub fn create_or_read(path: &Path, content: &[u8]) -> Result<Vec<u8>, HostError> {
    if let Some(found) = read(path)? {
        return Ok(found);
    }
    let fresh = beside(path);
    place(&fresh, content).map_err(HostError::file("create", path))?;
    // A hard link fails where a file is; a rename would replace it.
    let linked = fs::hard_link(&fresh, path);
    drop(fs::remove_file(&fresh));
    match linked {
        Ok(()) => sync_folder(path).map_err(HostError::file("create", path))?,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(HostError::file("create", path)(e)),
    }
    read(path)?.ok_or_else(|| HostError::Damaged {
        path: path.to_owned(),
        what: "it vanished while it was being created".into(),
    })
}

/// Creates a folder (and those above it) that only its owner may enter, unless it exists.
///
/// # Errors
/// [`HostError::File`].
pub fn create_folder(path: &Path) -> Result<(), HostError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(HostError::file("create", path))
}

fn beside(path: &Path) -> std::path::PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.new", std::process::id()));
    path.with_file_name(name)
}

fn place(fresh: &Path, content: &[u8]) -> io::Result<()> {
    // A leftover of a crash with our process id cannot hold anything of worth.
    drop(fs::remove_file(fresh));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(fresh)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .inspect_err(|_| drop(fs::remove_file(fresh)))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_private_and_replaced_whole() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("token");
        assert!(read(&path).expect("readable").is_none());
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("written");
        assert_eq!(read(&path).expect("readable").as_deref(), Some(&b"two"[..]));
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("folder").count(), 1);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("token");
        write(&path, b"one").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        let error = read(&path).expect_err("too open");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn creating_twice_keeps_the_first_content() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("key");
        assert_eq!(create_or_read(&path, b"first").expect("made"), b"first");
        assert_eq!(create_or_read(&path, b"second").expect("kept"), b"first");
    }

    #[test]
    fn threads_that_create_at_once_agree() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("key");
        let contents: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16u8)
                .map(|i| {
                    scope.spawn({
                        let path = &path;
                        move || create_or_read(path, &[i])
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("no panic").expect("created or read"))
                .collect()
        });
        assert!(contents.iter().all(|c| *c == contents[0]), "{contents:?}");
        assert_eq!(fs::read_dir(dir.path()).expect("folder").count(), 1);
    }
}
