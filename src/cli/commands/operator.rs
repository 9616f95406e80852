use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::api::NewOperator;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{Column, View};
use crate::cli::secrets;
use crate::domain::Role;

/// Say who may use this server, and for what.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// List operators and their roles
    #[command(after_help = "Examples:\n  callhome operator list")]
    List,
    /// Add an operator
    Add(AddArgs),
    /// Give an operator another role
    SetRole(SetRoleArgs),
    /// Remove an operator; what they are logged in with ends at once
    Remove(RemoveArgs),
}

/// Add an operator.
#[derive(Debug, Args)]
#[command(after_help = "\
Roles: viewer looks; helpdesk also calls, locks, unlocks, backs up and invites new phones;
engineer also sends raw messages, probes and lets known devices in again; admin also wipes,
deletes and manages operators.

Examples:
  callhome operator add anna helpdesk
  callhome operator add bo engineer --password-file bo.txt")]
pub(crate) struct AddArgs {
    /// Name to log in with
    name: String,
    /// viewer, helpdesk, engineer or admin
    role: Role,
    /// File with the first password (at least 10 characters); - is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Give an operator another role.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome operator set-role anna engineer")]
pub(crate) struct SetRoleArgs {
    /// Name
    name: String,
    /// viewer, helpdesk, engineer or admin
    role: Role,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Remove an operator; what they are logged in with ends at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome operator remove anna
  callhome operator remove anna --yes")]
pub(crate) struct RemoveArgs {
    /// Name
    name: String,
    /// Do not ask
    #[arg(short = 'y', long)]
    yes: bool,
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: OperatorCommand) -> Outcome {
    match command {
        OperatorCommand::List => list(context).await,
        OperatorCommand::Add(args) => add(context, args).await,
        OperatorCommand::SetRole(args) => set_role(context, args).await,
        OperatorCommand::Remove(args) => remove(context, args).await,
    }
}

async fn list(context: &Context) -> Outcome {
    let operators = context.client().await?.operators().await?;
    let view = View::many("operator", &operators)
        .named_by("/name")
        .when_empty("No operators yet.")
        .columns(columns());
    context.show(&view)?;
    Ok(Exit::Done)
}

fn columns() -> Vec<Column> {
    vec![
        Column::at("name", "/name"),
        Column::at("role", "/role"),
        Column::at_minute("added", "/created_at"),
        Column::at_minute("last_login", "/last_login"),
    ]
}

async fn add(context: &Context, args: AddArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    if client
        .operators()
        .await?
        .iter()
        .any(|o| o.name == args.name)
    {
        return Err(CommandError::new(
            ErrorKind::Conflict,
            format!("there is an operator {} already", args.name),
        )
        .hint(format!(
            "Change the role:  callhome operator set-role {} ROLE",
            args.name
        )));
    }
    let password = secrets::password(
        context,
        args.password_file.as_deref(),
        &format!("first password of {}", args.name),
    )?;
    let operator = NewOperator {
        name: args.name,
        role: args.role,
        password: Some(password),
    };
    put(context, &operator, &args.write).await
}

async fn set_role(context: &Context, args: SetRoleArgs) -> Outcome {
    let client = context.client().await?;
    if !client
        .operators()
        .await?
        .iter()
        .any(|o| o.name == args.name)
    {
        return Err(no_such(&args.name));
    }
    let operator = NewOperator {
        name: args.name,
        role: args.role,
        password: None,
    };
    put(context, &operator, &args.write).await
}

async fn put(context: &Context, operator: &NewOperator, flags: &WriteFlags) -> Outcome {
    if flags.dry_run {
        // The body holds a password: only its outline is told.
        let text = format!(
            "PUT /api/v1/operators/{} (role {}, password ****)\n",
            operator.name, operator.role
        );
        return Err(CommandError::dry_run(text));
    }
    let client = context.client().await?;
    let saved = client
        .put_operator(operator, &context.write(flags)?)
        .await?;
    let text = format!("{} is {} now.\n", saved.name, saved.role);
    let view = View::one("operator", &saved)
        .named_by("/name")
        .columns(columns())
        .text(text);
    context.show(&view)?;
    Ok(Exit::Done)
}

fn no_such(name: &str) -> CommandError {
    CommandError::new(ErrorKind::NotFound, format!("there is no operator {name}"))
        .hint("See them:  callhome operator list")
}

async fn remove(context: &Context, args: RemoveArgs) -> Outcome {
    let client = context.client().await?;
    let all = client.operators().await?;
    let operator = all.iter().find(|o| o.name == args.name);
    let Some(operator) = operator else {
        return Err(no_such(&args.name));
    };
    let facts = format!(
        "This removes {} ({}). What they are logged in with ends at once.",
        operator.name, operator.role
    );
    context.prompter.agree(&facts, "remove them", args.yes)?;
    client.remove_operator(&args.name).await?;
    let view = View::one("operator", operator)
        .named_by("/name")
        .columns(columns());
    context.tell(&format!("{} is removed.", args.name), &view)?;
    Ok(Exit::Done)
}
