//! Brings an invitation to the one who is invited: by text message or letter, in words for people.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::api::{InvitationWay, ProblemCode, SentInvitation};
use crate::domain::{EnrolmentCode, SystemId, Timestamp};
use crate::flow::{ActError, text};
use crate::port::{BearerError, Letter, OutboundSms};

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};

/// What goes to the one who is invited.
pub(super) struct Words<'a> {
    /// Who invites.
    pub(super) server: &'a str,
    /// To be typed.
    pub(super) system_id: SystemId,
    /// To be typed.
    pub(super) code: &'a EnrolmentCode,
    /// To be opened instead, where there is one.
    pub(super) link: Option<&'a str>,
    /// When the code dies.
    pub(super) until: Timestamp,
}

impl Words<'_> {
    fn day(&self) -> String {
        self.until.to_string().chars().take(10).collect()
    }

    /// For a text message: each character may cost.
    fn short(&self) -> String {
        let Self {
            server,
            system_id,
            code,
            ..
        } = self;
        let day = self.day();
        match self.link {
            Some(link) => format!(
                "{server} invites this phone. Open {link}\nor type in the app: system id {system_id}, code {code}. Until {day}."
            ),
            None => format!(
                "{server} invites this phone. Type in the app: system id {system_id}, code {code}. Until {day}."
            ),
        }
    }

    /// For a letter.
    fn long(&self) -> String {
        let Self {
            server,
            system_id,
            code,
            ..
        } = self;
        let link = self.link.map_or_else(String::new, |link| {
            format!("\nOr open this link on the phone instead of typing:\n\n  {link}\n")
        });
        format!(
            "Hello,\n\n{server} invites your phone, so that it can be helped, located and locked when it is lost.\n\n\
             Open the callhome app on the phone and type:\n\n  System id   {system_id}\n  Code        {code}\n{link}\n\
             The code lets in one phone, once, until {}. If you did not expect this letter, do nothing.\n",
            self.day()
        )
    }
}

/// Refuses a way that this server does not have, before anything is made.
pub(super) fn check(endpoint: &Endpoint, way: &InvitationWay) -> Answer<()> {
    let (there, what, next) = match way {
        InvitationWay::Sms { .. } => (
            !endpoint.ports().gateways.is_empty(),
            "no text message gateway is configured on this server",
            "Set it under server.gateways in the server's configuration,\nor invite by e-mail, QR code or link.",
        ),
        InvitationWay::Email { .. } => (
            endpoint.parts().mailer.is_some(),
            "no mail server is configured on this server",
            "Set it under server.mail in the server's configuration,\nor invite by text message, QR code or link.",
        ),
    };
    if there {
        Ok(())
    } else {
        Err(ApiError::new(ProblemCode::NotConfigured, what).next(next))
    }
}

/// Sends an invitation.
pub(super) async fn send(
    endpoint: &Endpoint,
    way: &InvitationWay,
    words: &Words<'_>,
) -> Answer<SentInvitation> {
    let sent = match way {
        InvitationWay::Sms { to } => by_sms(endpoint, to, words.short()).await?,
        InvitationWay::Email { to } => match &endpoint.parts().mailer {
            Some(mailer) => {
                let letter = Letter {
                    to: to.clone(),
                    subject: format!("{} invites your phone", words.server),
                    text: words.long(),
                };
                mailer.send(letter).await.map(|()| "mail".to_owned())
            }
            None => Err(BearerError::Unusable("no mail server is configured".into())),
        },
    };
    let through = sent.map_err(|error| {
        ApiError::from(ActError::from(error))
            .next("nothing was let in: mend it, or invite by another way, with a new code")
    })?;
    Ok(SentInvitation {
        way: way.clone(),
        through,
    })
}

/// Through the first gateway that takes it; one that may have it is the last.
async fn by_sms(
    endpoint: &Endpoint,
    to: &crate::domain::Msisdn,
    text: String,
) -> Answer<Result<String, BearerError>> {
    if endpoint.ports().gateways.is_empty() {
        let none = "no text message gateway is configured";
        return Ok(Err(BearerError::Unusable(none.into())));
    }
    let sms = OutboundSms::text(to.clone(), text, endpoint.new_id()?);
    let sent = text::send(endpoint.ports(), None, sms).await;
    Ok(sent.map(|(gateway, _)| gateway.name().to_owned()))
}

/// What a browser gets that opens an invitation's link: the code stands behind the `#`, so it never comes here.
pub(super) async fn page() -> Response {
    const PAGE: &str = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width\"><title>callhome: invitation</title>\
        <h1>This is an invitation for a phone</h1>\
        <p>Open the link with the callhome app on the phone that is invited, or type the system id and the code \
        of your message in the app.</p>\
        <p>A simulated phone takes it with <code>callhome agent run --link LINK</code>.</p></html>";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::Meter;

    fn words<'a>(code: &'a EnrolmentCode, link: Option<&'a str>) -> Words<'a> {
        Words {
            server: "eu-north",
            system_id: SystemId::from_number(30_640_615),
            code,
            link,
            until: Timestamp::from_millis(1_764_201_600_000),
        }
    }

    #[test]
    fn a_text_message_fits_one_without_and_two_with_its_link() {
        let code = EnrolmentCode::from_random(*b"callhom");
        let plain = words(&code, None).short();
        assert_eq!(
            plain,
            format!(
                "eu-north invites this phone. Type in the app: system id 0306406152, code {code}. Until 2025-11-27."
            )
        );
        assert_eq!(Meter::of(&plain).expect("measured").segments, 1);
        let link = format!(
            "https://mgmt.example.net:8443/join#0306406152.7k2m9x4qd0.{}",
            "A".repeat(43)
        );
        let linked = words(&code, Some(&link)).short();
        assert!(linked.contains(&format!("Open {link}\n")), "{linked}");
        assert_eq!(Meter::of(&linked).expect("measured").segments, 2);
    }

    #[test]
    fn a_letter_says_what_to_type() {
        let code = EnrolmentCode::from_random(*b"callhom");
        let letter = words(&code, Some("https://h/join#x")).long();
        for part in [
            "0306406152",
            &code.to_string(),
            "https://h/join#x",
            "2025-11-27",
        ] {
            assert!(letter.contains(part), "{part} in {letter}");
        }
    }
}
