use super::records::Naptr;
use crate::domain::Msisdn;
use crate::sip::uri::SipUri;

/// The zone in which numbers have their records (RFC 6116 §3.2).
pub const ENUM_ZONE: &str = "e164.arpa";
/// More repeated parts than these are not tried: each multiplies the ways to read a number.
const MOST_REPEATED: usize = 4;

/// The name that holds a number's records in a zone: its digits from the last to the first.
#[must_use]
pub fn enum_name(number: &Msisdn, zone: &str) -> String {
    let digits = number.digits().chars().rev();
    let labels: String = digits.flat_map(|digit| [digit, '.']).collect();
    labels + zone
}

/// The SIP address that a number's records give it, the best one.
///
/// Rules that are not understood are passed over, and so are those that only name another number's records.
#[must_use]
pub fn sip_of_number(mut records: Vec<Naptr>, number: &Msisdn) -> Option<SipUri> {
    records.sort_by_key(|r| (r.order, r.preference));
    let text = format!("+{}", number.digits());
    let fitting = records.iter().filter(|r| {
        let mut services = r.services.split('+');
        r.flags.eq_ignore_ascii_case("u")
            && services
                .next()
                .is_some_and(|s| s.eq_ignore_ascii_case("E2U"))
            && services.any(|s| s.eq_ignore_ascii_case("sip"))
    });
    fitting
        .filter_map(|r| rewritten(&r.regexp, &text))
        .find_map(|uri| uri.parse().ok())
}

/// What a rule as `!^\+49(.*)$!sip:\1@example.net!` makes of a text (RFC 3402 §3.2).
fn rewritten(rule: &str, text: &str) -> Option<String> {
    let delimiter = rule.chars().next()?;
    if delimiter == '\\' || delimiter.is_ascii_digit() {
        return None;
    }
    let parts = split_unescaped(&rule[delimiter.len_utf8()..], delimiter);
    let [pattern, replacement, _flags] = parts.as_slice() else {
        return None;
    };
    let tokens = tokens(pattern)?;
    let mut groups = Vec::new();
    if !fits(&tokens, text.as_bytes(), 0, &mut groups) {
        return None;
    }
    let mut made = String::new();
    let mut rest = replacement.chars();
    while let Some(c) = rest.next() {
        match (c, c == '\\') {
            (_, false) => made.push(c),
            _ => match rest.next()? {
                digit @ '1'..='9' => {
                    let (from, to) = *groups.get(digit as usize - '1' as usize)?;
                    made.push_str(text.get(from..to?)?);
                }
                other => made.push(other),
            },
        }
    }
    Some(made)
}

fn split_unescaped(text: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match (c == delimiter, escaped) {
            (true, false) => parts.push(String::new()),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

/// A part of a pattern. Numbers need few: alternatives, repeated groups and counts are not understood.
enum Token {
    Open,
    Close,
    /// Octets that fit, how many of them at least, and whether there may be more than one.
    Some(Vec<(u8, u8)>, usize, bool),
}

/// Reads a pattern that means a whole number, from `^` to `$`.
fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut rest = pattern
        .strip_prefix('^')?
        .strip_suffix('$')?
        .bytes()
        .peekable();
    let mut tokens = Vec::new();
    let (mut open, mut repeated) = (0_usize, 0);
    while let Some(octet) = rest.next() {
        let fitting = match octet {
            b'(' => {
                open += 1;
                tokens.push(Token::Open);
                continue;
            }
            b')' => {
                open = open.checked_sub(1)?;
                tokens.push(Token::Close);
                if matches!(rest.peek(), Some(b'*' | b'+' | b'?' | b'{')) {
                    return None;
                }
                continue;
            }
            b'.' => vec![(0, u8::MAX)],
            b'\\' => rest.next().map(|o| vec![(o, o)])?,
            b'[' => set(&mut rest)?,
            b'*' | b'+' | b'?' | b'{' | b'|' | b'^' | b'$' => return None,
            literal => vec![(literal, literal)],
        };
        let (least, more) = match rest.peek() {
            Some(b'*') => (0, true),
            Some(b'+') => (1, true),
            Some(b'?') => (0, false),
            Some(b'{') => return None,
            _ => {
                tokens.push(Token::Some(fitting, 1, false));
                continue;
            }
        };
        rest.next();
        repeated += 1;
        tokens.push(Token::Some(fitting, least, more));
    }
    (open == 0 && repeated <= MOST_REPEATED).then_some(tokens)
}

/// A set as `[0-9]`, its bracket read already.
fn set(rest: &mut impl Iterator<Item = u8>) -> Option<Vec<(u8, u8)>> {
    let inside: Vec<u8> = rest.take_while(|o| *o != b']').collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&from) = inside.get(at) {
        match (from, inside.get(at + 1), inside.get(at + 2)) {
            (b'^' | b'[' | b'\\', ..) => return None,
            (_, Some(b'-'), Some(&to)) => {
                ranges.push((from, to));
                at += 3;
            }
            _ => {
                ranges.push((from, from));
                at += 1;
            }
        }
    }
    Some(ranges).filter(|r| !r.is_empty())
}

