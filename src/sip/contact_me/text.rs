use super::{ContactMe, InvalidContactMe};
use crate::sip::method::is_token;

pub(super) fn print(wish: &ContactMe) -> String {
    let mut text = String::new();
    for (label, value) in wish.fields() {
        let value = value.replace(|c: char| c.is_control(), " ");
        text.push_str(&format!("{label}: {}\r\n", value.trim()));
    }
    text
}

pub(super) fn parse(text: &str) -> Result<ContactMe, InvalidContactMe> {
    let mut wish = ContactMe::default();
    for (i, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() {
            continue;
        }
        let (label, value) = line
            .split_once(':')
            .map(|(label, value)| (label.trim(), value.trim()))
            .filter(|(label, value)| is_token(label) && !value.contains(char::is_control))
            .ok_or(InvalidContactMe::Line(i + 1))?;
        wish.put(label, value)?;
    }
    Ok(wish)
}
