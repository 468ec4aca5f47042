//! What waits of people without an account, for the cell to read: it is easily passed by on a busy wall.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use register::Right;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cell::CellState;
use crate::http::{Answer, blocking, write as reply};
use crate::me;
use crate::session::Who;
use crate::table::{Access, Face, Route, json};

/// Cases of the list: as many as may wait unless an operator allows more.
const LISTED_MAX: usize = 50;

/// Reports from outside the partnership that nobody of the cell has claimed or answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutsideList {
    /// The longest waiting first, at most 50.
    pub items: Vec<desk::OutsideRow>,
    /// How many there are.
    pub waiting: u64,
    /// Whether as many wait as may: until some are read, the page for people without an account takes no more.
    pub full: bool,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The rows of the table of routes.
pub(crate) fn rows() -> Vec<Route> {
    let summary = "What people without an account have told and nobody of the cell has read.";
    vec![
        Route::new(Face::Cell, Access::Needs(Right::ReadCases), "GET", "/cell/v1/outside", "outside", summary)
            .gives(200, json::<OutsideList>()),
    ]
}

/// `GET /cell/v1/outside`.
pub(crate) async fn list(State(CellState(cell)): State<CellState>, Extension(who): Extension<Who>) -> Answer {
    let settings = me::ask(&cell.sessions, |register| register.joining_settings()).await?;
    let most = usize::try_from(settings.outsiders_unread).unwrap_or(usize::MAX);
    let (now, exercise) = (cell.now(), cell.exercise);
    let seen = blocking(move || {
        let look = |seen: crate::walled::Seen<'_>| (seen.desk.outside_rows(LISTED_MAX), seen.desk.outside_unread());
        cell.fold.see(&who.sight(), now, look)
    });
    let (items, waiting) = seen.await??;
    reply(StatusCode::OK, &OutsideList { items, waiting: waiting as u64, full: waiting >= most, exercise })
}
