use super::error::{CommandError, ErrorKind};
use super::output::{device_title, width_of, wrapped};
use crate::api::Device;
use crate::domain::{Identity, Imei, InvalidImei};
use crate::net::management::{Client, DeviceQuery};

/// How many registry entries a guess looks at.
const GUESS_AMONG: usize = 5_000;
/// Edits by which a guess may differ from what was typed.
const GUESS_DISTANCE: usize = 2;

/// The one device that a text names: any identity, number, name, owner or id.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Ambiguous`] with the candidates; [`ErrorKind::Usage`] for a mistyped IMEI,
/// with a guess from the registry of the server that was asked, never from its peers.
pub(super) async fn device(client: &Client, name: &str) -> Result<Device, CommandError> {
    let mut found = client.resolve(name).await?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(not_found(client, name).await?),
        _ => Err(ambiguous(name, &found)),
    }
}

/// Why a text is no IMEI although it looks like one.
#[must_use]
pub(super) fn mistyped_imei(text: &str) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let looks_like_one = digits == 15
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    match text.parse::<Imei>() {
        Err(error @ InvalidImei::CheckDigit { .. }) if looks_like_one => {
            Some(format!("{text} is not an IMEI: {error}"))
        }
        _ => None,
    }
}

/// Devices of the asked server's registry whose name or identity is close to what was typed.
///
/// # Errors
/// What the client says.
pub(super) async fn guess(client: &Client, typed: &str) -> Result<Option<Device>, CommandError> {
    let devices = client.devices(&DeviceQuery::default(), GUESS_AMONG).await?;
    let wanted = typed.to_lowercase();
    let bare: String = wanted.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    Ok(devices
        .into_iter()
        .filter_map(|device| {
            let by_identity = device.identities.iter().map(Identity::value);
            let by_number = device.numbers.iter().map(|n| n.number.to_string());
            let near = by_identity
                .chain(by_number)
                .map(|v| strsim::osa_distance(&v, &bare))
                .chain(
                    [Some(&device.name), device.owner.as_ref()]
                        .into_iter()
                        .flatten()
                        .map(|v| strsim::osa_distance(&v.to_lowercase(), &wanted)),
                )
                .min()?;
            (near <= GUESS_DISTANCE && near * 3 <= wanted.chars().count()).then_some((near, device))
        })
        .min_by_key(|(near, _)| *near)
        .map(|(_, device)| device))
}

/// `Did you mean 358931104120070 (Nokia G42 of M. Eriksson)?`
#[must_use]
pub(super) fn did_you_mean(device: &Device) -> String {
    format!(
        "Did you mean {} ({})?",
        short_name(device),
        device_title(device)
    )
}

/// The shortest text that names this device: its IMEI, else its first identity, else its id.
#[must_use]
pub(super) fn short_name(device: &Device) -> String {
    let imei = |i: &&Identity| matches!(i, Identity::Imei(_));
    device
        .identities
        .iter()
        .find(imei)
        .or_else(|| device.identities.first())
        .map_or_else(|| device.id.to_string(), Identity::value)
}

async fn not_found(client: &Client, name: &str) -> Result<CommandError, CommandError> {
    let guess = guess(client, name).await?;
    let error = match mistyped_imei(name) {
        Some(why) => CommandError::usage(why),
        None => CommandError::new(
            ErrorKind::NotFound,
            format!("no device here is called {name:?}"),
        ),
    };
    let error = match &guess {
        Some(device) => error.hint(did_you_mean(device)),
        None => error,
    };
    Ok(if error.kind() == ErrorKind::NotFound {
        let error = match similar(client, name).await? {
            Some(lines) if guess.is_none() => error.hint(lines),
            _ => error,
        };
        let error = if name.parse::<Imei>().is_ok() {
            error.hint(format!("Ask the other servers:  callhome find {name}"))
        } else {
            error
        };
        error.hint("See them all:  callhome device list")
    } else {
        error
    })
}

/// Devices that have the text somewhere in their words, when they are few.
async fn similar(client: &Client, name: &str) -> Result<Option<String>, CommandError> {
    const FEW: usize = 5;
    let query = DeviceQuery {
        contains: Some(name.to_owned()),
        ..DeviceQuery::default()
    };
    let found = client.devices(&query, FEW + 1).await?;
    if found.is_empty() || found.len() > FEW {
        return Ok(None);
    }
    let lines: Vec<String> = found.iter().map(|d| candidate(&short_name(d), d)).collect();
    Ok(Some(format!(
        "Some that have it in their words:\n{}",
        lines.join("\n")
    )))
}

/// What names a device, and what people call it, which goes on below itself when it is long.
fn candidate(names: &str, device: &Device) -> String {
    // Two of the eighty are the hint's own indent, two stand between.
    let begin = width_of(names) + 2;
    let title = wrapped(
        &device_title(device),
        78_usize.saturating_sub(begin).max(20),
    );
    format!("{names}  {}", title.join(&format!("\n{:begin$}", "")))
}

fn ambiguous(name: &str, found: &[Device]) -> CommandError {
    let lines: Vec<String> = found
        .iter()
        .take(10)
        .map(|d| candidate(&format!("{}  {}", d.id, short_name(d)), d))
        .collect();
    let more = found.len().saturating_sub(10);
    let error = CommandError::new(
        ErrorKind::Ambiguous,
        format!("{} devices fit {name:?}; say which", found.len()),
    )
    .hint(lines.join("\n"));
    if more > 0 {
        error.hint(format!("and {more} more"))
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_fit_the_screen_however_long_their_names_are() {
        let device: Device = serde_json::from_value(serde_json::json!({
            "id": "4t9wz0kc", "server": "west", "epoch": 0, "agent_id": null, "enrolled_at": null,
            "name": "Samsung Galaxy XCover 6 Pro Enterprise Edition 1",
            "owner": "Karl-Heinz von und zu Musterhausen-Langenfeld", "model": null,
            "identities": ["imei:356938035643809"], "numbers": [], "bindings": [], "attributes": {},
            "lock": {"locked": false, "since": null, "by": null, "ticket": null, "action": null},
            "has_data": true, "last_heard": null, "open_actions": 0, "version": 1,
        }))
        .expect("a device");
        let error = ambiguous("samsung", &[device.clone(), device]);
        let text = error.render(false, false);
        assert!(text.lines().count() > 4, "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
        assert!(text.contains("Musterhausen-Langenfeld"), "{text}");
    }

    #[test]
    fn only_a_wrong_check_digit_is_called_mistyped() {
        assert_eq!(
            mistyped_imei("358931104210070").as_deref(),
            Some("358931104210070 is not an IMEI: by its first 14 digits the last one should be 9")
        );
        for text in ["358931104120070", "+14085550137", "anna", "12345"] {
            assert_eq!(mistyped_imei(text), None, "{text}");
        }
    }
}
