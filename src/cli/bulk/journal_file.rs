use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tokio::sync::{mpsc, oneshot};

use crate::cli::error::{CommandError, ErrorKind};
use crate::domain::{ShortId, Timestamp};
use crate::flow::journal::{Journal, JournalLine};

/// Lines that may wait for one `fsync` together.
const QUEUE: usize = 1024;

/// The text of lines, and who waits for them to be stored.
type Entry = (String, oneshot::Sender<Result<(), String>>);

/// The journal of one run on disk, held by this process alone.
pub(super) struct JournalFile {
    /// The run as it was told when the file was opened.
    pub(super) journal: Journal,
    /// True when an unfinished run of the same input was found.
    pub(super) resumed: bool,
    queue: mpsc::Sender<Entry>,
    writer: std::thread::JoinHandle<()>,
}

/// What a journal begins with.
pub(super) struct Beginning {
    /// Id of a new run.
    pub(super) run: ShortId,
    /// As in `device.lock`.
    pub(super) command: String,
    /// Digest of the input and of what is done with it.
    pub(super) digest: String,
    /// Rows.
    pub(super) rows: u32,
    /// Now.
    pub(super) at: Timestamp,
    /// The run that is to be gone on with: no other, and no new one.
    pub(super) resumes: Option<ShortId>,
}

impl JournalFile {
    /// Opens the unfinished journal of the same input, or begins a new one.
    pub(super) fn open(folder: &Path, beginning: Beginning) -> Result<Self, CommandError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        for path in journals(folder)? {
            let mut file = OpenOptions::new().read(true).append(true).open(&path)?;
            let Some(journal) = unfinished(&mut file, &beginning) else {
                continue;
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(CommandError::new(
                        ErrorKind::Conflict,
                        format!("the run {} over this input is under way", journal.run),
                    )
                    .hint("Wait for it to end, or stop it first."));
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            // Only what is read under the lock holds: its owner may have finished it just now.
            if let Some(journal) = unfinished(&mut file, &beginning) {
                cut_torn_line(&mut file)?;
                return Ok(Self::start(file, journal, true));
            }
        }
        if let Some(run) = beginning.resumes {
            return Err(CommandError::new(
                ErrorKind::Conflict,
                format!("what would be sent now is not what run {run} began with"),
            )
            .hint("A file that the command names was changed: put it back, or begin a new run"));
        }
        Self::begin(folder, beginning)
    }

    fn begin(folder: &Path, beginning: Beginning) -> Result<Self, CommandError> {
        let path = folder.join(format!("{}.ndjson", beginning.run));
        let mut file = OpenOptions::new()
            .create_new(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)?;
        file.lock()?;
        let line = JournalLine::Begun {
            run: beginning.run,
            command: beginning.command,
            digest: beginning.digest,
            rows: beginning.rows,
            at: beginning.at,
        };
        file.write_all(text(&line).as_bytes())?;
        file.sync_all()?;
        // The name of the file has to survive too.
        File::open(folder)?.sync_all()?;
        let journal = Journal::begun(line).map_err(|e| CommandError::internal(e.to_string()))?;
        Ok(Self::start(file, journal, false))
    }

    fn start(file: File, journal: Journal, resumed: bool) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let writer = std::thread::spawn(move || write_all(file, receiver));
        Self {
            journal,
            resumed,
            queue,
            writer,
        }
    }

    /// A handle to write with.
    pub(super) fn pen(&self) -> Pen {
        Pen(self.queue.clone())
    }

    /// Waits until everything is stored.
    pub(super) async fn close(self) {
        drop(self.queue);
        // Joining blocks for at most one fsync.
        drop(tokio::task::spawn_blocking(move || self.writer.join()).await);
    }
}

/// Writes lines of a journal.
#[derive(Clone)]
pub(super) struct Pen(mpsc::Sender<Entry>);

impl Pen {
    /// Writes a line; it is on disk when this returns.
    pub(super) async fn write(&self, line: JournalLine) -> Result<(), CommandError> {
        self.write_all(&[line]).await
    }

