//! `callhome sms template`: lists of actions that are saved for the helpdesk.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use crate::api::{ActionView, ActionsRequest, NewTemplate, Template};
use crate::cli::commands::acting::{self, How, Order, Target};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{Column, View, action_list, action_words, device_facts};
use crate::cli::prompt::{Challenge, Harm};
use crate::cli::waiting::{ending, follow_action, from_now};
use crate::domain::{Action, ActionTemplate, Consent, Risk};
use crate::net::management::Client;

/// How long `--wait` waits without `--timeout`.
const WAIT: std::time::Duration = std::time::Duration::from_secs(300);

/// Lists of actions with places to fill in, saved on the server.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// List them
    #[command(after_help = "Examples:\n  callhome sms template list")]
    List,
    /// Show one
    Show(NameArgs),
    /// Save one, in place of that with its name
    Save(SaveArgs),
    /// Remove one
    Delete(DeleteArgs),
    /// Have a device do what is in one
    Run(Box<RunArgs>),
}

/// Show a saved list of actions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms template show lost-phone")]
pub(crate) struct NameArgs {
    /// Name of the list
    name: String,
}

/// Save a list of actions, in place of that with its name.
#[derive(Debug, Args)]
#[command(after_help = "\
A lower-case word in braces is filled in when the list is run. Needs the role engineer; to run
one takes what its actions take.

Examples:
  callhome sms template save lost-phone \"lck({message})\" \"loc(3,60)\" \\
      --about \"lost or stolen\"
  callhome sms template save hello \"msg(Call%20{number})\" \"rng(30)\"")]
pub(crate) struct SaveArgs {
    /// Name, as in lost-phone
    name: String,
    /// The actions in order, as in "lck({message})"
    #[arg(required = true, value_name = "ACTION")]
    actions: Vec<ActionTemplate>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    about: Option<String>,
    /// Do not ask before another list of that name is replaced
    #[arg(short = 'y', long)]
    yes: bool,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Remove a saved list of actions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms template delete lost-phone")]
pub(crate) struct DeleteArgs {
    /// Name of the list
    name: String,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Have a device do what is in a saved list of actions.
#[derive(Debug, Args)]
#[command(after_help = "\
All of the list is asked for, in order, or nothing of it (of a device that another server holds: up to
the first that is refused). What locks or destroys is confirmed once for the whole list.

Examples:
  callhome sms template run lost-phone +14085550137 \\
      --set message=\"Call +358 9 1234\"
  callhome sms template run hello 358931104120070 --set number=112 --via sms \\
      --wait")]
pub(crate) struct RunArgs {
    /// Name of the list
    name: String,
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// A value to fill in; an empty one leaves the place empty
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = value)]
    values: Vec<(String, String)>,
    #[command(flatten)]
    how: How,
}

fn value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a value is NAME=VALUE, as in message=\"Call IT\"".into()),
    }
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: TemplateCommand) -> Outcome {
    match command {
        TemplateCommand::List => list(context).await,
        TemplateCommand::Show(args) => show(context, &args.name).await,
        TemplateCommand::Save(args) => save(context, args).await,
        TemplateCommand::Delete(args) => delete(context, &args).await,
        TemplateCommand::Run(args) => perform(context, *args).await,
    }
}

async fn list(context: &Context) -> Outcome {
    let all = context.client().await?.templates().await?;
    let view = View::many("template", &all)
        .named_by("/name")
        .when_empty("Nothing is saved yet. Save one:  callhome sms template save --help")
        .columns(vec![
            Column::at("name", "/name"),
            Column::at("about", "/about"),
            Column::at("actions", "/actions"),
            Column::at("by", "/saved_by").wide(),
            Column::at_minute("saved", "/saved_at").wide(),
        ]);
    context.show(&view)?;
    Ok(Exit::Done)
}

async fn show(context: &Context, name: &str) -> Outcome {
    let template = find(context.client().await?, name).await?;
    context.show(&card(&template))?;
    Ok(Exit::Done)
}

