use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View};
use crate::sip::VENDOR_EVENTS;

/// List the event packages that real phones act on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip events
  callhome sip events -o wide
  callhome sip notify 358931104120070 --event check-sync --vendor auto --wait

A phone is known by how its User-Agent begins. What phones ask for a password depends on
how they are set up; the table tells what they do from the factory.")]
pub(crate) struct EventsArgs {}

#[derive(Serialize)]
struct Row {
    event: &'static str,
    vendor: &'static str,
    effect: &'static str,
    user_agent: &'static str,
    password: bool,
    expect: u16,
    registers_again: bool,
}

/// Lists.
pub(super) fn run(context: &Context, _: &EventsArgs) -> Outcome {
    let rows: Vec<Row> = VENDOR_EVENTS
        .iter()
        .map(|e| Row {
            event: e.event,
            vendor: e.vendor,
            effect: e.effect,
            user_agent: e.user_agent,
            expect: e.expect,
            password: e.digest,
            registers_again: e.registers_again,
        })
        .collect();
    let view = View::many("sip-event", &rows)
        .named_by("/event")
        .columns(vec![
            Column::at("vendor", "/vendor"),
            Column::at("event", "/event"),
            Column::at("the phone", "/effect"),
            Column::at("user agent", "/user_agent").wide(),
            Column::at("password", "/password").wide(),
            Column::at("answers", "/expect").wide(),
            Column::at("registers again", "/registers_again").wide(),
        ]);
    context.show(&view)?;
    Ok(Exit::Done)
}
