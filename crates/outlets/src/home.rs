//! What a member sees first: posture, texts of the cell, campaigns, the latest values.

use model::Timestamp;
use policy::NounKind;
use released::{Reader, rfc3339};

use crate::render::{OutletError, render_all};
use crate::views::Home;

const ADVISORIES_MAX: usize = 3;
const CAMPAIGNS_MAX: usize = 10;
const INDICATORS_MAX: usize = 30;

/// The first page, and the release tick that it is of; `now` is told where nothing was released yet.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn home(reader: &Reader, now: Timestamp) -> Result<(Home, Option<Timestamp>), OutletError> {
    let (head, posture, advisories, campaigns, latest) = reader.read(|at| {
        Ok((
            at.head_tick()?,
            at.latest(NounKind::Posture, 1)?,
            at.latest(NounKind::Advisory, ADVISORIES_MAX)?,
            at.latest(NounKind::Campaign, CAMPAIGNS_MAX)?,
            at.latest(NounKind::Indicator, INDICATORS_MAX)?,
        ))
    })?;
    let home = Home {
        as_of: rfc3339(head.unwrap_or(now)),
        posture: render_all(posture)?.pop(),
        advisories: render_all(advisories)?,
        campaigns: render_all(campaigns)?,
        latest: render_all(latest)?,
    };
    Ok((home, head))
}
