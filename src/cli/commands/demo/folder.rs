use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::Fault;

/// Beginning of the names of scratch folders.
const PREFIX: &str = "callhome-demo-";
/// Locked in a scratch folder for as long as its demo runs.
const PLAYING: &str = "playing";

/// The folder of a demo; a scratch folder is removed when this is dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// Held while the folder is somebody's; none for one that is kept.
    _playing: Option<File>,
    keep: bool,
}

impl Folder {
    /// Where a scratch folder goes.
    pub(super) fn scratch(temporary: &Path, name: &str) -> PathBuf {
        temporary.join(format!("{PREFIX}{name}"))
    }

    /// Makes the folder, readable for its owner only.
    pub(super) fn make(path: PathBuf, keep: bool) -> Result<Self, Fault> {
        let cannot = |e: std::io::Error| Fault::new(format!("cannot make {}: {e}", path.display()));
        fs::DirBuilder::new()
            .mode(0o700)
            .recursive(false)
            .create(&path)
            .map_err(cannot)?;
        let playing = match keep {
            true => None,
            false => {
                // Locked before it has the name that sweepers look for.
                let unnamed = path.join("starting");
                let file = File::create(&unnamed).map_err(cannot)?;
                file.lock().map_err(cannot)?;
                fs::rename(&unnamed, path.join(PLAYING)).map_err(cannot)?;
                Some(file)
            }
        };
        Ok(Self {
            path,
            _playing: playing,
            keep,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it stays when the demo ends.
    pub(super) const fn is_kept(&self) -> bool {
        self.keep
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What is left in a scratch folder harms nobody, and the next demo sweeps it.
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

/// Removes the scratch folders of demos that were killed.
pub(super) fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // Those that are kept have no such file; those of others cannot be opened.
        let Ok(playing) = File::options().write(true).open(entry.path().join(PLAYING)) else {
            continue;
        };
        match playing.try_lock() {
            Ok(()) => drop(fs::remove_dir_all(entry.path())),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_killed_demos_are_swept_and_no_others() {
        let temporary = tempfile::tempdir().expect("a folder");
        let at = |name: &str| Folder::scratch(temporary.path(), name);
        let playing = Folder::make(at("playing"), false).expect("made");
        let kept = Folder::make(at("kept"), true).expect("made");
        fs::create_dir(at("killed")).expect("made");
        fs::write(at("killed").join(PLAYING), "").expect("written");
        fs::write(at("killed").join("carrier.log"), "ready").expect("written");
        fs::create_dir(temporary.path().join("other")).expect("made");
        sweep(temporary.path());
        assert!(!at("killed").exists());
        assert!(at("playing").exists() && at("kept").exists());
        assert!(temporary.path().join("other").exists());
        drop((playing, kept));
        assert!(!at("playing").exists(), "removed at its end");
        assert!(at("kept").exists());
    }
}
