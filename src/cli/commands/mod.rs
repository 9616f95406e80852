//! The tree of commands. Each is one file: arguments, then `run`.
//!
//! `run_at_once` serves the commands that need neither runtime nor configuration, so
//! that `--version`, completions and help stay quick.

mod acting;
mod action;
mod agent;
mod audit;
mod auth;
mod backup;
mod bulk;
mod call;
mod callback;
mod completion;
mod config;
mod context;
mod decode;
mod demo;
mod device;
mod doctor;
mod find;
mod generate;
mod later;
mod operator;
mod probe;
mod prose;
mod schema;
mod serve;
mod server;
mod sip;
mod sms;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory, FromArgMatches as _, Parser, Subcommand};

use super::context::Context;
use super::error::{CommandError, Exit, Outcome};
use super::flags::CommonFlags;
use later::Later;

/// Make mobile and SIP devices call home, and manage them when they do
#[derive(Debug, Parser)]
#[command(
    name = "callhome",
    version,
    styles = STYLES,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  callhome call +14085550137              reach a phone, over whatever works
  callhome device lock 358931104120070    lock a stolen phone
  callhome find 358931104120070           which server manages this phone?

Every command has examples:  callhome device lock --help"
)]
pub(super) struct Cli {
    /// What to do; none shows the commands that people need most.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags that every command has.
    #[command(flatten)]
    pub flags: CommonFlags,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Green.on_default());

/// All commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Reach a device over whatever still reaches it
    Call(Box<call::CallArgs>),
    /// Find out which server manages a device
    Find(find::FindArgs),
    /// Say why a device or a SIP address cannot be reached
    Probe(Box<probe::ProbeArgs>),
    /// Look at devices, lock and locate them, let new ones in
    #[command(subcommand)]
    Device(Box<Later<device::DeviceCommand>>),
    /// See what devices were asked to do, and how far that has got
    #[command(subcommand)]
    Action(Later<action::ActionCommand>),
    /// Ask devices to call an application server, and follow that
    #[command(subcommand)]
    Callback(Later<callback::CallbackCommand>),
    /// Bring a device's contacts, documents and media to safety, and back
    #[command(subcommand)]
    Backup(Later<backup::BackupCommand>),
    /// Run an action over many devices, look back at runs, and go on with one that was stopped
    #[command(subcommand)]
    Bulk(Later<bulk::BulkCommand>),
    /// Read and check the audit trail
    #[command(subcommand)]
    Audit(Later<audit::AuditCommand>),
    /// Log in and out, and make tokens for scripts
    #[command(subcommand)]
    Auth(Later<auth::AuthCommand>),
    /// Say who may use this server, and for what
    #[command(subcommand)]
    Operator(Later<operator::OperatorCommand>),
    /// Run the management server in the foreground
    Serve(Box<serve::ServeArgs>),
    /// Look at the server and keep a copy of its data
    #[command(subcommand)]
    Server(Later<server::ServerCommand>),
    /// See which settings hold, and where each was said
    #[command(subcommand)]
    Config(Later<config::ConfigCommand>),
    /// Print the JSON Schema of a document that commands print
    Schema(schema::SchemaArgs),
    /// Choose which server commands talk to
    #[command(subcommand)]
    Context(Later<context::ContextCommand>),
    /// Check this installation and say what to repair
    Doctor(doctor::DoctorArgs),
    /// Print the completion script of a shell
    Completion(completion::CompletionArgs),
    /// Explain a message that came over the wire
    Decode(Box<decode::DecodeArgs>),
    /// Show what callhome does: servers, carrier, router and phones on this machine
    Demo(demo::DemoArgs),
    /// Send SIP messages by hand, from this machine
    #[command(subcommand)]
    Sip(Later<sip::SipCommand>),
    /// Compose, sign, check, measure and send action strings by hand
    #[command(subcommand)]
    Sms(Later<sms::SmsCommand>),
    /// Run simulated devices, a carrier for their text messages, and a home router
    #[command(subcommand)]
    Agent(Later<agent::AgentCommand>),
    /// Write man pages and completions
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
}

/// Commands by what people want, for the first page of help.
const GROUPS: &[(&str, &[&str])] = &[
    ("Reach and find devices", &["call", "find", "probe"]),
    (
        "Manage devices",
        &["device", "action", "callback", "backup", "bulk"],
    ),
    (
        "Look at messages and send them by hand",
        &["decode", "sip", "sms"],
    ),
    (
        "Run a server and simulated devices",
        &["serve", "agent", "demo", "server"],
    ),
    (
        "People, records, set-up",
        &[
            "auth",
            "operator",
            "audit",
            "context",
            "config",
            "doctor",
            "schema",
            "completion",
        ],
    ),
];

