//! One box, one verdict: what members know of a value.

use model::{Kind, Observable, Timestamp};
use policy::Membership;
use released::{IndicatorView, Reader, parse_id, parse_rfc3339};

use crate::render::{OutletError, exercise, render};
use crate::views::{GroupFinding, Verdict};
use crate::words::Found;

/// Why a value is everyday, in words; `None` if it is not. It may ask lists, and nothing that depends on reports: what it says is
/// said of values that are held, too.
pub type WhyEveryday<'a> = dyn Fn(&Observable) -> Option<String> + 'a;

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 4_096;

/// The verdict on a value as a person typed it. Without a kind, it is looked for as everything that it can be, and the first
/// that is released is told: thirty-two digits may be an MD5 or a JA3, and "not seen" must hold for both. If none is, the first
/// that is an everyday value is.
///
/// `own` are the sharing groups that the asker is in: what they have stands beside what every member has.
/// `everyday` is asked only of what neither has.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn lookup(
    reader: &Reader,
    query: &str,
    kind: Option<Kind>,
    own: &[Membership],
    everyday: &WhyEveryday<'_>,
    now: Timestamp,
) -> Result<Verdict, OutletError> {
    let (observable, readings) = match kind {
        Some(kind) => {
            let read = Observable::parse(kind, query).ok();
            (read.clone(), read.into_iter().collect())
        }
        None => (Observable::detect(query), Observable::readings(query)),
    };
    let mut answer = Verdict {
        query: query.to_owned(),
        kind: observable.as_ref().map(|observable| observable.kind().as_str().to_owned()),
        normal: observable.as_ref().map(|observable| observable.value().to_owned()),
        verdict: String::new(),
        meaning: String::new(),
        indicator: None,
        campaign: None,
        groups: Vec::new(),
        exercise: exercise(reader)?,
    };
    let (found, shared) = reader.read(|at| {
        let mut found = None;
        let mut shared = Vec::new();
        for reading in &readings {
            for of in own {
                shared.extend(at.shared_value(*of, reading)?.map(|row| (of.group, reading.clone(), row)));
            }
        }
        for reading in &readings {
            // The row is of this very kind: the key that it is found by is made with it.
            if let Some(row) = at.lookup_value(reading)? {
                found = Some((reading.clone(), row));
                break;
            }
        }
        let Some((reading, row)) = found else { return Ok((None, shared)) };
        let view = row.view::<IndicatorView>()?;
        let campaign = match view.campaign.as_deref().and_then(parse_id) {
            Some(id) => at.campaign(&id)?,
            None => None,
        };
        Ok((Some((reading, row, view, campaign)), shared))
    })?;
    let of_group =
        shared.first().map(|(_, reading, row)| Ok::<_, OutletError>((reading.clone(), row.view::<IndicatorView>()?)));
    let of_group = of_group.transpose()?;
    for (group, _, row) in shared {
        answer.groups.push(GroupFinding { group: group.to_string(), indicator: render(row)? });
    }
    let Some((reading, row, view, campaign)) = found else {
        if let Some((reading, view)) = of_group {
            read_as(&mut answer, &reading);
            let found = view.common.as_deref().map_or(Found::Shared, Found::Everyday);
            say(&mut answer, found);
            return Ok(answer);
        }
        let listed = readings.iter().find_map(|reading| Some((reading, everyday(reading)?)));
        if let Some((reading, why)) = listed {
            read_as(&mut answer, reading);
            say(&mut answer, Found::Listed(&why));
            return Ok(answer);
        }
        say(
            &mut answer,
            match (kind, observable) {
                (_, Some(_)) => Found::NotSeen,
                (None, None) => Found::Unreadable,
                (Some(kind), None) => Found::NotOfKind(kind.title()),
            },
        );
        return Ok(answer);
    };
    read_as(&mut answer, &reading);
    say(&mut answer, found_in(&view, now));
    answer.indicator = Some(render(row)?);
    answer.campaign = campaign.map(render).transpose()?;
    Ok(answer)
}

/// What members know of a value at one moment, in a word and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The verdict's name in data, as a look-up tells it.
    pub verdict: &'static str,
    /// What it means, for a person.
    pub meaning: String,
    /// The release tick since which they have it; `None` if they do not.
    pub since: Option<String>,
}

impl Known {
    /// Whether members have it. An everyday value is told as one even if they do not.
    #[must_use]
    pub const fn is_had(&self) -> bool {
        self.since.is_some()
    }
}

/// What members know of several values, all at the same release tick; of each as a look-up would tell it by its kind.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn known(
    reader: &Reader,
    values: &[Observable],
    own: &[Membership],
    everyday: &WhyEveryday<'_>,
    now: Timestamp,
) -> Result<Vec<Known>, OutletError> {
    let told = |found: Found<'_>, since| Known { verdict: found.verdict(), meaning: found.meaning(), since };
    let had: Vec<Option<Known>> = reader.read(|at| {
        let one = |value: &Observable| {
            if let Some(row) = at.lookup_value(value)? {
                let view = row.view::<IndicatorView>()?;
                return Ok(Some(told(found_in(&view, now), Some(view.released_at.clone()))));
            }
            for of in own {
                if let Some(row) = at.shared_value(*of, value)? {
                    let view = row.view::<IndicatorView>()?;
                    let found = view.common.as_deref().map_or(Found::Shared, Found::Everyday);
                    return Ok(Some(told(found, Some(view.released_at.clone()))));
                }
            }
            Ok(None)
        };
        values.iter().map(one).collect()
    })?;
    let known = |(had, value): (Option<Known>, &Observable)| {
        had.unwrap_or_else(|| told(everyday(value).as_deref().map_or(Found::NotSeen, Found::Listed), None))
    };
    Ok(had.into_iter().zip(values).map(known).collect())
}

/// What a released value means at a time.
fn found_in(view: &IndicatorView, now: Timestamp) -> Found<'_> {
    let past = view.watch_until.as_deref().and_then(parse_rfc3339).is_some_and(|until| until <= now);
    match &view.common {
        Some(why) => Found::Everyday(why),
        None if past => Found::Past,
        None if view.block => Found::Block,
        None => Found::Watch,
    }
}

fn read_as(answer: &mut Verdict, reading: &Observable) {
    answer.kind = Some(reading.kind().as_str().to_owned());
    answer.normal = Some(reading.value().to_owned());
}

fn say(answer: &mut Verdict, found: Found<'_>) {
    answer.verdict = found.verdict().to_owned();
    answer.meaning = found.meaning();
}
