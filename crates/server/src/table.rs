//! The one table of routes: routers, access checks and the OpenAPI document are all made from it.

use std::borrow::Cow;
use std::sync::LazyLock;

use register::{Right, Scope};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::{extraction_views, views};

/// Which listener a route belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Face {
    /// The members' listener.
    Member,
    /// The cell's listener.
    Cell,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Anybody who reaches the listener.
    Public,
    /// Anybody who is signed in there.
    SignedIn,
    /// Whoever has this right, by session or key.
    Needs(Right),
    /// Operators: whoever reaches the cell's listener, which stands on the operator's own network; figures need more.
    Operator,
}

/// What opens a route beside the session of somebody with all factors demanded; nothing else does unless its row says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pass {
    /// The scope with which a key opens it.
    pub scope: Option<Scope>,
    /// Whether a wall needs it.
    pub wall: bool,
    /// Whether it is open to a session that still has to enrol a second factor.
    pub enrolling: bool,
}

/// How an answer or a body is described.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Nothing.
    Empty,
    /// JSON of this schema (name, and what adds it and those that it needs to the document).
    Json(fn() -> Cow<'static, str>, fn(&mut Schemas)),
    /// Plain text of this media type.
    Text(&'static str),
    /// Any bytes.
    Bytes,
}

/// Schemas by name, as they are collected.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

fn collect<T: ToSchema>(into: &mut Schemas) {
    into.push((T::name().into_owned(), T::schema()));
    T::schemas(into);
}

pub(crate) const fn json<T: ToSchema>() -> Shape {
    Shape::Json(T::name, collect::<T>)
}

/// A parameter in the query or the path.
#[derive(Clone, Copy)]
pub struct Param {
    /// Its name; one that the path holds in braces is a path parameter.
    pub name: &'static str,
    /// What it is.
    pub text: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it is a whole number.
    pub number: bool,
}

const fn query(name: &'static str, text: &'static str) -> Param {
    Param { name, text, required: false, number: false }
}

pub(crate) const fn required(name: &'static str, text: &'static str) -> Param {
    Param { name, text, required: true, number: false }
}

pub(crate) const CURSOR: Param = query("cursor", "Where the last page ended.");
const LOOKUP: [Param; 2] = [
    required("value", "The value, defanged or not."),
    query(
        "kind",
        "Its kind, such as `ja3` or `mutex`; without it, the value is looked for as everything that it can be.",
    ),
];
const GROUP: Param = required("id", "UUID of the group.");
const LIMIT: Param = Param { name: "limit", text: "Most items of a page.", required: false, number: true };

/// One route.
#[derive(Clone)]
pub struct Route {
    /// Its listener.
    pub face: Face,
    /// HTTP method.
    pub method: &'static str,
    /// Path as axum and OpenAPI write it.
    pub path: &'static str,
    /// Name of the operation; handlers are found by it.
    pub id: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Parameters.
    pub params: Vec<Param>,
    /// Body that it takes.
    pub body: Shape,
    /// Status of success.
    pub status: u16,
    /// Answer of success.
    pub answer: Shape,
    /// Another status of success, and its answer.
    pub other: Option<(u16, Shape)>,
    /// What opens it beside a session.
    pub pass: Pass,
    /// Whether it may be sent again under an `Idempotency-Key`.
    pub once: bool,
    /// Statuses of its own problems, beside those that every route has.
    pub problems: Vec<u16>,
}

impl Route {
    pub(crate) fn new(
        face: Face,
        access: Access,
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        let problems = match access {
            Access::Public | Access::Operator => vec![],
            Access::SignedIn => vec![401],
            Access::Needs(_) => vec![401, 403],
        };
        Self {
            face,
            method,
            path,
            id,
            access,
            summary,
            params: vec![],
            body: Shape::Empty,
            status: 200,
            answer: Shape::Empty,
            other: None,
            pass: Pass::default(),
            once: false,
            problems,
        }
    }

    pub(crate) fn takes(mut self, body: Shape) -> Self {
        self.body = body;
        self.problems.extend([400, 413, 415]);
        self
    }

    pub(crate) fn with(mut self, params: &[Param]) -> Self {
        self.params = params.to_vec();
        self.problems.push(400);
        self
    }

    pub(crate) const fn gives(mut self, status: u16, answer: Shape) -> Self {
        self.status = status;
        self.answer = answer;
        self
    }

    pub(crate) const fn or_gives(mut self, status: u16, answer: Shape) -> Self {
        self.other = Some((status, answer));
        self
    }

    /// Open to keys with a scope.
    pub(crate) const fn key(mut self, scope: Scope) -> Self {
        self.pass.scope = Some(scope);
        self
    }

    /// May be sent again under an `Idempotency-Key`.
    pub(crate) const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Open to walls.
    const fn wall(mut self) -> Self {
        self.pass.wall = true;
        self
    }

    /// Open to whoever still has to enrol.
    pub(crate) const fn enrolling(mut self) -> Self {
        self.pass.enrolling = true;
        self
    }

    pub(crate) fn or(mut self, problems: &[u16]) -> Self {
        self.problems.extend(problems);
        self
    }
}

/// A route as tests enumerate it: those of the API, and the pages of each listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteInfo {
    /// Its listener.
    pub face: Face,
    /// HTTP method.
    pub method: &'static str,
    /// Path with its parameters in braces.
    pub path: &'static str,
    /// Name of the operation.
    pub id: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What opens it beside a session.
    pub pass: Pass,
}

