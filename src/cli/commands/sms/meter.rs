use clap::Args;

use serde::Serialize;

use super::input::{MessageDocument, draft, meter, text, unknown};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::{View, count};
use crate::sms::{Causes, Doubled, Draft, Meter, Outside, Over, SignedMessage, Version};

/// Tell how many text messages it takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms meter 'lck(Please call IT: 555-0100)' 'loc(3,60)'
  callhome sms meter --text 'Dinner is ready'
  callhome sms meter < message.txt

A text message holds 160 characters of the GSM-7 alphabet, or 70 of any other. One
character outside that alphabet is enough to bring all of the text to 70; some in it,
as the euro sign, count double. The meter says which these are, and where each further
message begins.")]
pub(crate) struct MeterArgs {
    #[arg(
        value_name = "ACTION",
        conflicts_with = "text",
        help = "Actions, as in 'loc(3,60)'; a text on standard input when absent"
    )]
    actions: Vec<String>,
    /// Measure this text instead
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
}

/// What is measured.
enum Measured {
    Draft(Draft),
    Signed(SignedMessage),
    Words(String),
}

/// What is shown as JSON: the message or text, and what makes it so long.
#[derive(Serialize)]
struct Weighed<T> {
    #[serde(flatten)]
    of: T,
    causes: Causes,
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
    meter: Meter,
}

/// Measures.
pub(super) fn run(context: &Context, args: &MeterArgs) -> Outcome {
    let measured = if args.actions.is_empty() {
        read(text(context, args.text.as_deref())?)
    } else {
        Measured::Draft(draft(Version::V2, None, &args.actions)?)
    };
    let view = match &measured {
        Measured::Draft(draft) => {
            let text = draft.with_placeholders();
            let causes = causes(&text)?;
            let words = sentence(&meter(&text)?, &causes, draft.is_destructive());
            let of = MessageDocument::of_draft(draft, text.clone())?;
            let view =
                View::one("sms-meter", &Weighed { of, causes }).text(format!("{text}\n{words}\n"));
            unknown(draft).into_iter().fold(view, View::warn)
        }
        Measured::Signed(message) => {
            let causes = causes(message.as_str())?;
            let words = sentence(&meter(message.as_str())?, &causes, message.is_destructive());
            let of = MessageDocument::of_signed(message)?;
            View::one("sms-meter", &Weighed { of, causes }).text(format!("{message}\n{words}\n"))
        }
        Measured::Words(text) => {
            let (meter, causes) = (meter(text)?, causes(text)?);
            let words = format!("{meter}.\n{}", because(&meter, &causes));
            let of = Words { text, meter };
            View::one("sms-meter", &Weighed { of, causes }).text(words)
        }
    };
    context.show(&view)?;
    Ok(Exit::Done)
}

fn causes(text: &str) -> Result<Causes, CommandError> {
    Causes::of(text).map_err(|e| CommandError::usage(e.to_string()))
}

fn read(text: String) -> Measured {
    if let Ok(message) = SignedMessage::parse(text.as_bytes()) {
        return Measured::Signed(message);
    }
    match text.parse() {
        Ok(draft) => Measured::Draft(draft),
        Err(_) => Measured::Words(text),
    }
}

fn sentence(meter: &Meter, causes: &Causes, destructive: bool) -> String {
    let mut words = format!("{meter}.");
    if destructive {
        words.push_str("  Destructive: needs a signature of version 2.00.");
    }
    if meter.segments > 1 {
        words.push_str("\nLonger than one message: the server sends a link in its place.");
    }
    let because = because(meter, causes);
    if !because.is_empty() {
        words.push('\n');
        words.push_str(because.trim_end());
    }
    words
}

/// What makes a text so long, a line for each cause.
fn because(meter: &Meter, causes: &Causes) -> String {
    let mut lines = Vec::new();
    if let Some(outside) = &causes.outside {
        lines.push(foreign(outside, meter));
    }
    if !causes.doubled.is_empty() {
        lines.push(double(&causes.doubled, causes.messages_undoubled));
    }
    if let Some(Over {
        first,
        single,
        each,
    }) = &causes.over
    {
        let (unit, position) = (meter.encoding.unit(), first.position);
        lines.push(format!(
            "A single message holds {single} {unit}: character {position} ({first}) is the first too many.  Of several, each holds {each}."
        ));
        let begins: Vec<String> = causes
            .breaks
            .iter()
            .map(|b| b.first.position.to_string())
            .collect();
        lines.push(match &causes.breaks[..] {
            [only] => format!(
                "Message 2 begins at character {} ({}).",
                only.first.position, only.first
            ),
            _ => format!(
                "Messages 2 to {} begin at characters {}.",
                meter.segments,
                begins.join(", ")
            ),
        });
    }
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

fn foreign(outside: &Outside, meter: &Meter) -> String {
    let Outside {
        first,
        count: how_many,
        characters,
        without,
    } = outside;
    let seen = match first.character {
        c if c.is_control() || c.is_whitespace() => first.code.clone(),
        _ => format!("{first} ({})", first.code),
    };
    let others = match how_many - 1 {
        0 => String::new(),
        n => {
            let different: Vec<String> = characters
                .iter()
                .skip(1)
                .filter(|c| !c.is_control() && !c.is_whitespace())
                .map(char::to_string)
                .collect();
            let which = match different.is_empty() {
                true => String::new(),
                false => format!(": {}", different.join(" ")),
            };
            format!(", nor are {}{which}", count(n as u64, "other"))
        }
    };
    let cheaper = match without.segments < meter.segments {
        true => format!("  With others in their place: {without}."),
        false => String::new(),
    };
    format!(
        "Character {}, {seen}, is not in the GSM-7 alphabet{others}: all of the text goes in UCS-2.{cheaper}",
        first.position
    )
}

fn double(doubled: &[Doubled], undoubled: Option<usize>) -> String {
    let each: Vec<String> = doubled
        .iter()
        .map(|d| match d.count {
            1 => d.first.to_string(),
            n => format!("{} ({n} times)", d.first),
        })
        .collect();
    let cheaper = match undoubled {
        Some(messages) => format!("  Without that: {}.", count(messages as u64, "message")),
        None => String::new(),
    };
    format!("Count double: {}.{cheaper}", each.join(", "))
}
