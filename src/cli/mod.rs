//! Words in, words out: the program that people and scripts call.
//!
//! Every command is one file in `commands/`: its arguments, and a function that
//! turns them into requests and a view. Nothing here knows a protocol or SQL; data
//! never goes to standard error, status never to standard output.
//!
//! | file | what |
//! |---|---|
//! | `environment` | arguments, variables and terminals, captured once |
//! | `flags` | flags that many commands share |
//! | `context` | the composition root: builds the parts that a command asks for |
//! | `commands` | the tree of commands, one file each |
//! | `output` | views and their rendering |
//! | `prompt` | questions; the only maker of `Consent` |
//! | `target` | which device a text names |
//! | `waiting` | following actions and callbacks to their end |
//! | `bulk` | runs over many rows that survive being stopped |
//! | `capture` | messages that crossed, as a picture and as a file |
//! | `progress` | bars and live lines on standard error |
//! | `error` | the one error at the edge, and the exit codes |
//!
//! Adding a command: a file in `commands/` (arguments, `run`), one variant and one
//! arm in `commands/mod.rs`, a name in its `GROUPS`, then `callhome generate` for
//! `man/` and `completions/`.

mod assembly;
mod bulk;
/// Messages that crossed, as a picture and as a file.
mod capture;
mod commands;
/// The composition root.
mod context;
mod embedded;
/// Arguments, variables and terminals.
mod environment;
/// The one error at the edge.
mod error;
/// Flags that many commands share.
mod flags;
mod output;
/// Bars and live lines.
mod progress;
/// Questions to the person at the keyboard.
mod prompt;
mod secrets;
mod server_secrets;
/// Which device a text names.
mod target;
/// Following actions and callbacks to their end.
mod waiting;
mod watched;

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::FromArgMatches;

use crate::port::task;
pub use commands::command;
use commands::{Cli, Command};
use context::Context;
use environment::Environment;
use error::{CommandError, ErrorKind, Exit, Outcome};
use output::{Paint, Screen};

/// The variable that, when it is 1, has a program end with its standard input: so ends what somebody started who was
/// killed.
const ENDS_WITH_INPUT: &str = "CALLHOME_ENDS_WITH_INPUT";

/// Runs the program with the process's own arguments; the one statement of `main.rs`.
#[must_use]
pub fn main() -> ExitCode {
    let environment = Environment::capture();
    if asks_version(&environment) {
        return tell_version(&environment);
    }
    match parse(&environment) {
        Ok(cli) => run(environment, cli),
        Err(error) => parse_failed(&environment, &error),
    }
}

/// Scripts ask this before everything else, often: the tree of commands is not needed for the answer.
fn asks_version(environment: &Environment) -> bool {
    let mut rest = environment.args.iter().skip(1);
    let only = rest.next().filter(|_| rest.next().is_none());
    only.is_some_and(|arg| arg == "--version" || arg == "-V")
}

fn tell_version(environment: &Environment) -> ExitCode {
    const VERSION: &str = concat!("callhome ", env!("CARGO_PKG_VERSION"), "\n");
    // Nobody has to read it to the end.
    drop(plain_screen(environment).data(VERSION.as_bytes()));
    ExitCode::SUCCESS
}

fn parse(environment: &Environment) -> Result<Cli, clap::Error> {
    let mut command = commands::command_for_one_line();
    if !environment.stdout_is_terminal {
        // Help is the same wherever it is read from.
        command = command.term_width(environment.width);
    }
    let mut matches = command.try_get_matches_from(environment.args.iter())?;
    Cli::from_arg_matches_mut(&mut matches)
}

fn parse_failed(environment: &Environment, error: &clap::Error) -> ExitCode {
    let paint = |is_terminal| environment.wants_colour(is_terminal);
    let Some(made) = CommandError::from_clap(error, &meant(environment)) else {
        let text = error.render();
        let text = if paint(environment.stdout_is_terminal) {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        let screen = plain_screen(environment);
        // Help that nobody reads any more is no failure.
        drop(screen.data(text.as_bytes()));
        return ExitCode::SUCCESS;
    };
    let made = meant_elsewhere(error)
        .into_iter()
        .fold(made, CommandError::hint);
    // The flags could not be read: look for the one that matters here by eye.
    let wants_json = environment.args.iter().any(|a| {
        matches!(
            a.to_str(),
            Some("json" | "ndjson" | "-ojson" | "-ondjson" | "--output=json" | "--output=ndjson")
        )
    });
    tell(environment, &made, wants_json)
}

/// The command that a line means, as far as its words name one: `callhome device lock`.
fn meant(environment: &Environment) -> String {
    let definition = commands::command();
    let mut found = &definition;
    let mut path = String::from("callhome");
    for word in environment.args.iter().skip(1).filter_map(|a| a.to_str()) {
        if let Some(sub) = found.find_subcommand(word) {
            found = sub;
            path.push(' ');
            path.push_str(sub.get_name());
        }
    }
    path
}

/// Where a word that is no command here is one: `callhome lock` means `callhome device lock`.
fn meant_elsewhere(error: &clap::Error) -> Vec<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind as Clap};
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match error.kind() {
        Clap::InvalidSubcommand => {
            let Some(word) = word(ContextKind::InvalidSubcommand) else {
                return Vec::new();
            };
            let definition = commands::command();
            let nouns = definition.get_subcommands().filter(|c| !c.is_hide_set());
            nouns
                .filter(|noun| noun.find_subcommand(word).is_some())
                .map(|noun| format!("Did you mean:  callhome {} {word}", noun.get_name()))
                .collect()
        }
        Clap::UnknownArgument if word(ContextKind::InvalidArg) == Some("--from") => {
            vec!["Many devices at once:  callhome bulk run --help".to_owned()]
        }
        _ => Vec::new(),
    }
}

