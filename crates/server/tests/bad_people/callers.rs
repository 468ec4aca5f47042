//! Everybody who might send a request, with what the table of rights says of them.

use axum::body::Body;
use axum::http::{Method, Request, Response};
use http_body_util::BodyExt;
use model::{OrganisationId, PersonId, Sector};
use register::{Actor, NewKey, NewOrganisation, NewPerson, OrganisationClass, Right, Rights, Role, Scope, Status};
use server::{Face, RouteInfo};
use tower::ServiceExt;

use crate::common::{Answer, PASSWORD, World, answers};
use crate::ids::Ids;

/// What a caller holds at its own listener.
#[derive(Clone, Debug)]
pub enum Held {
    /// Nothing, or something that is good no more.
    Nothing,
    /// A session with these rights.
    Session(Rights),
    /// A key with these rights and scopes.
    Key(Rights, Vec<Scope>),
    /// A wall with these rights.
    Wall(Rights),
    /// The token of a wall that was revoked.
    RevokedWall,
}

/// Somebody who sends requests.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the caller is called in failures.
    pub name: String,
    /// The listener that the credential is for.
    pub face: Face,
    /// The header that carries the credential.
    pub credential: Option<(&'static str, String)>,
    /// What it is worth there.
    pub held: Held,
    /// The address of the person, for those who sign in.
    pub email: Option<&'static str>,
    /// The member organisation, by its number.
    pub firm: Option<usize>,
    /// What the role could do if the firm were not dormant.
    pub asleep: Option<Rights>,
}

/// What the door says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request reaches the handler.
    Admitted,
    /// It does not, with this status and this sort of problem.
    Refused(u16, &'static str),
}

const SIGNED_OUT: Verdict = Verdict::Refused(401, "signed-out");
const ROLE: Verdict = Verdict::Refused(403, "role");

impl Caller {
    /// What the door says to a request of this caller for a route, as the two tables have it.
    pub fn verdict(&self, route: &RouteInfo) -> Verdict {
        let right = match route.access {
            server::Access::Public | server::Access::Operator => return Verdict::Admitted,
            server::Access::SignedIn => None,
            server::Access::Needs(right) => Some(right),
        };
        if self.face != route.face {
            return SIGNED_OUT;
        }
        let rights = match &self.held {
            Held::Nothing => return SIGNED_OUT,
            Held::RevokedWall => return Verdict::Refused(401, "wall-revoked"),
            Held::Key(_, scopes) if !route.pass.scope.is_some_and(|scope| scopes.contains(&scope)) => {
                return Verdict::Refused(403, "scope");
            }
            Held::Wall(_) if !route.pass.wall => return Verdict::Refused(403, "wall"),
            Held::Session(rights) | Held::Key(rights, _) | Held::Wall(rights) => rights,
        };
        match (right, self.asleep) {
            (None, _) => Verdict::Admitted,
            (Some(right), _) if rights.has(right) => Verdict::Admitted,
            (Some(right), Some(awake)) if awake.has(right) => Verdict::Refused(403, "read-only"),
            _ => ROLE,
        }
    }

    /// Whether a browser sends the credential by itself.
    pub fn by_cookie(&self) -> bool {
        self.credential.as_ref().is_some_and(|(name, _)| *name == "cookie")
    }
}

/// A platform with one person of each role, machines, walls, and people whose time is over.
pub struct Room {
    pub world: World,
    pub callers: Vec<Caller>,
    pub ids: Ids,
    pub firms: Vec<OrganisationId>,
}

/// The person of each role: role, address, number of the organisation.
pub const PEOPLE: [(Role, &str, Option<usize>); 8] = [
    (Role::Reader, "rea@firm0.example", Some(0)),
    (Role::Reporter, "ann@firm0.example", Some(0)),
    (Role::OrganisationAdmin, "adm@firm0.example", Some(0)),
    (Role::Observer, "obs@police.example", None),
    (Role::Analyst, "kit@cell.example", None),
    (Role::Secondee, "sec@cell.example", Some(0)),
    (Role::Lead, "ada@cell.example", None),
    (Role::Administrator, "run@cell.example", None),
];

