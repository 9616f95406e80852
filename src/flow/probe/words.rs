use std::time::Duration;

/// As in `3 h ago`.
pub(super) fn ago(since: Duration) -> String {
    format!("{} ago", span(since))
}

/// The largest unit that fits, as in `3 h`.
pub(super) fn span(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7_199 => format!("{} min", s / 60),
        s @ 7_200..=172_799 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}