fn plain_screen(environment: &Environment) -> Screen {
    let style = output::Style {
        format: output::Format::Table,
        columns: Vec::new(),
        jq: None,
        width: environment.width,
    };
    let paint = |terminal| Paint::new(environment.wants_colour(terminal));
    let out = paint(environment.stdout_is_terminal);
    let err = paint(environment.stderr_is_terminal);
    Screen::standard(style, false, out, err)
}

fn tell(environment: &Environment, error: &CommandError, json: bool) -> ExitCode {
    let colour = environment.wants_colour(environment.stderr_is_terminal);
    let text = error.render(json, colour);
    if !text.is_empty() {
        // There is nobody left to tell when standard error is gone too.
        drop(plain_screen(environment).note(text.trim_end()));
    }
    ExitCode::from(error.exit_code())
}

fn run(environment: Environment, cli: Cli) -> ExitCode {
    let mut context = Context::new(environment, cli.flags);
    let outcome = match cli.command {
        None => commands::bare(&context),
        Some(command) => commands::check_trace(&context.flags, &command)
            .and_then(|()| perform(&mut context, command)),
    };
    let format = context.flags.output.format;
    let json = format.is_some_and(output::Format::is_json);
    match outcome {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Ended(kind)) => ExitCode::from(kind.exit_code()),
        Ok(Exit::Code(code)) => ExitCode::from(code),
        Err(error) => match error.recorded() {
            Some(text) => match context.screen.data(text.as_bytes()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => tell(&context.environment, &error.into(), json),
            },
            None => {
                let error = error.with_hints(|hint| context.screen.retyped(hint).into_owned());
                tell(&context.environment, &error, json)
            }
        },
    }
}

fn perform(context: &mut Context, command: Command) -> Outcome {
    context.apply_settings()?;
    let command = match commands::run_at_once(context, command) {
        Ok(outcome) => return outcome,
        Err(command) => *command,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| CommandError::internal(format!("cannot start: {e}")))?;
    let outcome = runtime.block_on(async {
        let outcome = interruptible(context, command).await;
        context.close().await;
        outcome
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

/// Runs the command; the first Ctrl-C (or SIGTERM, or the end of the terminal) asks it to end, the second ends it.
async fn interruptible(context: &Context, command: Command) -> Outcome {
    // A question blocks the command's own task: who hears the signal must be another one.
    let interrupter = context.prompter.interrupter();
    tokio::spawn(task(async move {
        stop_signal().await;
        interrupter.store(true, Ordering::SeqCst);
    }));
    let ends_with_input = context.environment.variable(ENDS_WITH_INPUT) == Some("1");
    let mut command = Box::pin(commands::run(context, command));
    tokio::select! {
        outcome = &mut command => return outcome,
        () = stop_signal() => {}
        () = end_of_input(), if ends_with_input => {}
    }
    let interrupted = || Err(CommandError::new(ErrorKind::Interrupted, "stopped"));
    if !context.handles_interrupt() {
        return interrupted();
    }
    context.cancel();
    tokio::select! {
        outcome = command => outcome,
        () = stop_signal() => interrupted(),
    }
}

/// Comes back when standard input ends; nothing that comes in is for anybody.
async fn end_of_input() {
    let (ended, heard) = tokio::sync::oneshot::channel::<()>();
    // It cannot be joined: it sits in a read that only the one who started us ends.
    std::thread::spawn(move || {
        // Whether it was closed or broke: nobody is there any more.
        drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        drop(ended);
    });
    drop(heard.await);
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the signals keep their default, which is to end us.
        return std::future::pending().await;
    };
    let hung_up = async {
        match environment::outlives_terminal() {
            true => None,
            false => signal(SignalKind::hangup()).ok()?.recv().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        Some(()) = hung_up => {}
    }
}
