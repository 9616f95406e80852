use std::fmt;

use super::gsm7;
use super::segment::{Encoding, InvalidSegments, Meter, Reference, split};

/// Different characters that are named one by one; more are only counted.
const NAMED: usize = 10;

/// What makes a text take as many messages as it takes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Causes {
    /// What is not in the 7-bit alphabet, so that all of the text goes in UCS-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside: Option<Outside>,
    /// Characters that count as two, in the order in which they come first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubled: Vec<Doubled>,
    /// Messages that it would take if none counted as two, when that is fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_undoubled: Option<usize>,
    /// The first character that a single message has no room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// Where each message after the first begins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Break>,
}

/// A character of a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The character.
    pub character: char,
    /// Its code point, as in `U+0416`.
    pub code: String,
    /// Which one of the text it is, from 1.
    pub position: usize,
}

/// Characters that are not in the 7-bit alphabet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Outside {
    /// The first of them.
    #[serde(flatten)]
    pub first: Place,
    /// How many there are.
    pub count: usize,
    /// The different ones, up to ten.
    pub characters: Vec<char>,
    /// How long the text would be with a character of the alphabet in place of each.
    pub without: Meter,
}

/// A character that counts as two.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Doubled {
    /// Where it comes first.
    #[serde(flatten)]
    pub first: Place,
    /// How often it comes.
    pub count: usize,
}

/// What is too much for a single message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Over {
    /// The first character that has no room.
    #[serde(flatten)]
    pub first: Place,
    /// Units that a single message holds.
    pub single: usize,
    /// Units that one of several messages holds.
    pub each: usize,
}

/// Where a message begins.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    /// Which message, from 2.
    pub message: usize,
    /// Its first character.
    #[serde(flatten)]
    pub first: Place,
}

impl Place {
    fn new(at: usize, character: char) -> Self {
        Self {
            character,
            code: format!("U+{:04X}", u32::from(character)),
            position: at + 1,
        }
    }
}

impl Causes {
    /// Finds out about a text that goes out without ports, as [`Meter::of`] measures it.
    ///
    /// # Errors
    /// [`InvalidSegments::TooLong`] above 255 messages.
    pub fn of(text: &str) -> Result<Self, InvalidSegments> {
        let meter = Meter::of(text)?;
        let doubled = doubled(text, meter.encoding);
        let breaks = breaks(text)?;
        let single = meter.encoding.capacity(0);
        let over = (meter.segments > 1).then(|| Over {
            first: first_over(text, meter.encoding, single),
            single,
            each: meter.capacity / meter.segments,
        });
        Ok(Self {
            outside: outside(text)?,
            messages_undoubled: undoubled(&meter, &doubled),
            doubled,
            over,
            breaks,
        })
    }
}

fn outside(text: &str) -> Result<Option<Outside>, InvalidSegments> {
    let foreign = |c: char| gsm7::encode(c).is_none();
    let mut found = text.chars().enumerate().filter(|(_, c)| foreign(*c));
    let Some((at, first)) = found.next() else {
        return Ok(None);
    };
    let mut characters = vec![first];
    let mut count = 1;
    for (_, c) in found {
        count += 1;
        if characters.len() < NAMED && !characters.contains(&c) {
            characters.push(c);
        }
    }
    let replaced: String = text
        .chars()
        .map(|c| if foreign(c) { '?' } else { c })
        .collect();
    Ok(Some(Outside {
        first: Place::new(at, first),
        count,
        characters,
        without: Meter::of(&replaced)?,
    }))
}

fn units(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Ucs2 => c.len_utf16(),
        _ => match gsm7::encode(c) {
            Some((Some(_), _)) => 2,
            _ => 1,
        },
    }
}

fn doubled(text: &str, encoding: Encoding) -> Vec<Doubled> {
    let mut all: Vec<Doubled> = Vec::new();
    for (at, c) in text.chars().enumerate() {
        if units(c, encoding) < 2 {
            continue;
        }
        match all.iter_mut().find(|d| d.first.character == c) {
            Some(known) => known.count += 1,
            None => all.push(Doubled {
                first: Place::new(at, c),
                count: 1,
            }),
        }
    }
    all
}

fn undoubled(meter: &Meter, doubled: &[Doubled]) -> Option<usize> {
    let extra: usize = doubled.iter().map(|d| d.count).sum();
    let units = meter.units - extra;
    let single = meter.encoding.capacity(0);
    let messages = if units <= single {
        1
    } else {
        // What is not doubled leaves no gaps.
        units.div_ceil(meter.capacity / meter.segments)
    };
    (messages < meter.segments).then_some(messages)
}

