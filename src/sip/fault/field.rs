use super::Fault;
use super::address::{is_quoted, params_problem};
use super::subject::Subject;
use crate::sip::header::Via;
use crate::sip::method::is_token;
use crate::sip::params::{Params, split_outside_quotes};
use crate::sip::uri::parse_host_port;

/// Why a value is not what its header holds, with the section.
type Problem = Option<(String, &'static str)>;

/// A header and the check of one of its values.
type Check = (&'static str, fn(&str) -> Problem);

/// Headers with one value in each field.
const CHECKS: &[Check] = &[
    ("Call-ID", call_id),
    ("Expires", |v| seconds(v, "RFC 3261 §20.19")),
    ("Min-Expires", |v| seconds(v, "RFC 3261 §20.23")),
    ("Date", date),
    ("Timestamp", timestamp),
    ("Content-Type", content_type),
    ("MIME-Version", mime_version),
    ("Event", |v| word_and_params(v, "RFC 6665 §8.4")),
    ("Subscription-State", |v| {
        word_and_params(v, "RFC 6665 §8.4")
    }),
    ("Retry-After", retry_after),
    ("Authorization", |v| {
        auth(v, &["username", "realm", "nonce", "uri", "response"])
    }),
    ("Proxy-Authorization", |v| {
        auth(v, &["username", "realm", "nonce", "uri", "response"])
    }),
    ("WWW-Authenticate", |v| auth(v, &["realm", "nonce"])),
    ("Proxy-Authenticate", |v| auth(v, &["realm", "nonce"])),
];

/// Headers that are lists of words (RFC 3261 §25.1).
const WORDS: [&str; 6] = [
    "Allow",
    "Supported",
    "Require",
    "Proxy-Require",
    "Unsupported",
    "Allow-Events",
];

/// Judges every header whose values have a form; one fault for each header at most.
pub(super) fn judge(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    via(subject, found);
    if let Some(hops) = subject.header("Max-Forwards")
        && hops.parse::<u8>().is_err()
    {
        found.push(Fault::fatal(
            "Max-Forwards",
            format!("{hops:?} is not a number from 0 to 255"),
            "RFC 3261 §20.22",
        ));
    }
    for (header, check) in CHECKS {
        if let Some((text, rule)) = subject.all(header).find_map(check) {
            found.push(Fault::minor(header, text, rule));
        }
    }
    for header in WORDS {
        let bad = |item: &&str| !is_token(item);
        // An empty list is allowed where it says "nothing".
        let items = subject.items(header).into_iter().filter(|i| !i.is_empty());
        if let Some(item) = { items }.find(bad) {
            let text = format!("{item:?} is not one word");
            found.push(Fault::minor(header, text, "RFC 3261 §25.1"));
        }
    }
    if let Some(item) = subject
        .items("Warning")
        .into_iter()
        .find(|w| !is_warning(w))
    {
        let text = format!("{item:?} is not a code of three digits, an agent and a quoted text");
        found.push(Fault::minor("Warning", text, "RFC 3261 §20.43"));
    }
    let long = |v: &str| v.bytes().all(|b| b.is_ascii_digit()) && !is_u32(v);
    if subject
        .header("Retry-After")
        .is_some_and(|v| long(leading_word(v)))
    {
        let text = "is more than 2^32 seconds, over 136 years";
        found.push(Fault::remark("Retry-After", text, "RFC 3261 §20.33"));
    }
    if subject.header("Max-Forwards") == Some("0") && subject.method.is_some() {
        let text = "is 0: a proxy does not pass it on but answers 483";
        found.push(Fault::remark("Max-Forwards", text, "RFC 3261 §16.3"));
    }
}

fn via(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    const RULE: &str = "RFC 3261 §20.42";
    let items = subject.items("Via");
    for (at, item) in items.iter().enumerate() {
        let problem = match Via::parse(item) {
            _ if item.is_empty() => Some("an item between commas is empty".to_owned()),
            None => Some("cannot be read".to_owned()),
            Some(via) if parse_host_port(&via.sent_by).is_err() => Some(format!(
                "{:?} is not a host with or without port",
                via.sent_by
            )),
            Some(_) => {
                let params = item.split_once(';').map(|(_, params)| params);
                params.and_then(params_problem).map(str::to_owned)
            }
        };
        if let Some(text) = problem {
            found.push(match at {
                // The answer goes by the topmost.
                0 => Fault::fatal("Via", text, RULE),
                _ => Fault::minor("Via", text, RULE),
            });
            return;
        }
    }
    let Some(top) = subject.top_via() else {
        return;
    };
    found.extend(match top.branch() {
        Some("z9hG4bK") => Some(Fault::minor(
            "Via",
            "branch is z9hG4bK and nothing more: it names no transaction",
            "RFC 3261 §8.1.1.7",
        )),
        Some(branch) if branch.starts_with("z9hG4bK") => None,
        Some(_) => Some(Fault::remark(
            "Via",
            "branch does not begin with z9hG4bK, as in RFC 2543",
            "RFC 3261 §8.1.1.7",
        )),
        None => Some(Fault::remark(
            "Via",
            "no branch, as in RFC 2543",
            "RFC 3261 §8.1.1.7",
        )),
    });
    if top
        .params
        .value("received")
        .is_some_and(|r| r.starts_with('['))
    {
        let text = "received has brackets around its IPv6 address";
        found.push(Fault::remark("Via", text, "RFC 5118 §4.5"));
    }
    if let Some(ttl) = top.params.value("ttl").filter(|t| t.parse::<u8>().is_err()) {
        let text = format!("ttl {ttl:?} is not a number from 0 to 255");
        found.push(Fault::minor("Via", text, RULE));
    }
}

/// Digits that fit into 32 bits.
pub(super) fn is_u32(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u32>().is_ok()
}

/// `0`, `0.5`, `1.000` (RFC 3261 §25.1 `qvalue`).
pub(super) fn is_qvalue(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    digits && (whole == "0" || (whole == "1" && part.bytes().all(|b| b == b'0')))
}

fn seconds(value: &str, rule: &'static str) -> Problem {
    let brief: String = value.chars().take(24).collect();
    (!is_u32(value)).then(|| {
        (
            format!("{brief:?} is not a number of seconds below 2^32"),
            rule,
        )
    })
}

fn leading_word(value: &str) -> &str {
    let end = value.find(|c: char| c.is_whitespace() || c == ';' || c == '(');
    &value[..end.unwrap_or(value.len())]
}

fn retry_after(value: &str) -> Problem {
    let word = leading_word(value);
    let good = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    (!good).then(|| {
        (
            format!("{word:?} is not a number of seconds"),
            "RFC 3261 §20.33",
        )
    })
}

/// `word [ "@" word ]`.
fn call_id(value: &str) -> Problem {
    let is_word = |text: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~()<>:\\\"/[]?{}".contains(&b);
        !text.is_empty() && text.bytes().all(good)
    };
    let (left, right) = match value.split_once('@') {
        Some((left, right)) => (left, Some(right)),
        None => (value, None),
    };
    let good = is_word(left) && right.is_none_or(is_word);
    (!good).then(|| {
        (
            "is not a word, or two with @ between".to_owned(),
            "RFC 3261 §20.8",
        )
    })
}

/// `Sat, 13 Nov 2010 23:29:00 GMT`.
fn date(value: &str) -> Problem {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let number = |text: &str, digits: usize, to: u32| {
        text.len() == digits && is_u32(text) && text.parse().is_ok_and(|n: u32| n <= to)
    };
    let words: Vec<&str> = value.split(' ').collect();
    let good = match words.as_slice() {
        [day_name, day, month, year, time, zone] => {
            let time: Vec<&str> = time.split(':').collect();
            day_name
                .strip_suffix(',')
                .is_some_and(|d| DAYS.contains(&d))
                && number(day, 2, 31)
                && MONTHS.contains(month)
                && number(year, 4, 9999)
                && matches!(time[..], [h, m, s] if number(h, 2, 23) && number(m, 2, 59) && number(s, 2, 60))
                && *zone == "GMT"
        }
        _ => false,
    };
    (!good).then(|| {
        let text = format!("{value:?} is not of the form Sat, 13 Nov 2010 23:29:00 GMT");
        (text, "RFC 3261 §20.17")
    })
}

fn timestamp(value: &str) -> Problem {
    let number = |text: &str| {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty())
    };
    let good = !value.is_empty()
        && value.split_whitespace().count() <= 2
        && value.split_whitespace().all(number);
    (!good).then(|| {
        (
            format!("{value:?} is not a number of seconds"),
            "RFC 3261 §20.38",
        )
    })
}

