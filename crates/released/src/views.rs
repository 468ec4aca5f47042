//! The views of released nouns as members get them: rendered once, at release, and read back unchanged.

use model::{Indicator, Marking, Observable, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A value that is being used to attack members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorView {
    /// Always `indicator`.
    pub r#type: String,
    /// Keyed hash of the content.
    pub id: String,
    /// Kind, such as `domain`.
    pub kind: String,
    /// Normal form.
    pub value: String,
    /// TLP 2.0 label without its prefix.
    pub tlp: String,
    /// PAP label without its prefix.
    pub pap: String,
    /// Release tick.
    pub released_at: String,
    /// When it leaves the watch feed.
    pub watch_until: Option<String>,
    /// Whether it is on the block feed.
    pub block: bool,
    /// The campaign that it belongs to.
    pub campaign: Option<String>,
    /// The partnership, or a firm that wished to be named.
    pub attributed_to: String,
    /// Why it is an everyday value, if it is one.
    pub common: Option<String>,
    /// Whether this is an exercise; left out if it is none, so that what was released before reads and hashes the same.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exercise: bool,
}

impl IndicatorView {
    /// The noun that the view tells; `None` if it is in words that this version does not know.
    #[must_use]
    pub fn indicator(&self) -> Option<Indicator> {
        Some(Indicator {
            observable: Observable::from_normal(self.kind.parse().ok()?, self.value.as_str()),
            marking: Marking { tlp: self.tlp.parse().ok()?, pap: self.pap.parse().ok()? },
        })
    }
}

/// Attacks on several members that belong together, in banded form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignView {
    /// Always `campaign`.
    pub r#type: String,
    /// Keyed hash; means nothing outside the released store.
    pub id: String,
    /// One line.
    pub title: String,
    /// Release tick of the first content.
    pub released_at: String,
    /// Release tick of the latest change.
    pub updated_at: String,
    /// `4+`, `10+`, `25+` or nothing: how many members at least.
    pub band: Option<String>,
    /// Sectors that are hit, where that may be said.
    pub sectors: Vec<String>,
    /// Regions that are hit, where that may be said.
    pub regions: Vec<String>,
    /// TLP 2.0 label without its prefix.
    pub tlp: String,
    /// Closest kind of attack, in words.
    pub attack: Option<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// How many released values it has.
    pub indicators: u32,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A text of the cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvisoryView {
    /// Always `advisory`.
    pub r#type: String,
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// What to do, in order.
    pub actions: Vec<String>,
    /// How bad.
    pub severity: String,
    /// TLP 2.0 label without its prefix.
    pub tlp: String,
    /// Release tick.
    pub released_at: String,
    /// The campaign that it is about.
    pub campaign: Option<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The posture that a lead has set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostureView {
    /// Always `posture`.
    pub r#type: String,
    /// `normal`, `raised` or `high`.
    pub word: String,
    /// One line.
    pub text: String,
    /// Release tick.
    pub released_at: String,
    /// Whether this is an exercise; left out if it is none, as in [`IndicatorView`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub exercise: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

const DAY_MILLIS: i64 = 86_400_000;

/// A time as members read it: RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let (days, millis) = (at.as_millis().div_euclid(DAY_MILLIS), at.as_millis().rem_euclid(DAY_MILLIS));
    // Civil date from days since 1970, by whole eras of 400 years, years beginning in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", millis % 1_000)
}

/// Reads back what [`rfc3339`] wrote, and nothing else.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let (march_year, march_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let millis = days * DAY_MILLIS + hour * 3_600_000 + minute * 60_000 + second * 1_000 + milli;
    let at = Timestamp::from_millis(millis);
    (rfc3339(at) == text).then_some(at)
}

/// An id of 16 bytes as members read it.
#[must_use]
pub fn hyphenated(id: &[u8; 16]) -> String {
    model::CampaignId::from_bytes(*id).to_string()
}

/// Reads back what [`hyphenated`] wrote.
#[must_use]
pub fn parse_id(text: &str) -> Option<[u8; 16]> {
    let id: model::CampaignId = text.parse().ok()?;
    (id.to_string() == text).then(|| *id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        let check = |millis, expect: &str| {
            assert_eq!(rfc3339(Timestamp::from_millis(millis)), expect);
            assert_eq!(parse_rfc3339(expect), Some(Timestamp::from_millis(millis)));
        };
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_400_100, "2000-02-29T00:00:00.100Z");
        check(1_767_225_599_999, "2025-12-31T23:59:59.999Z");
        check(1_795_510_800_000, "2026-11-24T09:00:00.000Z");
        check(4_107_542_399_000, "2100-02-28T23:59:59.000Z");
        for bad in ["", "1970-01-01", "1970-02-30T00:00:00.000Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000+00"]
        {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }
}
