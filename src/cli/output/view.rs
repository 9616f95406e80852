use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::words::{ago, clock_time, date_time, time_of_day};
use crate::domain::Timestamp;

/// How a cell is read from an item.
type Cell = Box<dyn Fn(&Value) -> String + Send + Sync>;

/// One column of a list.
pub(crate) struct Column {
    pub(super) name: Cow<'static, str>,
    pub(super) wide: bool,
    pub(super) cell: Cell,
    raw: Option<&'static str>,
}

impl Column {
    /// A column that shows the value at a JSON pointer (RFC 6901) of each item.
    #[must_use]
    pub(crate) fn at(name: &'static str, pointer: &'static str) -> Self {
        Self::of(name, move |item| {
            item.pointer(pointer).map_or_else(String::new, plain)
        })
    }

    /// A column that a function makes of each item.
    #[must_use]
    pub(crate) fn of(
        name: &'static str,
        cell: impl Fn(&Value) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::named(name, cell)
    }

    /// A column whose name comes from data, as that of an input file.
    #[must_use]
    pub(crate) fn named(
        name: impl Into<Cow<'static, str>>,
        cell: impl Fn(&Value) -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            wide: false,
            cell: Box::new(cell),
            raw: None,
        }
    }

    /// A column with a moment: how long ago for people, the moment itself (RFC 3339, UTC) for programs.
    #[must_use]
    pub(crate) fn since(name: &'static str, pointer: &'static str, now: Timestamp) -> Self {
        Self::moment(name, pointer, move |at| ago(at, now))
    }

    /// A column with a moment: the time, and the day when it is another one, for people; the moment itself for programs.
    #[must_use]
    pub(crate) fn at_clock(name: &'static str, pointer: &'static str, now: Timestamp) -> Self {
        Self::moment(name, pointer, move |at| clock_time(at, now))
    }

    /// A column with a moment: to the minute for people, the moment itself (RFC 3339, UTC) for programs.
    #[must_use]
    pub(crate) fn at_minute(name: &'static str, pointer: &'static str) -> Self {
        Self::moment(name, pointer, date_time)
    }

    /// A column with a moment: to the second for people, the moment itself (RFC 3339, UTC) for programs.
    #[must_use]
    pub(crate) fn at_second(name: &'static str, pointer: &'static str) -> Self {
        Self::moment(name, pointer, |at| {
            let day = date_time(at);
            format!("{} {}", day.get(..10).unwrap_or_default(), time_of_day(at))
        })
    }

    /// A column with a moment, in these words for people.
    fn moment(
        name: &'static str,
        pointer: &'static str,
        words: impl Fn(Timestamp) -> String + Send + Sync + 'static,
    ) -> Self {
        let cell = move |item: &Value| {
            item.pointer(pointer)
                .and_then(Value::as_str)
                .and_then(|text| text.parse().ok())
                .map_or_else(String::new, &words)
        };
        Self {
            raw: Some(pointer),
            ..Self::of(name, cell)
        }
    }

    /// What stands in the column for an item, for a person or for a program.
    pub(super) fn of_item(&self, item: &Value, for_people: bool) -> String {
        match self.raw {
            Some(pointer) if !for_people => item.pointer(pointer).map_or_else(String::new, plain),
            _ => (self.cell)(item),
        }
    }

    /// The same column, shown only under `-o wide`, `csv`, `tsv` and when asked for by name.
    #[must_use]
    pub(crate) fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

/// A value as a person or a spreadsheet wants it: texts bare, nothing for null, lists with spaces.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

pub(super) enum Body {
    One(Value),
    Many(Vec<Value>),
}

/// Something to show: data with its schema, and how people see it.
pub(crate) struct View {
    pub(super) noun: &'static str,
    pub(super) body: Body,
    pub(super) columns: Vec<Column>,
    pub(super) text: Option<String>,
    pub(super) name: &'static str,
    pub(super) empty: &'static str,
    complete: bool,
    warnings: Vec<String>,
}