fn content_type(value: &str) -> Problem {
    const RULE: &str = "RFC 3261 §20.15";
    let (kind, params) = parted(value);
    let good = kind
        .split_once('/')
        .is_some_and(|(kind, sub)| is_token(kind.trim()) && is_token(sub.trim()));
    if !good {
        return Some((
            format!("{:?} is not of the form type/subtype", kind.trim()),
            RULE,
        ));
    }
    let why = params.and_then(params_problem)?;
    Some((why.to_owned(), RULE))
}

/// A value and what stands behind its first `;`.
fn parted(value: &str) -> (&str, Option<&str>) {
    match value.split_once(';') {
        Some((value, params)) => (value, Some(params)),
        None => (value, None),
    }
}

fn mime_version(value: &str) -> Problem {
    let good = value
        .split_once('.')
        .is_some_and(|(a, b)| is_u32(a) && is_u32(b));
    (!good).then(|| {
        (
            format!("{value:?} is not of the form 1.0"),
            "RFC 3261 §20.24",
        )
    })
}

fn word_and_params(value: &str, rule: &'static str) -> Problem {
    let (word, params) = parted(value);
    if !is_token(word.trim()) {
        return Some((format!("{:?} is not one word", word.trim()), rule));
    }
    let why = params.and_then(params_problem)?;
    Some((why.to_owned(), rule))
}

/// `3DIGIT SP agent SP quoted-string`.
fn is_warning(item: &str) -> bool {
    let mut parts = item.splitn(3, ' ');
    let code = parts.next().unwrap_or_default();
    let agent = parts.next().unwrap_or_default();
    let text = parts.next().unwrap_or_default();
    code.len() == 3 && is_u32(code) && !agent.is_empty() && is_quoted(text.trim())
}

/// A challenge or an answer to one: scheme, then `name=value` pairs; of Digest those that it needs.
fn auth(value: &str, needed: &[&str]) -> Problem {
    const RULE: &str = "RFC 7616 §3";
    let (scheme, pairs) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    if !is_token(scheme) {
        return Some((format!("{scheme:?} is not a scheme"), RULE));
    }
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let pairs = split_outside_quotes(pairs, b',').join(";");
    if let Some(why) = params_problem(&pairs) {
        return Some((why.to_owned(), RULE));
    }
    let params = Params::parse(&pairs);
    let missing = needed.iter().find(|name| !params.has(name))?;
    Some((format!("{missing} is missing"), RULE))
}
