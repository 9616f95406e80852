use super::Fault;
use super::subject::Subject;
use crate::sip::method::{Method, is_token};
use crate::sip::params::split_outside_quotes;
use crate::sip::uri::{SipUri, has_extra_colon};
use crate::sip::wire::Start;

/// Header fields that hold addresses, as lists or not.
const LISTS: [&str; 4] = ["Contact", "Route", "Record-Route", "Path"];
const SINGLE: [&str; 5] = ["From", "To", "Reply-To", "Refer-To", "Referred-By"];

/// Something wrong with one address.
struct Problem {
    text: String,
    rule: &'static str,
    /// Nobody can tell which address is meant.
    is_fatal: bool,
    is_remark: bool,
}

impl Problem {
    fn new(text: impl Into<String>, rule: &'static str) -> Self {
        Self {
            text: text.into(),
            rule,
            is_fatal: false,
            is_remark: false,
        }
    }

    fn fatal(self) -> Self {
        Self {
            is_fatal: true,
            ..self
        }
    }

    fn told_of(self, header: &'static str) -> Fault {
        if self.is_fatal {
            Fault::fatal(header, self.text, self.rule)
        } else if self.is_remark {
            Fault::remark(header, self.text, self.rule)
        } else {
            Fault::minor(header, self.text, self.rule)
        }
    }
}

/// Judges the request URI and every header that holds addresses; one fault for each header at most.
pub(super) fn judge(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    if let Some(Start::Request { method, uri }) = subject.start {
        found.extend(request_uri(method, uri));
    }
    for header in SINGLE {
        let problem = subject
            .all(header)
            .find_map(|value| address(value, false).err());
        // Requests are matched by these two.
        let fatal = matches!(header, "From" | "To");
        found.extend(problem.map(|p| {
            match p {
                p if fatal || !p.is_fatal => p.told_of(header),
                p => Problem {
                    is_fatal: false,
                    ..p
                }
                .told_of(header),
            }
        }));
    }
    for header in LISTS {
        let items = subject.items(header);
        let is_contact = header == "Contact";
        if is_contact && items.contains(&"*") {
            found.extend(all_contacts(subject, &items));
            continue;
        }
        let problem = items
            .iter()
            .find_map(|item| address(item, is_contact).err());
        found.extend(problem.map(|p| p.told_of(header)));
    }
}

fn request_uri(method: &Method, uri: &str) -> Option<Fault> {
    let is_sip = |text: &str| {
        let scheme = text.split(':').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")
    };
    if !is_sip(uri) {
        let problem = match any_uri(uri) {
            Err(problem) => problem.fatal(),
            Ok(()) => Problem {
                is_remark: true,
                ..Problem::new(
                    "the request URI is not a SIP address: a server that knows no other answers 416",
                    "RFC 3261 §8.2.2.1",
                )
            },
        };
        return Some(problem.told_of(""));
    }
    let problem = match uri.parse::<SipUri>() {
        Err(error) => Problem::new(format!("the request URI: {error}"), "RFC 3261 §19.1.1").fatal(),
        Ok(parsed) if parsed.has_headers() => Problem::new(
            "the request URI carries header fields (behind ?)",
            "RFC 3261 §19.1.1",
        )
        .fatal(),
        Ok(parsed) if *method == Method::REGISTER && parsed.user().is_some() => Problem::new(
            "the request URI of REGISTER names a domain, not a user",
            "RFC 3261 §10.2",
        ),
        Ok(_) => extra_colon(uri)?,
    };
    Some(problem.told_of(""))
}

fn extra_colon(uri: &str) -> Option<Problem> {
    has_extra_colon(uri).then(|| Problem {
        is_remark: true,
        ..Problem::new(
            "an IPv6 address has a colon too many before its last four bytes",
            "RFC 5118 §4.10",
        )
    })
}

fn all_contacts(subject: &Subject<'_>, items: &[&str]) -> Option<Fault> {
    let ends = subject.header("Expires").is_some_and(|e| e.trim() == "0");
    let good = items.len() == 1 && subject.method == Some(Method::REGISTER) && ends;
    (!good).then(|| {
        Fault::minor(
            "Contact",
            "* stands alone, in a REGISTER with Expires: 0",
            "RFC 3261 §10.2.2",
        )
    })
}

