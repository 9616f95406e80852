use crate::domain::{Action, ActionKind, InvalidAction};

/// Reads an action as a person types it: `get(P Dat.txt,1024)` means `get(P%20Dat.txt,1024)`.
///
/// What is in wire form already is taken as it is. The text of `lck()` and `msg()` may hold commas.
///
/// ```
/// use callhome::sms::typed_action;
/// for (typed, wire) in [
///     ("get(P Dat.txt,1024)", "get(P%20Dat.txt,1024)"),
///     ("get(P%20Dat.txt,1024)", "get(P%20Dat.txt,1024)"),
///     ("lck(Lost? Call 555-0100, please)", "lck(Lost%3F%20Call%20555-0100%2C%20please)"),
/// ] {
///     assert_eq!(typed_action(typed).unwrap().to_string(), wire);
/// }
/// assert!(typed_action("lock()").is_err());
/// ```
///
/// # Errors
/// [`InvalidAction`] when it is no action even so.
pub fn typed_action(typed: &str) -> Result<Action, InvalidAction> {
    let typed = typed.trim();
    let strict = typed.parse::<Action>();
    let Some((name, inner)) = typed
        .split_once('(')
        .and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)))
    else {
        return strict;
    };
    let is_one_text = matches!(name, "lck" | "msg");
    match strict {
        // Only what needs no repair is taken as wire form.
        Ok(action) if !(is_one_text && inner.contains(',')) => Ok(action),
        _ => {
            let kind = format!("{name}()").parse::<Action>()?;
            let params: Vec<&str> = if is_one_text {
                vec![inner]
            } else {
                inner.split(',').map(str::trim).collect()
            };
            Ok(kind.with_params(params))
        }
    }
}

/// What an action asks for, in words for people: `location, 1 sample`.
#[must_use]
pub fn describe(action: &Action) -> String {
    let Some(kind) = action.kind() else {
        return "not known to this version: devices answer unsupported".to_owned();
    };
    let p = |at| action.param(at);
    match (kind, p(0), p(1)) {
        (ActionKind::Locate, samples, seconds) => {
            let samples = samples.unwrap_or("1");
            let s = if samples == "1" { "" } else { "s" };
            let within = seconds.map_or_else(String::new, |t| format!(" within {t} s"));
            format!("location, {samples} sample{s}{within}")
        }
        (ActionKind::GetFile, Some(file), max) => {
            let most = max.map_or_else(String::new, |m| format!(", at most {} bytes", grouped(m)));
            format!("file \"{file}\"{most}")
        }
        (ActionKind::PutFile, Some(file), Some(url)) => format!("download \"{file}\" from {url}"),
        (ActionKind::Lock, Some(text), _) => format!("lock, shows \"{text}\""),
        (ActionKind::Message, Some(text), _) => format!("show \"{text}\""),
        (ActionKind::Wipe, Some(scope), _) => format!("wipe {scope}"),
        (ActionKind::Backup, Some(what), group) => {
            let group = group.map_or_else(String::new, |g| format!(", group \"{g}\""));
            format!("backup of {what}{group}")
        }
        (ActionKind::Restore, Some(backup), _) => format!("restore backup {backup}"),
        (ActionKind::CallHome, Some(url), request) => {
            let request = request.map_or_else(String::new, |r| format!(", request {r}"));
            format!("call home to {url}{request}")
        }
        (ActionKind::FetchUrl, Some(link), _) => format!("fetch the actions from {link}"),
        (ActionKind::ReplyNumber, Some(nonce), _) => {
            format!("answer by text message, nonce {nonce}")
        }
        (ActionKind::Ring, Some(seconds), _) => format!("ring for {seconds} s"),
        (ActionKind::Log, Some(lines), _) => format!("send the last {lines} lines of the log"),
        (ActionKind::Email, Some(url), _) => format!("set up e-mail from {url}"),
        (ActionKind::InstallApp, Some(url), version) => {
            let version = version.map_or_else(String::new, |v| format!(", version {v}"));
            format!("install {url}{version}")
        }
        (ActionKind::Activate, Some(feature), _) => format!("activate {feature}"),
        (ActionKind::Terms, Some(url), _) => format!("show the terms at {url}"),
        (kind, _, _) => kind.words().to_owned(),
    }
}

/// A number with commas between thousands; anything else as it is.
fn grouped(digits: &str) -> String {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return digits.to_owned();
    }
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_the_wire_form() {
        for (typed, wire) in [
            ("aud()", "aud()"),
            (" loc(3,60) ", "loc(3,60)"),
            ("loc(3, 60)", "loc(3,60)"),
            ("msg(100% sure)", "msg(100%25%20sure)"),
            ("msg(50%25)", "msg(50%25)"),
            ("msg(a,b)", "msg(a%2Cb)"),
            ("lck(call (now))", "lck(call%20%28now%29)"),
            ("bak(,work team)", "bak(,work%20team)"),
            ("zzz(a b)", "zzz(a%20b)"),
        ] {
            let action = typed_action(typed).expect(typed);
            assert_eq!(action.to_string(), wire, "{typed}");
            assert_eq!(wire.parse(), Ok(action), "{typed}");
        }
        for typed in ["", "aud", "aud(", "lock()", "LCK()", "(x)"] {
            assert!(typed_action(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn actions_are_described_by_what_they_ask_for() {
        for (action, words) in [
            ("aud()", "audit"),
            ("loc()", "location, 1 sample"),
            ("loc(3,60)", "location, 3 samples within 60 s"),
            (
                "get(P%20Dat.txt,1024)",
                "file \"P Dat.txt\", at most 1,024 bytes",
            ),
            ("lck()", "lock"),
            ("lck(Call%20IT)", "lock, shows \"Call IT\""),
            ("bak(contacts,work)", "backup of contacts, group \"work\""),
            ("rng(30)", "ring for 30 s"),
            (
                "zzz()",
                "not known to this version: devices answer unsupported",
            ),
        ] {
            assert_eq!(describe(&action.parse().expect(action)), words);
        }
    }
}
