use clap::Args;
use serde::Serialize;

use super::server::{looked_for, remedy, standing};
use crate::api::Evaluation;
use crate::cli::assembly::mailer;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Paint, View, count, width_of, wrapped};
use crate::cli::server_secrets::ServerSecrets;
use crate::config::{MailConfig, ServerConfig};
use crate::domain::Timestamp;
use crate::host::{DataDir, HostError, SecretChoice, SecretStore};

/// Days before the certificate's end from which it is worth a look.
const SOON_DAYS: u64 = 21;
/// The same for the end of an evaluation.
const EVALUATION_SOON_DAYS: u64 = 14;
/// Column in which findings begin.
const COLUMN: usize = 21;
/// A narrower terminal breaks the lines itself.
const MIN_WIDTH: usize = 60;
const EVALUATION: &str = "evaluation";
const SERVER_SECRETS: &str = "server secrets";

/// Check this installation and say what to repair.
#[derive(Debug, Args)]
#[command(after_help = "\
Changes nothing. Ends with 0 when nothing is bad, 13 or 12 otherwise.

Examples:
  callhome doctor
  callhome doctor -c eu-north -o json")]
pub(crate) struct DoctorArgs {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Grade {
    Ok,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    grade: Grade,
    finding: String,
    /// What to do; empty when there is nothing to do.
    repair: String,
}

impl Check {
    fn new(name: &'static str, grade: Grade, finding: impl Into<String>) -> Self {
        Self {
            name,
            grade,
            finding: finding.into(),
            repair: String::new(),
        }
    }

