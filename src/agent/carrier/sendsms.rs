use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use subtle::ConstantTimeEq;

use super::centre::{Centre, Taken};
use crate::domain::Msisdn;

type Fields = HashMap<String, String>;

/// Kannel's HTTP interface, as far as callhome and its users speak it.
pub(super) fn router(centre: Arc<Centre>) -> Router {
    Router::new()
        .route("/cgi-bin/sendsms", get(by_get).post(by_post))
        .with_state(centre)
}

async fn by_get(State(centre): State<Arc<Centre>>, Query(fields): Query<Fields>) -> Response {
    answer(&centre, &fields)
}

async fn by_post(
    State(centre): State<Arc<Centre>>,
    Query(mut fields): Query<Fields>,
    Form(form): Form<Fields>,
) -> Response {
    fields.extend(form);
    answer(&centre, &fields)
}

fn answer(centre: &Arc<Centre>, fields: &Fields) -> Response {
    match send(centre, fields) {
        Ok(words) => (StatusCode::ACCEPTED, words).into_response(),
        Err((status, words)) => (status, words).into_response(),
    }
}

fn send(centre: &Arc<Centre>, fields: &Fields) -> Result<&'static str, (StatusCode, &'static str)> {
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
    if field(["udh", "udh"]).is_some() {
        return Err((
            StatusCode::BAD_REQUEST,
            "udh is not supported by this carrier: give the whole text",
        ));
    }
    let bad = |words| (StatusCode::BAD_REQUEST, words);
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
        if centre.take(receiver, from, text, receipt_url) == Taken::Waits {
            words = "3: Queued for later delivery";
        }
    }
    Ok(words)
}
