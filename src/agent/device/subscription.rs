use std::time::Duration;

use tokio::time::Instant;

use crate::agent::brain::Brain;
use crate::port::SipSender;
use crate::sip::contact_me;
use crate::sip::{Dialog, NameAddr, OutboundRequest, SipAnswer, SipOutcome, SipUri};

use super::DeviceSettings;
use super::registration::{Unregistrable, account};

/// Time for an answer, challenge included.
const PATIENCE: Duration = Duration::from_secs(20);

/// The device's side of its subscription (requirement B2): when to ask, and in which dialog.
#[derive(Default)]
pub(super) struct Subscriber {
    /// When to subscribe or to refresh.
    pub(super) due: Option<Instant>,
    /// A SUBSCRIBE is under way.
    busy: bool,
    tries: u32,
    standing: Option<Standing>,
}

/// A subscription that the notifier took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    dialog: Dialog,
    target: SipUri,
    route: Vec<SipUri>,
    granted: Duration,
}

/// Why a SUBSCRIBE was not taken.
#[derive(Debug)]
pub(super) struct NotSubscribed {
    why: String,
    /// The notifier does not know the dialog any more: begin anew.
    forgotten: bool,
}

impl Subscriber {
    /// When [`Subscriber::begin`] has something to do.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.due.filter(|_| !self.busy)
    }

    /// Subscribes anew as soon as may be: the old dialog is over.
    pub(super) fn renew(&mut self) {
        self.standing = None;
        self.due = Some(Instant::now());
    }

    /// The SUBSCRIBE that is due now, if one is.
    pub(super) fn begin(
        &mut self,
        brain: &Brain,
        settings: &DeviceSettings,
        contact: &SipUri,
    ) -> Option<Result<OutboundRequest, Unregistrable>> {
        let due = self.wake().is_some_and(|at| at <= Instant::now());
        if !due {
            return None;
        }
        self.due = None;
        self.busy = true;
        Some(request(brain, settings, contact, self.standing.as_ref()))
    }

    /// Notes what came of it; the line for the device's log, and whether the subscription is a new one.
    pub(super) fn settle(
        &mut self,
        outcome: Result<Standing, NotSubscribed>,
        backoff: impl Fn(u32) -> Duration,
    ) -> Option<String> {
        self.busy = false;
        match outcome {
            Ok(standing) => {
                self.tries = 0;
                self.due = Some(Instant::now() + standing.granted * 8 / 10);
                let fresh = self.standing.replace(standing).is_none();
                fresh.then(|| "subscribed to its callbacks".to_owned())
            }
            Err(NotSubscribed { why, forgotten }) => {
                let pause = match forgotten {
                    true => Duration::ZERO,
                    false => backoff(self.tries + 1),
                };
                self.standing = None;
                self.tries += 1;
                self.due = Some(Instant::now() + pause);
                Some(format!("not subscribed: {why}"))
            }
        }
    }
}

fn request(
    brain: &Brain,
    settings: &DeviceSettings,
    contact: &SipUri,
    standing: Option<&Standing>,
) -> Result<OutboundRequest, Unregistrable> {
    let (registrar, aor, credentials) = account(brain, settings)?;
    let uri = match standing {
        Some(standing) => standing.target.clone(),
        // A device asks for its own state: the resource is its own address of record, at the registrar.
        None => settings
            .spoken_to(registrar)
            .with_user(aor.user().unwrap_or_default()),
    };
    let mut request = OutboundRequest::subscribe(uri, aor, contact_me::EVENT, settings.expires_s)?
        .with_contact(&format!("<{contact}>"))?
        .with_header("Accept", contact_me::CONTENT_TYPE)?
        .with_header("Accept", contact_me::CONTENT_TYPE_XML)?
        .with_header("User-Agent", &settings.user_agent)?;
    if let Some(standing) = standing {
        request = request
            .via_route(standing.route.clone())
            .in_dialog(standing.dialog.clone());
    } else if let Some(proxy) = &settings.proxy {
        let hop = settings.spoken_to(proxy.clone());
        request = request.via_route(vec![hop.with_param("lr", None)]);
    }
    Ok(match credentials {
        Some(credentials) => request.with_credentials(credentials),
        None => request,
    })
}

/// Subscribes; gives the dialog, or why there is none.
pub(super) async fn subscribe(
    sip: &dyn SipSender,
    request: Result<OutboundRequest, Unregistrable>,
) -> Result<Standing, NotSubscribed> {
    let failed = |why: String| NotSubscribed {
        why,
        forgotten: false,
    };
    let request = request.map_err(|e| failed(e.to_string()))?;
    let in_dialog = request.dialog.is_some();
    let report = sip
        .send(request, PATIENCE)
        .await
        .map_err(|e| failed(e.to_string()))?;
    let standing = report.answer.as_ref().and_then(standing);
    match (&report.outcome, standing) {
        (SipOutcome::Delivered { .. }, Some(standing)) => Ok(standing),
        (SipOutcome::Delivered { .. }, None) => Err(failed("an answer without a dialog".into())),
        (other, _) => Err(NotSubscribed {
            why: other.to_string(),
            forgotten: in_dialog && other.code() == Some(481),
        }),
    }
}

/// The dialog that a 2xx to SUBSCRIBE makes or goes on with (RFC 3261 §12.1.2).
fn standing(answer: &SipAnswer) -> Option<Standing> {
    let header = |name| answer.header(name).next();
    let number: u32 = header("CSeq")?.split_whitespace().next()?.parse().ok()?;
    let seconds: u32 = header("Expires")?.trim().parse().ok()?;
    let target = NameAddr::parse(header("Contact")?).sip_uri().ok()?;
    let mut route = Vec::new();
    for hop in answer.header("Record-Route").flat_map(|v| v.split(',')) {
        route.push(NameAddr::parse(hop).sip_uri().ok()?);
    }
    route.reverse();
    Some(Standing {
        dialog: Dialog {
            call_id: header("Call-ID")?.to_owned(),
            local_tag: NameAddr::parse(header("From")?).tag()?.to_owned(),
            remote_tag: NameAddr::parse(header("To")?).tag()?.to_owned(),
            sequence: number + 1,
        },
        target,
        route,
        granted: Duration::from_secs(u64::from(seconds.max(1))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialog_of_an_answer_is_the_one_of_the_refresh() {
        let headers = [
            ("Record-Route", "<sip:192.0.2.2;lr>, <sip:192.0.2.1;lr>"),
            ("From", "<sip:a@h>;tag=mine"),
            ("To", "<sip:a@h>;tag=theirs"),
            ("Call-ID", "c@callhome"),
            ("CSeq", "2 SUBSCRIBE"),
            ("Contact", "<sip:192.0.2.9:5060>"),
            ("Expires", "600"),
        ];
        let answer = SipAnswer {
            code: 200,
            reason: "OK".into(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            body: Vec::new(),
        };
        let standing = standing(&answer).expect("a dialog");
        assert_eq!(standing.dialog.sequence, 3);
        assert_eq!(standing.dialog.remote_tag, "theirs");
        let route: Vec<_> = standing.route.iter().map(SipUri::host).collect();
        assert_eq!(route, ["192.0.2.1", "192.0.2.2"]);
        assert_eq!(standing.granted, Duration::from_secs(600));
    }
}
