use std::time::Duration;

use super::table::width_of;
use crate::domain::Timestamp;

/// `1 device`, `1,200 devices`: a count with its noun.
#[must_use]
pub(crate) fn count(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(number))
}

/// A number with commas between thousands.
#[must_use]
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A measured time: `38 ms`, `4.5 s`, `2 min 5 s`.
#[must_use]
pub(crate) fn elapsed(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", time.as_secs_f64()),
        _ => {
            let s = time.as_secs();
            format!("{} min {} s", s / 60, s % 60)
        }
    }
}

/// How long ago something was, roughly: `just now`, `14 min ago`, `3 h ago`, `2 days ago`; `in 3 h` for what is to come.
#[must_use]
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let (s, to_come) = match now.since(at).as_secs() {
        0 => (at.since(now).as_secs(), true),
        s => (s, false),
    };
    let length = match s {
        0..10 if to_come && s > 0 => return "in a moment".to_owned(),
        0..10 => return "just now".to_owned(),
        10..60 => format!("{s} s"),
        60..3_600 => format!("{} min", s / 60),
        3_600..172_800 => format!("{} h", s / 3_600),
        _ => format!("{} days", s / 86_400),
    };
    if to_come {
        format!("in {length}")
    } else {
        format!("{length} ago")
    }
}

/// A moment to the minute: `2026-11-20 14:02 UTC`. Times are told in UTC everywhere, and say so.
#[must_use]
pub(crate) fn date_time(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", &text[..10], &text[11..16])
}

/// Date when it is another day, else only the time: `14:02 UTC`.
#[must_use]
pub(crate) fn clock_time(at: Timestamp, now: Timestamp) -> String {
    let text = date_time(at);
    if date_time(now)[..10] == text[..10] {
        text[11..].to_owned()
    } else {
        text
    }
}

/// Time of day to the second: `14:02:11 UTC`.
#[must_use]
pub(crate) fn time_of_day(at: Timestamp) -> String {
    format!("{} UTC", at.to_string().get(11..19).unwrap_or_default())
}

/// A size: `512 B`, `1.5 KiB`, `3.0 MiB`.
#[must_use]
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let value = bytes as f64;
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", value / 1_024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", value / 1_048_576.0),
        _ => format!("{:.1} GiB", value / 1_073_741_824.0),
    }
}

/// Reads a length of time as people write it: `30`, `30s`, `500ms`, `5min`, `2h`, `7d`.
///
/// # Errors
/// A sentence that says what is expected.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err("a time is a number and ms, s, min, h or d, as in 30s".into()),
    };
    let value: f64 = number
        .parse()
        .map_err(|_| "a time is a number and ms, s, min, h or d, as in 30s".to_owned())?;
    Duration::try_from_secs_f64(value * factor)
        .ok()
        .filter(|d| *d <= Duration::from_secs(366 * 86_400))
        .ok_or_else(|| "a time is at most 366d".into())
}

/// The text in lines of at most `width` columns, broken at blanks; a word that is longer stands alone.
#[must_use]
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let full = |l: &String| !l.is_empty() && width_of(l) + 1 + width_of(word) > width;
        if lines.last().is_some_and(full) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_like_words() {
        assert_eq!(count(1, "device"), "1 device");
        assert_eq!(count(1_200_000, "row"), "1,200,000 rows");
        assert_eq!(elapsed(Duration::from_millis(38)), "38 ms");
        assert_eq!(elapsed(Duration::from_millis(4_512)), "4.5 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(size(1_536), "1.5 KiB");
        let now: Timestamp = "2026-11-20T14:16:00Z".parse().expect("valid");
        let at: Timestamp = "2026-11-20T14:02:00Z".parse().expect("valid");
        assert_eq!(ago(at, now), "14 min ago");
        assert_eq!(ago(now, at), "in 14 min");
        assert_eq!(ago(now, now), "just now");
        assert_eq!(clock_time(at, now), "14:02 UTC");
        assert_eq!(date_time(at), "2026-11-20 14:02 UTC");
        assert_eq!(time_of_day(at), "14:02:00 UTC");
    }

    #[test]
    fn lengths_of_time_have_units() {
        for (text, ms) in [
            ("30", 30_000),
            ("1.5s", 1_500),
            ("500ms", 500),
            ("2min", 120_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(seconds(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "5 weeks", "-1", "1e99h", "999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn long_texts_go_on_below_and_no_word_is_broken() {
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrapped("sip:anna@192.0.2.7: no answer", 12),
            ["sip:anna@192.0.2.7:", "no answer"]
        );
    }
}
