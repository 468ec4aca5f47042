//! Lists in order of release, in pages.

use policy::NounKind;
use released::{Reader, parse_id};

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

/// The latest texts of the cell.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn advisories(reader: &Reader) -> Result<AdvisoryList, OutletError> {
    let items = render_all(reader.latest(NounKind::Advisory, ADVISORIES_MAX)?)?;
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