/// Every route of both listeners: the routers are made from the same table.
#[must_use]
pub fn routes() -> Vec<RouteInfo> {
    let api = table().iter().map(|&Route { face, method, path, id, access, pass, .. }| RouteInfo {
        face,
        method,
        path,
        id,
        access,
        pass,
    });
    let (method, access, pass) = ("GET", Access::Public, Pass::default());
    let info = |face, id, path| RouteInfo { face, method, path, id, access, pass };
    let page = |face| PAGES.iter().map(move |(id, path)| info(face, id, path));
    api.chain(page(Face::Member)).chain(page(Face::Cell)).collect()
}

/// Pages of both listeners, as (name, path): `/wall` has a page of its own, `/assets/` files, the rest is drawn by one page.
pub const PAGES: &[(&str, &str)] = &[
    ("page_home", "/"),
    ("page_wall", "/wall"),
    ("page_sign_in", "/signin"),
    ("page_campaigns", "/campaigns"),
    ("page_campaign", "/campaigns/{id}"),
    ("page_search", "/search"),
    ("page_advisories", "/advisories"),
    ("page_advise", "/advisories/new"),
    ("page_noise", "/noise"),
    ("page_join", "/join"),
    ("page_account", "/account"),
    ("page_organisation", "/organisation"),
    ("page_people", "/people"),
    ("page_keys", "/keys"),
    ("page_devices", "/devices"),
    ("page_sponsor", "/sponsor"),
    ("page_members", "/members"),
    ("page_report", "/report"),
    ("page_reports", "/reports"),
    ("page_own_report", "/reports/{id}"),
    ("page_triage", "/triage/{id}"),
    ("page_groups", "/groups"),
    ("page_group", "/groups/{id}"),
    ("page_admin_members", "/admin/members"),
    ("page_admin_member", "/admin/members/{id}"),
    ("page_admin_sponsorships", "/admin/sponsorships"),
    ("page_admin_cell", "/admin/cell"),
    ("page_admin_groups", "/admin/groups"),
    ("page_admin_terms", "/admin/terms"),
    ("page_admin_audit", "/admin/audit"),
    ("page_admin_sources", "/admin/sources"),
    ("page_admin_mail", "/admin/mail"),
    ("page_admin_settings", "/admin/settings"),
    ("asset", "/assets/{*path}"),
    ("favicon", "/favicon.ico"),
];

/// Every route of the API, both listeners. Pages are in [`PAGES`].
#[must_use]
pub fn table() -> &'static [Route] {
    static TABLE: LazyLock<Vec<Route>> = LazyLock::new(|| {
        let both = |face| [crate::files::rows(face), crate::own::rows(face), crate::joining::rows(face)].concat();
        let open = [crate::plain::rows(), crate::tell::rows(), crate::outside::rows(), crate::sources::rows()].concat();
        let open = [open, crate::audit::rows(), crate::preview::rows(), crate::feedback::rows(), crate::words::rows()]
            .concat();
        [member(), crate::threads::rows(), open, both(Face::Member), cell(), both(Face::Cell)].concat()
    });
    &TABLE
}

