use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View, count, size};
use crate::host::{DataDir, HostError, MasterKey, private_file};
use crate::port::StoreError;
use crate::server::KEPT_FILES;
use crate::store::{Unpacked, unpack};

/// What a folder may hold into which a copy is restored.
const HARMLESS: [&str; 3] = ["lock", "master.key", "runs"];

/// Save a consistent copy of the server's data.
#[derive(Debug, Args)]
#[command(after_help = "\
The copy holds everything that a server needs to go on in its place: its registry, its audit trail, and its \
keys, sealed with the server's master key. Keep master.key from the data folder as well, in another place: \
without it the copy cannot be used, and with it everything in the copy can be read.

Examples:
  callhome server backup callhome-2026-11-20.db
  callhome server restore --help")]
pub(crate) struct BackupArgs {
    /// File to write; must not exist
    file: PathBuf,
}

/// A copy that was saved.
#[derive(Serialize)]
struct Copy<'a> {
    file: &'a Path,
    /// In bytes.
    size: u64,
}

/// A data folder into which a copy was put.
#[derive(Serialize)]
struct Restored<'a> {
    folder: &'a Path,
    system_id: Option<&'a str>,
    devices: u64,
}

/// Put a copy into an empty data folder.
#[derive(Debug, Args)]
#[command(after_help = "\
The restored server has the authority, the keys, the devices and the audit trail of the one that was copied, \
so devices and operators go on trusting it. What was asked for after the copy was made is not in it. The \
server that was copied must not run any more.

Examples:
  callhome server restore callhome-2026-11-20.db \\
      --master-key /mnt/safe/master.key
  callhome --data-dir /srv/callhome server restore callhome-2026-11-20.db \\
      --master-key /mnt/safe/master.key --yes")]
pub(crate) struct RestoreArgs {
    /// File that callhome server backup wrote
    file: PathBuf,
    /// The master.key of the server that was copied; the one in the data folder when absent
    #[arg(long, value_name = "FILE")]
    master_key: Option<PathBuf>,
    /// Do not ask: the server that was copied does not run any more
    #[arg(short = 'y', long)]
    yes: bool,
}

/// Saves a copy.
pub(super) async fn save(context: &Context, args: BackupArgs) -> Outcome {
    if args.file.exists() {
        return Err(CommandError::new(
            ErrorKind::Conflict,
            format!("{} is there already", args.file.display()),
        )
        .hint("Choose another name; nothing was overwritten."));
    }
    let copy = context.client().await?.server_backup().await?;
    private_file::write(&args.file, &copy)?;
    let saved = Copy {
        file: &args.file,
        size: copy.len() as u64,
    };
    let words = format!(
        "{} saved in {}\n  It opens only with the server's master.key: keep that too, in another place.",
        size(saved.size),
        args.file.display()
    );
    let view = View::one("server-backup", &saved)
        .named_by("/file")
        .columns(vec![
            Column::at("file", "/file"),
            Column::at("size", "/size"),
        ]);
    context.tell(&words, &view)?;
    Ok(Exit::Done)
}

/// Restores one.
pub(super) fn restore(context: &Context, args: &RestoreArgs) -> Outcome {
    let shown = args.file.display();
    if !args.file.is_file() {
        return Err(CommandError::usage(format!("there is no file {shown}")));
    }
    let dir = DataDir::open(context.data_directory())?;
    let lock = dir.lock().map_err(in_use)?;
    refuse_if_used(&dir)?;
    let (key_file, key) = master_key(&dir, args.master_key.as_deref())?;
    let fresh = dir.file("restored.db");
    let unpacked = private_file::read(&args.file)
        .map_err(CommandError::from)
        .and_then(|copy| Ok(private_file::write(&fresh, &copy.unwrap_or_default())?))
        .and_then(|()| unpack(&fresh, &key).map_err(|e| unusable(&args.file, &key_file, &e)))
        .and_then(|unpacked| complete(&args.file, unpacked))
        .and_then(|unpacked| confirm(context, args, &dir, &unpacked).map(|()| unpacked))
        .and_then(|unpacked| {
            place(&dir, &fresh, &key_file, &unpacked)?;
            Ok(unpacked)
        });
    let unpacked = unpacked.inspect_err(|_| {
        // It was never a server's; what cannot be removed is in nobody's way but the next restore's.
        drop(std::fs::remove_file(&fresh));
    })?;
    drop(lock);
    let words = format!(
        "Restored into {}: {}.\n  Start it:  callhome serve\n  Check it:  callhome audit verify",
        dir.path().display(),
        count(unpacked.devices, "device")
    );
    let restored = Restored {
        folder: dir.path(),
        system_id: unpacked.system_id.as_deref(),
        devices: unpacked.devices,
    };
    let view = View::one("server-restore", &restored)
        .named_by("/folder")
        .columns(vec![
            Column::at("folder", "/folder"),
            Column::at("system_id", "/system_id"),
            Column::at("devices", "/devices"),
        ]);
    context.tell(&words, &view)?;
    Ok(Exit::Done)
}

