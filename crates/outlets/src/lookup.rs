//! One box, one verdict: what members know of a value.

use model::{Kind, Observable, Timestamp};
use released::{IndicatorView, Reader, parse_id, parse_rfc3339};

use crate::render::{OutletError, exercise, render};
use crate::views::Verdict;
use crate::words::Found;

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 4_096;

/// The verdict on a value as a person typed it. Without a kind, it is looked for as everything that it can be, and the first
/// that is released is told: thirty-two digits may be an MD5 or a JA3, and "not seen" must hold for both.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn lookup(reader: &Reader, query: &str, kind: Option<Kind>, now: Timestamp) -> Result<Verdict, OutletError> {
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
        exercise: exercise(reader)?,
    };
    let found = reader.read(|at| {
        let mut found = None;
        for reading in readings {
            // The row is of this very kind: the key that it is found by is made with it.
            if let Some(row) = at.lookup_value(&reading)? {
                found = Some((reading, row));
                break;
            }
        }
        let Some((reading, row)) = found else { return Ok(None) };
        let view = row.view::<IndicatorView>()?;
        let campaign = match view.campaign.as_deref().and_then(parse_id) {
            Some(id) => at.campaign(&id)?,
            None => None,
        };
        Ok(Some((reading, row, view, campaign)))
    })?;
    let Some((reading, row, view, campaign)) = found else {
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
    answer.kind = Some(reading.kind().as_str().to_owned());
    answer.normal = Some(reading.value().to_owned());
    let past = view.watch_until.as_deref().and_then(parse_rfc3339).is_some_and(|until| until <= now);
    say(
        &mut answer,
        match &view.common {
            Some(why) => Found::Everyday(why),
            None if past => Found::Past,
            None if view.block => Found::Block,
            None => Found::Watch,
        },
    );
    answer.indicator = Some(render(row)?);
    answer.campaign = campaign.map(render).transpose()?;
    Ok(answer)
}

fn say(answer: &mut Verdict, found: Found<'_>) {
    answer.verdict = found.verdict().to_owned();
    answer.meaning = found.meaning();
}