fn member() -> Vec<Route> {
    let public = |method, path, id, summary| Route::new(Face::Member, Access::Public, method, path, id, summary);
    let route = |access, method, path, id, summary| Route::new(Face::Member, access, method, path, id, summary);
    let member = |method, path, id, summary| route(Access::Needs(Right::ReadReleased), method, path, id, summary);
    let reporter = |method, path, id, summary| route(Access::Needs(Right::Report), method, path, id, summary);
    let circle = |method, path, id, summary| route(Access::Needs(Right::ReadGroups), method, path, id, summary);
    vec![
        public("GET", "/face", "face", "Which face this listener shows.").gives(200, json::<views::FaceView>()),
        public("GET", "/openapi.json", "openapi", "This document.").gives(200, Shape::Text("application/json")),
        route(Access::SignedIn, "GET", "/api/v1/session", "session", "Who is signed in.").key(Scope::ReadReleased).wall().enrolling().gives(200, json::<views::SessionView>()),
        public("DELETE", "/api/v1/session", "sign_out", "Ends the session, if there is one.").gives(204, Shape::Empty),
        member("GET", "/api/v1/home", "home", "What a member sees first.").key(Scope::ReadReleased).wall().gives(200, json::<outlets::Home>()),
        member("GET", "/api/v1/indicators", "indicators", "Released indicators, the latest first.")
            .with(&[CURSOR, LIMIT])
            .key(Scope::ReadReleased).gives(200, json::<outlets::IndicatorList>()),
        member("GET", "/api/v1/campaigns", "campaigns", "Released campaigns, the latest changed first.")
            .with(&[CURSOR, LIMIT])
            .key(Scope::ReadReleased).gives(200, json::<outlets::CampaignList>()),
        member("GET", "/api/v1/campaigns/{id}", "campaign", "One campaign with its released values.")
            .with(&[required("id", "Id of the campaign.")])
            .key(Scope::ReadReleased).gives(200, json::<outlets::CampaignDetail>())
            .or(&[404]),
        member("GET", "/api/v1/lookup", "lookup", "What is known of one value, from released data only.")
            .with(&LOOKUP)
            .key(Scope::ReadReleased).gives(200, json::<outlets::Verdict>()),
        route(Access::Needs(Right::ReadAdvisories), "GET", "/api/v1/advisories", "advisories", "The latest texts of the cell; observers get those that are CLEAR or GREEN.")
            .key(Scope::ReadReleased).gives(200, json::<outlets::AdvisoryList>()),
        member(
            "POST",
            "/api/v1/advisories/{id}/read",
            "advisory_read",
            "Tells the cell that your organisation has read a text.",
        )
        .with(&[required("id", "Id of the advisory.")])
        .key(Scope::ReadReleased).gives(204, Shape::Empty)
        .or(&[404, 503]),
        member("GET", "/api/v1/feeds/{name}", "feed", "`watch.txt` or `block.txt`: one value a line; `watch.csv`: value, kind, tlp, pap, since, until. In an exercise the first line is `# EXERCISE`.")
            .with(&[required("name", "`watch.txt`, `watch.csv` or `block.txt`.")])
            .key(Scope::ReadReleased).gives(200, Shape::Text("text/plain"))
            .or(&[404]),
        circle("GET", "/api/v1/groups", "groups", "The sharing groups that your organisation is in.")
            .key(Scope::ReadReleased).gives(200, json::<outlets::GroupList>()),
        circle("GET", "/api/v1/groups/{id}", "group", "One of them, with its members' names; any other group is absent.")
            .with(&[GROUP])
            .key(Scope::ReadReleased).gives(200, json::<outlets::GroupDetail>())
            .or(&[404]),
        circle("GET", "/api/v1/groups/{id}/items", "group_items", "What was reported to the group since your organisation joined, the latest released first.")
            .with(&[GROUP, CURSOR, LIMIT])
            .key(Scope::ReadReleased).gives(200, json::<outlets::IndicatorList>())
            .or(&[404]),
        circle("GET", "/api/v1/groups/{id}/watch.txt", "group_watch", "Values to watch for that the group has, one a line.")
            .with(&[GROUP])
            .key(Scope::ReadReleased).gives(200, Shape::Text("text/plain"))
            .or(&[404]),
        circle("POST", "/api/v1/groups/{id}/members", "group_add", "Adds an organisation, where the group lets yours and you administer it. It gets what is reported from then on.")
            .with(&[GROUP])
            .takes(json::<views::NewGroupMember>())
            .gives(204, Shape::Empty)
            .or(&[404, 422, 503]),
        reporter("POST", "/api/v1/reports", "report", "Reports an attack; acknowledged once it is on disk, with what to do now and a signed receipt.")
            .with(&[query("lang", "Language of what to do now, such as `en`; else that of `Accept-Language`.")])
            .takes(json::<views::NewReport>())
            .once().key(Scope::Report).gives(201, json::<views::Receipt>())
            .or(&[409, 422, 429, 503]),
        reporter("POST", "/api/v1/import", "import", "Reports from a file of any known format.")
            .with(&[
                query("name", "Name of the file."),
                query("warn", "Who may be warned: `now`, `next-epoch`, `once-three`, `cell-only`, or `group:UUID` of a sharing group that you are in; of any other the report is for the cell alone."),
                query("know", "Who may know that it was you: `nobody`, `cell` or `everybody`."),
                query("tlp", "TLP 2.0 label where the file gives none."),
            ])
            .takes(Shape::Bytes)
            .once().key(Scope::Import).gives(201, json::<views::ImportReceipt>())
            .or(&[409, 422, 429, 503]),
        reporter("POST", "/api/v1/extract", "extract", "The values of a text, mail or file that is pasted or dropped, each once with where it stood; what it is shows in its content. Nothing is stored.")
            .with(&[query("name", "Name of the file.")])
            .takes(Shape::Bytes)
            .key(Scope::Report).gives(200, json::<extraction_views::Extraction>())
            .or(&[422, 429, 503]),
        member(
            "GET",
            "/api/v1/stream",
            "stream",
            "Events: `snapshot` (Home), `release` (MemberRelease), `groups` (GroupList, at the start if you are in any), `group` (GroupRelease), `resync`, `beat` (Beat).",
        )
        .key(Scope::ReadReleased).wall().gives(200, Shape::Text("text/event-stream")),
    ]
}

