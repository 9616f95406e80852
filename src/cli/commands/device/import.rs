use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;

use crate::api::NewDevice;
use crate::cli::bulk::{self, BulkFlags, Plan, Row, Sent, Work, exit_of, report, summary};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Outcome};
use crate::domain::{Identity, IdentityKind};
use crate::net::management::{Client, Write};

use super::super::bulk::read_input;

/// Add many devices from a CSV or NDJSON file.
#[derive(Debug, Args)]
#[command(after_help = "\
Columns: imei, imsi, meid, esn, serial, mac (at least one of them), name, owner, model,
number (several with spaces between them). Other columns are kept as facts.

Examples:
  callhome device import phones.csv
  callhome device import phones.csv --rate 20/s -o csv > report.csv")]
pub(crate) struct ImportArgs {
    /// CSV or NDJSON file with one device a row; - is standard input
    file: PathBuf,
    /// How it is carried out.
    #[command(flatten)]
    bulk: BulkFlags,
}

/// Adds them.
pub(super) async fn run(context: &Context, args: ImportArgs) -> Outcome {
    let (content, input) = read_input(&args.file)?;
    let client = context.client().await?.clone();
    let plan = Plan {
        command: "device.import".into(),
        what: "import".into(),
        content,
        file: args.file.clone(),
        folder: context.data_directory().join("runs"),
        wait: None,
        action_name: None,
    };
    let work = Add {
        client: client.clone(),
        columns: input.columns.clone(),
    };
    let journal = bulk::run(context, &client, &input, &args.bulk, plan, Arc::new(work)).await?;
    let for_people = context.screen.style().format.is_for_people();
    context.show(&report(&input, &journal, for_people))?;
    context.status(&summary(&journal))?;
    Ok(exit_of(&journal, true))
}

struct Add {
    client: Client,
    columns: Vec<String>,
}

#[async_trait]
impl Work for Add {
    async fn send(&self, row: &Row, key: &str) -> Result<Sent, CommandError> {
        let device = device_of(&self.columns, &row.cells)?;
        let added = self.client.add_device(&device, &Write::keyed(key)).await?;
        Ok(Sent::Done(format!("added as {}", added.id)))
    }
}

/// The device that a row describes.
fn device_of(columns: &[String], cells: &[String]) -> Result<NewDevice, CommandError> {
    let wrong = |name: &str, why: String| CommandError::usage(format!("{name}: {why}"));
    let mut device = NewDevice {
        name: String::new(),
        owner: None,
        model: None,
        identities: Vec::new(),
        numbers: Vec::new(),
        attributes: std::collections::BTreeMap::new(),
    };
    for (column, cell) in columns.iter().zip(cells) {
        let cell = cell.trim();
        if cell.is_empty() {
            continue;
        }
        let name = column.trim().to_lowercase();
        let kind = IdentityKind::ALL.into_iter().find(|k| k.word() == name);
        match (kind, name.as_str()) {
            (Some(kind), _) => {
                let identity =
                    Identity::new(kind, cell).map_err(|e| wrong(column, e.to_string()))?;
                device.identities.push(identity);
            }
            (None, "device" | "identity") => {
                let identity = super::add::identity(cell).map_err(|e| wrong(column, e))?;
                device.identities.push(identity);
            }
            (None, "name") => device.name = cell.to_owned(),
            (None, "owner") => device.owner = Some(cell.to_owned()),
            (None, "model") => device.model = Some(cell.to_owned()),
            (None, "number" | "numbers" | "msisdn" | "phone") => {
                for number in cell.split([' ', ';']).filter(|n| !n.is_empty()) {
                    let parsed = number.parse();
                    device.numbers.push(
                        parsed.map_err(|e: crate::domain::InvalidMsisdn| {
                            wrong(column, e.to_string())
                        })?,
                    );
                }
            }
            (None, _) => {
                device.attributes.insert(name, cell.to_owned());
            }
        }
    }
    if device.identities.is_empty() {
        return Err(CommandError::usage(
            "no identity: a device needs an imei, imsi, meid, esn, serial or mac",
        ));
    }
    Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &str, cells: &str) -> Result<NewDevice, CommandError> {
        let split = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        device_of(&split(columns), &split(cells))
    }

    #[test]
    fn a_row_becomes_a_device_and_unknown_columns_become_facts() {
        let device = row(
            "IMEI,Name,number,Site",
            "358931104120070,Reception,+14085550137 +46701234567,Lund",
        )
        .expect("good");
        assert_eq!(device.identities[0].to_string(), "imei:358931104120070");
        assert_eq!(device.numbers.len(), 2);
        assert_eq!(device.attributes["site"], "Lund");
    }

    #[test]
    fn a_bad_cell_names_its_column() {
        let error = row("imei,number", "358931104120070,0701234567").expect_err("no plus");
        assert!(error.message().starts_with("number: "), "{error}");
        let error = row("name,site", "x,y").expect_err("nothing");
        assert!(error.message().contains("no identity"), "{error}");
    }
}
