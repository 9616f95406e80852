use super::purpose;
use crate::sip::header::{CSeq, NameAddr, Via};
use crate::sip::params::{Params, split_outside_quotes};

/// What a header's value says; of headers that are not known, that they are not.
pub(super) fn in_words(name: &str, value: &str) -> String {
    let Some((name, purpose)) = purpose::of(name) else {
        return "not a registered header: passed on, not looked at".to_owned();
    };
    specific(name, value).unwrap_or_else(|| (*purpose).to_owned())
}

/// Words that need the value; `None` where the purpose says enough, or the value cannot be read.
fn specific(name: &str, value: &str) -> Option<String> {
    match name {
        "Via" => {
            let items = split_outside_quotes(value, b',');
            let told: Option<Vec<String>> = items.iter().map(|i| via(&Via::parse(i)?)).collect();
            told.map(|t| t.join("; then "))
        }
        "Max-Forwards" => {
            let hops: u32 = value.parse().ok()?;
            Some(match hops {
                0 => "no hop left: the next proxy answers 483".to_owned(),
                1 => "one more hop allowed".to_owned(),
                n => format!("{n} more hops allowed"),
            })
        }
        "From" => Some(format!("asked by {}", party(value)?)),
        "To" => Some(match NameAddr::parse(value).tag() {
            Some(_) => format!("to {}", party(value)?),
            None => format!("to {}, no dialog yet", party(value)?),
        }),
        "CSeq" => {
            let cseq = CSeq::parse(value)?;
            Some(format!("request number {}, {}", cseq.number, cseq.method))
        }
        "Contact" if value == "*" => Some("all addresses registered so far".to_owned()),
        "Contact" => {
            let items = split_outside_quotes(value, b',');
            let told: Option<Vec<String>> = items.iter().map(|item| contact(item)).collect();
            told.map(|t| t.join("; or "))
        }
        "Route" => Some(format!("to pass {}", hosts(value)?)),
        "Record-Route" => Some(format!("the dialog goes on over {}", hosts(value)?)),
        "Path" => Some(format!("the device is reached over {}", hosts(value)?)),
        "Expires" => Some(match value.parse::<u64>().ok()? {
            0 => "ends at once".to_owned(),
            n => format!("holds for {}", span(n)),
        }),
        "Min-Expires" => Some(format!("at least {}", span(value.parse().ok()?))),
        "Retry-After" => {
            let digits = value.split(|c: char| !c.is_ascii_digit()).next()?;
            Some(format!("ask again in {}", span(digits.parse().ok()?)))
        }
        "Content-Length" => Some(match value.parse::<u64>().ok()? {
            0 => "no body".to_owned(),
            1 => "one byte of body".to_owned(),
            n => format!("{n} bytes of body"),
        }),
        "Event" => Some(format!("about {}", value.split(';').next()?.trim())),
        "Subscription-State" => subscription(value),
        "Authorization" | "Proxy-Authorization" => answer(name, value),
        "WWW-Authenticate" | "Proxy-Authenticate" => challenge(name, value),
        _ => None,
    }
}

fn via(via: &Via) -> Option<String> {
    let mut told = format!("answer goes to {} over {}", via.sent_by, via.transport);
    let port = via.params.value("rport");
    match (via.params.value("received"), port) {
        (Some(ip), Some(port)) => told.push_str(&format!(", really to {ip} port {port}")),
        (Some(ip), None) => told.push_str(&format!(", really to {ip}")),
        (None, Some(port)) => told.push_str(&format!(", really to port {port}")),
        (None, None) if via.params.has("rport") => {
            told.push_str(", or to the port it comes from");
        }
        (None, None) => {}
    }
    Some(told)
}

fn party(value: &str) -> Option<String> {
    let address = NameAddr::parse(value);
    if !address.uri().contains(':') {
        return None;
    }
    Some(match address.display_name() {
        "" => address.uri().to_owned(),
        name => format!("{name}, {}", address.uri()),
    })
}

fn contact(item: &str) -> Option<String> {
    let address = NameAddr::parse(item);
    if !address.uri().contains(':') {
        return None;
    }
    let mut told = format!("reached at {}", address.uri());
    match address.params().value("expires").map(str::parse) {
        Some(Ok(0)) => told.push_str(", not any more"),
        Some(Ok(seconds)) => told.push_str(&format!(", for {}", span(seconds))),
        _ => {}
    }
    if address.params().has("+sip.instance") {
        told.push_str(", by an instance id of its own");
    }
    Some(told)
}

