//! Rows of the table of routes about joining, organisations and people.

use register::Right;

use crate::joining_views as views;
use crate::table::{Access, Face, Param, Route, Shape, json, required};

const CURSOR: Param = Param { name: "cursor", text: "Where the last page ended.", required: false, number: false };
const SEARCH: Param = Param { name: "q", text: "Part of the name.", required: false, number: false };
const STATUS: Param = Param {
    name: "status",
    text: "`invited`, `active`, `dormant`, `suspended` or `left`.",
    required: false,
    number: false,
};
const ID: [Param; 1] = [required("id", "Its id.")];

/// What whoever has a link does, at the listener that the link names.
fn joining(face: Face) -> Vec<Route> {
    let [look, join, enrol] = match face {
        Face::Member => ["/api/v1/join/look", "/api/v1/join", "/api/v1/join/session"],
        Face::Cell => ["/cell/v1/join/look", "/cell/v1/join", "/cell/v1/join/session"],
    };
    let ids = match face {
        Face::Member => ["join_look", "join", "join_session"],
        Face::Cell => ["cell_join_look", "cell_join", "cell_join_session"],
    };
    let [look_id, join_id, enrol_id] = ids;
    let public = |path, id, summary| Route::new(face, Access::Public, "POST", path, id, summary);
    vec![
        public(
            look,
            look_id,
            "What a link is for. Links that were used, withdrawn, are too old or never were one are alike.",
        )
        .takes(json::<views::NewLook>())
        .gives(200, json::<views::InvitedView>())
        .or(&[404, 422, 429]),
        public(
            join,
            join_id,
            "Accepts an invitation: makes the account, without a way to sign in, and gives the ticket that sets one.",
        )
        .takes(json::<views::NewJoin>())
        .gives(201, json::<views::JoinedView>())
        .or(&[404, 409, 422, 429]),
        public(
            enrol,
            enrol_id,
            "Uses a ticket up and begins a session that sets a first way to sign in and does nothing else before.",
        )
        .takes(json::<views::NewEnrolment>())
        .gives(200, json::<crate::views::SessionView>())
        .or(&[404, 422, 429]),
    ]
}

