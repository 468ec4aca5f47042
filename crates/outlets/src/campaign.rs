//! One campaign in released form: its values, and what was released of it when.

use released::{CampaignView, Reader, Released, Row, parse_id, rfc3339};

use crate::render::{OutletError, exercise, render, render_all};
use crate::views::{CampaignDetail, ReleaseStep};

const INDICATORS_MAX: usize = 500;
const VERSIONS_MAX: usize = 500;
/// Steps that a timeline shows; the latest.
const STEPS_MAX: usize = 100;

/// A campaign by its id as members know it, or by that of one that became part of it; `None` if they have none of that id.
///
/// # Errors
/// [`OutletError`] if the store cannot be read.
pub fn campaign(reader: &Reader, id: &str) -> Result<Option<CampaignDetail>, OutletError> {
    let Some(id) = parse_id(id) else { return Ok(None) };
    let found = reader.read(|at| {
        let Some(row) = at.campaign(&id)? else { return Ok(None) };
        let id = row.id;
        Ok(Some((row, at.campaign_members(&id, INDICATORS_MAX)?, at.campaign_versions(&id, VERSIONS_MAX)?)))
    })?;
    let Some((row, (members, more), versions)) = found else { return Ok(None) };
    Ok(Some(CampaignDetail {
        campaign: render(row)?,
        indicators: render_all(members)?,
        more,
        timeline: timeline(versions)?,
        exercise: exercise(reader)?,
    }))
}

/// Each release tick that changed the campaign, oldest first.
fn timeline(versions: Vec<Released<Row>>) -> Result<Vec<ReleaseStep>, OutletError> {
    let all_are_here = versions.len() < VERSIONS_MAX;
    let mut steps = Vec::new();
    let mut before: Option<Released<CampaignView>> = None;
    for row in versions.iter().rev().filter(|row| !row.is_withdrawn()) {
        let now = row.view::<CampaignView>()?;
        if before.is_some() || all_are_here {
            let step = step(before.as_deref(), &now);
            steps.extend(step.map(|(text, indicators)| ReleaseStep { at: rfc3339(row.tick), text, indicators }));
        }
        before = Some(now);
    }
    let skip = steps.len().saturating_sub(STEPS_MAX);
    Ok(steps.split_off(skip))
}

/// What one version tells more than the one before; `None` if nothing that a timeline tells.
fn step(before: Option<&CampaignView>, now: &CampaignView) -> Option<(String, u32)> {
    let indicators = now.indicators.saturating_sub(before.map_or(0, |before| before.indicators));
    let mut parts = Vec::new();
    match (before.is_none(), indicators) {
        (true, 1) => parts.push("First seen, with one value".to_owned()),
        (true, n) => parts.push(format!("First seen, with {n} values")),
        (false, 0) => {}
        (false, 1) => parts.push("One more value".to_owned()),
        (false, n) => parts.push(format!("{n} more values")),
    }
    if let Some(band) =
        now.band.as_deref().filter(|band| before.and_then(|before| before.band.as_deref()) != Some(band))
    {
        parts.push(format!("at least {} members are hit", band.trim_end_matches('+')));
    }
    let is_new = |list: fn(&CampaignView) -> &Vec<String>, name: &String| {
        before.is_none_or(|before| !list(before).contains(name))
    };
    parts.extend(
        now.sectors.iter().filter(|name| is_new(|view| &view.sectors, name)).map(|name| format!("sector {name}")),
    );
    parts.extend(
        now.regions.iter().filter(|name| is_new(|view| &view.regions, name)).map(|name| format!("region {name}")),
    );
    (!parts.is_empty()).then(|| (parts.join("; "), indicators))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(indicators: u32, band: Option<&str>, sectors: &[&str]) -> CampaignView {
        CampaignView {
            r#type: "campaign".into(),
            id: String::new(),
            title: String::new(),
            released_at: String::new(),
            updated_at: String::new(),
            band: band.map(str::to_owned),
            sectors: sectors.iter().map(|&sector| sector.to_owned()).collect(),
            regions: vec![],
            tlp: "GREEN".into(),
            attack: None,
            techniques: vec![],
            indicators,
            exercise: false,
        }
    }

    #[test]
    fn steps_tell_what_is_new() {
        let check = |before: Option<CampaignView>, now: CampaignView, expect: Option<(&str, u32)>| {
            assert_eq!(step(before.as_ref(), &now), expect.map(|(text, n)| (text.to_owned(), n)));
        };
        check(None, view(1, None, &[]), Some(("First seen, with one value", 1)));
        check(None, view(3, None, &[]), Some(("First seen, with 3 values", 3)));
        check(Some(view(3, None, &[])), view(3, None, &[]), None);
        check(
            Some(view(3, None, &[])),
            view(4, Some("4+"), &[]),
            Some(("One more value; at least 4 members are hit", 1)),
        );
        check(
            Some(view(4, Some("4+"), &["Energy"])),
            view(4, Some("4+"), &["Energy", "Water"]),
            Some(("sector Water", 0)),
        );
    }
}
