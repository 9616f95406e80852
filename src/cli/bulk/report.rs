use serde_json::{Map, Value, json};

use super::Input;
use crate::cli::error::{ErrorKind, Exit};
use crate::cli::output::{Column, View, grouped};
use crate::flow::journal::{Journal, RowOutcome, RowState};

/// Columns that the report adds to those of the input.
const ADDED: [&str; 5] = ["status", "code", "action", "error", "attempts"];

/// The report: the input's columns with how each row ended. People see a summary and the rows that did not go through.
#[must_use]
pub(crate) fn report(input: &Input, journal: &Journal, for_people: bool) -> View {
    let all: Vec<Value> = input
        .rows
        .iter()
        .map(|row| {
            let record = journal.record(&row.key);
            let (status, code, error) = words(&record.state);
            let mut item: Map<String, Value> = input
                .columns
                .iter()
                .zip(&row.cells)
                .map(|(name, cell)| (name.clone(), json!(cell)))
                .collect();
            item.insert("line".into(), json!(row.line));
            item.insert("status".into(), json!(status));
            item.insert("code".into(), json!(code));
            item.insert(
                "action".into(),
                json!(record.action.as_ref().map(|(id, _)| id)),
            );
            item.insert("error".into(), json!(error));
            item.insert("attempts".into(), json!(record.attempts));
            Value::Object(item)
        })
        .collect();
    let shown: Vec<Value> = if for_people {
        let troubled = |item: &&Value| item["status"] != "done";
        all.iter().filter(troubled).cloned().collect()
    } else {
        all
    };
    let mut view = View::many("bulk-row", &shown).when_empty("Every row is done.");
    let tally = journal.tally();
    if tally.open > 0 {
        view = view.incomplete(format!(
            "{} rows were not tried",
            grouped(tally.open.into())
        ));
    }
    let mut columns: Vec<Column> = input
        .columns
        .iter()
        .filter(|name| !ADDED.contains(&name.as_str()))
        .map(|name| cell(name.clone()))
        .collect();
    columns.extend(ADDED.map(|name| {
        let column = cell(name.to_owned());
        if matches!(name, "action" | "attempts") {
            column.wide()
        } else {
            column
        }
    }));
    view = view.named_by("/action").columns(columns);
    view
}

fn cell(name: String) -> Column {
    let key = name.clone();
    Column::named(name, move |item| match &item[&key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

fn words(state: &RowState) -> (&'static str, String, String) {
    match state {
        RowState::Waiting => ("not tried", String::new(), String::new()),
        RowState::Started => ("begun", String::new(), String::new()),
        RowState::Accepted => ("accepted", String::new(), String::new()),
        RowState::Ended {
            outcome,
            code,
            detail,
        } => {
            let word = match outcome {
                RowOutcome::Done => "done",
                RowOutcome::Failed => "failed",
                RowOutcome::Conflict => "conflict",
                RowOutcome::Unconfirmed => "unconfirmed",
                RowOutcome::Bad => "bad",
            };
            (word, code.clone(), detail.clone())
        }
    }
}

/// `998 done, 2 conflicts`: the summary for people.
#[must_use]
pub(crate) fn summary(journal: &Journal) -> String {
    let tally = journal.tally();
    let parts: Vec<String> = [
        (tally.done, "done"),
        (tally.failed, "failed"),
        (tally.conflict, "refused as already done or on the way"),
        (tally.unconfirmed, "not confirmed"),
        (tally.bad, "bad"),
        (tally.open, "open"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{} {word}", grouped(number.into())))
    .collect();
    format!("{}  ·  run {}", parts.join(", "), journal.run)
}

/// The exit code of a run: 0 all done, 15 all conflicts, 10 all unconfirmed, else 7.
pub(crate) fn exit_of(journal: &Journal, waited: bool) -> Exit {
    let tally = journal.tally();
    let rows = journal.rows;
    if tally.done == rows || (!waited && tally.done + tally.open == rows) {
        return Exit::Done;
    }
    Exit::Ended(if tally.conflict == rows {
        ErrorKind::Conflict
    } else if tally.unconfirmed == rows {
        ErrorKind::Unconfirmed
    } else if tally.bad == rows {
        ErrorKind::Usage
    } else {
        ErrorKind::Partial
    })
}
