//! Everything that has an id, and whose it is.

use axum::body::Body;
use register::Actor;
use serde_json::{Value, json};
use server::{Access, Face, RouteInfo};

use crate::callers::{Caller, Held, Room};
use crate::common::{World, call};

/// An id of the right form that nothing has.
pub const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// Whoever has a passkey here.
const WITH_PASSKEY: [&str; 3] = ["adm@firm0.example", "oth@firm1.example", "run@cell.example"];

/// What an id is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Campaign,
    CellCampaign,
    Case,
    Advisory,
    Feed,
    Session,
    Passkey,
    Device,
    Key,
    Group,
    CellGroup,
    Person,
    CellPerson,
    Organisation,
    Invitation,
    CellInvitation,
    Sponsorship,
    CellSponsorship,
    Setting,
    OwnReport,
    /// A place of the audit log: nobody's, and everybody may ask.
    Tile,
}

/// Who may find something under its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Members,
    Cell,
    Person(&'static str),
    Firm(usize),
    Nobody,
}

#[derive(Clone, Debug)]
pub struct Id {
    pub kind: Kind,
    pub text: String,
    pub owner: Owner,
}

impl Id {
    /// Whether it is of a kind and this caller may find it.
    pub fn is_for(&self, kind: Kind, caller: &Caller) -> bool {
        // Each case begins a campaign, which the cell finds under the case's pseudonym as well.
        let case = self.kind == Kind::Case && kind == Kind::CellCampaign;
        (self.kind == kind || case)
            && match &self.owner {
                Owner::Members => caller.face == Face::Member,
                Owner::Cell => caller.face == Face::Cell,
                Owner::Person(email) => caller.email == Some(email),
                Owner::Firm(firm) => caller.face == Face::Member && caller.firm == Some(*firm),
                Owner::Nobody => false,
            }
    }
}

#[derive(Default)]
pub struct Ids {
    pub all: Vec<Id>,
    pub pairing_member: String,
    pub pairing_cell: String,
    pub link_member: String,
    pub link_cell: String,
    pub secondee: String,
}

async fn walls_campaigns(world: &World, lead: &str) -> Vec<Value> {
    let wall = world.at_cell("GET", "/cell/v1/wall", lead, Body::empty()).await.json();
    wall["campaigns"].as_array().cloned().unwrap_or_default()
}

