//! Times as lines of text begin with them: ISO 8601, seconds since the epoch, syslog with a year.

use model::Timestamp;

/// How far into a line a time is looked for.
const REACH: usize = 200;

/// A time that a field is.
pub(super) fn parse(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Some((seconds, fraction)) = text.split_once('.')
        && seconds.len() >= 9
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
        let time = Timestamp::from_millis(seconds.parse::<i64>().ok()? * 1000 + millis.parse::<i64>().ok()?);
        return time.is_plausible().then_some(time);
    }
    // EVE writes its zone without a colon.
    let zone =
        text.len().checked_sub(5).filter(|&at| matches!(text.as_bytes().get(at), Some(b'+' | b'-')) && text.len() > 20);
    let fixed = zone.and_then(|at| Some(format!("{}:{}", text.get(..at + 3)?, text.get(at + 3..)?)));
    formats::parse_time(fixed.as_deref().unwrap_or(text)).ok()
}

/// The first time in a line.
pub(super) fn time(line: &[u8], _: usize) -> Option<Timestamp> {
    let head = line.get(..REACH).unwrap_or(line);
    // A date is looked for by its first sign: few bytes are one.
    let mut dates = memchr::memchr2_iter(b'-', b'/', head).filter_map(|sign| date(head, sign.checked_sub(4)?));
    let digits = head.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    if (10..=17).contains(&digits) && !head.starts_with(b".") {
        return parse(head.get(..digits)?);
    }
    dates.next()
}

/// The date, with the time of day behind it, that begins at a place.
fn date(head: &[u8], at: usize) -> Option<Timestamp> {
    if at > 0 && head.get(at - 1).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let rest = head.get(at..)?;
    let day = rest.first_chunk::<10>()?;
    let [.., first, _, _, second, _, _] = *day;
    let is_sign = |(place, b): (usize, &u8)| matches!(place, 4 | 7) || b.is_ascii_digit();
    if first != second || !day.iter().enumerate().all(is_sign) {
        return None;
    }
    let mut end = 10;
    if matches!(rest.get(10), Some(b'T' | b' ' | b't')) && rest.get(11).is_some_and(u8::is_ascii_digit) {
        let sign = |b: &u8| b.is_ascii_digit() || matches!(b, b':' | b'.' | b',');
        end = 11 + rest.get(11..)?.iter().take_while(|b| sign(b)).count();
        let tail = rest.get(end..)?;
        if tail.starts_with(b"Z") {
            end += 1;
        } else if matches!(tail.first(), Some(b'+' | b'-')) {
            end += 1 + tail.get(1..)?.iter().take_while(|b| b.is_ascii_digit() || **b == b':').count();
        }
    }
    let text: Vec<u8> = rest.get(..end)?.iter().map(|&b| if b == b',' { b'.' } else { b }).collect();
    parse(text.strip_suffix(b".").unwrap_or(&text))
}