/// Whether the tokens fit all that is left of the text; notes where the groups are.
fn fits(
    tokens: &[Token],
    text: &[u8],
    at: usize,
    groups: &mut Vec<(usize, Option<usize>)>,
) -> bool {
    let Some((first, rest)) = tokens.split_first() else {
        return at == text.len();
    };
    match first {
        Token::Open => {
            let known = groups.len();
            groups.push((at, None));
            let fitted = fits(rest, text, at, groups);
            if !fitted {
                groups.truncate(known);
            }
            fitted
        }
        Token::Close => {
            let Some(index) = groups.iter().rposition(|(_, end)| end.is_none()) else {
                return false;
            };
            groups[index].1 = Some(at);
            let fitted = fits(rest, text, at, groups);
            if !fitted {
                groups[index].1 = None;
            }
            fitted
        }
        Token::Some(ranges, least, more) => {
            let left = text.get(at..).unwrap_or_default();
            let good = |o: &&u8| ranges.iter().any(|(from, to)| (from..=to).contains(o));
            let most = left.iter().take_while(good).count();
            let most = if *more { most } else { most.min(1) };
            (*least..=most)
                .rev()
                .any(|count| fits(rest, text, at + count, groups))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number() -> Msisdn {
        "+14085550137".parse().expect("valid")
    }

    fn naptr(preference: u16, services: &str, regexp: &str) -> Naptr {
        Naptr {
            order: 100,
            preference,
            flags: "u".into(),
            services: services.into(),
            regexp: regexp.into(),
            replacement: String::new(),
        }
    }

    #[test]
    fn the_name_of_a_number_is_its_digits_backwards() {
        for zone in [ENUM_ZONE, "numbers.example.net"] {
            let name = enum_name(&number(), zone);
            assert_eq!(name, format!("7.3.1.0.5.5.5.8.0.4.1.{zone}"));
        }
    }

    #[test]
    fn rules_as_operators_write_them_are_applied() {
        for (rule, expected) in [
            ("!^.*$!sip:anna@example.net!", Some("sip:anna@example.net")),
            (
                r"!^\+1408(.*)$!sip:\1@example.net!",
                Some("sip:5550137@example.net"),
            ),
            (
                r"!^(\+1)([0-9]+)(.)$!sip:\2-\3@example.net!",
                Some("sip:408555013-7@example.net"),
            ),
            (
                r"/^\+?(1.*)$/sip:\1@example.net\/x/",
                Some("sip:14085550137@example.net/x"),
            ),
            // Not for this number, not whole, not understood, not bounded, no rule.
            (r"!^\+49(.*)$!sip:\1@example.net!", None),
            (r"!\+1!sip:a@example.net!", None),
            (r"!^(\+1|\+49).*$!sip:a@example.net!", None),
            ("!^.*.*.*.*.*.*$!sip:a@example.net!", None),
            (r"!^.*$!sip:\1@example.net!", None),
            ("!^.*$!", None),
            ("", None),
        ] {
            assert_eq!(
                rewritten(rule, "+14085550137").as_deref(),
                expected,
                "{rule}"
            );
        }
    }

    #[test]
    fn the_preferred_sip_record_is_taken_and_others_are_passed_over() {
        let records = vec![
            naptr(30, "E2U+sip", "!^.*$!sip:third@example.net!"),
            naptr(20, "e2u+voice:tel+SIP", "!^.*$!sip:second@example.net!"),
            naptr(10, "E2U+email:mailto", "!^.*$!mailto:a@example.net!"),
            naptr(5, "E2U+sip", "!^.*$!http://example.net!"),
        ];
        let found = sip_of_number(records, &number()).expect("one fits");
        assert_eq!(found.to_string(), "sip:second@example.net");
        assert_eq!(sip_of_number(Vec::new(), &number()), None);
    }
}
