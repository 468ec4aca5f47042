//! The firms of a world and whoever looks: made once for each shape of partnership, and copied for each world.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use model::{Clock, OrganisationId, PersonId, Region, Sector, WhoMayBeWarned, WhoMayKnow};
use register::{
    Actor, Answers, Face, NewGroup, NewOrganisation, NewPerson, PasswordCost, Register, Role, Secondment, WhoMayAdd,
};
use vault::{LeadPrivateKey, LeadPublicKey};

use super::{Observer, Outside, PASSWORD, START};
use crate::logs::{self, Lines};
use crate::script::{GROUPS, Script, firm_domain};

/// Everybody who is there when a world begins.
pub struct Firms {
    pub register: Arc<Register>,
    /// Chance of the register.
    pub of_register: Arc<Outside>,
    /// The first firm.
    pub made: OrganisationId,
    pub credentials: HashMap<Observer, (&'static str, String)>,
    pub people: HashMap<Observer, String>,
    /// Ids of the sharing groups.
    pub groups: Vec<String>,
    pub leads: [SourceLead; 2],
}

/// A lead to whom sources are sealed: whose session, and which of the keys.
#[derive(Clone)]
pub struct SourceLead {
    pub person: PersonId,
    pub token: String,
    key: usize,
}

impl SourceLead {
    /// The private half, which only the lead's device has.
    pub fn key(&self) -> &'static LeadPrivateKey {
        &LEAD_KEYS[self.key].0
    }
}

/// Those of all worlds: which keys they are tells nothing.
static LEAD_KEYS: LazyLock<[(LeadPrivateKey, LeadPublicKey); 2]> =
    LazyLock::new(|| [(); 2].map(|()| LeadPrivateKey::generate().unwrap()));

/// All that the firms of a script follow from: how many, sectors, regions, when it begins.
type Shape = (usize, usize, usize, i64);

thread_local! {
    static MADE: RefCell<HashMap<Shape, Firms>> = RefCell::default();
}

fn organisation(firm: usize, script: &Script) -> NewOrganisation {
    NewOrganisation {
        name: format!("Firm {firm}"),
        class: register::OrganisationClass::Member,
        sector: Sector::ALL[script.sector(firm)],
        region: script.region(firm).map(|region| Region::ALL[region]),
        assets: policy::Assets { domains: vec![firm_domain(firm)], ..policy::Assets::default() },
    }
}

fn made_groups(register: &Register, script: &Script, firms: &[OrganisationId]) -> Vec<String> {
    let made = |group: usize| {
        let name = format!("Group {group}");
        let who_may_add = [WhoMayAdd::Cell, WhoMayAdd::Members, WhoMayAdd::Organisers][group % 3];
        let new = NewGroup { name, purpose: "p".into(), ends_at: None, who_may_add };
        let id = register.create_group(&Actor::operator(), &new).unwrap();
        for (firm, organisation) in firms.iter().enumerate().filter(|(firm, _)| script.begins_in(*firm, group)) {
            register.join_group(&Actor::operator(), id, *organisation, firm == 0).unwrap();
        }
        id.to_string()
    };
    (0..GROUPS).map(made).collect()
}

/// Sources are sealed to two leads in every world, as they are in life. `first` is the session of the one who looks.
fn enrol_leads(register: &Register, first: &str) -> [SourceLead; 2] {
    let second = NewPerson {
        email: "m@cell.example".into(),
        name: "Cell".into(),
        organisation: None,
        role: Role::Lead,
        secondment: None,
    };
    let second = register.create_person(&Actor::operator(), &second, PASSWORD).unwrap();
    let (token, _) = register.sign_in(Face::Cell, "m@cell.example", PASSWORD, "x").unwrap();
    let leads = register.people().unwrap().into_iter().filter(|person| person.role == Role::Lead);
    let mut enrolled = Vec::new();
    for (key, lead) in leads.enumerate() {
        let actor = Actor { person: Some(lead.id), role: Some(Role::Lead), ..Actor::operator() };
        let public = LEAD_KEYS[key].1.as_bytes();
        register.set_lead_key(&actor, public).unwrap();
        register.confirm_lead_key(&Actor::operator(), lead.id, &register::lead_key_fingerprint(public)).unwrap();
        let token = if lead.id == second { token.expose().to_owned() } else { first.to_owned() };
        enrolled.push(SourceLead { person: lead.id, token, key });
    }
    assert_eq!(register.lead_keys().unwrap().len(), 2);
    let [one, other] = enrolled.try_into().map_err(|_| "two leads").unwrap();
    // First the one who looks.
    if one.person == second { [other, one] } else { [one, other] }
}