fn in_use(error: HostError) -> CommandError {
    let text = error.to_string();
    match error {
        HostError::InUse { .. } => CommandError::new(ErrorKind::Conflict, text)
            .hint("A copy goes into an empty folder:  --data-dir FOLDER"),
        other => other.into(),
    }
}

/// A folder with a server's data, or with anything else, is left alone.
fn refuse_if_used(dir: &DataDir) -> Result<(), CommandError> {
    let mut found: Vec<String> = std::fs::read_dir(dir.path())?
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !HARMLESS.contains(&name.as_str()))
        .collect();
    found.sort();
    let Some(first) = found.first() else {
        return Ok(());
    };
    Err(CommandError::new(
        ErrorKind::Conflict,
        format!(
            "{} is not empty (it holds {first}): nothing was changed",
            dir.path().display()
        ),
    )
    .hint("Restore into another folder:  callhome --data-dir FOLDER server restore FILE")
    .hint("or move that one away first."))
}

fn master_key(dir: &DataDir, given: Option<&Path>) -> Result<(PathBuf, MasterKey), CommandError> {
    let file = given.map_or_else(|| dir.master_key(), Path::to_path_buf);
    match MasterKey::open(&file)? {
        Some(key) => Ok((file, key)),
        None if given.is_some() => Err(CommandError::usage(format!(
            "there is no file {}",
            file.display()
        ))),
        None => Err(
            CommandError::usage("the copy opens only with the master key of its server")
                .hint("Name the file:  --master-key FILE   (master.key from that server's folder)"),
        ),
    }
}

fn unusable(copy: &Path, key: &Path, error: &StoreError) -> CommandError {
    let shown = copy.display();
    match error {
        StoreError::Machine(_) => CommandError::new(
            ErrorKind::SecretStore,
            format!("{} is not the master key that {shown} was made under", key.display()),
        )
        .hint("Each server has its own: look for master.key in the data folder of the one that was copied."),
        other => CommandError::usage(format!("{shown}: {other}"))
            .hint("It takes what callhome server backup wrote."),
    }
}

/// A copy without the server's keys would make another server, which no device trusts.
fn complete(copy: &Path, unpacked: Unpacked) -> Result<Unpacked, CommandError> {
    let missing = KEPT_FILES
        .iter()
        .find(|name| unpacked.files.iter().all(|(n, _)| n != *name));
    match missing {
        None => Ok(unpacked),
        Some(name) => Err(CommandError::usage(format!(
            "{} does not hold the server's {name}: devices would not trust a server made of it",
            copy.display()
        ))
        .hint("Make a new copy of that server, with this version of callhome server backup.")),
    }
}

fn confirm(
    context: &Context,
    args: &RestoreArgs,
    dir: &DataDir,
    unpacked: &Unpacked,
) -> Result<(), CommandError> {
    let id = unpacked.system_id.as_deref().unwrap_or("unknown");
    let facts = format!(
        "This makes {} into the server with the system id {id} ({}).\nThe one that was copied must not run any more: \
         two would give their devices\nthe same numbers twice.",
        dir.path().display(),
        count(unpacked.devices, "device")
    );
    context.prompter.agree(&facts, "restore it", args.yes)
}

/// The keys first and the database last: without it nothing in the folder is a server yet.
fn place(
    dir: &DataDir,
    fresh: &Path,
    key_file: &Path,
    unpacked: &Unpacked,
) -> Result<(), CommandError> {
    let mut placed: Vec<PathBuf> = Vec::new();
    let outcome = (|| {
        for (name, content) in &unpacked.files {
            let path = dir.file(name);
            private_file::write(&path, content)?;
            placed.push(path);
        }
        let own = dir.master_key();
        if key_file != own && !own.exists() {
            let content = private_file::read(key_file)?.unwrap_or_default();
            private_file::write(&own, &content)?;
            placed.push(own);
        } else if key_file != own {
            return Err(CommandError::new(
                ErrorKind::Conflict,
                format!(
                    "{} is there already, and another one was given",
                    own.display()
                ),
            ));
        }
        Ok(std::fs::rename(fresh, dir.database())?)
    })();
    if outcome.is_err() {
        for path in placed {
            drop(std::fs::remove_file(path));
        }
    }
    outcome
}
