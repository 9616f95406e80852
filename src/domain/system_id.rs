use std::fmt;
use std::str::FromStr;

/// A customer's system id: nine digits and an ISBN-10 check digit (ISO 2108:1992, modulus 11).
///
/// It routes an enrolment to a server and authorises nothing. The check digit is
/// verified where it is typed, so a slip is caught before any network is touched.
///
/// ```
/// use callhome::domain::SystemId;
/// assert!("0306406152".parse::<SystemId>().is_ok());
/// assert!("0306406151".parse::<SystemId>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SystemId(u32);

/// Why a text is not a system id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSystemId {
    /// Too few or too many characters.
    #[error("a system id has ten characters, as in 0306406152: {0} were given")]
    Length(usize),
    /// A character that no system id has at that place.
    #[error("character {position} is {found:?}: {}", instead(*.position, *.meant))]
    Character {
        /// Its place, from 1.
        position: usize,
        /// What stands there.
        found: char,
        /// The digit that looks like it.
        meant: Option<char>,
    },
    /// The check digit does not fit; usually one digit is wrong or two are swapped.
    #[error(
        "by its first nine digits the last should be {expected}, not {found}: one is wrong or two are swapped{}",
        perhaps(.likely)
    )]
    CheckDigit {
        /// The check digit that the nine digits ask for.
        expected: char,
        /// The one that was given.
        found: char,
        /// Slips of the hand or eye that explain it, most likely first; at most three.
        likely: Vec<Slip>,
    },
}

/// A slip that turns a right system id into the wrong one that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slip {
    /// The system id without it.
    pub meant: SystemId,
    /// Place of the (first) character concerned, from 1.
    pub position: usize,
    /// Whether this one and the next were swapped; else it was misread.
    pub swapped: bool,
}

/// Digits that people take for each other.
const LOOKALIKES: [(char, char); 6] = [
    ('1', '7'),
    ('5', '6'),
    ('3', '8'),
    ('0', '6'),
    ('0', '8'),
    ('0', '9'),
];

fn instead(position: usize, meant: Option<char>) -> String {
    match (meant, position) {
        (Some(digit), _) => format!("did you mean the digit {digit}?"),
        (None, 10) => "the last one is a digit or X".to_owned(),
        (None, _) => "the first nine are digits".to_owned(),
    }
}

fn perhaps(likely: &[Slip]) -> String {
    let words: Vec<String> = likely.iter().map(ToString::to_string).collect();
    if words.is_empty() {
        String::new()
    } else {
        format!("; perhaps {}", words.join(", or "))
    }
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            meant, position, ..
        } = self;
        if self.swapped {
            let next = position + 1;
            write!(f, "{meant} (characters {position} and {next} swapped)")
        } else {
            write!(f, "{meant} (character {position} misread)")
        }
    }
}

/// The digit that a letter is taken for.
const fn lookalike(letter: char) -> Option<char> {
    match letter {
        'O' | 'o' | 'D' | 'Q' => Some('0'),
        'l' | 'I' | 'i' | '|' => Some('1'),
        'Z' | 'z' => Some('2'),
        'S' | 's' => Some('5'),
        'B' => Some('8'),
        'g' | 'q' => Some('9'),
        _ => None,
    }
}

impl SystemId {
    /// Builds a system id from a number below 10⁹, computing its check digit.
    ///
    /// Larger numbers are taken modulo 10⁹, so that random bytes can be used as they are.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number % 1_000_000_000)
    }

    fn check_character(self) -> char {
        let digits = format!("{:09}", self.0);
        let sum: u32 = digits
            .bytes()
            .zip((2..=10).rev())
            .map(|(d, weight)| u32::from(d - b'0') * weight)
            .sum();
        match (11 - sum % 11) % 11 {
            10 => 'X',
            digit => char::from_digit(digit, 10).unwrap_or('0'),
        }
    }
}

/// Ten characters of the right kinds as a system id and what is given as its check digit.
fn split(kept: &[char]) -> Option<(SystemId, char)> {
    let digits: String = kept.iter().take(9).collect();
    Some((SystemId(digits.parse().ok()?), *kept.get(9)?))
}

