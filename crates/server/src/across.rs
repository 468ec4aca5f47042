//! Passing a case across a wall: somebody of the cell gives one case to one secondee, and may take it back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use model::{CaseId, PersonId};
use register::{Person, Role};
use vault::Body;

use crate::cell::{ACT_BYTES_MAX, CellParts, CellState};
use crate::http::{self, Answer, blocking, nothing, write as reply};
use crate::problem::Problem;
use crate::session::Who;
use crate::views::{NewPass, SecondeeList, SecondeeRow};

/// Secondees that are listed.
const SECONDEES_MAX: usize = 200;

impl CellParts {
    /// Secondees who may read cases now.
    fn vetted(&self) -> Result<Vec<Person>, Problem> {
        let now = self.now();
        let people = self.sessions.register().people().map_err(|error| {
            tracing::error!(%error, "the register cannot be read");
            Problem::internal()
        })?;
        let vetted = |person: &Person| person.secondment.as_ref().is_some_and(|held| now < held.vetted_until);
        let secondee = |person: &Person| person.role == Role::Secondee && !person.disabled && vetted(person);
        Ok(people.into_iter().filter(secondee).collect())
    }

    /// Whether the sender sees a case: to others it is absent.
    pub(crate) fn sees(&self, who: &Who, case: CaseId) -> Result<(), Problem> {
        let there = self.fold.see(&who.sight(), self.now(), |seen| seen.desk.has_case(case))?;
        if there { Ok(()) } else { Err(Problem::absent()) }
    }
}

/// To whom a case can be passed.
pub(crate) async fn secondees(State(CellState(cell)): State<CellState>) -> Answer {
    let exercise = cell.exercise;
    let people = blocking(move || cell.vetted()).await??;
    let row = |person: Person| SecondeeRow {
        id: person.id.to_string(),
        name: person.name,
        walled: person.secondment.iter().flat_map(|held| &held.wall).map(|sector| sector.title().to_owned()).collect(),
    };
    let items = people.into_iter().take(SECONDEES_MAX).map(row).collect();
    reply(StatusCode::OK, &SecondeeList { items, exercise })
}

/// Lets a secondee read one case that the wall hides.
pub(crate) async fn pass(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let case: CaseId = http::path(&mut request).await?.parse().map_err(|_| Problem::absent())?;
    let NewPass { to } = http::json(request, ACT_BYTES_MAX).await?;
    let by = who.person()?;
    let found = blocking({
        let cell = Arc::clone(&cell);
        move || {
            cell.sees(&who, case)?;
            let nobody = || Problem::wrong_field("to: there is no secondee with this id");
            let to: PersonId = to.parse().map_err(|_| nobody())?;
            let person = cell.vetted()?.into_iter().find(|person| person.id == to).ok_or_else(nobody)?;
            Ok::<_, Problem>((!cell.fold.is_passed(case, to)).then_some(person))
        }
    });
    if let Some(Person { id: to, name, .. }) = found.await?? {
        cell.append(Body::Pass { case, to, name, by, given: true }).await?;
    }
    Ok(nothing())
}

/// Takes a case back: the secondee's picture is made anew without it.
pub(crate) async fn take_back(
    State(CellState(cell)): State<CellState>,
    Extension(who): Extension<Who>,
    mut request: Request,
) -> Answer {
    let (case, to) = http::paths(&mut request).await?;
    let case: CaseId = case.parse().map_err(|_| Problem::absent())?;
    let to: PersonId = to.parse().map_err(|_| Problem::absent())?;
    let by = who.person()?;
    let passed = blocking({
        let cell = Arc::clone(&cell);
        move || {
            cell.sees(&who, case)?;
            Ok::<_, Problem>(cell.fold.is_passed(case, to))
        }
    });
    if !passed.await?? {
        return Err(Problem::absent());
    }
    cell.append(Body::Pass { case, to, name: String::new(), by, given: false }).await?;
    Ok(nothing())
}
