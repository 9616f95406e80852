use std::time::Duration;

use crate::agent::brain::Brain;
use crate::port::SipSender;
use crate::sip::{
    Credentials, InvalidRequest, InvalidSipUri, MESSAGE_SIP, OutboundRequest, SipOutcome,
    SipReport, SipUri, Transport,
};

use super::DeviceSettings;

/// What a device says it understands: requirement B1 makes a subscription of it.
pub(in crate::agent) const ACCEPT: &str = "application/application-server-contact-me, \
    application/application-server-contact-me+xml, application/vnd.callhome.bootstrap+json, \
    application/vnd.syncml.notification";

/// Time for an answer, challenge included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why there is nothing to register with.
#[derive(Debug, thiserror::Error)]
pub(in crate::agent) enum Unregistrable {
    #[error("the server runs no SIP registrar")]
    NoRegistrar,
    #[error("the server listens for no SIP over TLS, as far as it told when this phone enrolled")]
    NoTls,
    #[error("the server speaks no SIP in WebSockets; name a registrar that does")]
    NoWebSocket,
    #[error(transparent)]
    Uri(#[from] InvalidSipUri),
    #[error(transparent)]
    Request(#[from] InvalidRequest),
}

/// The user part of a device's contact: by it the shared socket tells devices apart.
pub(super) fn contact_user(brain: &Brain, settings: &DeviceSettings) -> String {
    settings
        .registrar
        .as_ref()
        .and_then(|r| r.aor.user().map(str::to_owned))
        .unwrap_or_else(|| brain.persona().device_id.to_string())
}

/// Registrar, address of record there, and the password with which challenges are answered.
pub(super) fn account(
    brain: &Brain,
    settings: &DeviceSettings,
) -> Result<(SipUri, SipUri, Option<Credentials>), Unregistrable> {
    if let Some(other) = &settings.registrar {
        return Ok((
            other.uri.clone(),
            other.aor.clone(),
            other.credentials.clone(),
        ));
    }
    let persona = brain.persona();
    let home = brain.enrolment().ok_or(Unregistrable::NoRegistrar)?;
    let plain = home.sip_registrar.as_ref();
    let registrar = match settings.transport {
        // To a proxy it speaks as it was told, to the registrar behind it the proxy does.
        _ if settings.proxy.is_some() => plain.ok_or(Unregistrable::NoRegistrar)?,
        Some(Transport::Tls) => home.sips_registrar.as_ref().ok_or(Unregistrable::NoTls)?,
        Some(Transport::Ws | Transport::Wss) => return Err(Unregistrable::NoWebSocket),
        _ => plain.ok_or(Unregistrable::NoRegistrar)?,
    };
    let aor = home.aor.as_ref().ok_or(Unregistrable::NoRegistrar)?;
    let user = persona.device_id.to_string();
    let credentials = Credentials::new(user, persona.secret.sip_password());
    Ok((registrar.parse()?, aor.parse()?, Some(credentials)))
}

/// The REGISTER of a device that listens at `contact`.
pub(super) fn request(
    brain: &Brain,
    settings: &DeviceSettings,
    contact: &SipUri,
) -> Result<OutboundRequest, Unregistrable> {
    let persona = brain.persona();
    let (registrar, aor, credentials) = account(brain, settings)?;
    let instance = format!(
        "<{contact}>;+sip.instance=\"<urn:callhome:{}>\"",
        persona.device_id
    );
    let registrar = match settings.proxy {
        Some(_) => registrar,
        None => settings.spoken_to(registrar),
    };
    let request = OutboundRequest::register(registrar, aor, settings.expires_s)
        .with_contact(&instance)?
        .with_header("Accept", ACCEPT)?
        .with_header("User-Agent", &settings.user_agent)?
        .with_header("Allow", super::super::brain::ALLOW)?
        .with_header("Supported", "path")?;
    let request = match settings.relays {
        true => request.with_header("Accept", MESSAGE_SIP)?,
        false => request,
    };
    let request = match &settings.proxy {
        Some(proxy) => {
            let hop = settings.spoken_to(proxy.clone());
            request.via_route(vec![hop.with_param("lr", None)])
        }
        None => request,
    };
    Ok(match credentials {
        Some(credentials) => request.with_credentials(credentials),
        None => request,
    })
}

/// Registers; gives for how long, or why not.
pub(super) async fn register(
    sip: &dyn SipSender,
    request: OutboundRequest,
) -> Result<Duration, String> {
    let asked = request.expires.unwrap_or(3600);
    let report = sip
        .send(request, PATIENCE)
        .await
        .map_err(|e| e.to_string())?;
    match &report.outcome {
        SipOutcome::Delivered { .. } => Ok(granted(&report, asked)),
        other => Err(other.to_string()),
    }
}

/// The shortest time that the registrar named, in a Contact or in Expires.
fn granted(report: &SipReport, asked: u32) -> Duration {
    let Some(answer) = &report.answer else {
        return Duration::from_secs(u64::from(asked));
    };
    let in_contacts = answer
        .header("Contact")
        .flat_map(|c| c.split(";expires=").skip(1))
        .filter_map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().ok()
        });
    let in_header = answer
        .header("Expires")
        .filter_map(|e| e.trim().parse::<u32>().ok());
    let shortest = in_contacts.chain(in_header).min().unwrap_or(asked);
    Duration::from_secs(u64::from(shortest.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::SipAnswer;

    #[test]
    fn the_registrar_decides_for_how_long() {
        for (headers, expected) in [
            (vec![("Contact", "<sip:a@b>;expires=120;q=1")], 120),
            (vec![("Expires", "60")], 60),
            (vec![("Contact", "<sip:a@b>;expires=0")], 1),
            (vec![], 3600),
        ] {
            let mut report = SipReport::new(SipOutcome::from_answer(200, "OK"), Duration::ZERO);
            report.answer = Some(SipAnswer {
                code: 200,
                reason: "OK".into(),
                headers: headers
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
                body: Vec::new(),
            });
            assert_eq!(granted(&report, 3600), Duration::from_secs(expected));
        }
    }
}
