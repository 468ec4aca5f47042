//! One box, one verdict: what members know of a value.

use model::{Observable, Timestamp};
use released::{IndicatorView, Reader, parse_id, parse_rfc3339};

use crate::render::{OutletError, exercise, render};
use crate::views::Verdict;
use crate::words::Found;

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 4_096;

/// The verdict on a value as a person typed it.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn lookup(reader: &Reader, query: &str, now: Timestamp) -> Result<Verdict, OutletError> {
    let observable = Observable::detect(query);
    let mut answer = Verdict {
        query: query.to_owned(),
        kind: observable.as_ref().map(|observable| observable.kind().as_str().to_owned()),
        normal: observable.as_ref().map(|observable| observable.value().to_owned()),
        verdict: String::new(),
        meaning: String::new(),
        indicator: None,
        campaign: None,
        exercise: exercise(reader)?,
    };
    let mut say = |found: Found<'_>| {
        answer.verdict = found.verdict().to_owned();
        answer.meaning = found.meaning();
    };
    let Some(observable) = observable else {
        say(Found::Unreadable);
        return Ok(answer);
    };
    let found = reader.read(|at| {
        let Some(row) = at.lookup_value(&observable)? else { return Ok(None) };
        let view = row.view::<IndicatorView>()?;
        let campaign = match view.campaign.as_deref().and_then(parse_id) {
            Some(id) => at.campaign(&id)?,
            None => None,
        };
        Ok(Some((row, view, campaign)))
    })?;
    let Some((row, view, campaign)) = found else {
        say(Found::NotSeen);
        return Ok(answer);
    };
    let past = view.watch_until.as_deref().and_then(parse_rfc3339).is_some_and(|until| until <= now);
    say(match &view.common {
        Some(why) => Found::Everyday(why),
        None if past => Found::Past,
        None if view.block => Found::Block,
        None => Found::Watch,
    });
    answer.indicator = Some(render(row)?);
    answer.campaign = campaign.map(render).transpose()?;
    Ok(answer)
}