fn cell() -> Vec<Route> {
    let route = |access, method, path, id, summary| Route::new(Face::Cell, access, method, path, id, summary);
    let analyst = |method, path, id, summary| route(Access::Needs(Right::ReadCases), method, path, id, summary);
    let passing = |method, path, id, summary| route(Access::Needs(Right::PassCases), method, path, id, summary);
    vec![
        route(Access::Public, "GET", "/face", "cell_face", "Which face this listener shows.").gives(200, json::<views::FaceView>()),
        route(Access::Public, "GET", "/openapi.json", "cell_openapi", "This document.").gives(200, Shape::Text("application/json")),
        route(Access::SignedIn, "GET", "/cell/v1/session", "cell_session", "Who is signed in.").wall().enrolling().gives(200, json::<views::SessionView>()),
        route(Access::Public, "DELETE", "/cell/v1/session", "cell_sign_out", "Ends the session, if there is one.").gives(204, Shape::Empty),
        analyst("GET", "/cell/v1/wall", "wall", "Everything that the cell's wall shows.").wall().gives(200, json::<desk::Wall>()),
        analyst("GET", "/cell/v1/campaigns", "cell_campaigns", "Campaigns that hit several firms, the most recently active first.")
            .gives(200, json::<views::CellCampaignList>()),
        analyst("GET", "/cell/v1/campaigns/{id}", "cell_campaign", "One campaign: reports, values, links, spread.")
            .with(&[required("id", "Id of the campaign, or of one that was merged into it.")])
            .gives(200, json::<desk::CampaignPage>())
            .or(&[404]),
        analyst("GET", "/cell/v1/lookup", "cell_lookup", "What the cell knows of one value.")
            .with(&LOOKUP)
            .gives(200, json::<desk::LookupView>()),
        analyst("GET", "/cell/v1/noise", "noise", "Values that link nothing because they are everyday ones.")
            .with(&[query("q", "Part of the value."), CURSOR])
            .gives(200, json::<views::NoiseList>()),
        analyst("GET", "/cell/v1/reports/{case}", "cell_report", "One case: what its reporter says, and the thread with them. It never tells who that is.")
            .with(&[required("case", "Pseudonym of the case.")])
            .gives(200, json::<desk::CasePage>())
            .or(&[404]),
        route(Access::Needs(Right::ActOnCases), "POST", "/cell/v1/reports/{case}/messages", "cell_message", "Says something to the reporter of a case, whoever that is.")
            .with(&[required("case", "Pseudonym of the case.")])
            .takes(json::<views::NewReply>())
            .gives(201, json::<views::Made>())
            .or(&[404, 409, 422]),
        route(Access::Needs(Right::ActOnCases), "POST", "/cell/v1/reports/{case}/claim", "claim", "Takes a report: the wall shows whose it is.")
            .with(&[required("case", "Pseudonym of the case.")])
            .gives(204, Shape::Empty)
            .or(&[404, 409]),
        passing("GET", "/cell/v1/secondees", "secondees", "Secondees to whom a case can be passed, with the sectors that they are walled from.")
            .gives(200, json::<views::SecondeeList>()),
        passing("POST", "/cell/v1/reports/{case}/pass", "pass", "Lets a secondee read one report that their wall hides.")
            .with(&[required("case", "Pseudonym of the case.")])
            .takes(json::<views::NewPass>())
            .gives(204, Shape::Empty)
            .or(&[404, 422]),
        passing("DELETE", "/cell/v1/reports/{case}/pass/{person}", "take_back", "Takes a report back that was passed to a secondee.")
            .with(&[required("case", "Pseudonym of the case."), required("person", "Id of the secondee.")])
            .gives(204, Shape::Empty)
            .or(&[404]),
        route(Access::Needs(Right::Advise), "POST", "/cell/v1/advisories", "advise", "Sends a text to members.")
            .takes(json::<views::NewAdvisory>())
            .gives(201, json::<views::Made>())
            .or(&[422]),
        route(Access::Needs(Right::SetPosture), "PUT", "/cell/v1/posture", "set_posture", "Sets the posture for everybody.")
            .takes(json::<views::NewPosture>())
            .gives(204, Shape::Empty)
            .or(&[422]),
        route(Access::Needs(Right::ManageMembers), "GET", "/cell/v1/groups", "cell_groups", "Every sharing group and who is in it.")
            .gives(200, json::<views::CellGroupList>()),
        route(Access::Needs(Right::ManageMembers), "POST", "/cell/v1/groups", "make_group", "Makes a sharing group with nobody in it.")
            .takes(json::<views::NewSharingGroup>())
            .gives(201, json::<views::Made>())
            .or(&[422, 503]),
        route(Access::Needs(Right::ManageMembers), "PUT", "/cell/v1/groups/{id}/end", "end_group", "Says when a group ends; from then on it is absent to its members.")
            .with(&[GROUP])
            .takes(json::<views::NewGroupEnd>())
            .gives(204, Shape::Empty)
            .or(&[404, 422, 503]),
        route(Access::Needs(Right::ManageMembers), "POST", "/cell/v1/groups/{id}/members", "group_join", "Puts an organisation into a group.")
            .with(&[GROUP])
            .takes(json::<views::NewGroupPlace>())
            .gives(204, Shape::Empty)
            .or(&[404, 422, 503]),
        route(Access::Needs(Right::ManageMembers), "POST", "/cell/v1/groups/{id}/leave", "group_leave", "Takes an organisation out of a group, at once.")
            .with(&[GROUP])
            .takes(json::<views::NewGroupPlace>())
            .gives(204, Shape::Empty)
            .or(&[404, 422, 503]),
        analyst("GET", "/cell/v1/stream", "cell_stream", "Events: `snapshot` (Wall), `tick` (Tick), `report` (ReportRow), `claim` (Claimed), `pass` (Passed), `thread` (Said), `campaign` (CampaignRow), `campaign-gone` (CampaignGone), `alert` (AlertRow), `feeds` (SourceRow list), `posture` (PostureRow), `beat` (Beat), `resync`.")
            .wall().gives(200, Shape::Text("text/event-stream")),
        route(Access::Operator, "GET", "/health", "health", "Whether the platform is well: a word, no figures.").gives(200, json::<views::Health>()).or(&[503]),
        route(Access::Operator, "GET", "/metrics", "metrics", "Figures for Prometheus; from this machine, or with the operator's token as `Authorization: Bearer`.").gives(200, Shape::Text("text/plain")).or(&[401]),
    ]
}

/// Shapes that only events carry.
pub(crate) fn event_schemas(into: &mut Schemas) {
    collect::<outlets::ReleasedView>(into);
    collect::<views::ProblemView>(into);
    collect::<outlets::MemberRelease>(into);
    collect::<outlets::GroupRelease>(into);
    collect::<views::Beat>(into);
    collect::<views::Claimed>(into);
    collect::<views::Passed>(into);
    collect::<views::Said>(into);
    collect::<desk::Tick>(into);
    collect::<desk::ReportRow>(into);
    collect::<desk::CampaignRow>(into);
    collect::<desk::CampaignGone>(into);
    collect::<desk::AlertRow>(into);
    collect::<desk::SourceRow>(into);
    collect::<desk::PostureRow>(into);
}

#[cfg(test)]
mod tests {
    use axum::routing::MethodFilter;

    use super::*;

    #[test]
    fn every_row_has_a_handler() {
        for route in table() {
            let found = match route.face {
                Face::Member => crate::member::handler(route.id, MethodFilter::GET).is_some(),
                Face::Cell => crate::cell::handler(route.id, MethodFilter::GET).is_some(),
            };
            assert!(found, "{} {} has no handler: it would answer 404", route.method, route.path);
        }
    }
}