impl Room {
    /// Lets everything come to be that has an id, of several owners.
    pub async fn find_ids(&mut self) {
        let lead = self.caller("lead").credential.clone().unwrap().1;
        let mut all = vec![];
        let mut add = |kind, text: String, owner| {
            assert!(!text.is_empty() && text != "null", "{kind:?} has no id");
            all.push(Id { kind, text, owner });
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for firm in [0, 1] {
            self.world.report(firm, &["evil.test", "worse.test"]).await;
            let hidden = json!({
                "title": "t", "attack": "phishing", "warn": "cell-only", "know": "nobody", "tlp": "GREEN",
                "indicators": [{ "value": "hidden.test" }],
            });
            let request = self.world.request("POST", "/api/v1/reports", firm, Body::from(hidden.to_string()));
            assert_eq!(call(&self.world.member, request).await.status, 201);
        }
        self.world.pass(300);
        for firm in [0, 1] {
            let request = self.world.request("GET", "/api/v1/reports", firm, Body::empty());
            let list = call(&self.world.member, request).await.json();
            for report in list["items"].as_array().unwrap() {
                add(Kind::OwnReport, text(&report["reference"]), Owner::Firm(firm));
            }
        }
        let body = json!({ "title": "t", "summary": "s", "actions": [], "severity": "low", "tlp": "AMBER" });
        let made = self.world.at_cell("POST", "/cell/v1/advisories", &lead, Body::from(body.to_string())).await;
        add(Kind::Advisory, text(&made.json()["id"]), Owner::Members);
        self.world.pass(300);
        let home = self.world.get("/api/v1/home").await.json();
        for campaign in home["campaigns"].as_array().unwrap() {
            add(Kind::Campaign, text(&campaign["id"]), Owner::Members);
        }
        let campaigns = walls_campaigns(&self.world, &lead).await;
        assert!(campaigns.len() > 1, "the held campaign is one of its own");
        for campaign in campaigns {
            let id = text(&campaign["id"]);
            let path = format!("/cell/v1/campaigns/{id}");
            let page = self.world.at_cell("GET", &path, &lead, Body::empty()).await.json();
            for case in page["cases"].as_array().or(page["reports"].as_array()).unwrap() {
                add(Kind::Case, text(&case["case"]), Owner::Cell);
            }
            add(Kind::CellCampaign, id, Owner::Cell);
        }
        add(Kind::Feed, "watch.txt".into(), Owner::Members);
        let register = &self.world.register;
        let people: Vec<_> =
            self.callers.iter().rev().filter_map(|caller| Some((caller.email?, caller.face, caller.firm))).collect();
        for (n, (email, face, firm)) in people.into_iter().enumerate() {
            let person = self.id(email);
            for session in register.sessions(person, "").unwrap() {
                add(Kind::Session, session.id, Owner::Person(email));
            }
            // The others sign in by password alone.
            if WITH_PASSKEY.contains(&email) {
                let face = if face == Face::Cell { register::Face::Cell } else { register::Face::Member };
                let (by, credential) = (Actor::operator(), [u8::try_from(n).unwrap(); 16]);
                let passkey = register.add_passkey(&by, person, (face, "localhost"), &credential, "key", "{}");
                add(Kind::Passkey, passkey.unwrap().id, Owner::Person(email));
            }
            add(Kind::CellPerson, person.to_string(), Owner::Cell);
            if let Some(firm) = firm {
                add(Kind::Person, person.to_string(), Owner::Firm(firm));
            }
        }
        for (n, firm) in self.firms.iter().enumerate() {
            add(Kind::Organisation, firm.to_string(), Owner::Cell);
            for key in register.keys_of(*firm).unwrap() {
                add(Kind::Key, key.prefix, Owner::Firm(n));
            }
        }
        let by = Actor::operator();
        for (name, firms, over) in [("One", vec![0, 3], false), ("Two", vec![1], false), ("Ended", vec![0, 1], true)] {
            let who_may_add = register::WhoMayAdd::Members;
            let new = register::NewGroup { name: name.into(), purpose: "p".into(), ends_at: None, who_may_add };
            let group = register.create_group(&by, &new).unwrap();
            add(Kind::CellGroup, group.to_string(), Owner::Cell);
            for firm in &firms {
                register.join_group(&by, group, self.firms[*firm], true).unwrap();
                add(Kind::Group, group.to_string(), if over { Owner::Nobody } else { Owner::Firm(*firm) });
            }
            if over {
                register.set_group_end(&by, group, Some(register.now())).unwrap();
            }
        }
        let mut pairings = vec![];
        for (email, owner) in [
            ("adm@firm0.example", Owner::Firm(0)),
            ("oth@firm1.example", Owner::Firm(1)),
            ("kit@cell.example", Owner::Cell),
        ] {
            let person = register.person_named(email).unwrap();
            let by = Actor {
                person: Some(person.id),
                name: person.name,
                organisation: person.organisation,
                role: Some(person.role),
                rights: person.role.rights(),
            };
            let device = register.create_device(&by, "Wall").unwrap();
            add(Kind::Device, device.id, owner);
            pairings.push(device.pairing.expose().to_owned());
        }
        let ask = async |face, path: &str, caller: &str, body: Value| {
            let body = ("application/json".to_owned(), body.to_string());
            let made = self.send(face, "POST", path, self.caller(caller), Some(&body)).await;
            assert_eq!(made.status, 201, "{path}: {}", String::from_utf8_lossy(&made.body));
            made.json()
        };
        let token = |link: &Value| text(&link["link"]).split_once('#').map(|(_, token)| token.to_owned()).unwrap();
        let firm =
            json!({ "name": "Calder", "sectors": ["water"], "contact": "Ann Reed", "email": "ann@calder.example" });
        let invited = ask(Face::Cell, "/cell/v1/organisations", "lead", firm).await;
        add(Kind::Organisation, text(&invited["organisation"]), Owner::Cell);
        let person = json!({ "name": "Vera", "email": "vera@cell.example", "role": "analyst" });
        let to_cell = ask(Face::Cell, "/cell/v1/invitations", "lead", person).await;
        for (n, name) in [(0, "organisation-admin"), (1, "admin of another firm")] {
            let email = format!("new{n}@firm{n}.example");
            let person = json!({ "name": "New", "email": email, "role": "reader" });
            ask(Face::Member, "/api/v1/invitations", name, person).await;
            let held = self.send(Face::Member, "GET", "/api/v1/invitations", self.caller(name), None).await.json();
            add(Kind::Invitation, text(&held["items"][0]["id"]), Owner::Firm(n));
            let firm = json!({
                "name": format!("Tarn {n}"), "sector": "water", "domain": format!("tarn{n}.example"), "contact": "Tom Reed",
                "email": format!("tom@tarn{n}.example"), "why": "they are next to us",
            });
            let made = ask(Face::Member, "/api/v1/sponsorships", name, firm).await;
            for (kind, owner) in [(Kind::Sponsorship, Owner::Firm(n)), (Kind::CellSponsorship, Owner::Cell)] {
                add(kind, text(&made["id"]), owner);
            }
        }
        let held = self.send(Face::Cell, "GET", "/cell/v1/invitations", self.caller("lead"), None).await.json();
        for invitation in held["items"].as_array().unwrap() {
            add(Kind::CellInvitation, text(&invitation["id"]), Owner::Cell);
        }
        add(Kind::Setting, "dormant-days".into(), Owner::Cell);
        self.ids = Ids {
            all,
            pairing_cell: pairings[2].clone(),
            pairing_member: pairings[0].clone(),
            link_member: token(&invited),
            link_cell: token(&to_cell),
            secondee: self.id("sec@cell.example").to_string(),
        };
    }
}

/// Routes whose path has a parameter that names something.
pub fn with_id() -> Vec<RouteInfo> {
    server::routes().into_iter().filter(|route| route.path.contains('{') && is_api(route)).collect()
}

/// Whether a route is one of the API; pages are the same for everybody, whatever stands in their path.
pub fn is_api(route: &RouteInfo) -> bool {
    !(route.access == Access::Public && server::PAGES.iter().any(|(id, _)| *id == route.id))
}

/// Whether a caller has anything at all.
pub fn is_somebody(caller: &Caller) -> bool {
    !matches!(caller.held, Held::Nothing | Held::RevokedWall)
}