fn first_over(text: &str, encoding: Encoding, single: usize) -> Place {
    let mut used = 0;
    let mut last = Place::new(0, '\0');
    for (at, c) in text.chars().enumerate() {
        used += units(c, encoding);
        last = Place::new(at, c);
        if used > single {
            break;
        }
    }
    last
}

fn breaks(text: &str) -> Result<Vec<Break>, InvalidSegments> {
    let segments = split(text, None, Reference::Eight(0))?;
    let mut chars = text.chars().enumerate().peekable();
    let mut breaks = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        if index > 0
            && let Some((at, c)) = chars.peek()
        {
            breaks.push(Break {
                message: index + 1,
                first: Place::new(*at, *c),
            });
        }
        // No character is parted: each segment holds so many whole ones.
        let mut left = match segment.encoding {
            Encoding::Ucs2 => segment.payload.len() / 2,
            _ => segment.payload.len(),
        };
        while left > 0
            && let Some((_, c)) = chars.next()
        {
            left = left.saturating_sub(units(c, segment.encoding));
        }
    }
    Ok(breaks)
}

/// As people are shown it: the character, unless it cannot be seen, and its code point.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.character {
            '\n' => write!(f, "a line break"),
            ' ' => write!(f, "a space"),
            c if c.is_control() || c.is_whitespace() => write!(f, "{}", self.code),
            c => write!(f, "“{c}”"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_character_outside_the_alphabet_is_named_and_what_it_costs() {
        let text = format!("Bring the phone – today – to the «desk»{}", "!".repeat(40));
        let causes = Causes::of(&text).expect("short");
        let outside = causes.outside.expect("a dash");
        assert_eq!(
            (outside.first.character, outside.first.code.as_str()),
            ('–', "U+2013")
        );
        assert_eq!(outside.first.position, 17);
        assert_eq!(outside.count, 4);
        assert_eq!(outside.characters, ['–', '«', '»']);
        assert_eq!(
            outside.without.to_string(),
            "GSM-7, 79 of 160 septets, 1 message"
        );
        let over = causes.over.expect("79 are more than 70");
        assert_eq!((over.first.position, over.single, over.each), (71, 70, 67));
        assert_eq!(causes.breaks.len(), 1);
        assert_eq!(causes.breaks[0].first.position, 68);
    }

    #[test]
    fn what_counts_double_is_counted_and_told_when_it_costs_a_message() {
        let text = format!("{}[€]{{€}}", "a".repeat(150));
        let causes = Causes::of(&text).expect("short");
        let counts: Vec<(char, usize)> = causes
            .doubled
            .iter()
            .map(|d| (d.first.character, d.count))
            .collect();
        assert_eq!(counts, [('[', 1), ('€', 2), (']', 1), ('{', 1), ('}', 1)]);
        assert_eq!(causes.messages_undoubled, Some(1));
        // 150 and twice five fill it; the sixth is too much.
        assert_eq!(causes.over.expect("162 septets").first.position, 156);
        // 150 and one pair leave one septet, in which no pair has room.
        assert_eq!(causes.breaks[0].first.character, '€');
        assert_eq!(causes.outside, None);
        let short = Causes::of("€").expect("short");
        assert_eq!(
            (short.doubled.len(), short.messages_undoubled, short.over),
            (1, None, None)
        );
    }

    #[test]
    fn surrogate_pairs_count_double_and_breaks_are_where_the_segments_begin() {
        let text = "😀".repeat(70);
        let causes = Causes::of(&text).expect("short");
        assert_eq!(causes.doubled[0].count, 70);
        assert_eq!(causes.messages_undoubled, Some(1));
        let at: Vec<usize> = causes.breaks.iter().map(|b| b.first.position).collect();
        // 67 units hold 33 pairs.
        assert_eq!(at, [34, 67]);
        assert_eq!(causes.over.expect("two").first.position, 36);
        let plain = Causes::of(&"x".repeat(400)).expect("short");
        let at: Vec<usize> = plain.breaks.iter().map(|b| b.first.position).collect();
        assert_eq!(at, [154, 307]);
        assert_eq!(plain.over.expect("three").first.position, 161);
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        let shown = |text: &str| {
            let place = Place::new(0, text.chars().next().expect("one"));
            place.to_string()
        };
        assert_eq!(shown("ж"), "“ж”");
        assert_eq!(shown("\u{a0}"), "U+00A0");
        assert_eq!(shown("\n"), "a line break");
    }
}
