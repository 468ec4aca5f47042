//! Lists in order of release, in pages.

use std::borrow::Cow;

use model::Tlp;
use policy::NounKind;
use released::{Reader, parse_id};
use serde::Deserialize;

use crate::render::{OutletError, exercise, render_all};
use crate::views::{AdvisoryList, CampaignList, IndicatorList};

/// Items of a page, if the request does not say.
pub const LIMIT_DEFAULT: usize = 50;
/// Most items of a page.
pub const LIMIT_MAX: usize = 500;
const ADVISORIES_MAX: usize = 50;

/// A page of indicators, the latest first.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn indicators(reader: &Reader, cursor: Option<&str>, limit: usize) -> Result<IndicatorList, OutletError> {
    let page = reader.page(NounKind::Indicator, cursor, limit.min(LIMIT_MAX))?;
    Ok(IndicatorList { items: render_all(page.items)?, next: page.next, exercise: exercise(reader)? })
}

/// A page of campaigns, the latest changed first.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn campaigns(reader: &Reader, cursor: Option<&str>, limit: usize) -> Result<CampaignList, OutletError> {
    let page = reader.page(NounKind::Campaign, cursor, limit.min(LIMIT_MAX))?;
    Ok(CampaignList { items: render_all(page.items)?, next: page.next, exercise: exercise(reader)? })
}

/// The latest texts of the cell, up to a label if given: observers are no members, and get what is for the community.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn advisories(reader: &Reader, up_to: Option<Tlp>) -> Result<AdvisoryList, OutletError> {
    #[derive(Deserialize)]
    struct Label<'a> {
        #[serde(borrow)]
        tlp: Cow<'a, str>,
    }
    let mut rows = reader.latest(NounKind::Advisory, ADVISORIES_MAX)?;
    if let Some(up_to) = up_to {
        // A text whose label cannot be read is for nobody here.
        let label = |body: &str| serde_json::from_str::<Label<'_>>(body).ok()?.tlp.parse::<Tlp>().ok();
        rows.retain(|row| label(&row.body).is_some_and(|tlp| tlp <= up_to));
    }
    let items = render_all(rows)?;
    Ok(AdvisoryList { items, exercise: exercise(reader)? })
}

/// Whether members have an advisory, by its id as they know it.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn has_advisory(reader: &Reader, id: &str) -> Result<bool, OutletError> {
    let Some(id) = parse_id(id) else { return Ok(false) };
    Ok(reader.by_id(NounKind::Advisory, &id)?.is_some())
}
