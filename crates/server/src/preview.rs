//! The dry run over HTTP: what others would see of a draft, by the gate's own rules. Nothing is stored and nothing logged.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use intake::{BODY_BYTES_MAX, Outcome, Preview, PreviewValue};
use model::OrganisationId;
use policy::scrub::{Finding, Generalised};
use policy::{Params, Release, When};
use register::{Readers, Register, Right, Scope};

use crate::answers::reply;
use crate::http::{self, Answer, blocking, says_json};
use crate::member::MemberState;
use crate::problem::Problem;
use crate::report_views::{CellKeyView, FindingView, MissingView, PreviewValueView, PreviewView, ReachView};
use crate::session::Who;
use crate::sources::hex;
use crate::table::{Access, Face, Route, Shape, json};

/// With fewer others than this they may guess who it was.
const FEW_OTHERS: u32 = 10;
/// Leads with a key, of whom any two open a source together.
const LEADS_MIN: usize = 2;
/// Dry runs that an organisation may have at once, and a second from then on: as fast as people type, in several windows.
pub(crate) const PREVIEWS: (f64, f64) = (600.0, 20.0);

/// The rows of the table of routes: the dry run, and the key of what it is a dry run of.
#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Route> {
    let public = |method, path, id, summary| Route::new(Face::Member, Access::Public, method, path, id, summary);
    let reporter =
        |method, path, id, summary| Route::new(Face::Member, Access::Needs(Right::Report), method, path, id, summary);
    vec![
        reporter("POST", "/api/v1/reports/preview", "preview", "What others would see of a draft, and what in it could name you. Nothing is stored; answers may be missing.")
            .takes(json::<crate::views::NewReport>())
            .key(Scope::Report).gives(200, json::<PreviewView>())
            .or(&[422, 429, 503]),
        public("GET", "/api/v1/receipt-key", "receipt_key", "Public key with which receipts can be checked, in PEM.")
            .gives(200, Shape::Text("application/x-pem-file"))
            .or(&[404]),
    ]
}

/// `POST /api/v1/reports/preview`.
pub(crate) async fn preview(
    State(MemberState(member)): State<MemberState>,
    Extension(who): Extension<Who>,
    request: Request,
) -> Answer {
    let (intake, organisation) = crate::reports::way_in(&member, &who)?;
    if !says_json(request.headers()) {
        return Err(Problem::media_type("application/json"));
    }
    let body = http::body(request, BODY_BYTES_MAX).await?;
    let now = member.clock.now();
    intake.take_preview(organisation.id, now)?;
    let (reporter, id) = (intake.reporter(organisation, now), organisation.id);
    let (answers, register, exercise) = (who.principal.answers, member.sessions.register(), member.exercise);
    // A draft may be as long as a report: the scrub reads all of it.
    let view = blocking(move || {
        let preview = intake::preview(&body, answers, &reporter, exercise)
            .map_err(|problem| Problem::wrong_field(problem.to_string()))?;
        let mut view = view(preview, id, &register, exercise);
        let key = register.cell_key().map_err(crate::me::refused)?;
        view.cell_key = key.map(|(number, public)| CellKeyView { number, public: hex(&public) });
        view.source_kept = register.lead_keys().map_err(crate::me::refused)?.len() >= LEADS_MIN;
        Ok::<_, Problem>(view)
    });
    reply(StatusCode::OK, &view.await??)
}

/// Whether it is only the cell's: nothing is released, or a hold could never open among so few.
fn effective(release: Release, register: &Register) -> Release {
    match release {
        Release::Members { when: When::OnceThreeHaveIt, .. }
            if !intake::hold_can_open(register.populations().members, &Params::DEFAULT) =>
        {
            Release::Never
        }
        other => other,
    }
}

