use std::collections::BTreeMap;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};

/// Print the JSON Schema of a document that commands print.
#[derive(Debug, Args)]
#[command(after_help = "\
Every JSON document names its schema, as in \"schema\": \"callhome/device/v1\".

Examples:
  callhome schema                      list them
  callhome schema device
  callhome schema callhome/device-list/v1")]
pub(crate) struct SchemaArgs {
    /// Name of the schema; lists them when absent
    name: Option<String>,
}

/// What the types say of the nouns that they are behind: `nouns`, and the `definitions` that those refer to. It is made
/// by a test that also holds it to the types: the program has the text, not the code that makes it.
const TYPED: &str = include_str!("schema.json");

/// Documents that commands make by themselves, with what they are; beside the envelope their fields may grow.
const OWN: &[(&str, &str)] = &[
    (
        "bulk-fault",
        "A row of an input file that is not good, and why",
    ),
    (
        "bulk-row",
        "A row of a run: the input's columns with status, code, action, error and attempts",
    ),
    ("bulk-run", "A run over many rows, and how far it has got"),
    ("carrier", "Where a simulated carrier listens"),
    ("context", "A server that commands may talk to"),
    ("decode", "What a message says"),
    ("demo", "The steps of the demo, and how each went"),
    ("doctor", "What was checked on this machine"),
    ("error", "Why a command ended: one line on standard error"),
    (
        "invitation-file",
        "A file that codes to enrol with were written to, and how many",
    ),
    ("phone", "A simulated phone"),
    ("proxy", "Where a simulated proxy listens"),
    (
        "secret",
        "A password or key that the server's settings name, and where it is",
    ),
    (
        "server-backup",
        "A copy of a server's data that was saved, and its size in bytes",
    ),
    (
        "server-restore",
        "A data folder into which a copy of a server's data was put",
    ),
    ("setting", "A setting with the place it comes from"),
    ("sip-bulk", "How a run of SIP messages went"),
    ("sip-dry-run", "The SIP message that would have been sent"),
    (
        "sip-event",
        "An event that makes of phones are known to take",
    ),
    ("sip-heard", "A SIP request that was heard"),
    ("sip-notify", "How a phone answered its event"),
    ("sip-report", "How a SIP request went"),
    (
        "sip-target",
        "A place where a SIP address leads, or what became of the message there",
    ),
    ("sms-draft", "An action string that is not signed yet"),
    ("sms-dry-run", "The text message that would have been sent"),
    ("sms-message", "A signed action string"),
    ("sms-meter", "How long a text message is"),
    ("sms-sent", "A text message that a gateway took"),
    ("sms-verdict", "Whether a text message is genuine"),
];

/// What [`TYPED`] says.
#[derive(Deserialize)]
struct Typed {
    nouns: BTreeMap<String, Value>,
    definitions: BTreeMap<String, Value>,
}

impl Typed {
    fn read() -> Self {
        serde_json::from_str(TYPED).expect("the schemas of our own types are JSON")
    }

    /// Names of all documents, in order.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.nouns.keys().map(String::as_str).collect();
        names.extend(OWN.iter().map(|(noun, _)| *noun));
        names.sort_unstable();
        names
    }

    /// What a schema refers to, by itself or by what it refers to.
    fn behind(&self, schema: &Value) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        let mut open = Vec::new();
        references(schema, &mut open);
        while let Some(name) = open.pop() {
            if let Some(definition) = self.definitions.get(&name)
                && found.insert(name, definition.clone()).is_none()
            {
                references(definition, &mut open);
            }
        }
        found
    }
}

/// Names of the definitions that a schema refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.extend(target.strip_prefix(DEFINITIONS).map(str::to_owned));
            }
            fields.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

/// Prints it.
pub(super) fn run(context: &Context, args: &SchemaArgs) -> Outcome {
    let typed = Typed::read();
    let Some(name) = &args.name else {
        let list: String = typed
            .names()
            .iter()
            .map(|noun| format!("callhome/{noun}/v1\n"))
            .collect();
        context.screen.data(list.as_bytes())?;
        return Ok(Exit::Done);
    };
    let bare = name.trim_start_matches("callhome/").trim_end_matches("/v1");
    let (noun, is_list) = match bare.strip_suffix("-list") {
        Some(noun) => (noun, true),
        None => (bare, false),
    };
    let own = OWN.iter().find(|(n, _)| *n == noun);
    let schema = match (typed.nouns.get(noun), own) {
        (Some(schema), _) => document(noun, is_list, schema, typed.behind(schema)),
        (None, Some((_, about))) => {
            let schema = json!({"type": "object", "description": about});
            document(noun, is_list, &schema, BTreeMap::new())
        }
        (None, None) => {
            let error = format!("there is no schema {name:?}");
            return Err(
                CommandError::new(ErrorKind::NotFound, error).hint("See them:  callhome schema")
            );
        }
    };
    let text = format!("{schema:#}\n");
    context.screen.data(text.as_bytes())?;
    Ok(Exit::Done)
}