    /// Writes lines; they are on disk when this returns.
    pub(super) async fn write_all(&self, lines: &[JournalLine]) -> Result<(), CommandError> {
        let failed = |why: String| {
            CommandError::internal(format!("the journal cannot be written: {why}"))
                .hint("Nothing more was begun. Make room on the disk and run the command again.")
        };
        let (done, stored) = oneshot::channel();
        let gone = || "its writer ended".to_owned();
        self.0
            .send((lines.iter().map(text).collect(), done))
            .await
            .map_err(|_| failed(gone()))?;
        stored.await.map_err(|_| failed(gone()))?.map_err(failed)
    }
}

/// Stores lines in the order in which they came; those that wait together share one `fsync`.
fn write_all(mut file: File, mut queue: mpsc::Receiver<Entry>) {
    let mut waiting: Vec<Entry> = Vec::new();
    let mut waiters = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        waiting.push(first);
        while let Ok(more) = queue.try_recv() {
            waiting.push(more);
        }
        let lines: String = waiting
            .drain(..)
            .map(|(text, done)| {
                waiters.push(done);
                text
            })
            .collect();
        let stored = file
            .write_all(lines.as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(|e| e.to_string());
        for done in waiters.drain(..) {
            // A task that was ended does not wait any more.
            drop(done.send(stored.clone()));
        }
    }
}

fn text(line: &JournalLine) -> String {
    line.to_text().expect("journal lines are plain data")
}

fn journals(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "ndjson") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The journal in a file, when it is an unfinished one of the same input.
fn unfinished(file: &mut File, beginning: &Beginning) -> Option<Journal> {
    let journal = Journal::read(&content(file).ok()?).ok()?;
    let same = journal.digest == beginning.digest && journal.command == beginning.command;
    let meant = beginning.resumes.is_none_or(|run| run == journal.run);
    (same && meant && !journal.finished).then_some(journal)
}

/// Removes a last line that a crash cut off, so that the next line begins on its own.
fn cut_torn_line(file: &mut File) -> std::io::Result<()> {
    let whole = content(file)?.rfind('\n').map_or(0, |end| end + 1);
    file.set_len(whole as u64)
}

fn content(file: &mut File) -> std::io::Result<String> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    // A torn line may end within a character.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning(run: u8) -> Beginning {
        Beginning {
            run: ShortId::from_random([run; 5]),
            command: "device.lock".into(),
            digest: "d".repeat(64),
            rows: 2,
            at: Timestamp::from_millis(0),
            resumes: None,
        }
    }

    fn started(row: &str) -> JournalLine {
        JournalLine::Started {
            row: row.into(),
            attempt: 1,
            at: Timestamp::from_millis(1),
        }
    }

    #[tokio::test]
    async fn an_unfinished_run_is_found_again_also_with_a_torn_last_line() {
        let folder = tempfile::tempdir().expect("scratch");
        let first = JournalFile::open(folder.path(), beginning(1)).expect("begun");
        let run = first.journal.run;
        first.pen().write(started("a")).await.expect("stored");
        first.close().await;
        let path = folder.path().join(format!("{run}.ndjson"));
        let mut file = OpenOptions::new().append(true).open(&path).expect("there");
        file.write_all(b"{\"line\":\"ended\",\"ro").expect("torn");

        let second = JournalFile::open(folder.path(), beginning(2)).expect("resumed");
        assert!(second.resumed);
        assert_eq!(second.journal.run, run);
        assert_eq!(second.journal.record("a").attempts, 1);
        let finished = JournalLine::Finished {
            at: Timestamp::from_millis(2),
        };
        second.pen().write(finished).await.expect("stored");
        second.close().await;

        let third = JournalFile::open(folder.path(), beginning(3)).expect("begun");
        assert!(!third.resumed);
        third.close().await;
    }

    #[tokio::test]
    async fn two_commands_never_work_on_one_run() {
        let folder = tempfile::tempdir().expect("scratch");
        let first = JournalFile::open(folder.path(), beginning(1)).expect("begun");
        let Err(error) = JournalFile::open(folder.path(), beginning(2)) else {
            panic!("the run was taken twice");
        };
        assert_eq!(error.kind(), ErrorKind::Conflict);
        first.close().await;
    }
}
