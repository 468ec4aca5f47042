//! The demo's members with their keys, and the three people who can sign in.

use std::path::Path;
use std::time::Duration;

use model::{Entropy, Region, Sector};
use policy::Params;
use serde::Serialize;

use super::Plan;
use crate::failure::{Context as _, Failure};
use crate::outside::SystemEntropy;
use crate::store::House;

/// A member organisation to be made.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its domain, where it has one.
    pub domain: Option<String>,
    /// Its sector.
    pub sector: Sector,
    /// Its region.
    pub region: Region,
}

impl From<&sim::Member> for Member {
    fn from(member: &sim::Member) -> Self {
        Self {
            name: member.name.clone(),
            domain: Some(member.domain.clone()),
            sector: member.sector,
            region: member.region,
        }
    }
}

impl From<&sim::Author> for Member {
    fn from(author: &sim::Author) -> Self {
        Self { name: author.name.clone(), domain: None, sector: author.sector, region: author.region }
    }
}

/// The members that were made.
pub struct Members {
    /// One key for each member, by index.
    pub keys: Vec<String>,
    member: SignIn,
    analyst: SignIn,
    lead: SignIn,
}

/// How one person signs in.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    /// Where.
    pub url: String,
    /// Who it is.
    pub name: String,
    /// The organisation, for a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// The three sign-ins, complete with addresses.
#[derive(Clone, Debug, Serialize)]
pub struct SignIns {
    /// A member's.
    pub member: SignIn,
    /// An analyst's.
    pub analyst: SignIn,
    /// A cell lead's.
    pub lead: SignIn,
}

#[derive(Serialize)]
struct File<'a> {
    exercise: bool,
    #[serde(flatten)]
    sign_ins: &'a SignIns,
    first_light_seconds: f64,
}

/// Makes the members, their keys and the three people.
pub fn make(house: &House, members: &[Member]) -> Result<Members, Failure> {
    let keys = house.add_members(members)?;
    let first = members.iter().find(|member| member.sector == Sector::Energy).or_else(|| members.first());
    let organisation = first.ok_or_else(|| Failure::new("there are no members"))?.name.clone();
    let sign_in = |name: &str, email: &str, organisation: Option<String>| SignIn {
        url: String::new(),
        name: name.into(),
        organisation,
        email: email.into(),
        password: password(),
    };
    let people = Members {
        keys,
        member: sign_in("Morgan Hale", "member@exercise.example", Some(organisation)),
        analyst: sign_in("Robin Achebe", "analyst@exercise.example", None),
        lead: sign_in("Sam Lindqvist", "lead@exercise.example", None),
    };
    for (who, role) in [(&people.member, "organisation-admin"), (&people.analyst, "analyst"), (&people.lead, "lead")] {
        house.add_person(&who.email, &who.name, role, who.organisation.as_deref(), &who.password)?;
    }
    Ok(people)
}

/// A password that a person can read from a screen and type: five groups of four letters and digits, 98 bits.
pub fn password() -> String {
    // No letter or digit that looks like another; 30 of them, so bytes from 240 up are passed over.
    const LETTERS: &[u8; 30] = b"abcdefghjkmnpqrstuvwxyz2346789";
    let mut text = String::new();
    let mut count = 0;
    while count < 20 {
        let [byte] = (&SystemEntropy as &dyn Entropy).bytes::<1>();
        if byte >= 240 {
            continue;
        }
        if count > 0 && count % 4 == 0 {
            text.push('-');
        }
        text.extend(LETTERS.get(usize::from(byte % 30)).map(|&letter| char::from(letter)));
        count += 1;
    }
    text
}

impl SignIns {
    /// The sign-ins with the addresses of the two listeners.
    pub fn new(member_port: u16, cell_port: u16, people: &Members) -> Self {
        let at = |who: &SignIn, url: String| SignIn { url, ..who.clone() };
        let cell = format!("http://cell.localhost:{cell_port}");
        Self {
            member: at(&people.member, format!("http://localhost:{member_port}")),
            analyst: at(&people.analyst, cell.clone()),
            lead: at(&people.lead, cell),
        }
    }

    /// What the demo prints.
    pub fn text(&self, plan: &Plan, partnership: &str) -> String {
        let source = match &plan.replay {
            Some((folder, speed)) => format!("replay of {} at {speed} values/s", folder.display()),
            None => format!("exercise with seed {}", plan.seed),
        };
        let mut text = format!("EXERCISE  {partnership}: {source}\n\n");
        for (what, who) in [("member", &self.member), ("analyst", &self.analyst), ("cell lead", &self.lead)] {
            let of = who.organisation.as_ref().map_or(String::new(), |organisation| format!(" of {organisation}"));
            text.push_str(&format!(
                "  {what:9}  {}\n             {}   {}   ({}{of})\n",
                who.url, who.email, who.password, who.name
            ));
        }
        text.push_str(&format!(
            "\n  Shortened for an exercise: context such as bands and sectors changes every {} s instead of {} min,\n  the block feed every {} s instead of every {} s.\n",
            Params::EXERCISE.epoch_millis / 1_000,
            Params::DEFAULT.epoch_millis / 60_000,
            Params::EXERCISE.block_millis / 1_000,
            Params::DEFAULT.block_millis / 1_000,
        ));
        text.push_str(&format!("\n  walls: {}/wall and {}/wall; end with Ctrl-C\n", self.member.url, self.analyst.url));
        if plan.no_intake {
            text.push_str("  without intake: every report is refused and the walls stay empty\n");
        }
        text
    }

    /// Writes them as JSON for scripts, readable by this user only; the file appears whole.
    pub fn write(&self, path: &Path, light: Duration) -> Result<(), Failure> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = File { exercise: true, sign_ins: self, first_light_seconds: light.as_secs_f64() };
        let text = serde_json::to_vec_pretty(&file).context("sign-ins")?;
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = std::path::PathBuf::from(name);
        let mut options = std::fs::OpenOptions::new();
        let mut out = options.write(true).create(true).truncate(true).mode(0o600).open(&new).context(new.display())?;
        out.write_all(&text).context(new.display())?;
        std::fs::rename(&new, path).context(path.display())
    }
}
