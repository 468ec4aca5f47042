//! What analysts say of campaigns: that two reports are of one attack or are not, and what a campaign is called.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use model::{CampaignId, CaseId};
use register::Right;
use serde::Deserialize;
use utoipa::ToSchema;
use vault::{CAMPAIGN_NAME_CHARS_MAX, REASON_CHARS_MAX, Word};

use crate::cell::{ACT_BYTES_MAX, CellParts, CellState};
use crate::http::{self, Answer, blocking, nothing};
use crate::problem::Problem;
use crate::session::Who;
use crate::table::{Access, Face, Param, Route, Shape, json, required};

/// Shortest reason of a word, in characters.
const REASON_CHARS_MIN: usize = 10;

/// Says whether two reports are of one attack.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelation {
    /// Pseudonym of the other case.
    pub other: String,
    /// Whether they are of one attack. If not, they are never in one campaign until somebody says otherwise.
    pub same: bool,
    /// Why, in 10 to 500 characters; the cell sees it.
    pub reason: String,
}

/// Names a campaign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewName {
    /// What the cell calls it, in 80 characters at most; empty takes the name back. Members do not see it.
    pub name: String,
}

/// The rows of the table of routes.
pub(crate) fn rows() -> Vec<Route> {
    let route = |method, path, id, summary| {
        Route::new(Face::Cell, Access::Needs(Right::JudgeCases), method, path, id, summary)
            .gives(204, Shape::Empty)
            .or(&[404, 409, 422])
    };
    const CASE: Param = required("case", "Pseudonym of a case.");
    const CAMPAIGN: Param = required("id", "Id of the campaign, or of one that was merged into it.");
    vec![
        route("POST", "/cell/v1/reports/{case}/related", "relate", "Says whether a report and another one are of one attack. The campaigns of both become one, or the campaign of both becomes two; of words that contradict each other the latest counts.")
            .with(&[CASE])
            .takes(json::<NewRelation>()),
        route("PUT", "/cell/v1/campaigns/{id}/name", "name_campaign", "Says what the cell calls a campaign. The name goes with its oldest report, whatever is merged or split.")
            .with(&[CAMPAIGN])
            .takes(json::<NewName>()),
    ]
}

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<CellState>> {
    Some(match id {
        "relate" => on(filter, relate),
        "name_campaign" => on(filter, name),
        _ => return None,
    })
}

impl CellParts {
    fn say_of(&self, case: CaseId, who: &Who, what: Word) -> Result<(), Problem> {
        let by = (who.person()?, who.principal.name.clone());
        let said = self.vault.say_of(case, by, what).map_err(|error| {
            tracing::error!(%error, "an analyst's word could not be appended");
            Problem::busy("it could not be stored; nothing was done")
        })?;
        said.map_err(Problem::closed)
    }
}

async fn relate(State(state): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewRelation { other, same, reason } = http::json(request, ACT_BYTES_MAX).await?;
    let other: CaseId =
        other.parse().map_err(|_| Problem::wrong_field("other: the pseudonym of a case is asked for"))?;
    let reason = reason.trim().to_owned();
    if !(REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        let why = format!("reason: {REASON_CHARS_MIN} to {REASON_CHARS_MAX} characters are asked for");
        return Err(Problem::wrong_field(why));
    }
    let CellState(cell) = state;
    let done = blocking({
        let cell = Arc::clone(&cell);
        move || {
            cell.sees(&who, case)?;
            cell.sees(&who, other)?;
            if other == case {
                return Err(Problem::wrong_field("other: another case than the one in the address is asked for"));
            }
            // Said once more it is one more word: whether it counted already may hang on reports that members do not have.
            cell.say_of(case, &who, Word::Related { other, same, reason })
        }
    });
    done.await??;
    Ok(nothing())
}

async fn name(State(state): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let id: CampaignId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewName { name } = http::json(request, ACT_BYTES_MAX).await?;
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > CAMPAIGN_NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let why = format!("name: {CAMPAIGN_NAME_CHARS_MAX} characters at most, none of them a control character");
        return Err(Problem::wrong_field(why));
    }
    let CellState(cell) = state;
    let done = blocking({
        let cell = Arc::clone(&cell);
        move || {
            let oldest = cell.fold.see(&who.sight(), cell.now(), |seen| seen.fusion.brief(id).map(|brief| brief.id))?;
            let case = CaseId::from_bytes(*oldest.ok_or_else(Problem::absent)?.as_bytes());
            cell.say_of(case, &who, Word::Named(name))
        }
    });
    done.await??;
    Ok(nothing())
}