impl Firms {
    /// Those of a script, by a clock.
    pub fn of(script: &Script, clock: &Arc<dyn Clock>) -> Self {
        let shape = (script.firms, script.sectors, script.regions, script.late);
        // What is logged while they are made is no world's: each of a shape begins alike.
        logs::turn_to(&Lines::default());
        MADE.with_borrow_mut(|made| made.entry(shape).or_insert_with(|| Self::new(script)).copied(clock))
    }

    fn copied(&self, clock: &Arc<dyn Clock>) -> Self {
        let at = |value: &AtomicU64| AtomicU64::new(value.load(Ordering::SeqCst));
        // Chance of its own: whether a mail is queued does not show in what others come by.
        let of_register = Arc::new(Outside { now: AtomicI64::new(0), chance: at(&self.of_register.chance) });
        Self {
            register: Arc::new(self.register.copied(clock.clone(), of_register.clone()).unwrap()),
            of_register,
            made: self.made,
            credentials: self.credentials.clone(),
            people: self.people.clone(),
            groups: self.groups.clone(),
            leads: self.leads.clone(),
        }
    }

    fn new(script: &Script) -> Self {
        let clock = Arc::new(Outside { now: AtomicI64::new(START + script.late), chance: AtomicU64::new(1) });
        let of_register = Arc::new(Outside { now: AtomicI64::new(0), chance: AtomicU64::new(1) });
        let register = Arc::new(Register::in_memory(clock, of_register.clone(), PasswordCost::CHEAP).unwrap());
        register.deliver_by_mail();
        let members: Vec<NewOrganisation> = (0..script.firms).map(|firm| organisation(firm, script)).collect();
        let answers = Answers { warn: WhoMayBeWarned::CellOnly, know: WhoMayKnow::Nobody };
        let made = register.create_members(&members, "test", answers).unwrap();
        let (mut credentials, mut people) = (HashMap::new(), HashMap::new());
        for (firm, (id, key)) in made.iter().enumerate() {
            credentials.insert(Observer::MemberKey(firm), ("authorization", format!("Bearer {}", key.expose())));
            let email = format!("who@{}", firm_domain(firm));
            let person = NewPerson {
                email: email.clone(),
                name: format!("Person {firm}"),
                organisation: Some(*id),
                role: Role::Reporter,
                secondment: None,
            };
            let person = register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            register.set_notices(person, true).unwrap();
            let (token, _) = register.sign_in(Face::Member, &email, PASSWORD, "x").unwrap();
            people.insert(Observer::MemberSession(firm), email);
            credentials.insert(Observer::MemberSession(firm), ("cookie", format!("fc_member={}", token.expose())));
        }
        for (observer, role, email) in [
            (Observer::Analyst, Role::Analyst, "a@cell.example"),
            (Observer::Lead, Role::Lead, "l@cell.example"),
            (Observer::Secondee, Role::Secondee, "s@cell.example"),
        ] {
            let secondment = (role == Role::Secondee).then(|| Secondment {
                vetting: "SC".into(),
                vetted_until: model::Timestamp::from_millis(i64::MAX),
                wall: vec![members[0].sector],
            });
            let organisation = secondment.as_ref().map(|_| made[0].0);
            let person = NewPerson { email: email.into(), name: "Cell".into(), organisation, role, secondment };
            register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
            let (token, _) = register.sign_in(Face::Cell, email, PASSWORD, "x").unwrap();
            people.insert(observer, email.to_owned());
            credentials.insert(observer, ("cookie", format!("fc_cell={}", token.expose())));
        }
        let lead = credentials[&Observer::Lead].1.trim_start_matches("fc_cell=");
        let leads = enrol_leads(&register, lead);
        let groups = made_groups(&register, script, &made.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        Self { register, of_register, made: made[0].0, credentials, people, groups, leads }
    }
}