/// The definition of the whole command line, with commands grouped on the first page.
#[must_use]
pub fn command() -> clap::Command {
    let command = prose::flowing(Cli::command());
    let mut page = String::new();
    for (title, names) in GROUPS {
        let present: Vec<_> = names
            .iter()
            .filter_map(|n| command.find_subcommand(n))
            .collect();
        if present.is_empty() {
            continue;
        }
        page.push_str(&format!("{title}:\n"));
        for found in present {
            let about = found
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            page.push_str(&entry(found.get_name(), &about));
        }
        page.push('\n');
    }
    command.help_template(format!(
        "{{about}}\n\n{{usage-heading}} callhome <COMMAND> [TARGET...] [OPTIONS]\n\n{page}Options:\n{{options}}{{after-help}}\n"
    ))
}

/// The same for parsing one line: branches that the line does not name stay empty.
#[must_use]
pub(super) fn command_for_one_line() -> clap::Command {
    later::waiting(command)
}

/// A line of the first page; long descriptions go on below themselves.
fn entry(name: &str, about: &str) -> String {
    const INDENT: usize = 14;
    const WIDTH: usize = 80;
    let mut lines = vec![format!("  {name:<12}")];
    for word in about.split(' ') {
        let line = lines.last().map_or(0, |l| l.chars().count());
        if line > INDENT && line + 1 + word.chars().count() > WIDTH {
            lines.push(" ".repeat(INDENT));
        }
        if let Some(line) = lines.last_mut() {
            if line.chars().count() > INDENT {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

/// Commands that people need most, for a bare `callhome`.
const TEN: &[(&str, &str)] = &[
    ("call", "callhome call DEVICE"),
    ("find", "callhome find IMEI"),
    ("device lock", "callhome device lock DEVICE"),
    ("device pin", "callhome device pin DEVICE"),
    ("device locate", "callhome device locate DEVICE"),
    ("device list", "callhome device list"),
    ("backup create", "callhome backup create DEVICE"),
    ("action list", "callhome action list"),
    ("probe", "callhome probe DEVICE"),
    ("demo", "callhome demo"),
];

/// Bare `callhome`: the ten commands, and on a terminal the picker.
pub(super) fn bare(context: &Context) -> Outcome {
    let definition = command();
    let lines: Vec<String> = TEN
        .iter()
        .filter_map(|(path, usage)| {
            let about = path
                .split(' ')
                .try_fold(&definition, |c, word| c.find_subcommand(word))?
                .get_about()?
                .to_string();
            // What stands behind a colon is for the command's own page: a line of the picker must not wrap.
            let about = about.split(':').next().unwrap_or_default();
            Some(format!("{usage:<30}{about}"))
        })
        .collect();
    if !context.environment.stdout_is_terminal || !context.environment.stdin_is_terminal {
        return Err(CommandError::usage("which command?")
            .hint(lines.join("\n"))
            .hint("All of them:  callhome --help"));
    }
    match context
        .prompter
        .pick("What do you want to do? (Esc to leave)", &lines)?
    {
        None => Ok(Exit::Done),
        Some(chosen) => {
            let usage = TEN
                .get(chosen)
                .map_or("callhome --help", |(_, usage)| usage);
            context.status(&format!("Type:  {usage}\nHelp:  {} --help", help_of(usage)))?;
            Ok(Exit::Done)
        }
    }
}

fn help_of(usage: &str) -> String {
    usage
        .split(' ')
        .filter(|w| w.chars().all(|c| c.is_ascii_lowercase()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Which parts of the traffic a command can show with `--trace`.
fn traceable(command: &Command) -> &'static [&'static str] {
    const ALL: &[&str] = &["sip", "http", "sms"];
    match command {
        Command::Call(_) | Command::Demo(_) => ALL,
        Command::Device(command) if command.0.acts() => ALL,
        Command::Action(Later(
            action::ActionCommand::Wait(_) | action::ActionCommand::Retry(_),
        )) => ALL,
        Command::Backup(Later(
            backup::BackupCommand::Create(_) | backup::BackupCommand::Restore(_),
        )) => ALL,
        Command::Sms(Later(sms::SmsCommand::Send(_))) => &["http", "sms"],
        Command::Probe(_) => &["sip", "http"],
        Command::Sip(Later(
            sip::SipCommand::Events(_) | sip::SipCommand::Listen(_) | sip::SipCommand::Resolve(_),
        )) => &[],
        Command::Sip(_) => &["sip"],
        Command::Find(_)
        | Command::Device(_)
        | Command::Action(_)
        | Command::Backup(_)
        | Command::Audit(_)
        | Command::Bulk(Later(bulk::BulkCommand::Run(_)))
        | Command::Operator(_)
        | Command::Auth(_)
        | Command::Server(_)
        | Command::Context(_)
        | Command::Doctor(_)
        | Command::Sms(Later(sms::SmsCommand::Sign(_) | sms::SmsCommand::Verify(_))) => &["http"],
        _ => &[],
    }
}

/// The same for a command line without the program's name; nothing for one that cannot be read.
pub(super) fn traceable_line(args: &[&str]) -> &'static [&'static str] {
    let line = std::iter::once("callhome").chain(args.iter().copied());
    let read = command_for_one_line()
        .try_get_matches_from(line)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let command = read.ok().and_then(|cli| cli.command);
    command.as_ref().map_or(&[], traceable)
}

/// Refuses `--trace` where it would show nothing: a promise that is not kept misleads whoever looks for a fault.
pub(super) fn check_trace(flags: &CommonFlags, command: &Command) -> Result<(), CommandError> {
    let can = traceable(command);
    let Some(wish) = flags.trace.iter().find(|w| !can.contains(&w.as_str())) else {
        return Ok(());
    };
    let error = CommandError::usage(format!(
        "--trace {wish} shows nothing here: this command sends none of it itself"
    ));
    Err(match can {
        [] => error.hint("Leave it out"),
        can => error.hint(format!(
            "What this command can show:  --trace {}",
            can.join(",")
        )),
    })
}

/// Runs a command that needs no runtime; gives back any other.
pub(super) fn run_at_once(context: &Context, command: Command) -> Result<Outcome, Box<Command>> {
    match command {
        Command::Completion(args) => Ok(completion::run(context, &args)),
        Command::Decode(args) => Ok(decode::run(context, &args)),
        Command::Generate(args) => Ok(generate::run(context, &args)),
        Command::Schema(args) => Ok(schema::run(context, &args)),
        Command::Config(command) => Ok(config::run(context, &command.0)),
        other => Err(Box::new(other)),
    }
}

/// Runs a command.
pub(super) async fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Call(args) => call::run(context, *args).await,
        Command::Find(args) => find::run(context, args).await,
        Command::Probe(args) => probe::run(context, *args).await,
        Command::Device(command) => device::run(context, (*command).0).await,
        Command::Action(command) => action::run(context, command.0).await,
        Command::Callback(command) => callback::run(context, command.0).await,
        Command::Backup(command) => backup::run(context, command.0).await,
        Command::Bulk(command) => bulk::run(context, command.0).await,
        Command::Audit(command) => audit::run(context, command.0).await,
        Command::Operator(command) => operator::run(context, command.0).await,
        Command::Auth(command) => auth::run(context, command.0).await,
        Command::Serve(args) => serve::run(context, *args).await,
        Command::Server(command) => server::run(context, command.0).await,
        Command::Config(command) => config::run(context, &command.0),
        Command::Schema(args) => schema::run(context, &args),
        Command::Context(args) => context::run(context, args.0).await,
        Command::Doctor(args) => doctor::run(context, args).await,
        Command::Completion(args) => completion::run(context, &args),
        Command::Decode(args) => decode::run(context, &args),
        Command::Demo(args) => demo::run(context, args).await,
        Command::Generate(args) => generate::run(context, &args),
        Command::Sip(args) => sip::run(context, args.0).await,
        Command::Sms(args) => sms::run(context, args.0).await,
        Command::Agent(args) => agent::run(context, args.0).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_visible_command_stands_on_the_first_page() {
        let definition = command();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, n)| n.iter().copied()).collect();
        for sub in definition.get_subcommands().filter(|c| !c.is_hide_set()) {
            assert!(grouped.contains(&sub.get_name()), "{}", sub.get_name());
        }
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "{path} has no description");
            let leaf = command.get_subcommands().next().is_none();
            if leaf {
                let after = command.get_after_help().map(ToString::to_string);
                assert!(
                    after.is_some_and(|t| t.contains("callhome ")),
                    "{path} shows no example"
                );
            }
            for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
                check(sub, &format!("{path} {}", sub.get_name()));
            }
        }
        check(&command(), "callhome");
    }
}
