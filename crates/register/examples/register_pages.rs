//! Times every page of organisations, people, acts and mails, beside 20,000 organisations with ten people each.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use model::{Clock, Entropy, OrganisationId, Timestamp};
use register::{OrganisationQuery, PasswordCost, Register, RegisterError, Status};

const ORGANISATIONS: u32 = 20_000;
const PEOPLE: u32 = 10;
/// A year of 1,100 acts a day, and a month of mails to half of the people.
const ACTS: u32 = 400_000;
const MAILS: u32 = 100_000;
/// Mails of a page of the outbox.
const OUTBOX: usize = 200;
const ROUNDS: u32 = 20;
const NOW: i64 = 1_790_000_000_000;

struct Outside;

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOW)
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        // Without chance there would be no ids to tell apart; the failure of the system's own is none of this program's.
        let _ = aws_lc_rs::rand::fill(bytes);
    }
}

fn id(kind: u32, n: u32) -> [u8; 16] {
    ((u128::from(kind) << 96) | (u128::from(n) << 64)).to_be_bytes()
}

fn fill(path: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let mut connection = rusqlite::Connection::open(path)?;
    let transaction = connection.transaction()?;
    {
        let mut firm = transaction.prepare(
            "INSERT INTO organisation(id, name, folded, sector, region, size) VALUES (?1, ?2, ?3, 'energy', 'wales', '50-249')",
        )?;
        let mut asset = transaction.prepare("INSERT INTO asset(organisation, kind, value) VALUES (?1, ?2, ?3)")?;
        let mut last = transaction.prepare("INSERT INTO last_use(organisation, day, quiet) VALUES (?1, ?2, ?3)")?;
        let mut person = transaction
            .prepare("INSERT INTO person(id, email, name, organisation, role) VALUES (?1, ?2, 'Ann Reed', ?3, ?4)")?;
        for n in 0..ORGANISATIONS {
            let organisation = id(1, n);
            let name = format!("Firm {n:05}");
            firm.execute((organisation, &name, name.to_lowercase()))?;
            asset.execute((organisation, "domain", format!("firm{n}.example")))?;
            asset.execute((organisation, "sector", "water"))?;
            last.execute((organisation, NOW / 86_400_000, n % 7 == 0))?;
            for p in 0..PEOPLE {
                let role = if p == 0 { "organisation-admin" } else { "reporter" };
                person.execute((id(2, n * PEOPLE + p), format!("p{p}@firm{n}.example"), organisation, role))?;
            }
        }
        let mut act = transaction.prepare(
            "INSERT INTO act(at, actor, what, target, detail, chain) VALUES (?1, 'Lead', 'invite', ?2, 'energy', x'00')",
        )?;
        for n in 0..ACTS {
            act.execute((NOW - i64::from(n), format!("Firm {n:05}")))?;
        }
        let mut mail = transaction.prepare(
            "INSERT INTO mail(id, recipient, subject, text, kind, bulk, day, state, next_try_at)
             VALUES (?1, ?2, 'News', 'News', 'invitation', 1, ?3, ?4, 0)",
        )?;
        for n in 0..MAILS {
            let state = if n % 1_000 == 0 { "failed" } else { "sent" };
            let day = NOW / 86_400_000 - i64::from(n % 30);
            mail.execute((id(3, n), format!("p0@firm{n}.example"), day * 86_400_000, state))?;
        }
    }
    Ok(transaction.commit()?)
}

/// Prints the longest that something took.
fn worst(name: &str, mut page: impl FnMut() -> Result<(), RegisterError>) -> Result<(), Box<dyn Error>> {
    let mut longest = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        page()?;
        longest = longest.max(start.elapsed().as_micros());
    }
    println!("{name} {longest} us");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("register.db");
    let open = || Register::open(&path, Arc::new(Outside), Arc::new(Outside), PasswordCost::CHEAP);
    drop(open()?);
    fill(&path)?;
    let register = open()?;
    let search = |text: &str, status, after: Option<&str>| OrganisationQuery {
        text: text.to_owned(),
        status,
        after: after.map(str::to_owned),
    };
    let middle = OrganisationId::from_bytes(id(1, ORGANISATIONS / 2));
    let queries = [
        ("list", search("", None, None)),
        ("list-middle", search("", None, Some("firm 10000"))),
        ("search-late", search("19999", None, None)),
        ("search-none", search("no such firm", None, None)),
        ("status-none", search("", Some(Status::Suspended), None)),
    ];
    for (name, query) in &queries {
        worst(name, || register.organisation_page(query).map(drop))?;
    }
    worst("organisation", || {
        register.organisation_row(middle)?;
        register.profile(middle)?;
        register.sponsor_of(middle)?;
        register.member_acts(middle, true).map(drop)
    })?;
    worst("people", || register.people_page(middle, None).map(drop))?;
    worst("cell-people", || register.cell_people_page(None).map(drop))?;
    worst("directory", || register.directory_page("", Some("firm 10000")).map(drop))?;
    worst("directory-none", || register.directory_page("no such firm", None).map(drop))?;
    worst("invitations", || register.invitations(None).map(drop))?;
    worst("sponsorships", || register.sponsorships(None).map(drop))?;
    worst("acts", || register.acts(None).map(drop))?;
    worst("acts-middle", || register.acts(Some(i64::from(ACTS / 2))).map(drop))?;
    worst("outbox", || {
        register.mail_counts()?;
        register.mail_status(OUTBOX).map(drop)
    })?;
    Ok(())
}