/// The slips that explain a wrong check digit. Swaps of neighbours first: they are the most frequent.
fn slips(kept: &[char]) -> Vec<Slip> {
    let right = |chars: &[char]| {
        let only_last_is_x = chars.iter().take(9).all(char::is_ascii_digit);
        split(chars)
            .filter(|(id, check)| only_last_is_x && id.check_character() == *check)
            .map(|(id, _)| id)
    };
    let swaps = (0..9).filter_map(|at| {
        let mut chars = kept.to_vec();
        chars.swap(at, at + 1);
        right(&chars).map(|meant| Slip {
            meant,
            position: at + 1,
            swapped: true,
        })
    });
    let misread = (0..10).flat_map(|at| {
        LOOKALIKES.iter().filter_map(move |(a, b)| {
            let other = match kept[at] {
                found if found == *a => *b,
                found if found == *b => *a,
                _ => return None,
            };
            let mut chars = kept.to_vec();
            chars[at] = other;
            right(&chars).map(|meant| Slip {
                meant,
                position: at + 1,
                swapped: false,
            })
        })
    });
    swaps.chain(misread).take(3).collect()
}

impl FromStr for SystemId {
    type Err = InvalidSystemId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kept: Vec<char> = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, '-' | ' '))
            .map(|c| if c == 'x' { 'X' } else { c })
            .collect();
        if kept.len() != 10 {
            return Err(InvalidSystemId::Length(kept.len()));
        }
        for (at, found) in kept.iter().enumerate() {
            if !(found.is_ascii_digit() || at == 9 && *found == 'X') {
                return Err(InvalidSystemId::Character {
                    position: at + 1,
                    found: *found,
                    meant: lookalike(*found),
                });
            }
        }
        let (id, found) = split(&kept).ok_or(InvalidSystemId::Length(kept.len()))?;
        let expected = id.check_character();
        if expected == found {
            return Ok(id);
        }
        Err(InvalidSystemId::CheckDigit {
            expected,
            found,
            likely: slips(&kept),
        })
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}{}", self.0, self.check_character())
    }
}

serde_text!(SystemId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_isbn_check_digits_hold() {
        for text in ["0306406152", "080442957X", "0-8044-2957-x", "0131103628"] {
            assert!(text.parse::<SystemId>().is_ok(), "{text}");
        }
        assert_eq!(
            "080442957x".parse::<SystemId>().expect("valid").to_string(),
            "080442957X"
        );
    }

    fn refusal(text: &str) -> String {
        text.parse::<SystemId>().expect_err("wrong").to_string()
    }

    #[test]
    fn a_swapped_pair_is_caught_and_named() {
        assert_eq!(
            refusal("0360406152"),
            "by its first nine digits the last should be 7, not 2: one is wrong or two are swapped; \
             perhaps 0306406152 (characters 3 and 4 swapped), or 6360406152 (character 1 misread)"
        );
        assert!(refusal("0306406512").contains("0306406152 (characters 8 and 9 swapped)"));
        // The check digit itself may be one of the two.
        assert!(refusal("0306406125").contains("0306406152 (characters 9 and 10 swapped)"));
    }

    #[test]
    fn every_swap_and_every_single_wrong_digit_is_caught() {
        let right = "0804429579";
        let right = SystemId(right[..9].parse().expect("digits")).to_string();
        for at in 0..9 {
            let mut chars: Vec<char> = right.chars().collect();
            chars.swap(at, at + 1);
            let wrong: String = chars.iter().collect();
            assert!(
                wrong == right || wrong.parse::<SystemId>().is_err(),
                "{wrong}"
            );
            for digit in '0'..='9' {
                let mut chars: Vec<char> = right.chars().collect();
                chars[at] = digit;
                let wrong: String = chars.iter().collect();
                assert_eq!(wrong.parse::<SystemId>().is_ok(), wrong == right, "{wrong}");
            }
        }
    }

    #[test]
    fn misread_digits_and_letters_are_named() {
        assert!(refusal("0306406752").contains("0306406152 (character 8 misread)"));
        assert_eq!(
            refusal("O306406152"),
            "character 1 is 'O': did you mean the digit 0?"
        );
        assert_eq!(
            refusal("03064061X2"),
            "character 9 is 'X': the first nine are digits"
        );
        assert_eq!(
            refusal("030640615Y"),
            "character 10 is 'Y': the last one is a digit or X"
        );
        assert_eq!(
            refusal("12345"),
            "a system id has ten characters, as in 0306406152: 5 were given"
        );
        assert_eq!(refusal("ÄÄÄÄÄ"), refusal("12345"));
    }
}
