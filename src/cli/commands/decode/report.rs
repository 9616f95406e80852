use serde_json::json;

use super::action::table;
use super::{Explained, Keys, Signature};
use crate::cli::error::CommandError;
use crate::cli::output::{Paint, date_time, grouped};
use crate::sms::{ActionResult, Reply, ReplyStatus, SmsKeys};

/// Explains a reply by text message.
pub(super) fn explain_reply(
    octets: &[u8],
    keys: &Keys,
    paint: Paint,
) -> Result<Explained, CommandError> {
    let reply =
        Reply::parse(octets).map_err(|e| CommandError::usage(format!("not a reply: {e}")))?;
    let signature = match &keys.secret {
        None => Signature::NotChecked,
        Some(secret) => match reply.verify(&SmsKeys::derive(secret)) {
            Ok(()) => Signature::Genuine,
            Err(why) => Signature::Wrong(why.to_string()),
        },
    };
    let mut lines = vec![
        "Reply by text message, version 2.00".to_owned(),
        format!("  nonce      {}", reply.nonce()),
        format!(
            "  token      {}",
            signature.words(paint, "not checked: that takes --secret-file")
        ),
    ];
    lines.extend(table(
        reply.statuses().iter().map(|s| (s.to_string(), words(s))),
    ));
    Ok(Explained {
        document: json!({
            "kind": "reply",
            "nonce": reply.nonce(),
            "genuine": signature.to_json(),
            "statuses": reply.statuses(),
        }),
        text: lines.join("\n") + "\n",
        signature,
        valid: true,
    })
}

fn words(status: &ReplyStatus) -> String {
    match status {
        ReplyStatus::Ok(details) if details.is_empty() => "done".to_owned(),
        ReplyStatus::Ok(details) => format!("done: {}", details.join(", ")),
        ReplyStatus::Err { code, text } if text.is_empty() => code.clone(),
        ReplyStatus::Err { code, text } => format!("{code}: {text}"),
    }
}

/// Explains a result document.
pub(super) fn explain_result(octets: &[u8]) -> Result<Explained, CommandError> {
    let result = ActionResult::from_xml(octets)
        .map_err(|e| CommandError::usage(format!("not a result document: {e}")))?;
    let mut lines = vec![
        format!("Result of {}(): {}", result.action(), result.status()),
        format!(
            "  sequence   {} ({})",
            result.sequence(),
            grouped(u64::from(result.sequence().value()))
        ),
        format!("  at         {}", date_time(result.at())),
    ];
    if let Some(session) = result.session() {
        lines.push(format!("  session    {session}"));
    }
    if let Some(code) = result.code() {
        lines.push(format!("  code       {code}"));
    }
    for (name, value) in result.fields() {
        lines.push(format!("  {name:<10} {value}"));
    }
    Ok(Explained {
        document: json!({ "kind": "result", "result": result }),
        text: lines.join("\n") + "\n",
        signature: Signature::NotChecked,
        valid: true,
    })
}
