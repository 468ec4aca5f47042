//! Times as formats write them.

use jiff::civil;
use jiff::tz::TimeZone;
use model::Timestamp;

/// Reads RFC 3339, `2025-01-01 01:49:12`, `2025-01-01`, `20250101` with a time, or seconds or milliseconds since the epoch.
/// A time without a zone is taken to be UTC.
///
/// # Errors
/// Says what is wrong, also if the time is absurd (before 1990 or after 2099).
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let shown = || text.chars().take(40).collect::<String>();
    let millis = millis(text).ok_or_else(|| format!("{:?} is no time", shown()))?;
    let time = Timestamp::from_millis(millis);
    if time.is_plausible() { Ok(time) } else { Err(format!("{:?} is not between 1990 and 2099", shown())) }
}

fn millis(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        return if digits.len() >= 12 { Some(number) } else { number.checked_mul(1000) };
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    let civil = text.parse::<civil::DateTime>().or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from));
    let civil = civil.ok().or_else(|| slashed(text))?;
    // A year that is too far for a time is one all the same: the caller says that it is absurd.
    Some(civil.to_zoned(TimeZone::UTC).map_or(i64::MAX, |time| time.timestamp().as_millisecond()))
}

/// `2025/01/31` with or without a time.
fn slashed(text: &str) -> Option<civil::DateTime> {
    let head = text.get(..10)?;
    if head.bytes().filter(|&b| b == b'/').count() != 2 {
        return None;
    }
    let text = text.replacen('/', "-", 2);
    text.parse::<civil::DateTime>().or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: i64) {
        assert_eq!(parse_time(text), Ok(Timestamp::from_millis(millis)), "{text}");
    }

    #[test]
    fn reads_times() {
        check("2025-01-01T01:49:12Z", 1_735_696_152_000);
        check("2025-01-01 01:49:12", 1_735_696_152_000);
        check("2025-01-01T02:49:12.5+01:00", 1_735_696_152_500);
        check("2025-01-01", 1_735_689_600_000);
        check("2025/01/01", 1_735_689_600_000);
        check("1735689600", 1_735_689_600_000);
        check("1735689600123", 1_735_689_600_123);
    }

    #[test]
    fn refuses_the_absurd() {
        for text in [
            "",
            "yesterday",
            "9999-01-01",
            "1601-01-01T00:00:00Z",
            "0",
            "-5",
            "99999999999999999999",
            "2025-13-01",
            "é/é/éééé",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
