use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Action, ActionKind, InvalidAction};

/// What stands bare in a parameter (RFC 3986, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Longest name of a parameter.
const MAX_NAME: usize = 32;

/// An action with places to fill in: `lck({message})`, `msg(Call%20{number})`.
///
/// ```
/// use callhome::domain::ActionTemplate;
/// let template: ActionTemplate = "lck({message})".parse().unwrap();
/// let values = [("message".to_owned(), "Call +358 9".to_owned())].into();
/// assert_eq!(template.fill(&values).unwrap().to_string(), "lck(Call%20%2B358%209)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionTemplate(String);

/// Why a text is no action with places to fill in, or cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTemplate {
    /// A brace without its other half, or a name that is none.
    #[error("a place to fill in is a lower-case word in braces, as in {{message}}: {0:?}")]
    Place(String),
    /// Filled in, it is no action.
    #[error(transparent)]
    Action(#[from] InvalidAction),
    /// The action means something only in a message of its own.
    #[error("{0}() stands for other actions and cannot be saved")]
    Kind(String),
    /// A value is missing.
    #[error("a value for {0} is missing")]
    Missing(String),
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Place(&'a str),
}

impl ActionTemplate {
    /// The names of what is to be filled in.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let pieces = pieces(&self.0).unwrap_or_default();
        pieces
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Place(name) => Some(name.to_owned()),
                Piece::Text(_) => None,
            })
            .collect()
    }

    /// The action with these values.
    ///
    /// # Errors
    /// [`InvalidTemplate::Missing`].
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<Action, InvalidTemplate> {
        let mut text = String::with_capacity(self.0.len());
        for piece in pieces(&self.0)? {
            match piece {
                Piece::Text(bare) => text.push_str(bare),
                Piece::Place(name) => {
                    let value = values
                        .get(name)
                        .ok_or_else(|| InvalidTemplate::Missing(name.to_owned()))?;
                    text.extend(utf8_percent_encode(value, ESCAPED));
                }
            }
        }
        Ok(text.parse()?)
    }
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, InvalidTemplate> {
    let wrong = || InvalidTemplate::Place(text.chars().take(40).collect());
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or_else(wrong)?;
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(letter) {
            return Err(wrong());
        }
        pieces.extend([Piece::Text(before), Piece::Place(name)]);
        rest = behind;
    }
    if rest.contains('}')
        || pieces
            .iter()
            .any(|p| matches!(p, Piece::Text(t) if t.contains('}')))
    {
        return Err(wrong());
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

impl FromStr for ActionTemplate {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let template = Self(text.to_owned());
        pieces(text)?;
        let any = template.names().into_iter().map(|n| (n, "x".to_owned()));
        let filled = template.fill(&any.collect())?;
        match filled.kind() {
            Some(kind) if !kind.consumes_sequence() || kind == ActionKind::Nothing => {
                Err(InvalidTemplate::Kind(filled.name()))
            }
            _ => Ok(template),
        }
    }
}

impl fmt::Display for ActionTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_text!(ActionTemplate);

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn values_are_escaped_so_that_none_becomes_another_action() {
        let template: ActionTemplate = "msg({who}%20says%20{what})".parse().expect("valid");
        let names: Vec<String> = template.names().into_iter().collect();
        assert_eq!(names, ["what", "who"]);
        let filled = template
            .fill(&values(&[("who", "Ä,b"), ("what", ") wip(all")]))
            .expect("filled");
        assert_eq!(filled.name(), "msg");
        assert_eq!(filled.param(0), Some("Ä,b says ) wip(all"));
        assert_eq!(filled.param(1), None);
        assert_eq!(
            template.fill(&values(&[("who", "x")])),
            Err(InvalidTemplate::Missing("what".into()))
        );
    }

    #[test]
    fn what_is_no_action_or_has_no_sense_in_a_list_is_refused() {
        for text in [
            "lck({message)",
            "lck(message})",
            "lck({})",
            "lck({A})",
            "lck(}{a})",
        ] {
            let error = text.parse::<ActionTemplate>().expect_err(text);
            assert!(
                matches!(error, InvalidTemplate::Place(_)),
                "{text}: {error}"
            );
        }
        for text in ["{verb}()", "lock()", "lck(a b)"] {
            let error = text.parse::<ActionTemplate>().expect_err(text);
            assert!(
                matches!(error, InvalidTemplate::Action(_)),
                "{text}: {error}"
            );
        }
        for text in ["num(0011223344556677)", "url(https%3A%2F%2Fx)", "nop()"] {
            let error = text.parse::<ActionTemplate>().expect_err(text);
            assert!(matches!(error, InvalidTemplate::Kind(_)), "{text}: {error}");
        }
        assert!("aud()".parse::<ActionTemplate>().is_ok());
    }
}