async fn save(context: &Context, args: SaveArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let new = NewTemplate {
        about: args.about,
        actions: args.actions,
    };
    let all = client.clone().recording(false).templates().await?;
    if let Some(old) = all.iter().find(|t| t.name == args.name)
        && (&old.about, &old.actions) != (&new.about, &new.actions)
        && !args.write.dry_run
    {
        let facts = format!(
            "There is a list {} already, saved by {}:\n\n{}",
            old.name,
            old.saved_by,
            steps(old)
        );
        context.prompter.agree(&facts, "replace it", args.yes)?;
    }
    let write = context.write(&args.write)?;
    let saved = client.put_template(&args.name, &new, &write).await?;
    context.show(&card(&saved))?;
    Ok(Exit::Done)
}

async fn delete(context: &Context, args: &DeleteArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    // For the document alone: whether there is one to remove is the server's to say, which knows a repeat.
    let template = find(&client, &args.name).await.ok();
    let write = context.write(&args.write)?;
    client.delete_template(&args.name, &write).await?;
    let words = format!("{} is removed.", args.name);
    match template {
        Some(template) => context.tell(&words, &card(&template))?,
        None => context.status(&words)?,
    }
    Ok(Exit::Done)
}

/// The list with this name.
async fn find(client: &Client, name: &str) -> Result<Template, CommandError> {
    let all = client.clone().recording(false).templates().await?;
    all.into_iter().find(|t| t.name == name).ok_or_else(|| {
        CommandError::new(
            ErrorKind::NotFound,
            format!("there is no saved list {name:?}"),
        )
        .hint("See them:  callhome sms template list")
    })
}

/// The actions of a list in words, each with its text beside it.
fn steps(template: &Template) -> String {
    let mut text = String::new();
    for (index, action) in template.actions.iter().enumerate() {
        let names = action.names().into_iter();
        let places = names.map(|name| (name.clone(), name));
        let filled = action.fill(&places.collect()).ok();
        let words = filled
            .and_then(|a| a.kind())
            .map_or("something that this version does not know", |k| k.words());
        text.push_str(&format!("  {:<2} {words:<14} {action}\n", index + 1));
    }
    text
}

fn card(template: &Template) -> View {
    let mut text = template.name.clone();
    if let Some(about) = &template.about {
        text.push_str(&format!(": {about}"));
    }
    text.push_str("\n\n");
    text.push_str(&steps(template));
    let places: String = template
        .names()
        .iter()
        .map(|name| format!(" --set {name}=…"))
        .collect();
    text.push_str(&format!(
        "\nSaved by {}. Run it:\n  callhome sms template run {} DEVICE{places}\n",
        template.saved_by, template.name
    ));
    View::one("template", template).named_by("/name").text(text)
}

async fn perform(context: &Context, args: RunArgs) -> Outcome {
    let client = acting::client_for(context, &args.how.wait, &args.how.write).await?;
    let template = find(&client, &args.name).await?;
    let actions = filled(&template, args.values.iter().cloned().collect())?;
    let target = acting::locate(&client, &args.device).await?;
    let how = &args.how;
    let consent = confirm(context, &target, &actions, how)?;
    let asked = match target.peer {
        None => ask(context, &client, &target, actions, consent, how).await?,
        Some(_) => ask_one_by_one(context, &client, &target, actions, consent, how).await?,
    };
    let time = match (how.wait.wait, how.wait.timeout) {
        (_, Some(timeout)) => timeout,
        (true, None) => WAIT,
        (false, None) => std::time::Duration::ZERO,
    };
    let until = from_now(time);
    let mut last = Vec::with_capacity(asked.len());
    for action in asked {
        let peer = target.peer.as_deref();
        let seen = match time.is_zero() {
            true => action,
            false => follow_action(&client, action, peer, until, |_| {}).await?,
        };
        last.push(seen);
    }
    context.show(&action_list(&last, context.now()))?;
    let waited = !time.is_zero() || context.is_embedded();
    let worst = last
        .iter()
        .filter(|a| a.state.is_final() || waited)
        .find_map(ending);
    if last.iter().any(|a| !a.state.is_final()) {
        context.status("Follow one:  callhome action wait ID")?;
    }
    Ok(worst.map_or(Exit::Done, Exit::Ended))
}