fn home(role: Role) -> Face {
    if role.face() == register::Face::Cell { Face::Cell } else { Face::Member }
}

impl Room {
    pub async fn new() -> Self {
        let mut world = World::new();
        world.pass(1_000);
        let by = Actor::operator();
        let firm = |n: usize| world.register.organisation_named(&format!("Firm {n}")).unwrap().id;
        let firms: Vec<OrganisationId> = (0..12).map(firm).collect();
        let police = NewOrganisation {
            name: "Police".into(),
            class: OrganisationClass::Observer,
            sector: Sector::Energy,
            region: None,
            assets: policy::Assets::default(),
        };
        let police = world.register.create_organisation(&by, &police).unwrap();
        let add = |email: &str, organisation: Option<OrganisationId>, role: Role| {
            let secondment = (role == Role::Secondee).then(|| register::Secondment {
                vetting: "SC".into(),
                vetted_until: model::Clock::now(&*world.clock).plus_millis(10 * 86_400_000),
                wall: vec![Sector::Energy],
            });
            let name = email.split('@').next().unwrap().to_owned();
            let new = NewPerson { email: email.into(), name, organisation, role, secondment };
            if world.register.person_named(email).is_err() {
                world.register.create_person(&by, &new, PASSWORD).unwrap();
            }
        };
        for (role, email, organisation) in PEOPLE {
            let organisation = organisation.map(|n| firms[n]);
            add(email, if role == Role::Observer { Some(police) } else { organisation }, role);
        }
        add("gone@firm0.example", Some(firms[0]), Role::OrganisationAdmin);
        add("sus@firm2.example", Some(firms[2]), Role::OrganisationAdmin);
        add("dor@firm3.example", Some(firms[3]), Role::OrganisationAdmin);
        add("oth@firm1.example", Some(firms[1]), Role::OrganisationAdmin);
        // The lead's key counts, and a way into the first firm waits for another lead.
        let ada = world.register.person_named("ada@cell.example").unwrap();
        let ada = Actor { person: Some(ada.id), role: Some(ada.role), rights: ada.role.rights(), ..Actor::operator() };
        let (_, public) = vault::LeadPrivateKey::generate().unwrap();
        world.register.set_lead_key(&ada, public.as_bytes()).unwrap();
        let fingerprint = register::lead_key_fingerprint(public.as_bytes());
        assert!(world.register.confirm_lead_key(&by, ada.person.unwrap(), &fingerprint).unwrap());
        let whom = register::RecoveryFor::New { name: "Nan Dale".into(), email: "nan@firm0.example".into() };
        world.register.recover_organisation(&ada, firms[0], &whom, register::Delivery::HandOver).unwrap();
        let mut room = Self { world, callers: vec![], ids: Ids::default(), firms };
        room.sign_everybody_in().await;
        room.find_ids().await;
        room
    }

    pub fn id(&self, email: &str) -> PersonId {
        self.world.register.person_named(email).unwrap().id
    }

    async fn session(&self, email: &'static str, face: Face) -> String {
        let router = if face == Face::Cell { &self.world.cell } else { &self.world.member };
        self.world.sign_in(router, email).await
    }

    async fn person(
        &self,
        name: &str,
        email: &'static str,
        face: Face,
        firm: Option<usize>,
        rights: Option<Rights>,
    ) -> Caller {
        let credential = Some(("cookie", self.session(email, face).await));
        let held = rights.map_or(Held::Nothing, Held::Session);
        Caller { name: name.to_owned(), face, credential, held, email: Some(email), firm, asleep: None }
    }

