//! What the cell feeds back to the source of a case, whoever that is: what the case was worth, and that less is taken of its source for
//! a while. It goes by the way back, and whoever does it learns that it is done.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use model::CaseId;
use register::Right;
use serde::Deserialize;
use utoipa::ToSchema;
use vault::{Feedback, REASON_CHARS_MAX, Verdict};

use crate::cell::{ACT_BYTES_MAX, CellState};
use crate::http::{self, Answer, blocking, nothing};
use crate::problem::Problem;
use crate::session::Who;
use crate::table::{Access, Face, Param, Route, Shape, json, required};

/// Shortest reason of a limit, in characters.
const REASON_CHARS_MIN: usize = 10;

/// What a case was worth.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVerdict {
    /// `confirmed`, `false` (or noise), or `open` to take back what was said before.
    pub verdict: String,
}

/// Asks that less be taken of the source of a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLimit {
    /// Why, in 10 to 500 characters. It is kept, and the source is not told.
    pub reason: String,
}

/// The rows of the table of routes.
pub(crate) fn rows() -> Vec<Route> {
    let route = |right, method, path, id, summary| {
        const CASE: Param = required("case", "Pseudonym of the case.");
        let row = Route::new(Face::Cell, Access::Needs(right), method, path, id, summary).with(&[CASE]);
        row.gives(204, Shape::Empty).or(&[404, 409, 422])
    };
    vec![
        route(Right::JudgeCases, "PUT", "/cell/v1/reports/{case}/verdict", "verdict", "Says what a case was worth. From the next window of 30 days on it tells on the letter of its source, whoever that is.")
            .takes(json::<NewVerdict>()),
        route(Right::OpenSources, "POST", "/cell/v1/reports/{case}/limit", "limit_source", "Limits the source of a case, whoever that is: for 24 hours one report in 15 minutes is taken of it. The answer is the same for every case.")
            .takes(json::<NewLimit>()),
    ]
}

pub(crate) fn handler(id: &str, filter: MethodFilter) -> Option<MethodRouter<CellState>> {
    Some(match id {
        "verdict" => on(filter, judge),
        "limit_source" => on(filter, limit),
        _ => return None,
    })
}

/// Feeds something back, if the sender sees the case.
async fn feed_back(state: CellState, who: Who, case: CaseId, what: Feedback) -> Answer {
    let CellState(cell) = state;
    let by = (who.person()?, who.principal.name.clone());
    let done = blocking({
        let cell = Arc::clone(&cell);
        move || {
            cell.sees(&who, case)?;
            // Said once more, it is said already.
            let known = |verdict| cell.fold.see(&who.sight(), cell.now(), |seen| seen.desk.verdict(case) == verdict);
            if let Feedback::Judged(verdict) = &what
                && known(*verdict)?
            {
                return Ok(Ok(()));
            }
            cell.vault.feed_back(case, by, what).map_err(|error| {
                tracing::error!(%error, "what the cell fed back could not be appended");
                Problem::busy("it could not be stored; nothing was done")
            })
        }
    });
    done.await??.map_err(Problem::closed)?;
    Ok(nothing())
}

async fn judge(State(state): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewVerdict { verdict } = http::json(request, ACT_BYTES_MAX).await?;
    let words = "verdict: confirmed, false or open is asked for";
    let verdict = Verdict::from_name(&verdict).ok_or_else(|| Problem::wrong_field(words))?;
    feed_back(state, who, case, Feedback::Judged(verdict)).await
}

async fn limit(State(state): State<CellState>, Extension(who): Extension<Who>, mut request: Request) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewLimit { reason } = http::json(request, ACT_BYTES_MAX).await?;
    let reason = reason.trim().to_owned();
    if !(REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        let why = format!("reason: {REASON_CHARS_MIN} to {REASON_CHARS_MAX} characters are asked for");
        return Err(Problem::wrong_field(why));
    }
    feed_back(state, who, case, Feedback::Limited { reason }).await
}
