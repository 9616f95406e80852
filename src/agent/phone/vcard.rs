use serde::{Deserialize, Serialize};

/// A person in the phone book.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Name as shown.
    pub name: String,
    /// Telephone number; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tel: String,
    /// E-mail address; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

/// The people as vCards 4.0 (RFC 6350), one after the other.
#[must_use]
pub fn to_vcards(people: &[Contact]) -> String {
    let mut out = String::new();
    for person in people {
        out.push_str("BEGIN:VCARD\r\nVERSION:4.0\r\n");
        for (name, value) in [
            ("FN", &person.name),
            ("TEL", &person.tel),
            ("EMAIL", &person.email),
        ] {
            if !value.is_empty() || name == "FN" {
                fold(&mut out, &format!("{name}:{}", escaped(value)));
            }
        }
        out.push_str("END:VCARD\r\n");
    }
    out
}

/// Lines longer than 75 octets are folded between characters (RFC 6350 §3.2).
fn fold(out: &mut String, line: &str) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

/// RFC 6350 §3.4.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace(',', "\\,")
        .replace(';', "\\;")
}

fn plain(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            (c, false) => out.push(c),
        }
    }
    out
}

/// Reads vCards; properties that a phone book does not show are passed over. `None` when the text is no sequence of vCards.
#[must_use]
pub fn parse_vcards(text: &str) -> Option<Vec<Contact>> {
    let unfolded = text
        .replace("\r\n", "\n")
        .replace("\n ", "")
        .replace("\n\t", "");
    let mut people = Vec::new();
    let mut open: Option<Contact> = None;
    for line in unfolded.lines().filter(|l| !l.trim().is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = name.split(';').next().unwrap_or(name);
        let name = name.rsplit('.').next().unwrap_or(name).to_ascii_uppercase();
        match (name.as_str(), &mut open) {
            ("BEGIN", None) if value.eq_ignore_ascii_case("VCARD") => {
                open = Some(Contact::default());
            }
            ("END", Some(_)) => people.extend(open.take()),
            ("FN", Some(person)) => person.name = plain(value),
            ("TEL", Some(person)) => person.tel = plain(value),
            ("EMAIL", Some(person)) => person.email = plain(value),
            (_, Some(_)) => {}
            (_, None) => return None,
        }
    }
    open.is_none().then_some(people)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_every_awkward_character_survive() {
        let people = vec![
            Contact {
                name: "Björn; \\ \"Bo\", Jr.\n2nd line".into(),
                tel: "+14085550137".into(),
                email: String::new(),
            },
            Contact {
                name: "ö".repeat(100),
                ..Contact::default()
            },
        ];
        let text = to_vcards(&people);
        assert!(text.lines().all(|l| l.len() <= 75), "{text}");
        assert_eq!(parse_vcards(&text), Some(people));
    }

    #[test]
    fn cards_of_other_programs_are_read_and_nonsense_is_not() {
        let text = "BEGIN:VCARD\nVERSION:3.0\nN:Doe;Jo;;;\nFN:Jo Doe\nitem1.TEL;TYPE=cell:+1 408\nEND:VCARD\n";
        let people = parse_vcards(text).expect("a card");
        assert_eq!(
            (people[0].name.as_str(), people[0].tel.as_str()),
            ("Jo Doe", "+1 408")
        );
        assert_eq!(parse_vcards(""), Some(Vec::new()));
        for text in ["hello", "FN:x", "BEGIN:VCARD\nFN:x"] {
            assert_eq!(parse_vcards(text), None, "{text}");
        }
    }
}
