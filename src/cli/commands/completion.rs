use clap::Args;
use clap_complete::Shell;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};

/// Print the completion script of a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome completion bash > ~/.local/share/bash-completion/completions/callhome
  callhome completion zsh > ~/.zfunc/_callhome
  callhome completion fish > ~/.config/fish/completions/callhome.fish")]
pub(crate) struct CompletionArgs {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(context: &Context, args: &CompletionArgs) -> Outcome {
    context.screen.data(&script(args.shell))?;
    Ok(Exit::Done)
}

/// The completion script of a shell.
pub(super) fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "callhome", &mut script);
    script
}
