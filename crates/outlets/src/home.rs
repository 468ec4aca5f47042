//! What a member sees first: posture, texts of the cell, campaigns, the latest values.

use model::Timestamp;
use policy::NounKind;
use released::{CampaignView, Reader, rfc3339};

use crate::render::{OutletError, exercise, render_all};
use crate::views::Home;

const ADVISORIES_MAX: usize = 3;
const CAMPAIGNS_MAX: usize = 10;
/// Latest campaigns among which those shown are chosen.
const CAMPAIGNS_CONSIDERED: usize = 200;
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
            at.latest(NounKind::Campaign, CAMPAIGNS_CONSIDERED)?,
            at.latest(NounKind::Indicator, INDICATORS_MAX)?,
        ))
    })?;
    // Every report makes a campaign; those that are known to have hit several members come first.
    let (mut chosen, mut narrow) = (Vec::new(), Vec::new());
    for campaign in campaigns {
        let broad = !campaign.is_withdrawn() && campaign.view::<CampaignView>()?.band.is_some();
        if broad { &mut chosen } else { &mut narrow }.push(campaign);
    }
    chosen.extend(narrow);
    chosen.truncate(CAMPAIGNS_MAX);
    let home = Home {
        as_of: rfc3339(head.unwrap_or(now)),
        posture: render_all(posture)?.pop(),
        advisories: render_all(advisories)?,
        campaigns: render_all(chosen)?,
        latest: render_all(latest)?,
        exercise: exercise(reader)?,
    };
    Ok((home, head))
}
