use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use subtle::ConstantTimeEq;

use super::centre::{Centre, Taken};
use crate::domain::Msisdn;
use crate::sms::{Header, Reference};

type Fields = HashMap<String, String>;

/// Kannel's HTTP interface, as far as callhome and its users speak it.
pub(super) fn router(centre: Arc<Centre>) -> Router {
    Router::new()
        .route("/cgi-bin/sendsms", get(by_get).post(by_post))
        .with_state(centre)
}

async fn by_get(
    State(centre): State<Arc<Centre>>,
    RawQuery(query): RawQuery,
    Query(fields): Query<Fields>,
) -> Response {
    answer(&centre, &fields, &udh(query.as_deref()))
}

/// The user data header, which is octets and no text.
fn udh(query: Option<&str>) -> Vec<u8> {
    let mut pairs = query.unwrap_or_default().split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix("udh="));
    percent_decode_str(value.unwrap_or_default()).collect()
}

async fn by_post(
    State(centre): State<Arc<Centre>>,
    RawQuery(query): RawQuery,
    Query(mut fields): Query<Fields>,
    Form(form): Form<Fields>,
) -> Response {
    fields.extend(form);
    answer(&centre, &fields, &udh(query.as_deref()))
}

fn answer(centre: &Arc<Centre>, fields: &Fields, udh: &[u8]) -> Response {
    match send(centre, fields, udh) {
        Ok(words) => (StatusCode::ACCEPTED, words).into_response(),
        Err((status, words)) => (status, words).into_response(),
    }
}

fn send(
    centre: &Arc<Centre>,
    fields: &Fields,
    udh: &[u8],
) -> Result<&'static str, (StatusCode, &'static str)> {
    let field = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|n| fields.get(*n))
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    };
    if let Some((user, password)) = &centre.settings().account {
        let given = |names| field(names).unwrap_or_default().as_bytes();
        let right = given(["username", "user"]).ct_eq(user.as_bytes())
            & given(["password", "pass"]).ct_eq(password.as_bytes());
        if !bool::from(right) {
            return Err((StatusCode::FORBIDDEN, "Authorization failed for sendsms"));
        }
    }
    let bad = |words| (StatusCode::BAD_REQUEST, words);
    let header = Header::parse(udh).map_err(|_| bad("udh is malformed, rejected"))?;
    if header.ports.is_some() {
        return Err(bad("ports are not served by this carrier, rejected"));
    }
    let to = field(["to", "to"]).ok_or(bad("Missing receiver number, rejected"))?;
    let text = field(["text", "text"]).ok_or(bad("Empty text not allowed, rejected"))?;
    let from = field(["from", "from"]).unwrap_or("callhome");
    // A plus sign that was not escaped arrives as a blank; several receivers are separated by blanks, too.
    let receivers: Vec<Msisdn> = to
        .split_whitespace()
        .map(|n| format!("+{}", n.trim_start_matches('+')).parse())
        .collect::<Result<_, _>>()
        .map_err(|_| bad("Not a number in international form, rejected"))?;
    let mut words = "0: Accepted for delivery";
    for receiver in &receivers {
        let receipt_url = field(["dlr-url", "dlrurl"]).map(str::to_owned);
        let taken = match header.part {
            Some((reference, total, number)) => {
                let reference = match reference {
                    Reference::Eight(r) => u16::from(r),
                    Reference::Sixteen(r) => r,
                };
                let place = (reference, total, number);
                centre.take_segment((receiver, from, text), place, receipt_url)
            }
            None => centre.take(receiver, from, text, receipt_url.into_iter().collect()),
        };
        if taken == Taken::Waits {
            words = "3: Queued for later delivery";
        }
    }
    Ok(words)
}
