use clap::Args;

use super::input::{MessageDocument, draft, meter, text, unknown};
use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::View;
use crate::sms::{Draft, Meter, SignedMessage, Version};

/// Tell how many text messages it takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms meter 'lck(Please call IT: 555-0100)' 'loc(3,60)'
  callhome sms meter --text 'Dinner is ready'
  callhome sms meter < message.txt

A text message holds 160 characters of the GSM-7 alphabet, or 70 of any other.")]
pub struct MeterArgs {
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
            let words = sentence(&meter(&text)?, draft.is_destructive());
            let document = MessageDocument::of_draft(draft, text.clone())?;
            let view = View::one("sms-meter", &document).text(format!("{text}\n{words}\n"));
            unknown(draft).into_iter().fold(view, View::warn)
        }
        Measured::Signed(message) => {
            let words = sentence(&meter(message.as_str())?, message.is_destructive());
            let document = MessageDocument::of_signed(message)?;
            View::one("sms-meter", &document).text(format!("{message}\n{words}\n"))
        }
        Measured::Words(text) => {
            let meter = meter(text)?;
            View::one(
                "sms-meter",
                &serde_json::json!({ "text": text, "meter": meter }),
            )
            .text(format!("{meter}.\n"))
        }
    };
    context.show(&view)?;
    Ok(Exit::Done)
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

fn sentence(meter: &Meter, destructive: bool) -> String {
    let mut words = format!("{meter}.");
    if destructive {
        words.push_str("  Destructive: needs a signature of version 2.00.");
    }
    if meter.segments > 1 {
        words.push_str("\nLonger than one message: the server sends a link in its place.");
    }
    words
}