fn hosts(value: &str) -> Option<String> {
    let told: Option<Vec<String>> = split_outside_quotes(value, b',')
        .iter()
        .map(|item| {
            let uri = NameAddr::parse(item).sip_uri().ok()?;
            Some(match uri.port() {
                Some(port) if uri.host().contains(':') => format!("[{}]:{port}", uri.host()),
                Some(port) => format!("{}:{port}", uri.host()),
                None => uri.host().to_owned(),
            })
        })
        .collect();
    told.map(|t| t.join(", then "))
}

fn subscription(value: &str) -> Option<String> {
    let (state, params) = value.split_once(';').unwrap_or((value, ""));
    let params = Params::parse(params);
    let mut told = match state.trim().to_ascii_lowercase().as_str() {
        "active" => "more notifications follow".to_owned(),
        "pending" => "not granted yet, may follow".to_owned(),
        "terminated" => "the last notification".to_owned(),
        _ => return None,
    };
    if let Some(Ok(seconds)) = params.value("expires").map(str::parse) {
        told.push_str(&format!(", for {}", span(seconds)));
    }
    if let Some(reason) = params.value("reason") {
        told.push_str(&format!(" ({reason})"));
    }
    Some(told)
}

fn digest_params(value: &str) -> Option<Params> {
    let (scheme, pairs) = value.split_once(char::is_whitespace)?;
    let pairs = split_outside_quotes(pairs, b',').join(";");
    scheme
        .eq_ignore_ascii_case("Digest")
        .then(|| Params::parse(&pairs))
}

fn answer(name: &str, value: &str) -> Option<String> {
    let params = digest_params(value)?;
    let to = if name == "Authorization" {
        "the server"
    } else {
        "a proxy"
    };
    let (user, realm) = (params.value("username")?, params.value("realm")?);
    Some(format!(
        "{user:?} proves to {to} that it knows the password in {realm:?}"
    ))
}

fn challenge(name: &str, value: &str) -> Option<String> {
    let params = digest_params(value)?;
    let who = if name == "WWW-Authenticate" {
        "the server"
    } else {
        "a proxy"
    };
    let algorithm = params.value("algorithm").unwrap_or("MD5");
    let stale = params
        .value("stale")
        .is_some_and(|s| s.eq_ignore_ascii_case("true"));
    let again = if stale {
        ", again: the nonce is too old"
    } else {
        ""
    };
    Some(format!(
        "{who} wants a password for {:?} by {algorithm}{again}",
        params.value("realm")?
    ))
}

/// A number of seconds in the largest unit that fits.
fn span(seconds: u64) -> String {
    let (n, unit) = match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_in_words() {
        for (name, value, words) in [
            (
                "Via",
                "SIP/2.0/UDP h:5070;rport;branch=z9hG4bK1",
                "answer goes to h:5070 over UDP, or to the port it comes from",
            ),
            (
                "Via",
                "SIP/2.0/TCP h;received=192.0.2.1;rport=9",
                "answer goes to h over TCP, really to 192.0.2.1 port 9",
            ),
            ("Max-Forwards", "0068", "68 more hops allowed"),
            ("From", "\"Anna\" <sip:a@h>;tag=1", "asked by Anna, sip:a@h"),
            ("To", "sip:b@h", "to sip:b@h, no dialog yet"),
            ("CSeq", "0009  INVITE", "request number 9, INVITE"),
            ("Contact", "*", "all addresses registered so far"),
            (
                "Contact",
                "<sip:a@h>;expires=3600, <sip:b@h>",
                "reached at sip:a@h, for 1 hour; or reached at sip:b@h",
            ),
            (
                "Route",
                "<sip:p.example.net;lr>, <sip:[::1]:5070;lr>",
                "to pass p.example.net, then [::1]:5070",
            ),
            ("Expires", "0", "ends at once"),
            ("Expires", "90", "holds for 90 seconds"),
            ("Retry-After", "120;duration=3", "ask again in 2 minutes"),
            ("content-length", "1", "one byte of body"),
            (
                "Subscription-State",
                "terminated;reason=timeout",
                "the last notification (timeout)",
            ),
            (
                "WWW-Authenticate",
                "Digest realm=\"a, b\", nonce=\"n\", stale=TRUE",
                "the server wants a password for \"a, b\" by MD5, again: the nonce is too old",
            ),
            ("Warning", "nonsense", "more on why it was refused"),
            (
                "X-Odd",
                "",
                "not a registered header: passed on, not looked at",
            ),
        ] {
            assert_eq!(in_words(name, value), words, "{name}: {value}");
        }
    }
}