/// Judges one address with its parameters.
fn address(value: &str, is_contact: bool) -> Result<(), Problem> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Problem::new(
            "an address between commas is empty",
            "RFC 3261 §7.3.1",
        ));
    }
    let (display, rest) = display_name(value)?;
    let params = if let Some(rest) = rest.strip_prefix('<') {
        let Some((uri, params)) = rest.split_once('>') else {
            return Err(Problem::new("the < is not closed", "RFC 3261 §20.10").fatal());
        };
        let problem = display_problem(display);
        if uri.trim() != uri {
            let text = "blanks stand beside the URI inside < >";
            return Err(Problem::new(text, "RFC 3261 §25.1"));
        }
        any_uri(uri)?;
        problem.map_or(Ok(()), Err)?;
        params
    } else {
        let end = value.find(';').unwrap_or(value.len());
        let (uri, params) = value.split_at(end);
        if uri.contains(['?', ',']) {
            let text = "a URI with ? or , has to stand in < >";
            return Err(Problem::new(text, "RFC 3261 §20").fatal());
        }
        any_uri(uri.trim_end())?;
        params
    };
    let params = params.trim();
    let wrong = match params.strip_prefix(';') {
        Some(params) => params_problem(params),
        None if params.is_empty() => None,
        None => Some("what stands behind the address is no parameter"),
    };
    if let Some(why) = wrong {
        return Err(Problem::new(why, "RFC 3261 §25.1"));
    }
    if is_contact {
        contact_params(params)
    } else {
        Ok(())
    }
}

/// Parts a display name from what follows it.
fn display_name(value: &str) -> Result<(&str, &str), Problem> {
    if let Some(inner) = value.strip_prefix('"') {
        let mut skip = false;
        let end = inner.bytes().position(|b| {
            let ends = b == b'"' && !skip;
            skip = b == b'\\' && !skip;
            ends
        });
        let Some(end) = end else {
            return Err(Problem::new("a quoted text is not closed", "RFC 3261 §25.1").fatal());
        };
        let (name, rest) = value.split_at(end + 2);
        let rest = rest.trim_start();
        if !rest.starts_with('<') {
            let text = "an address in < > has to follow the name";
            return Err(Problem::new(text, "RFC 3261 §25.1").fatal());
        }
        return Ok((name, rest));
    }
    // A parameter's value may hold a < too, in quotes.
    let open = value.find('<').unwrap_or(value.len());
    if value[..open].contains(';') {
        return Ok(("", value));
    }
    Ok(value.split_at(open))
}

fn display_problem(display: &str) -> Option<Problem> {
    let bare = !display.starts_with('"');
    (bare && !display.split_whitespace().all(is_token)).then(|| {
        Problem::new(
            format!("the name {:?} has to stand in quotes", display.trim()),
            "RFC 3261 §25.1",
        )
    })
}

/// Judges a URI of any scheme.
fn any_uri(uri: &str) -> Result<(), Problem> {
    let none = || Problem::new("has no URI", "RFC 3261 §20.10").fatal();
    let (scheme, rest) = uri.split_once(':').ok_or_else(none)?;
    let letters = scheme
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !letters || !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || rest.is_empty() {
        return Err(none());
    }
    if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") {
        uri.parse::<SipUri>()
            .map_err(|error| Problem::new(error.to_string(), "RFC 3261 §19.1.1"))?;
        return extra_colon(uri).map_or(Ok(()), Err);
    }
    if uri
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
    {
        let text = "a URI has no blanks, quotes or angle brackets in it";
        return Err(Problem::new(text, "RFC 3986 §2"));
    }
    Ok(())
}

/// What is wrong with the parameters behind a `;`, if anything is: `a=b;c;d="e"`.
pub(super) fn params_problem(text: &str) -> Option<&'static str> {
    split_outside_quotes(text, b';')
        .into_iter()
        .find_map(|param| {
            let (name, value) = match param.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim())),
                None => (param.trim(), None),
            };
            if name.is_empty() {
                return Some("a parameter between semicolons is empty");
            } else if !is_token(name) {
                return Some("the name of a parameter is not one word");
            }
            match value {
                None => None,
                Some("") => Some("a parameter has = but no value"),
                Some(text) if text.starts_with('"') => {
                    (!is_quoted(text)).then_some("a quoted text is not closed")
                }
                Some(text) if text.contains(|c: char| c.is_whitespace() || "\"<>,".contains(c)) => {
                    Some("the value of a parameter has to stand in quotes")
                }
                Some(_) => None,
            }
        })
}

/// Whether the whole of `text` is one quoted string.
pub(super) fn is_quoted(text: &str) -> bool {
    let mut skip = false;
    let Some(inner) = text.strip_prefix('"') else {
        return false;
    };
    let end = inner.bytes().position(|b| {
        let ends = b == b'"' && !skip;
        skip = b == b'\\' && !skip;
        ends
    });
    end.is_some_and(|end| end + 1 == inner.len())
}

fn contact_params(params: &str) -> Result<(), Problem> {
    for (name, value) in crate::sip::Params::parse(params).iter() {
        let value = value.unwrap_or_default();
        if name.eq_ignore_ascii_case("expires") && !super::field::is_u32(value) {
            let text = format!("expires {value:?} is not a number of seconds below 2^32");
            return Err(Problem::new(text, "RFC 3261 §20.10"));
        }
        if name.eq_ignore_ascii_case("q") && !super::field::is_qvalue(value) {
            let text = format!("q {value:?} is not a number from 0 to 1");
            return Err(Problem::new(text, "RFC 3261 §20.10"));
        }
    }
    Ok(())
}
