//! Times the check of a session and of a key, beside 20,000 organisations, 2,000 sessions and 20,000 keys.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use model::{Clock, Entropy, Sector, Timestamp, WhoMayBeWarned, WhoMayKnow};
use register::{Actor, Answers, Face, NewOrganisation, NewPerson, OrganisationClass, PasswordCost, Register, Role};

const ORGANISATIONS: usize = 20_000;
const SESSIONS: usize = 2_000;
const CHECKS: usize = 200_000;
const PASSWORD: &str = "correct horse battery";

struct Outside(Instant);

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.0.elapsed().as_millis()).unwrap_or(0);
        Timestamp::from_millis(1_790_000_000_000).plus_millis(passed)
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        // Without chance there would be no keys to tell apart; the failure of the system's own is none of this program's.
        let _ = aws_lc_rs::rand::fill(bytes);
    }
}

fn nanos(checks: usize, mut check: impl FnMut(usize) -> bool) -> Option<u128> {
    let start = Instant::now();
    let good = (0..checks).filter(|n| check(*n)).count();
    (good == checks).then(|| start.elapsed().as_nanos() / checks.max(1) as u128)
}

fn main() -> Result<(), Box<dyn Error>> {
    let outside = Arc::new(Outside(Instant::now()));
    let register = Register::in_memory(outside.clone(), outside, PasswordCost::CHEAP)?;
    let firm = |n: usize| NewOrganisation {
        name: format!("Firm {n}"),
        class: OrganisationClass::Member,
        sector: Sector::Energy,
        region: None,
        assets: policy::Assets::default(),
    };
    let firms: Vec<_> = (0..ORGANISATIONS).map(firm).collect();
    let answers = Answers { warn: WhoMayBeWarned::Now, know: WhoMayKnow::Nobody };
    let made = register.create_members(&firms, "bench", answers)?;
    let mut tokens = Vec::new();
    for (n, (id, _)) in made.iter().take(SESSIONS).enumerate() {
        let email = format!("ann@firm{n}.example");
        let new = NewPerson {
            email: email.clone(),
            name: "Ann".into(),
            organisation: Some(*id),
            role: Role::Reporter,
            secondment: None,
        };
        register.create_person(&Actor::operator(), &new, PASSWORD)?;
        tokens.push(register.sign_in(Face::Member, &email, PASSWORD, &format!("10.0.{}.{}", n / 250, n % 250))?.0);
    }
    let token = |n: usize| tokens.get(n % tokens.len().max(1)).map(register::Secret::expose);
    let key = |n: usize| made.get(n % made.len().max(1)).map(|(_, key)| key.expose());
    let session = nanos(CHECKS, |n| token(n).and_then(|token| register.session(Face::Member, token)).is_some())
        .ok_or("a session was refused")?;
    let keys = nanos(CHECKS, |n| key(n).and_then(|key| register.key(key)).is_some()).ok_or("a key was refused")?;
    println!("session {session} ns, key {keys} ns");
    Ok(())
}
