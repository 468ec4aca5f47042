//! Inviting many firms at once.

use crate::audit::Actor;
use crate::nouns::OrganisationClass;
use crate::register::{Register, RegisterError};
use crate::rights::Right;

use super::members::Invitee;
use super::onboarding::{Known, OnboardingLine, OnboardingProblem, known};
use super::{Delivery, Link};

/// What became of a file of invitations.
#[derive(Default)]
pub struct Onboarded {
    /// Firms that were invited: name, address, and the link where it is to be handed over.
    pub invited: Vec<(String, String, Link)>,
    /// Firms that are invited or members already.
    pub known: Vec<String>,
    /// Lines that the register refuses.
    pub problems: Vec<OnboardingProblem>,
}

impl Register {
    /// Invites many firms, all of them or none: nothing is done while the register refuses a line, unless `skip_bad`.
    ///
    /// # Errors
    /// [`RegisterError`] if they cannot be stored.
    pub fn onboard(
        &self,
        by: &Actor,
        lines: &[OnboardingLine],
        delivery: Delivery,
        (dry_run, skip_bad): (bool, bool),
    ) -> Result<Onboarded, RegisterError> {
        by.needs(Right::ManageMembers)?;
        let mut done = Onboarded::default();
        let mut fresh = Vec::new();
        {
            let connection = self.connection();
            for line in lines {
                match known(&connection, line)? {
                    Known::New => fresh.push(line),
                    Known::Already => done.known.push(line.name.clone()),
                    Known::NotSo(why) => {
                        done.problems.push(OnboardingProblem { line: line.line, column: 1, why: why.to_owned() });
                    }
                }
            }
        }
        if dry_run || (!done.problems.is_empty() && !skip_bad) {
            if dry_run {
                done.invited = fresh.iter().map(|line| (line.name.clone(), line.email.clone(), None)).collect();
            }
            return Ok(done);
        }
        done.invited = self.within(|transaction| {
            let mut invited = Vec::with_capacity(fresh.len());
            for line in fresh {
                let invitee = Invitee {
                    name: line.name.clone(),
                    class: OrganisationClass::Member,
                    sector: line.sector,
                    profile: line.profile.clone(),
                    contact: line.contact.clone(),
                    email: line.email.clone(),
                    language: line.language.clone(),
                };
                let (_, link) = self.invite_firm(transaction, by, &invitee, &line.profile, delivery)?;
                invited.push((line.name.clone(), line.email.clone(), link));
            }
            Ok::<_, RegisterError>(invited)
        })?;
        Ok(done)
    }
}