fn member() -> Vec<Route> {
    let route = |access, method, path, id, summary| Route::new(Face::Member, access, method, path, id, summary);
    let sees = |method, path, id, summary| route(Access::Needs(Right::ReadOwn), method, path, id, summary);
    let acts = |method, path, id, summary| route(Access::Needs(Right::ManageOwn), method, path, id, summary);
    vec![
        route(Access::SignedIn, "GET", "/api/v1/organisation", "own_organisation", "Your organisation.")
            .gives(200, json::<views::OwnOrganisation>()),
        acts(
            "PUT",
            "/api/v1/organisation",
            "edit_own",
            "Says what belongs to your organisation; name and sectors are the cell's to change. What its invitation proposed counts from the first time on, as far as it is said here.",
        )
        .takes(json::<views::NewOwnOrganisation>())
        .gives(204, Shape::Empty)
        .or(&[422]),
        route(
            Access::Needs(Right::ReadDirectory),
            "GET",
            "/api/v1/directory",
            "directory",
            "Who is in the partnership, by name and sector: nothing tells who is active.",
        )
        .with(&[SEARCH, CURSOR])
        .gives(200, json::<views::Directory>()),
        sees("GET", "/api/v1/people", "people", "The people of your organisation.")
            .with(&[CURSOR])
            .gives(200, json::<views::PersonList>()),
        acts(
            "PUT",
            "/api/v1/people/{id}",
            "edit_person",
            "Gives somebody of your organisation another role, or refuses them; the last administrator stays.",
        )
        .with(&ID)
        .takes(json::<views::NewPersonState>())
        .gives(204, Shape::Empty)
        .or(&[404, 422]),
        acts(
            "DELETE",
            "/api/v1/people/{id}",
            "close_person",
            "Closes an account for good: sessions, walls and links of it end, its address may join anew.",
        )
        .with(&ID)
        .gives(204, Shape::Empty)
        .or(&[404, 422]),
        sees("GET", "/api/v1/invitations", "own_invitations", "Whom your organisation has invited.")
            .with(&[CURSOR])
            .gives(200, json::<views::InvitationList>()),
        acts("POST", "/api/v1/invitations", "invite_person", "Invites somebody to your organisation.")
            .takes(json::<views::NewPersonInvitation>())
            .gives(201, json::<views::LinkView>())
            .or(&[422]),
        acts(
            "POST",
            "/api/v1/invitations/{id}/resend",
            "resend_own",
            "Sends another link; the one before stops working.",
        )
        .with(&ID)
        .gives(200, json::<views::LinkView>())
        .or(&[404, 422]),
        acts("DELETE", "/api/v1/invitations/{id}", "withdraw_own", "Takes an invitation back.")
            .with(&ID)
            .gives(204, Shape::Empty)
            .or(&[404, 422]),
        sees("GET", "/api/v1/sponsorships", "own_sponsorships", "Firms that your organisation has proposed.")
            .with(&[CURSOR])
            .gives(200, json::<views::SponsorshipList>()),
        acts("POST", "/api/v1/sponsorships", "propose", "Proposes a firm; the cell decides.")
            .takes(json::<views::NewSponsorshipView>())
            .gives(201, json::<crate::views::Made>())
            .or(&[409, 422]),
        acts("DELETE", "/api/v1/sponsorships/{id}", "withdraw_sponsorship", "Takes a proposal back that waits.")
            .with(&ID)
            .gives(204, Shape::Empty)
            .or(&[404]),
        route(
            Access::SignedIn,
            "GET",
            "/api/v1/terms",
            "own_terms",
            "The terms, and how your organisation stands to them.",
        )
        .gives(200, json::<views::TermsStandingView>()),
        sees(
            "POST",
            "/api/v1/terms/accept",
            "accept_terms",
            "Accepts the latest version for your organisation, also when it can only read.",
        )
        .takes(json::<views::NewAcceptance>())
        .gives(204, Shape::Empty)
        .or(&[409, 422]),
        sees("GET", "/api/v1/acts", "own_acts", "What the people of your organisation did, by day.")
            .gives(200, json::<views::OwnActs>()),
    ]
}