fn view(preview: Preview, own: OrganisationId, register: &Register, exercise: bool) -> PreviewView {
    let released = |value: &PreviewValue| {
        let release = effective(value.release?, register);
        (release != Release::Never).then_some(release)
    };
    // What nothing is released of reaches nobody; a draft without values is told whom they would reach.
    let any = preview.values.iter().find_map(released);
    let release = match (preview.release, preview.values.is_empty()) {
        (None, _) => None,
        (Some(release), true) => Some(effective(release, register)),
        (Some(_), false) => Some(any.unwrap_or(Release::Never)),
    };
    let readers = release.map(|release| intake::readers(release, own, register)).unwrap_or_default();
    let few = (1..FEW_OTHERS).contains(&readers.organisations);
    let values = preview.values.into_iter().enumerate();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    PreviewView {
        reach: reach(release, readers, few),
        values: values.map(|(index, value)| value_view(number(index), value, own, register)).collect(),
        findings: preview.findings.found.into_iter().map(finding_view).collect(),
        more_findings: number(preview.findings.untold),
        problems: preview.problems.into_iter().map(|it| MissingView { field: it.field, why: it.why }).collect(),
        cell_key: None,
        source_kept: false,
        exercise,
    }
}

fn counted(n: u32, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn reach(release: Option<Release>, readers: Readers, few: bool) -> ReachView {
    let who = format!(
        "{} in {}",
        counted(readers.organisations, "other firm", "other firms"),
        counted(readers.sectors, "sector", "sectors")
    );
    let (when, mut text, alone) = match release {
        None => ("unanswered", "Say who may be warned, and you see here whom it reaches.".to_owned(), false),
        Some(Release::Never) => ("never", "Nobody but the cell would see anything of it.".to_owned(), true),
        Some(Release::Group { .. }) => {
            ("now", format!("{who} of the sharing group would see it within a second."), true)
        }
        Some(Release::Members { when, community }) => {
            let (word, text) = match when {
                When::NextTick => ("now", format!("{who} would see it within a second.")),
                When::NextEpoch => ("next-epoch", format!("{who} would see it at the next epoch.")),
                When::OnceThreeHaveIt => {
                    ("once-three", format!("{who} would see it at the epoch after three members have it."))
                }
            };
            (word, text, !community)
        }
    };
    if few {
        let others = counted(readers.organisations, "other firm", "other firms");
        text.push_str(&format!(" Only {others} can see this; they may guess."));
    }
    ReachView { when: when.to_owned(), members: readers.organisations, sectors: readers.sectors, few, alone, text }
}

fn value_view(index: u32, value: PreviewValue, own: OrganisationId, register: &Register) -> PreviewValueView {
    let release = value.release.map(|release| effective(release, register));
    let result = value.result;
    let (word, why) = match (result.outcome, result.held, release) {
        (Outcome::Refused, ..) => ("refused", result.why),
        (Outcome::LeftOut, ..) => ("left-out", result.why),
        (_, Some(held), _) => ("held", Some(held)),
        (_, None, None) => ("unanswered", Some("say who may be warned".to_owned())),
        (_, None, Some(Release::Never)) => {
            ("cell-only", Some("your answer or its marking lets nobody but the cell see it".to_owned()))
        }
        (_, None, Some(_)) => ("released", None),
    };
    let members = match release {
        Some(release) if word == "released" => intake::readers(release, own, register).organisations,
        _ => 0,
    };
    PreviewValueView {
        index,
        kind: result.observable.as_ref().map(|observable| observable.kind().as_str().to_owned()),
        value: result.observable.map(|observable| observable.value().to_owned()),
        result: word.to_owned(),
        members,
        why,
    }
}

fn finding_view(finding: Finding) -> FindingView {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut may = vec!["untick".to_owned(), "keep".to_owned()];
    if finding.generalised.is_some() {
        may.insert(1, "generalise".to_owned());
    }
    let (general, general_kind) = match finding.generalised {
        Some(Generalised::Text(text)) => (Some(text), None),
        Some(Generalised::Value(value)) => (Some(value.value().to_owned()), Some(value.kind().as_str().to_owned())),
        None => (None, None),
    };
    FindingView {
        id: finding.id,
        field: finding.field.as_str().to_owned(),
        index: finding.index.map(number),
        start: number(finding.start),
        end: number(finding.end),
        text: finding.text,
        cause: finding.trace.cause.as_str().to_owned(),
        why: finding.trace.why,
        holds: finding.field == policy::scrub::Field::Value,
        may,
        general,
        general_kind,
    }
}
