use clap::Args;

use crate::api::{CustomerView, Evaluation};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{Column, View, count};
use crate::domain::{SystemId, Timestamp};

/// List system ids: this server's own, and those that it leads devices to.
#[derive(Debug, Args)]
#[command(after_help = "\
A server that is a router leads devices to the servers of its customers; which ones, its
settings say (server.customers). See also: callhome server evaluate, callhome server convert.

Examples:
  callhome server customers
  callhome server customers -o json")]
pub(crate) struct CustomersArgs {}

/// Put this server, or a customer of this router, into evaluation until a date.
#[derive(Debug, Args)]
#[command(after_help = "\
After that date no new phone is let in, and no new action or call is taken. Phones can still
be unlocked, PINs shown, and everything looked at. Another date prolongs it.
A customer's server hears of it when it next tells its router where it is.

Examples:
  callhome server evaluate --until 2027-01-31              this server
  callhome server evaluate 0306406152 --until 2027-01-31   a customer")]
pub(crate) struct EvaluateArgs {
    /// System id of the customer; this server when absent
    system_id: Option<SystemId>,
    /// Its last day (UTC), as in 2027-01-31, or a time as in 2027-01-31T18:00:00Z
    #[arg(long, value_name = "DATE", value_parser = last_moment)]
    until: Timestamp,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// End an evaluation for good: the customer pays.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome server convert                 this server
  callhome server convert 0306406152      a customer of this router")]
pub(crate) struct ConvertArgs {
    /// System id of the customer; this server when absent
    system_id: Option<SystemId>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// The end of a day, or a moment.
fn last_moment(text: &str) -> Result<Timestamp, String> {
    let day = text.len() == 10 && !text.contains('T');
    let whole = if day {
        format!("{text}T23:59:59.999Z")
    } else {
        text.to_owned()
    };
    whole.parse().map_err(|_| {
        "a day is written as in 2027-01-31, a time as in 2027-01-31T18:00:00Z".to_owned()
    })
}

/// How an evaluation stands, for people.
pub(in crate::cli::commands) fn standing(evaluation: &Evaluation, now: Timestamp) -> String {
    let day = evaluation.last_day();
    if evaluation.has_ended(now) {
        return format!("ended on {day}");
    }
    match evaluation.days_left(now) {
        0 => format!("until {day}, less than a day is left"),
        days => format!("until {day}, {} left", count(days, "day")),
    }
}

/// What makes an evaluation end well.
pub(in crate::cli::commands) fn remedy(evaluation: &Evaluation) -> &'static str {
    if evaluation.by_router {
        "Ask who runs the router to convert this system id."
    } else {
        "Convert it:  callhome server convert"
    }
}

/// Lists them.
pub(super) async fn list(context: &Context) -> Outcome {
    let customers = context.client().await?.customers().await?;
    let now = context.now();
    let view = View::many("customer", &customers)
        .named_by("/system_id")
        .columns(vec![
            Column::at("system_id", "/system_id"),
            Column::of("server", |row| match row["server_url"].as_str() {
                _ if row["own"] == true => "this one".to_owned(),
                Some(url) => url.to_owned(),
                None => "has not registered yet".to_owned(),
            }),
            Column::at("since", "/registered_at").wide(),
            Column::of("evaluation", move |row| {
                let found = serde_json::from_value(row["evaluation"].clone());
                found.map_or_else(|_| "no".to_owned(), |e: Evaluation| standing(&e, now))
            }),
        ]);
    context.show(&view)?;
    Ok(Exit::Done)
}

/// Begins or prolongs one.
pub(super) async fn evaluate(context: &Context, args: EvaluateArgs) -> Outcome {
    if args.until <= context.now() {
        return Err(
            CommandError::usage(format!("--until: {} is over already", args.until))
                .hint("Name a later day, as in --until 2027-01-31"),
        );
    }
    change(context, args.system_id, Some(args.until), &args.write).await
}

/// Ends one.
pub(super) async fn convert(context: &Context, args: ConvertArgs) -> Outcome {
    change(context, args.system_id, None, &args.write).await
}

async fn change(
    context: &Context,
    id: Option<SystemId>,
    until: Option<Timestamp>,
    flags: &WriteFlags,
) -> Outcome {
    let client = context.client().await?;
    let id = match id {
        Some(id) => id,
        None => client.server_status().await?.system_id,
    };
    let client = client.clone().recording(flags.dry_run);
    let customer = client.evaluate(id, until, &context.write(flags)?).await?;
    let text = words(&customer, context.now());
    context.show(
        &View::one("customer", &customer)
            .named_by("/system_id")
            .text(text),
    )?;
    Ok(Exit::Done)
}

fn words(customer: &CustomerView, now: Timestamp) -> String {
    let who = if customer.own {
        format!("This server ({})", customer.system_id)
    } else {
        format!("Customer {}", customer.system_id)
    };
    match &customer.evaluation {
        Some(evaluation) => format!("{who} is in evaluation {}.\n", standing(evaluation, now)),
        None => format!("{who} is converted: it is in no evaluation.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_to_its_end() {
        let at = |text: &str| last_moment(text).expect(text).to_string();
        assert_eq!(at("2027-01-31"), "2027-01-31T23:59:59.999Z");
        assert_eq!(at("2027-01-31T18:00:00Z"), "2027-01-31T18:00:00.000Z");
        for wrong in ["31.1.2027", "2027-02-30", "30d", ""] {
            assert!(last_moment(wrong).is_err(), "{wrong}");
        }
        let evaluation = Evaluation {
            until: last_moment("2027-01-31").expect("valid"),
            by_router: false,
        };
        let said = |now: &str| standing(&evaluation, now.parse().expect("valid"));
        assert_eq!(
            said("2027-01-01T08:00:00Z"),
            "until 2027-01-31, 30 days left"
        );
        assert_eq!(
            said("2027-01-31T08:00:00Z"),
            "until 2027-01-31, less than a day is left"
        );
        assert_eq!(said("2027-02-01T00:00:00Z"), "ended on 2027-01-31");
    }
}
