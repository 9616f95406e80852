use std::time::Duration;

/// The longest period that the form can say.
const LONGEST: u64 = 99 * 12 * 30 * 86_400;

/// A relative time as SMPP writes it (SMPP 3.4 §7.1.1.2): `YYMMDDhhmmss000R`, months of 30 and years of 360 days.
///
/// ```
/// use std::time::Duration;
/// let day_and_a_half = Duration::from_secs(36 * 3600);
/// assert_eq!(callhome::sms::smpp::relative_time(day_and_a_half), "000001120000000R");
/// ```
#[must_use]
pub fn relative_time(period: Duration) -> String {
    // Part of a second still is a period: never zero, which some centres take for "no period".
    let seconds = period
        .as_secs()
        .saturating_add(u64::from(period.subsec_nanos() > 0))
        .clamp(1, LONGEST);
    let days = seconds / 86_400;
    let (years, months, days) = (days / 360, days % 360 / 30, days % 30);
    let (hours, minutes) = (seconds % 86_400 / 3600, seconds % 3600 / 60);
    format!(
        "{years:02}{months:02}{days:02}{hours:02}{minutes:02}{:02}000R",
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_has_sixteen_characters() {
        for (seconds, expected) in [
            (0, "000000000001000R"),
            (90, "000000000130000R"),
            (3600, "000000010000000R"),
            (40 * 86_400, "000110000000000R"),
            (u64::MAX, "990000000000000R"),
        ] {
            assert_eq!(relative_time(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(
            relative_time(Duration::from_millis(1500)),
            "000000000002000R"
        );
    }
}
