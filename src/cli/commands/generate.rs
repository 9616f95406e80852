use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};

use super::completion::script;

/// Write man pages or completions into a folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome generate man man
  callhome generate completions completions")]
pub(crate) struct GenerateArgs {
    /// What to write
    #[arg(value_enum)]
    what: Asset,
    /// Folder to write into
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Asset {
    /// One page for each command
    Man,
    /// One script for each shell
    Completions,
}

/// Writes the files.
pub(super) fn run(context: &Context, args: &GenerateArgs) -> Outcome {
    let files = match args.what {
        Asset::Man => man_pages()?,
        Asset::Completions => completions(),
    };
    std::fs::create_dir_all(&args.folder)?;
    for (name, content) in &files {
        std::fs::write(args.folder.join(name), content)?;
    }
    let folder = Path::display(&args.folder);
    context.status(&format!("{} files written to {folder}", files.len()))?;
    Ok(Exit::Done)
}

fn completions() -> Vec<(String, Vec<u8>)> {
    [
        (Shell::Bash, "callhome.bash"),
        (Shell::Zsh, "_callhome"),
        (Shell::Fish, "callhome.fish"),
    ]
    .map(|(shell, name)| (name.to_owned(), script(shell)))
    .to_vec()
}

fn man_pages() -> Result<Vec<(String, Vec<u8>)>, CommandError> {
    let mut command = super::command().disable_help_flag(false);
    command.build();
    let mut pages = Vec::new();
    collect(&command, "callhome", &mut pages)?;
    Ok(pages)
}

fn collect(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), CommandError> {
    let mut page = Vec::new();
    // No date: the same definition gives the same bytes on every day.
    clap_mangen::Man::new(command.clone())
        .title(name)
        .source(concat!("callhome ", env!("CARGO_PKG_VERSION")))
        .manual("callhome")
        .render(&mut page)?;
    pages.push((format!("{name}.1"), page));
    for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        collect(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}