impl View {
    /// One thing: the document is `callhome/<noun>/v1` with the thing's own fields.
    ///
    /// # Panics
    /// Never: the types of the contract always serialise.
    #[must_use]
    pub(crate) fn one(noun: &'static str, thing: &impl Serialize) -> Self {
        let value = serde_json::to_value(thing).expect("our types have only text keys");
        Self::with(noun, Body::One(value))
    }

    /// A list: the document is `callhome/<noun>-list/v1` with `items`.
    ///
    /// # Panics
    /// Never: the types of the contract always serialise.
    #[must_use]
    pub(crate) fn many<T: Serialize>(noun: &'static str, things: &[T]) -> Self {
        let values = things
            .iter()
            .map(|t| serde_json::to_value(t).expect("our types have only text keys"))
            .collect();
        Self::with(noun, Body::Many(values))
    }

    fn with(noun: &'static str, body: Body) -> Self {
        Self {
            noun,
            body,
            columns: Vec::new(),
            text: None,
            name: "/id",
            empty: "Nothing here.",
            complete: true,
            warnings: Vec::new(),
        }
    }

    /// Sets the columns of the list.
    #[must_use]
    pub(crate) fn columns(mut self, columns: Vec<Column>) -> Self {
        self.columns = columns;
        self
    }

    /// Sets the text that people see instead of a table.
    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets the JSON pointer that `-o name` prints; `/id` otherwise.
    #[must_use]
    pub(crate) fn named_by(mut self, pointer: &'static str) -> Self {
        self.name = pointer;
        self
    }

    /// Sets what people see on standard error in place of an empty table.
    #[must_use]
    pub(crate) fn when_empty(mut self, words: &'static str) -> Self {
        self.empty = words;
        self
    }

    /// Says that something is missing from this answer, and why.
    #[must_use]
    pub(crate) fn incomplete(mut self, why: impl Into<String>) -> Self {
        self.complete = false;
        self.warnings.push(why.into());
        self
    }

    /// Adds a warning.
    #[must_use]
    pub(crate) fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// The warnings.
    #[must_use]
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether it is a list without items.
    #[must_use]
    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(&self.body, Body::Many(items) if items.is_empty())
    }

    /// Whether people see a text instead of a table.
    pub(super) const fn is_text(&self) -> bool {
        self.text.is_some()
    }

    /// What people see in place of an empty table.
    #[must_use]
    pub(crate) const fn empty_words(&self) -> &'static str {
        self.empty
    }

    /// The JSON document.
    #[must_use]
    pub(crate) fn document(&self) -> Value {
        let mut document = Map::new();
        match &self.body {
            Body::One(Value::Object(fields)) => {
                document.insert("schema".into(), json!(format!("callhome/{}/v1", self.noun)));
                document.extend(fields.clone());
            }
            Body::One(other) => {
                document.insert("schema".into(), json!(format!("callhome/{}/v1", self.noun)));
                document.insert("value".into(), other.clone());
            }
            Body::Many(items) => {
                let schema = format!("callhome/{}-list/v1", self.noun);
                document.insert("schema".into(), json!(schema));
                document.insert("items".into(), Value::Array(items.clone()));
            }
        }
        let own = document.get("complete").and_then(Value::as_bool);
        document.insert(
            "complete".into(),
            json!(self.complete && own.unwrap_or(true)),
        );
        document.insert("warnings".into(), json!(self.warnings));
        Value::Object(document)
    }

    /// The items as single documents, for one a line.
    pub(super) fn lines(&self) -> Vec<Value> {
        match &self.body {
            Body::One(_) => vec![self.document()],
            Body::Many(items) => items
                .iter()
                .map(|item| {
                    let mut line = Map::new();
                    line.insert("schema".into(), json!(format!("callhome/{}/v1", self.noun)));
                    match item {
                        Value::Object(fields) => line.extend(fields.clone()),
                        other => {
                            line.insert("value".into(), other.clone());
                        }
                    }
                    Value::Object(line)
                })
                .collect(),
        }
    }

    pub(super) fn items(&self) -> &[Value] {
        match &self.body {
            Body::One(item) => std::slice::from_ref(item),
            Body::Many(items) => items,
        }
    }
}