    async fn sign_everybody_in(&mut self) {
        let mut callers = Vec::new();
        for face in [Face::Member, Face::Cell] {
            let name = format!("stranger at {face:?}");
            callers.push(Caller {
                name,
                face,
                credential: None,
                held: Held::Nothing,
                email: None,
                firm: None,
                asleep: None,
            });
        }
        for (role, email, firm) in PEOPLE {
            callers.push(self.person(role.as_str(), email, home(role), firm, Some(role.rights())).await);
        }
        callers.push(
            self.person(
                "admin of another firm",
                "oth@firm1.example",
                Face::Member,
                Some(1),
                Some(Role::OrganisationAdmin.rights()),
            )
            .await,
        );
        let dormant = Role::OrganisationAdmin.rights().reading();
        callers.push(
            self.person("admin of a dormant firm", "dor@firm3.example", Face::Member, Some(3), Some(dormant)).await,
        );
        callers.push(self.person("admin of a suspended firm", "sus@firm2.example", Face::Member, Some(2), None).await);
        callers.push(self.person("disabled", "gone@firm0.example", Face::Member, Some(0), None).await);
        for caller in callers.iter_mut().filter(|caller| caller.firm == Some(3)) {
            caller.asleep = Some(Role::OrganisationAdmin.rights());
        }
        callers.extend(self.machines(&callers));
        callers.extend(self.walls());
        // A session of one listener under the cookie of the other.
        let token = |caller: &str| {
            let caller = callers.iter().find(|known| known.name == caller).unwrap();
            caller.credential.as_ref().unwrap().1.split_once('=').unwrap().1.to_owned()
        };
        let foreign =
            [(Face::Member, "fc_member", token("lead")), (Face::Cell, "fc_cell", token("organisation-admin"))];
        for (face, cookie, token) in foreign {
            let credential = Some(("cookie", format!("{cookie}={token}")));
            let name = format!("the other listener's session at {face:?}");
            callers.push(Caller { name, face, credential, held: Held::Nothing, email: None, firm: None, asleep: None });
        }
        let by = Actor::operator();
        self.world.register.set_disabled(&by, self.id("gone@firm0.example"), true).unwrap();
        self.world.register.set_status(&by, self.firms[2], Status::Suspended).unwrap();
        self.world.register.set_status(&by, self.firms[3], Status::Dormant).unwrap();
        self.callers = callers;
    }

    fn machines(&self, callers: &[Caller]) -> Vec<Caller> {
        let by = Actor::operator();
        let of_key = Rights::of(&[Right::ReadReleased, Right::ReadGroups, Right::ReadAdvisories, Right::Report]);
        let key = |name: &str, key: String, held: Held, firm: usize| Caller {
            name: name.to_owned(),
            face: Face::Member,
            credential: Some(("authorization", format!("Bearer {key}"))),
            held,
            email: None,
            firm: Some(firm),
            asleep: (firm == 3).then(|| Role::Reporter.rights()),
        };
        let make = |scope: Scope| {
            let new =
                NewKey { label: "one".into(), answers: answers(), scopes: [scope].into_iter().collect(), days: 9 };
            self.world.register.make_key(&by, self.firms[0], &new).unwrap().0.expose().to_owned()
        };
        let revoked = make(Scope::Report);
        self.world.register.revoke_key(&by, &revoked).unwrap();
        let mut made = vec![
            key("key", self.world.keys[0].clone(), Held::Key(of_key, Scope::ALL.to_vec()), 0),
            key(
                "key of a dormant firm",
                self.world.keys[3].clone(),
                Held::Key(of_key.reading(), Scope::ALL.to_vec()),
                3,
            ),
            key("key of a suspended firm", self.world.keys[2].clone(), Held::Nothing, 2),
            key("revoked key", revoked, Held::Nothing, 0),
        ];
        made.extend(Scope::ALL.map(|scope| key(scope.as_str(), make(scope), Held::Key(of_key, vec![scope]), 0)));
        // A session as if it were a key, a key as if it were a session.
        let session = callers.iter().find(|caller| caller.name == "reporter").unwrap();
        let token = session.credential.as_ref().unwrap().1.split_once('=').unwrap().1.to_owned();
        made.push(key("a session's token as a key", token, Held::Nothing, 0));
        let cookie = Some(("cookie", format!("fc_member={}", self.world.keys[0])));
        made.push(Caller { credential: cookie, ..key("a key as a session", String::new(), Held::Nothing, 0) });
        made
    }

