use std::path::{Component, Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{View, count, size};
use crate::domain::ShortId;

/// Save a backup's files on this machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Files that are there already are not overwritten.

Examples:
  callhome backup download 7k2m9x4q
  callhome backup download 7k2m9x4q --into rescue")]
pub(crate) struct DownloadArgs {
    /// Id of the backup
    backup: ShortId,
    /// Folder to save into; named after the backup when absent
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

/// Saves the files.
pub(super) async fn run(context: &Context, args: DownloadArgs) -> Outcome {
    let client = context.client().await?;
    let backup = client.backup(args.backup).await?;
    let folder = args
        .into
        .unwrap_or_else(|| PathBuf::from(format!("backup-{}", backup.id)));
    for item in &backup.items {
        let content = client.backup_item(backup.id, &item.path).await?;
        if HEXLOWER.encode(&Sha256::digest(&content)) != item.sha256 {
            return Err(CommandError::new(
                ErrorKind::Differs,
                format!("{} arrived altered: its digest does not match", item.path),
            )
            .hint(format!(
                "Try again:  callhome backup download {}",
                backup.id
            )));
        }
        save(&folder, &item.path, &content)?;
    }
    let text = format!(
        "{}, {} saved in {}\n",
        count(backup.items.len() as u64, "file"),
        size(backup.size_bytes),
        folder.display()
    );
    context.show(&View::one("backup", &backup).text(text))?;
    Ok(Exit::Done)
}

/// Writes a file below `folder`. Names come from a device: none may lead out of the folder.
fn save(folder: &Path, name: &str, content: &[u8]) -> Result<(), CommandError> {
    let relative = Path::new(name);
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside || name.is_empty() {
        return Err(CommandError::new(
            ErrorKind::Policy,
            format!("{name:?} would be saved outside of the folder: it is left out"),
        ));
    }
    let path = folder.join(relative);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path);
    let mut file = file.map_err(|e| {
        CommandError::new(ErrorKind::Conflict, format!("{}: {e}", path.display()))
            .hint("Choose another folder:  --into FOLDER")
    })?;
    std::io::Write::write_all(&mut file, content)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().expect("scratch");
        for name in ["../x", "/etc/x", "a/../../x", ""] {
            let error = save(folder.path(), name, b"x").expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Policy, "{name}");
        }
        save(folder.path(), "contacts/work.vcf", b"x").expect("saved");
        assert!(save(folder.path(), "contacts/work.vcf", b"y").is_err());
    }
}
