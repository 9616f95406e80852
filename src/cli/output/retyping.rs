//! Commands that a message names lead to where the present one led: with the options that say where.

use std::borrow::Cow;
use std::path::Path;

const PROGRAM: &str = "callhome ";
/// Commands that look at no server and no data.
const PLACELESS: &[&str] = &["completion", "decode", "demo", "generate", "schema"];
/// Commands that are not about the chosen context, but about contexts, or about this machine.
const WITHOUT_CONTEXT: &[&str] = &["agent", "config", "context", "serve"];

/// Options that were typed and have to be typed again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retyping {
    data_dir: Option<String>,
    context: Option<String>,
}

impl Retyping {
    /// Those of a command line.
    #[must_use]
    pub(crate) fn new(data_dir: Option<&Path>, context: Option<&str>) -> Self {
        let data_dir = data_dir.map(|folder| quoted(&folder.display().to_string()));
        Self {
            data_dir: data_dir.map(|folder| format!("--data-dir {folder} ")),
            context: context.map(|name| format!("-c {} ", quoted(name))),
        }
    }

    /// The text, with the options in every command that it names.
    #[must_use]
    pub(crate) fn of<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.data_dir.is_none() && self.context.is_none() {
            return Cow::Borrowed(text);
        }
        let mut made = String::with_capacity(text.len() + 64);
        let mut done = 0;
        for (at, _) in text.match_indices(PROGRAM) {
            let rest = &text[at + PROGRAM.len()..];
            if !begins_command(&text[..at]) {
                continue;
            }
            made.push_str(&text[done..at + PROGRAM.len()]);
            done = at + PROGRAM.len();
            self.add_options(rest.lines().next().unwrap_or_default(), &mut made);
        }
        made.push_str(&text[done..]);
        Cow::Owned(made)
    }

    fn add_options(&self, line: &str, made: &mut String) {
        let mut words = line.split(' ');
        let noun = words.next().unwrap_or_default();
        let named = noun.starts_with(|c: char| c.is_ascii_lowercase());
        if !named || PLACELESS.contains(&noun) || line.contains("--data-dir ") {
            return;
        }
        made.push_str(self.data_dir.as_deref().unwrap_or_default());
        let logs_in = noun == "auth" && words.next() == Some("login");
        if !WITHOUT_CONTEXT.contains(&noun) && !logs_in && !line.contains(" -c ") {
            made.push_str(self.context.as_deref().unwrap_or_default());
        }
    }
}

/// Whether the program's name after this text begins a command, and is no word of a sentence.
fn begins_command(before: &str) -> bool {
    ["", "\n", "  ", ": ", "(", "`", "| "]
        .iter()
        .any(|end| match *end {
            "" => before.is_empty(),
            end => before.ends_with(end),
        })
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_named_gets_the_options_that_were_typed() {
        let here = Retyping::new(Some(Path::new("/srv/my data")), Some("eu"));
        assert_eq!(
            here.of("See it:  callhome device list\nor start it:  callhome serve"),
            "See it:  callhome --data-dir '/srv/my data' -c eu device list\n\
             or start it:  callhome --data-dir '/srv/my data' serve"
        );
        assert_eq!(
            here.of("  callhome auth login --server URL"),
            "  callhome --data-dir '/srv/my data' auth login --server URL"
        );
        assert_eq!(
            here.of("PIN kept (callhome device pin x)"),
            "PIN kept (callhome --data-dir '/srv/my data' -c eu device pin x)"
        );
        let only_context = Retyping::new(None, Some("eu"));
        assert_eq!(
            only_context.of("… | callhome sms sign | callhome sms send"),
            "… | callhome -c eu sms sign | callhome -c eu sms send"
        );
    }

    #[test]
    fn sentences_and_commands_that_say_where_stay() {
        let here = Retyping::new(Some(Path::new("/srv")), Some("eu"));
        for text in [
            "Scan it with the callhome app.",
            "The old callhome server is gone",
            "Read it:  callhome decode FILE",
            "  callhome --data-dir FOLDER server restore FILE",
            "  callhome COMMAND --help",
        ] {
            assert_eq!(here.of(text), text);
        }
        assert_eq!(
            here.of("  callhome device list -c EMBEDDED"),
            "  callhome --data-dir /srv device list -c EMBEDDED"
        );
        let nothing = Retyping::default();
        assert!(matches!(
            nothing.of("  callhome device list"),
            Cow::Borrowed(_)
        ));
    }
}