/// The actions with their values; what is missing or not asked for is told at once, all of it.
fn filled(
    template: &Template,
    values: BTreeMap<String, String>,
) -> Result<Vec<Action>, CommandError> {
    let names = template.names();
    let missing: Vec<String> = names
        .iter()
        .filter(|name| !values.contains_key(*name))
        .map(|name| format!("--set {name}=…"))
        .collect();
    if !missing.is_empty() {
        return Err(CommandError::usage(format!(
            "{} has places that are not filled in",
            template.name
        ))
        .hint(format!("Fill them in:  {}", missing.join(" "))));
    }
    if let Some(strange) = values.keys().find(|name| !names.contains(*name)) {
        return Err(
            CommandError::usage(format!("{} has no place named {strange}", template.name)).hint(
                format!("See it:  callhome sms template show {}", template.name),
            ),
        );
    }
    let fill = |t: &ActionTemplate| t.fill(&values);
    let actions: Result<Vec<Action>, _> = template.actions.iter().map(fill).collect();
    actions.map_err(|e| CommandError::usage(e.to_string()))
}

/// One question for the whole list, when anything in it is harmful.
fn confirm(
    context: &Context,
    target: &Target,
    actions: &[Action],
    how: &How,
) -> Result<Option<Consent>, CommandError> {
    let mut risks: Vec<Risk> = Vec::new();
    for risk in actions.iter().filter_map(Action::risk) {
        if !risks.contains(&risk) {
            risks.push(risk);
        }
    }
    if risks.is_empty() || how.write.dry_run {
        return Ok(None);
    }
    let texts: Vec<String> = actions.iter().map(|a| format!("  {a}")).collect();
    let facts = device_facts(&target.device, target.peer.as_deref(), context.now());
    let (noun, expected) = acting::last_four(&target.device);
    let harm = Harm {
        verb: "do that".into(),
        facts: format!(
            "This has the phone do, in this order:\n{}\n\n{facts}",
            texts.join("\n")
        ),
        risks,
        challenge: Challenge::LastFour { noun, expected },
    };
    let reason = how.write.reason.as_deref();
    context
        .prompter
        .consent(&harm, &how.consent, reason)
        .map(Some)
}

/// Asks for all of them at once: all or none.
async fn ask(
    context: &Context,
    client: &Client,
    target: &Target,
    actions: Vec<Action>,
    consent: Option<Consent>,
    how: &How,
) -> Result<Vec<ActionView>, CommandError> {
    let risks: &[Risk] = consent.as_ref().map_or(&[], Consent::risks);
    let said = consent.as_ref().and_then(Consent::reason);
    let request = ActionsRequest {
        device: target.device.id,
        actions,
        reason: said.map(str::to_owned).or_else(|| how.write.reason.clone()),
        ticket: how.write.ticket.clone(),
        accept_risk: risks.to_vec(),
        via: how.via,
        expires_in_s: how.wait.deadline.map(|d| d.as_secs()),
    };
    let write = context.write(&how.write)?;
    Ok(client.act_together(&request, &write).await?)
}

/// Asks for them one after the other, where another server holds the device. Where one is refused, those before it stay
/// asked for, and the error says which.
async fn ask_one_by_one(
    context: &Context,
    client: &Client,
    target: &Target,
    actions: Vec<Action>,
    consent: Option<Consent>,
    how: &How,
) -> Result<Vec<ActionView>, CommandError> {
    let base = context.write(&how.write)?;
    let mut asked: Vec<ActionView> = Vec::with_capacity(actions.len());
    for (index, action) in actions.into_iter().enumerate() {
        let order = Order {
            action,
            via: how.via,
            consent: consent.clone(),
            write: &how.write,
            wait: &how.wait,
        };
        let mut write = base.clone();
        write.key = base.key.as_ref().map(|key| format!("{key}-{}", index + 1));
        match client.act(&acting::request(target, &order), &write).await {
            Ok(view) => asked.push(view),
            Err(error) => {
                let error = CommandError::from(error);
                let before: Vec<String> = asked
                    .iter()
                    .map(|a| format!("{} ({})", action_words(a), a.id))
                    .collect();
                return Err(match before.is_empty() {
                    true => error,
                    false => error.hint(format!("Asked for before that: {}", before.join(", "))),
                });
            }
        }
    }
    Ok(asked)
}
