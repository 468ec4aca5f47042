//! What the fold looks at beside the journal: how many members there are, and under which lanes.

use desk::DeskConfig;

use super::*;
use crate::sources::follow_leads;

pub(super) fn new_desk(vault: &Vault, lanes: Vec<(String, String)>, slot_millis: i64) -> Desk {
    Desk::new(DeskConfig {
        journal: Arc::clone(vault.journal()),
        key_seed: vault.key_seed(),
        lanes,
        slot_millis,
        exercise: vault.genesis().exercise,
    })
}

impl Core {
    /// Notes what this process knows of itself.
    pub(super) fn look(&self, shared: &SharedFold, now: Timestamp, entries: usize) -> Facts {
        let due = shared.read().engine.is_due(now);
        let journal = self.vault.journal();
        let mut facts = held(&shared.facts);
        facts.stepped_at = now;
        facts.behind = journal.head().seq.saturating_sub(self.next - 1);
        let since = |on: bool, before: Option<Timestamp>| on.then(|| before.unwrap_or(now));
        // An entry that came is a sign of life of the disk: what waits now has not waited since before it.
        let before = facts.waiting_since.filter(|_| entries == 0);
        facts.waiting_since = since(journal.waiting() > 0, before);
        facts.overdue_since = since(due, facts.overdue_since);
        *facts
    }

    /// Tells the vault among whom letters of sources are counted, and has them drawn where a window has begun.
    pub(super) fn grade_sources(&self, now: Timestamp) {
        self.vault.set_members(self.register.members_by_group());
        if let Err(error) = self.vault.draw_grades(now) {
            tracing::warn!(%error, "what sources bear could not be drawn: nothing is told of any until it is tried again");
        }
    }

    /// Notes in the journal how many members there are, when that has changed.
    pub(super) fn count_members(&mut self, now: Timestamp) -> Result<(), CoreError> {
        self.vault.end_epoch(now);
        if now.millis_since(self.population_looked) < POPULATION_MILLIS {
            return Ok(());
        }
        self.population_looked = now;
        if let Err(error) = follow_leads(&self.vault, &self.register, &mut self.leads) {
            tracing::warn!(%error, "who the leads are could not be read; sources are sealed to those of before");
        }
        self.grade_sources(now);
        self.erased |= self.keeper.look(&self.vault, &self.register, now);
        let told = self.register.populations();
        let population = Population { members: told.members, sectors: told.sectors, regions: told.regions };
        if self.population.as_ref() != Some(&population) {
            self.vault.journal().append(vec![NewEntry::new(now, Body::Population(population.clone()))])?;
            self.population = Some(population);
            let lanes = self.register.lanes();
            if lanes != self.lanes {
                self.draw_anew(lanes)?;
            }
        }
        Ok(())
    }

    /// The sectors that may be named have changed: the desk is folded anew with the lanes of today. Fusion stays as it is.
    pub(super) fn draw_anew(&mut self, lanes: Vec<(String, String)>) -> Result<(), CoreError> {
        let mut desk = new_desk(&self.vault, lanes.clone(), self.slot_millis);
        let mut from = 1;
        // Only this thread writes, so what is read in between does not change.
        while from < self.next {
            let entries = self.vault.journal().read(from, ENTRIES_PER_STEP)?;
            let fold = self.shared.read();
            for entry in entries.iter().take_while(|entry| entry.seq < self.next) {
                let campaign = match &entry.body {
                    Body::Report(report) => {
                        fold.fusion().campaign_of(report.case).map(|campaign| (report.case, campaign))
                    }
                    _ => None,
                };
                let found = campaign.map(|(case, campaign)| Finding::Joined { campaign, case, reasons: Vec::new() });
                desk.apply(entry, found.as_slice(), false);
            }
            match entries.last() {
                Some(last) => from = last.seq + 1,
                None => break,
            }
        }
        let mut fold = self.shared.write();
        fold.desk = desk;
        fold.place += 1;
        self.hub.recut(fold.place);
        drop(fold);
        self.shared.pictures.close();
        self.lanes = lanes;
        Ok(())
    }
}
