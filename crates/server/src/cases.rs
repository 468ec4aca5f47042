//! One case for the cell: what its reporter says, and the thread with them. Nothing here tells who that is.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use desk::CasePage;
use model::CaseId;
use policy::planted::{self, Leak};
use vault::audit::Read;
use vault::{Vault, Words};

use crate::cell::{ACT_BYTES_MAX, CellState};
use crate::http::{self, Answer, blocking, write as reply};
use crate::problem::Problem;
use crate::session::Who;
use crate::views::{Made, NewReply};

/// `GET /cell/v1/reports/{case}`.
pub(crate) async fn show(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let now = cell.now();
    // The journal is read with nothing held.
    let page = blocking(move || {
        let sight = who.sight().lifted_by(Leak::WalledCasePage);
        let plan = cell.fold.see(&sight, now, |seen| seen.desk.case_plan(case))?;
        let Some(plan) = plan else { return Ok(None) };
        cell.note_read(&who, &Read::Case(case))?;
        let text = plan.read(&*cell.journal);
        let mut page = cell.fold.see(&sight, now, |seen| seen.desk.case_page(text, seen.fusion))?;
        if let Some(page) = &mut page {
            #[cfg(feature = "planted-leaks")]
            crate::leaks::live_grade(&cell.vault, case, now, page);
            // Secondees are of members: what other members' word is worth is none of theirs.
            page.grade = page.grade.take().filter(|_| sight.is_whole());
        }
        page.map(|page| opened(&cell.vault, case, page)).transpose()
    });
    reply(StatusCode::OK, &page.await??.ok_or_else(Problem::absent)?)
}

/// Words and files that the reporter's device sealed to the cell are opened for whoever reads the case, and lie nowhere in plain.
fn opened(vault: &Vault, case: CaseId, mut page: CasePage) -> Result<CasePage, Problem> {
    let words = vault.keys().open_words(&page.narrative).map_err(|error| {
        tracing::error!(%error, "sealed words could not be opened");
        Problem::internal()
    })?;
    (page.narrative, page.words) = match words {
        Words::Plain(words) => (words, page.words),
        Words::Opened(words) => (words, "opened".to_owned()),
        Words::Gone => (String::new(), "gone".to_owned()),
    };
    crate::sealed_files::tell(vault, case, &mut page.files);
    Ok(page)
}

/// `POST /cell/v1/reports/{case}/messages`.
pub(crate) async fn say(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewReply { text, asks } = http::json(request, ACT_BYTES_MAX).await?;
    let text = intake::message_text(&text).map_err(|problem| Problem::wrong_field(problem.to_string()))?;
    let by = who.person()?;
    let name = who.principal.name.clone();
    let exercise = cell.exercise;
    let said = blocking({
        let cell = Arc::clone(&cell);
        move || {
            let there = cell.fold.see(&who.sight(), cell.now(), |seen| seen.desk.has_case(case))?;
            if !there && planted::is_on(Leak::WalledReply) && cell.has_case(case) {
                return Err(Problem::role());
            }
            if !there {
                return Err(Problem::absent());
            }
            cell.vault.say(case, (by, name), text, asks.unwrap_or(false)).map_err(|error| {
                tracing::error!(%error, "a message of the cell could not be appended");
                Problem::busy("it could not be stored; nothing was sent")
            })
        }
    });
    match said.await?? {
        None => Err(Problem::absent()),
        Some(Err(why)) => Err(Problem::closed(why)),
        Some(Ok(id)) => reply(StatusCode::CREATED, &Made { id: id.to_string(), exercise }),
    }
}
