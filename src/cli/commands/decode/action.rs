use serde_json::json;

use super::{Explained, Keys, Signature};
use crate::cli::commands::sms::verified;
use crate::cli::error::CommandError;
use crate::cli::output::{Paint, grouped, width_of};
use crate::sms::{Draft, InvalidMessage, SignedMessage, describe};

/// Explains an action string, signed or not yet.
pub(super) fn explain(octets: &[u8], keys: &Keys, paint: Paint) -> Result<Explained, CommandError> {
    let invalid =
        |error: InvalidMessage| CommandError::usage(format!("not an action string: {error}"));
    let message = match SignedMessage::parse(octets) {
        Ok(message) => message,
        // Without a token it may be one that is still to be signed.
        Err(error @ (InvalidMessage::Token | InvalidMessage::Sequence(_))) => {
            let text = std::str::from_utf8(octets).map_err(|_| invalid(error))?;
            return text.parse().map(|draft| unsigned(&draft)).map_err(invalid);
        }
        Err(error) => return Err(invalid(error)),
    };
    let signature = match &keys.secret {
        None => Signature::NotChecked,
        Some(secret) => match verified(&message, secret, keys.enrolled) {
            Ok(()) => Signature::Genuine,
            Err(why) => Signature::Wrong(why.replace("the token does", "does")),
        },
    };
    let mut lines = vec![
        format!("Action string, version {}", message.version()),
        format!(
            "  sequence   {} ({}){}",
            message.sequence(),
            grouped(u64::from(message.sequence().value())),
            others(&message)
        ),
        format!(
            "  token      {}  {}",
            message.token(),
            signature.words(paint, "not checked: that takes --secret-file")
        ),
    ];
    let actions = message.actions();
    lines.extend(table(actions.iter().map(|a| (a.to_string(), describe(a)))));
    let items: Vec<_> = message
        .numbered_actions()
        .map(|n| {
            json!({
                "sequence": n.sequence,
                "action": n.action,
                "words": describe(n.action),
                "destructive": n.action.is_destructive(),
            })
        })
        .collect();
    let document = json!({
        "kind": "action",
        "version": message.version(),
        "sequence": message.sequence(),
        "token": message.token().to_string(),
        "genuine": signature.to_json(),
        "actions": items,
    });
    Ok(Explained {
        document,
        text: lines.join("\n") + "\n",
        signature,
        valid: true,
    })
}

fn unsigned(draft: &Draft) -> Explained {
    let sequence = draft
        .sequence()
        .map_or_else(|| "not reserved yet".to_owned(), |s| s.to_string());
    let mut lines = vec![
        format!(
            "Action string without signature, version {}",
            draft.version()
        ),
        format!("  sequence   {sequence}"),
    ];
    lines.extend(table(
        draft.actions().iter().map(|a| (a.to_string(), describe(a))),
    ));
    Explained {
        document: json!({
            "kind": "action",
            "version": draft.version(),
            "sequence": draft.sequence(),
            "token": null,
            "actions": draft.actions(),
        }),
        text: lines.join("\n") + "\n",
        signature: Signature::NotChecked,
        valid: true,
    }
}

/// The numbers that the actions after the first have.
fn others(message: &SignedMessage) -> String {
    let numbered = message
        .numbered_actions()
        .filter(|n| n.sequence.is_some())
        .count();
    match numbered {
        0 if message.link().is_some() => ", the first behind the link".to_owned(),
        0 | 1 => String::new(),
        2 => ", and the next".to_owned(),
        3 => ", and the next two".to_owned(),
        n => format!(", and the next {}", n - 1),
    }
}

/// Numbered lines with their explanation in a column of its own.
pub(super) fn table(rows: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let rows: Vec<(String, String)> = rows.collect();
    let widest = rows
        .iter()
        .map(|(what, _)| width_of(what))
        .filter(|w| *w <= 40)
        .max()
        .unwrap_or(0);
    rows.iter()
        .enumerate()
        .map(|(i, (what, words))| {
            let gap = " ".repeat(widest.saturating_sub(width_of(what)) + 3);
            format!("  {}  {what}{gap}{words}", i + 1)
        })
        .collect()
}