fn document(
    noun: &str,
    is_list: bool,
    own: &Value,
    mut definitions: BTreeMap<String, Value>,
) -> Value {
    let list = if is_list { "-list" } else { "" };
    let id = format!("callhome/{noun}{list}/v1");
    let envelope = json!({
        "type": "object",
        "required": ["schema", "complete", "warnings"],
        "properties": {
            "schema": {"const": id},
            "complete": {"type": "boolean"},
            "warnings": {"type": "array", "items": {"type": "string"}},
        },
    });
    let mut document = if is_list {
        definitions.insert("Item".into(), own.clone());
        let mut document = envelope;
        document["properties"]["items"] =
            json!({"type": "array", "items": {"$ref": "#/$defs/Item"}});
        document["required"] = json!(["schema", "complete", "warnings", "items"]);
        document
    } else {
        json!({"allOf": [envelope, own]})
    };
    document["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    document["$id"] = json!(id);
    document["$defs"] = json!(definitions);
    relocated(document)
}

/// Where OpenAPI keeps definitions.
const DEFINITIONS: &str = "#/components/schemas/";

/// OpenAPI keeps definitions elsewhere than a JSON Schema does.
fn relocated(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(DEFINITIONS, "#/$defs/")),
        Value::Array(items) => items.into_iter().map(relocated).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, relocated(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::{RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    use super::*;
    use crate::api;
    use crate::domain::AuditEntry;
    use crate::host::assert_generated;

    type Parts = (RefOr<Schema>, Vec<(String, RefOr<Schema>)>);

    /// A noun of our documents and what gives its type's schema.
    type Noun = (&'static str, fn() -> Parts);

    fn of<T: ToSchema>() -> Parts {
        let mut nested = Vec::new();
        T::schemas(&mut nested);
        (<T as PartialSchema>::schema(), nested)
    }

    /// The nouns of our documents with the type behind each.
    const NOUNS: &[Noun] = &[
        ("action", of::<api::ActionStory>),
        ("audit-checkpoint", of::<api::AuditCheckpoint>),
        ("audit-entry", of::<AuditEntry>),
        ("audit-verdict", of::<api::AuditVerdict>),
        ("backup", of::<api::BackupView>),
        ("callback", of::<api::CallbackView>),
        ("customer", of::<api::CustomerView>),
        ("device", of::<api::Device>),
        ("device-log", of::<api::Moment>),
        ("find", of::<api::FindResponse>),
        ("invitation", of::<api::Invitation>),
        ("operator", of::<api::Operator>),
        ("pin", of::<api::PinView>),
        ("probe", of::<api::ProbeReport>),
        ("server", of::<api::ServerStatus>),
        ("sms-gateway", of::<api::SmsGatewayView>),
        ("sms-gateway-test", of::<api::SmsGatewayHealth>),
        ("sms-heard", of::<api::Event>),
        ("sms-status", of::<api::SmsStatus>),
        ("template", of::<api::Template>),
        ("token", of::<api::TokenView>),
        ("token-secret", of::<api::TokenSecret>),
        ("whoami", of::<api::WhoAmI>),
    ];

    #[test]
    fn the_schemas_are_what_the_types_say() {
        let value = |schema: &RefOr<Schema>| serde_json::to_value(schema).expect("serialises");
        let (mut nouns, mut definitions) = (BTreeMap::new(), BTreeMap::new());
        for (noun, parts) in NOUNS {
            let (schema, nested) = parts();
            nouns.insert(*noun, value(&schema));
            definitions.extend(nested.iter().map(|(name, s)| (name.clone(), value(s))));
        }
        let made = json!({"nouns": nouns, "definitions": definitions});
        assert_generated("src/cli/commands/schema.json", TYPED, &made);
    }

    #[test]
    fn every_reference_in_a_schema_is_defined_in_it() {
        fn targets(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(target)) = fields.get("$ref") {
                        found.push(target.clone());
                    }
                    fields.values().for_each(|v| targets(v, found));
                }
                Value::Array(items) => items.iter().for_each(|v| targets(v, found)),
                _ => {}
            }
        }
        let typed = Typed::read();
        for (noun, schema) in &typed.nouns {
            for is_list in [false, true] {
                let document = document(noun, is_list, schema, typed.behind(schema));
                let mut found = Vec::new();
                targets(&document, &mut found);
                for target in found {
                    let pointer = target.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{noun}: {target}");
                }
            }
        }
    }
}