    fn repair(mut self, repair: impl Into<String>) -> Self {
        self.repair = repair.into();
        self
    }
}

#[derive(Serialize)]
struct Diagnosis {
    healthy: bool,
    checks: Vec<Check>,
}

/// Runs the checks.
pub(super) async fn run(context: &Context, _: DoctorArgs) -> Outcome {
    let mut checks = vec![settings(context)];
    let readable = checks.iter().all(|c| c.grade != Grade::Bad);
    let mut kind = ErrorKind::Config;
    if readable {
        checks.push(secrets().await);
        let embedded = context.settings()?.config.context().is_none();
        if embedded {
            checks.extend(server_secrets(context).await?);
        }
        let (folder, served) = if embedded {
            data_folder(context)
        } else {
            (Vec::new(), true)
        };
        checks.extend(folder);
        if served {
            let answers = server(context).await;
            let bad = |c: &Check| c.grade == Grade::Bad && c.name != EVALUATION;
            if answers.iter().any(bad) {
                kind = ErrorKind::Unreachable;
            }
            checks.extend(answers);
        }
    }
    let healthy = checks.iter().all(|c| c.grade != Grade::Bad);
    let diagnosis = Diagnosis { healthy, checks };
    let text = words(&diagnosis, context.screen.paint, context.environment.width);
    context.show(&View::one("doctor", &diagnosis).text(text))?;
    Ok(if healthy {
        Exit::Done
    } else {
        Exit::Ended(kind)
    })
}

/// What to do, in lines; a command stays whole, so that it can be copied.
fn advice(words: &str, width: usize) -> Vec<String> {
    match words.split_once(":  ") {
        _ if width_of(words) <= width => vec![words.to_owned()],
        Some((what, command)) => {
            let mut lines = wrapped(&format!("{what}:"), width);
            lines.push(format!("  {command}"));
            lines
        }
        None => wrapped(words, width),
    }
}

fn words(diagnosis: &Diagnosis, paint: Paint, width: usize) -> String {
    let width = width.max(MIN_WIDTH);
    let mut text = String::new();
    for check in &diagnosis.checks {
        let grade = match check.grade {
            Grade::Ok => paint.good("ok "),
            Grade::Warning => paint.warn("!  "),
            Grade::Bad => paint.bad("BAD"),
        };
        let repair = Some(&check.repair).filter(|r| !r.is_empty());
        let repair = repair.map(|words| advice(words, width - COLUMN));
        let lines = wrapped(&check.finding, width - COLUMN);
        for (index, line) in lines.iter().chain(repair.iter().flatten()).enumerate() {
            match index {
                0 => text.push_str(&format!("  {grade} {:<14} {line}\n", check.name)),
                _ => text.push_str(&format!("{:COLUMN$}{line}\n", "")),
            }
        }
    }
    let verdict = if diagnosis.healthy {
        "Nothing is wrong here."
    } else {
        "Repair what is BAD, from the top."
    };
    format!("{text}\n{verdict}\n")
}

fn settings(context: &Context) -> Check {
    match context.settings() {
        Ok(loaded) => {
            let config = &loaded.config;
            let target = config
                .context()
                .map_or_else(|| "this machine".to_owned(), |c| c.server.to_string());
            let finding = format!("context {}, {target}", config.context_name());
            Check::new("settings", Grade::Ok, finding)
        }
        Err(error) => Check::new("settings", Grade::Bad, error.message())
            .repair(error.hints().first().cloned().unwrap_or_default()),
    }
}

async fn secrets() -> Check {
    let opened = tokio::task::spawn_blocking(|| {
        SecretStore::open(SecretChoice::Automatic).map(|s| s.place())
    });
    match opened.await {
        Ok(Ok(place)) => Check::new("secrets", Grade::Ok, format!("logins are kept in {place}")),
        Ok(Err(HostError::NoSecretStore(_))) => Check::new(
            "secrets",
            Grade::Warning,
            "no keyring here, as is usual over SSH and in containers",
        )
        .repair("Keep logins in a file:  callhome auth login --keep key-file"),
        Ok(Err(error)) => Check::new("secrets", Grade::Warning, error.to_string())
            .repair("Keep logins in a file:  callhome auth login --keep key-file"),
        Err(error) => Check::new("secrets", Grade::Warning, error.to_string()),
    }
}

/// What the server on this machine needs to know: its passwords and keys, and whether the mail server takes them.
async fn server_secrets(context: &Context) -> Result<Vec<Check>, CommandError> {
    let config = &context.settings()?.config.server;
    let rows = looked_for(context, config).await;
    let (there, missing): (Vec<_>, Vec<_>) = rows.iter().partition(|r| r.there);
    let mut checks: Vec<Check> = missing
        .iter()
        .map(|row| {
            let finding = format!("{}: {}", row.setting, row.finding);
            Check::new(SERVER_SECRETS, Grade::Bad, finding).repair(row.repair())
        })
        .collect();
    if !there.is_empty() {
        let mut places: Vec<&str> = there.iter().map(|r| r.finding.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        let finding = format!(
            "{} found, in {}",
            count(there.len() as u64, "secret"),
            places.join(" and ")
        );
        checks.push(Check::new(SERVER_SECRETS, Grade::Ok, finding));
    }
    let whole = missing.is_empty();
    if let Some(mail) = config.mail.as_ref().filter(|_| whole) {
        checks.push(mail_account(context, config, mail).await);
    }
    Ok(checks)
}

/// Goes to the mail server and logs in there.
async fn mail_account(context: &Context, config: &ServerConfig, mail: &MailConfig) -> Check {
    let bad = |error: &CommandError| {
        let hint = error.hints().first().cloned().unwrap_or_default();
        Check::new("mail", Grade::Bad, error.message()).repair(hint)
    };
    let secrets = match ServerSecrets::gather(context, config).await {
        Ok(secrets) => secrets,
        Err(error) => return bad(&error),
    };
    let mailer = match mailer(mail, &secrets) {
        Ok(mailer) => mailer,
        Err(error) => return bad(&error),
    };
    match mailer.check().await {
        Ok(()) => {
            let who = match &mail.username {
                Some(user) => format!("lets {user} in"),
                None => "answers".to_owned(),
            };
            Check::new("mail", Grade::Ok, format!("{} {who}", mailer.server()))
        }
        Err(error) => Check::new("mail", Grade::Bad, error.to_string())
            .repair("See server.mail in the settings:  callhome config explain"),
    }
}

/// The data folder, and whether a server runs on it that can be asked.
fn data_folder(context: &Context) -> (Vec<Check>, bool) {
    let folder = context.data_directory();
    let shown = folder.display().to_string();
    if !folder.exists() {
        let finding = format!("{shown} (made when it is needed)");
        return (vec![Check::new("data folder", Grade::Ok, finding)], false);
    }
    let dir = match DataDir::open(&folder) {
        Ok(dir) => dir,
        Err(error) => {
            let check = Check::new("data folder", Grade::Bad, error.to_string())
                .repair(format!("Look at it:  ls -ld {shown}"));
            return (vec![check], false);
        }
    };
    let found = Check::new("data folder", Grade::Ok, shown);
    match dir.lock() {
        Ok(_lock) => {
            let none = Check::new(
                "server",
                Grade::Ok,
                "none runs: each command is its own for as long as it lasts",
            )
            .repair("To keep trying in the background:  callhome serve");
            (vec![found, none], false)
        }
        Err(HostError::InUse { .. }) => (vec![found], true),
        Err(error) => {
            let check = Check::new("data folder", Grade::Bad, error.to_string());
            (vec![check], false)
        }
    }
}

async fn server(context: &Context) -> Vec<Check> {
    let answer = match context.client().await {
        Ok(client) => client.server_status().await.map_err(Into::into),
        Err(error) => Err(error),
    };
    let status = match answer {
        Ok(status) => status,
        Err(error) => {
            let hint = error.hints().first().cloned().unwrap_or_default();
            return vec![Check::new("server", Grade::Bad, error.message()).repair(hint)];
        }
    };
    let own = env!("CARGO_PKG_VERSION");
    let mut checks = vec![Check::new(
        "server",
        Grade::Ok,
        format!("{} answers, version {}", status.name, status.version),
    )];
    if status.version != own {
        checks.push(
            Check::new(
                "version",
                Grade::Warning,
                format!("this program is {own}, the server {}", status.version),
            )
            .repair("Use the same version on both sides."),
        );
    }
    checks.extend(evaluation(status.evaluation.as_ref(), context.now()));
    checks.extend(certificate(status.certificate_expires_at, context.now()));
    for (name, address) in [("https", &status.https), ("sip", &status.sip)] {
        checks.push(match address {
            Some(address) => Check::new(name, Grade::Ok, format!("devices call {address}")),
            None => Check::new(name, Grade::Warning, "devices cannot call in this way"),
        });
    }
    checks
}

fn evaluation(evaluation: Option<&Evaluation>, now: Timestamp) -> Option<Check> {
    let evaluation = evaluation?;
    let standing = standing(evaluation, now);
    Some(if evaluation.has_ended(now) {
        Check::new(
            EVALUATION,
            Grade::Bad,
            format!("{standing}: no new phone, call or action is taken"),
        )
        .repair(remedy(evaluation))
    } else if evaluation.days_left(now) < EVALUATION_SOON_DAYS {
        Check::new(EVALUATION, Grade::Warning, standing).repair(remedy(evaluation))
    } else {
        Check::new(EVALUATION, Grade::Ok, standing)
    })
}

fn certificate(until: Option<Timestamp>, now: Timestamp) -> Option<Check> {
    let days = until?.since(now).as_secs() / 86_400;
    Some(match days {
        0 => Check::new(
            "certificate",
            Grade::Bad,
            "the server's certificate has ended",
        )
        .repair("Start the server again: it renews its certificate then."),
        1..SOON_DAYS => Check::new(
            "certificate",
            Grade::Warning,
            format!("ends in {days} days"),
        )
        .repair("Start the server again: it renews its certificate then."),
        _ => Check::new("certificate", Grade::Ok, format!("good for {days} days")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_terminal_and_no_command_is_broken() {
        let command = "callhome auth login --server https://mgmt.example.net:8443";
        let finding = "cannot reach https://mgmt.example.net:8443: the certificate's authority is another one";
        let checks = vec![
            Check::new("server", Grade::Bad, finding).repair(format!(
                "If that is as it should be, pin the server again:  {command}"
            )),
            Check::new("secrets", Grade::Ok, "logins are kept in the keyring"),
        ];
        let diagnosis = Diagnosis {
            healthy: false,
            checks,
        };
        let text = words(&diagnosis, Paint::new(false), 80);
        for line in text.lines() {
            assert!(width_of(line) <= 80 || line.ends_with(command), "{line}");
        }
        assert!(text.contains(&format!("\n                       {command}\n")));
        assert!(text.contains("  ok  secrets        logins are kept in the keyring\n"));
    }
}
