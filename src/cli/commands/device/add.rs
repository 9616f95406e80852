use std::collections::BTreeMap;

use clap::Args;

use crate::api::NewDevice;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::device_card;
use crate::domain::{Identity, IdentityKind, Imei, Msisdn};

/// Add a device to the registry by hand.
#[derive(Debug, Args)]
#[command(after_help = "\
A device that enrols by itself need not be added: callhome device invite.

Examples:
  callhome device add 358931104120070 --name \"Nokia G42\" --owner \"M. Eriksson\"
  callhome device add mac:00-15-65-3a-90-01 --model T46U --number +14085550137
  callhome device add 358931104120070 serial:NK4G-22071-88 --set site=Lund")]
pub(crate) struct AddArgs {
    /// IMEI, or another identity as in serial:NK4G-22071-88 or mac:00-15-65-3a-90-01
    #[arg(required = true, value_parser = identity)]
    identity: Vec<Identity>,
    /// Name shown to people
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Who uses it
    #[arg(long)]
    owner: Option<String>,
    /// Model
    #[arg(long)]
    model: Option<String>,
    /// Phone number, as in +14085550137; may be repeated
    #[arg(long)]
    number: Vec<Msisdn>,
    /// A further fact
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = fact)]
    facts: Vec<(String, String)>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// An identity with its kind, or a bare IMEI.
pub(super) fn identity(text: &str) -> Result<Identity, String> {
    if !text.contains(':') {
        let bare = text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
        if bare {
            return text
                .parse::<Imei>()
                .map(Identity::Imei)
                .map_err(|e| format!("{text} is not an IMEI: {e}"));
        }
    }
    if let Some((word, value)) = text.split_once(':')
        && let Some(kind) = IdentityKind::ALL.iter().find(|k| k.word() == word)
    {
        return Identity::new(*kind, value).map_err(|e| e.to_string());
    }
    text.parse::<Identity>().map_err(|e| e.to_string())
}

/// `name=value`.
pub(super) fn fact(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a fact is NAME=VALUE, as in site=Lund")?;
    if name.is_empty() {
        return Err("a fact is NAME=VALUE, as in site=Lund".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Adds it.
pub(super) async fn run(context: &Context, args: AddArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let device = NewDevice {
        name: args.name,
        owner: args.owner,
        model: args.model,
        identities: args.identity,
        numbers: args.number,
        attributes: args.facts.into_iter().collect::<BTreeMap<_, _>>(),
    };
    let added = client
        .add_device(&device, &context.write(&args.write)?)
        .await
        .map_err(|e| {
            let error = CommandError::from(e);
            let taken = error.kind() == ErrorKind::Conflict && error.hints().is_empty();
            match device.identities.first().filter(|_| taken) {
                Some(own) => error.hint(format!("See it:  callhome device show {}", own.value())),
                None => error,
            }
        })?;
    context.show(&device_card(&added, context.now()))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_an_imei_and_other_kinds_are_named() {
        let table = [
            ("358931104120070", Ok("imei:358931104120070")),
            ("serial:X1", Ok("serial:X1")),
            (
                "358931104120071",
                Err(
                    "358931104120071 is not an IMEI: by its first 14 digits the last one should be 0",
                ),
            ),
            (
                "X1",
                Err(
                    "an identity is imei:…, imsi:…, meid:…, esn:…, serial:… or mac:…, found \"X1\"",
                ),
            ),
        ];
        for (text, expected) in table {
            let got = identity(text).map(|i| i.to_string());
            assert_eq!(
                got,
                expected.map(str::to_owned).map_err(str::to_owned),
                "{text}"
            );
        }
    }
}