fn cell() -> Vec<Route> {
    let route =
        |right, method, path, id, summary| Route::new(Face::Cell, Access::Needs(right), method, path, id, summary);
    let lead = |method, path, id, summary| route(Right::ManageMembers, method, path, id, summary);
    let staff = |method, path, id, summary| route(Right::ManageCell, method, path, id, summary);
    let system = |method, path, id, summary| route(Right::RunSystem, method, path, id, summary);
    vec![
        lead("GET", "/cell/v1/organisations", "organisations", "Organisations by name.")
            .with(&[SEARCH, STATUS, CURSOR])
            .gives(200, json::<views::OrganisationList>()),
        lead("POST", "/cell/v1/organisations", "invite_organisation", "Invites a firm, or again one that has left.")
            .takes(json::<views::NewOrganisationView>())
            .gives(201, json::<views::LinkView>())
            .or(&[409, 422]),
        lead("GET", "/cell/v1/organisations/{id}", "organisation", "One organisation.")
            .with(&ID)
            .gives(200, json::<views::OrganisationPage>())
            .or(&[404]),
        lead("PUT", "/cell/v1/organisations/{id}", "edit_organisation", "Says what an organisation is.")
            .with(&ID)
            .takes(json::<views::NewOrganisationEdit>())
            .gives(204, Shape::Empty)
            .or(&[404, 409, 422]),
        lead(
            "PUT",
            "/cell/v1/organisations/{id}/status",
            "organisation_status",
            "Suspends an organisation, lets it take part again, or ends its membership.",
        )
        .with(&ID)
        .takes(json::<views::NewStatus>())
        .gives(204, Shape::Empty)
        .or(&[404, 422]),
        lead(
            "POST",
            "/cell/v1/organisations/{id}/recovery",
            "recovery",
            "Asks that an organisation whose administrator lost the way in be given another one, or agrees to it: of two leads who ask for the same the second agrees. Its people are told of both.",
        )
        .with(&ID)
        .takes(json::<views::NewRecovery>())
        .gives(201, json::<views::RecoveryView>())
        .or_gives(202, json::<views::RecoveryView>())
        .or(&[404, 422]),
        lead(
            "DELETE",
            "/cell/v1/organisations/{id}/recovery",
            "drop_recovery",
            "Takes back that another way in was asked for.",
        )
        .with(&ID)
        .gives(204, Shape::Empty)
        .or(&[404]),
        lead("GET", "/cell/v1/organisations/{id}/people", "organisation_people", "The people of an organisation.")
            .with(&[ID[0], CURSOR])
            .gives(200, json::<views::PersonList>())
            .or(&[404]),
        staff("GET", "/cell/v1/people", "cell_people", "The people of the cell.")
            .with(&[CURSOR])
            .gives(200, json::<views::PersonList>()),
        staff(
            "PUT",
            "/cell/v1/people/{id}",
            "edit_cell_person",
            "Gives somebody another role, or refuses them; the last lead stays.",
        )
        .with(&ID)
        .takes(json::<views::NewPersonState>())
        .gives(204, Shape::Empty)
        .or(&[404, 422]),
        staff("DELETE", "/cell/v1/people/{id}", "close_cell_person", "Closes an account for good.")
            .with(&ID)
            .gives(204, Shape::Empty)
            .or(&[404, 422]),
        lead("GET", "/cell/v1/invitations", "invitations", "Organisations and people whom the cell has invited.")
            .with(&[CURSOR])
            .gives(200, json::<views::InvitationList>()),
        staff(
            "POST",
            "/cell/v1/invitations",
            "invite_to_cell",
            "Invites somebody to the cell, or to an observing organisation.",
        )
        .takes(json::<views::NewCellInvitation>())
        .gives(201, json::<views::LinkView>())
        .or(&[404, 422]),
        lead(
            "POST",
            "/cell/v1/invitations/{id}/resend",
            "resend_invitation",
            "Sends another link; the one before stops working.",
        )
        .with(&ID)
        .gives(200, json::<views::LinkView>())
        .or(&[404, 422]),
        lead("DELETE", "/cell/v1/invitations/{id}", "withdraw_invitation", "Takes an invitation back.")
            .with(&ID)
            .gives(204, Shape::Empty)
            .or(&[404, 422]),
        lead("GET", "/cell/v1/sponsorships", "sponsorships", "Firms that members have proposed.")
            .with(&[CURSOR])
            .gives(200, json::<views::CellSponsorshipList>()),
        lead("POST", "/cell/v1/sponsorships/{id}/approve", "approve", "Invites a firm that was proposed.")
            .with(&ID)
            .gives(201, json::<views::LinkView>())
            .or(&[404, 409, 422]),
        lead(
            "POST",
            "/cell/v1/sponsorships/{id}/refuse",
            "refuse",
            "Does not invite a firm that was proposed: its sponsor is told \"not now\".",
        )
        .with(&ID)
        .takes(json::<views::NewReason>())
        .gives(204, Shape::Empty)
        .or(&[404, 422]),
        lead("GET", "/cell/v1/terms", "terms", "Every version of the terms.").gives(200, json::<views::TermsList>()),
        lead(
            "POST",
            "/cell/v1/terms",
            "publish_terms",
            "Publishes the next version; administrators of every member are told.",
        )
        .takes(json::<views::NewTerms>())
        .gives(201, json::<views::TermsView>())
        .or(&[422]),
        route(Right::ReadAudit, "GET", "/cell/v1/acts", "acts", "The cell's trail of acts.")
            .with(&[CURSOR])
            .gives(200, json::<views::ActList>()),
        system("GET", "/cell/v1/outbox", "outbox", "Mails on their way: neither subject nor text.")
            .gives(200, json::<views::Outbox>()),
        system("GET", "/cell/v1/settings", "settings", "Times and limits of joining and leaving.")
            .gives(200, json::<views::SettingList>()),
        system("PUT", "/cell/v1/settings/{id}", "set_setting", "Sets one of them.")
            .with(&ID)
            .takes(json::<views::NewSetting>())
            .gives(204, Shape::Empty)
            .or(&[404, 422]),
    ]
}

pub(crate) fn rows(face: Face) -> Vec<Route> {
    let mut rows = joining(face);
    rows.extend(if face == Face::Member { member() } else { cell() });
    rows
}