    fn walls(&self) -> Vec<Caller> {
        let makers =
            [("adm@firm0.example", Face::Member, "fc_member_wall"), ("kit@cell.example", Face::Cell, "fc_cell_wall")];
        let mut made = Vec::new();
        for (email, face, cookie) in makers {
            let person = self.world.register.person_named(email).unwrap();
            let of = if face == Face::Cell { register::Face::Cell } else { register::Face::Member };
            let by = Actor {
                person: Some(person.id),
                name: person.name,
                organisation: person.organisation,
                role: Some(person.role),
                rights: person.role.rights(),
            };
            let pair = || {
                let device = self.world.register.create_device(&by, "Wall").unwrap();
                let token = self.world.register.pair_device(of, device.pairing.expose()).unwrap().unwrap();
                (device.id, Some(("cookie", format!("{cookie}={}", token.expose()))))
            };
            let (_, credential) = pair();
            let held = Held::Wall(person.role.rights().reading());
            let firm = (face == Face::Member).then_some(0);
            made.push(Caller {
                name: format!("wall at {face:?}"),
                face,
                credential,
                held,
                email: None,
                firm,
                asleep: None,
            });
            let (id, credential) = pair();
            self.world.register.revoke_device(&by, of, person.organisation, &id).unwrap();
            let held = Held::RevokedWall;
            made.push(Caller {
                name: format!("revoked wall at {face:?}"),
                face,
                credential,
                held,
                email: None,
                firm,
                asleep: None,
            });
        }
        made
    }

    pub fn caller(&self, name: &str) -> &Caller {
        self.callers.iter().find(|caller| caller.name == name).unwrap_or_else(|| panic!("nobody is {name}"))
    }

    /// Sends a request as a caller, from the listener's own pages.
    pub async fn send(
        &self,
        face: Face,
        verb: &str,
        uri: &str,
        caller: &Caller,
        body: Option<&(String, String)>,
    ) -> Answer {
        self.send_with(face, verb, uri, caller, body, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a request as a caller, with these headers and no others.
    pub async fn send_with(
        &self,
        face: Face,
        verb: &str,
        uri: &str,
        caller: &Caller,
        body: Option<&(String, String)>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let router = if face == Face::Cell { &self.world.cell } else { &self.world.member };
        let host = if face == Face::Cell { "cell.localhost" } else { "localhost" };
        let mut request =
            Request::builder().method(Method::from_bytes(verb.as_bytes()).unwrap()).uri(uri).header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((name, value)) = &caller.credential {
            request = request.header(*name, value);
        }
        let body = match body {
            Some((media, text)) => {
                request = request.header("content-type", media);
                Body::from(text.clone())
            }
            None => Body::empty(),
        };
        read(router.clone().oneshot(request.body(body).unwrap()).await.unwrap()).await
    }

    /// What would be different if something had been done: of the register, the trail and the journal.
    pub fn state(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let register = &self.world.register;
        let acts = register.acts(None).unwrap().first().map(|act| act.seq);
        let members: usize = self.firms.iter().map(|firm| register.member_acts(*firm, false).unwrap().len()).sum();
        let sessions: Vec<usize> =
            PEOPLE.iter().map(|(_, email, _)| register.sessions(self.id(email), "").unwrap().len()).collect();
        (register.changes(), acts, members, sessions, self.world.vault.journal().head().seq)
    }
}

/// Reads an answer to its end; of a stream, which has none, only the head.
async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let stream = parts.headers.get("content-type").is_some_and(|media| media == "text/event-stream");
    let body = if stream { vec![] } else { body.collect().await.unwrap().to_bytes().to_vec() };
    Answer { status: parts.status, headers: parts.headers, body }
}

/// The sort of problem that an answer tells; empty if it tells none.
pub fn problem(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let sort = body["type"].as_str().unwrap_or_default();
    sort.strip_prefix("urn:fusioncell:problem:").unwrap_or_default().to_owned()
}
