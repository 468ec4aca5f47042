//! A secondee's own picture: fusion and desk folded from those entries alone that the wall lets through.
//!
//! Nothing is filtered out of answers afterwards: what lies behind the wall was never taken in, so no count, title, letter,
//! time, link or score can depend on it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fusion::{Config, Event, Finding, Fusion, Networks, NoiseLists, Observation, Weights};
use model::{CaseId, Observable, ObservableKey, PersonId, Timestamp};
use policy::planted::{self, Leak};
use policy::{Params, rho};
use vault::{
    AmendEntry, Body, Change, Class, DataSet, Entry, JournalError, Keys, ReportEntry, Seq, Vault, VaultError, Word,
    WordEntry,
};

use crate::desk::{Desk, DeskConfig, Frame};
use crate::sight::Sight;
use crate::sources::Facts;

/// Entries that are read at once.
const ENTRIES_AT_ONCE: usize = 512;

/// What a walled picture is made with.
pub struct WalledConfig {
    /// The vault.
    pub vault: Arc<Vault>,
    /// What may be read.
    pub sight: Sight,
    /// Cases that were passed across the wall and not taken back, up to an entry.
    pub passed: (HashSet<CaseId>, Seq),
    /// Lanes as (name in data, name that a person reads).
    pub lanes: Vec<(String, String)>,
    /// Length of a lane slot in milliseconds.
    pub slot_millis: i64,
    /// No fewer distinct members than these make a value one that links nothing any more.
    pub over_common_members: u32,
    /// How fusion adds evidence up.
    pub weights: Weights,
    /// Name of the data set of everyday values.
    pub noise_set: &'static str,
    /// Name of the data set of network operators.
    pub network_set: &'static str,
}

/// Why a walled picture cannot be folded.
#[derive(Debug, thiserror::Error)]
pub enum WalledError {
    /// The journal.
    #[error("journal: {0}")]
    Journal(#[from] JournalError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A data set.
    #[error("data set {name:?}: {why}")]
    DataSet {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// An entry that should be there is not.
    #[error("journal entry {0} is missing")]
    Missing(Seq),
}

/// A case behind the wall: where it lies, and what came of it, in case that it is passed.
struct Hidden {
    seq: Seq,
    later: Vec<Seq>,
}

/// See the module.
pub struct Walled {
    vault: Arc<Vault>,
    sight: Sight,
    params: Params,
    fusion: Fusion,
    desk: Desk,
    next: Seq,
    /// Time of the latest entry that was let through: it never goes back.
    now: Timestamp,
    hidden: HashMap<CaseId, Hidden>,
    passed: (HashSet<CaseId>, Seq),
    /// Reports that their reporters changed, as they stand now.
    amended: HashMap<CaseId, Box<ReportEntry>>,
    over_common_members: u32,
    noise_set: &'static str,
    network_set: &'static str,
    /// A case was taken back: what was taken in cannot be taken out, so the picture must be made anew.
    outdated: bool,
}

impl Walled {
    /// An empty picture that has taken in nothing.
    #[must_use]
    pub fn new(config: WalledConfig) -> Self {
        let WalledConfig { vault, sight, passed, lanes, slot_millis, noise_set, network_set, .. } = config;
        let WalledConfig { over_common_members, weights, .. } = config;
        let genesis = vault.genesis();
        let config = DeskConfig {
            journal: Arc::clone(vault.journal()),
            key_seed: vault.key_seed(),
            lanes,
            slot_millis,
            exercise: genesis.exercise,
        };
        let fusion = Fusion::new(Config { weights, ..Config::new(genesis.exercise, vault.key_seed()) });
        Self {
            params: genesis.params,
            desk: Desk::behind(config, &sight),
            sight,
            fusion,
            next: 1,
            now: Timestamp::from_millis(i64::MIN),
            hidden: HashMap::new(),
            amended: HashMap::new(),
            passed,
            over_common_members,
            noise_set,
            network_set,
            outdated: false,
            vault,
        }
    }

    /// The desk, as far as the wall lets through.
    #[must_use]
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The run of fusion over what the wall lets through.
    #[must_use]
    pub const fn fusion(&self) -> &Fusion {
        &self.fusion
    }

    /// Whether it must be made anew, since a case was taken back.
    #[must_use]
    pub const fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// Takes in the journal up to an entry; `live` entries also go out as frames.
    ///
    /// # Errors
    /// [`WalledError`] if a store cannot be read: the picture must be made anew, then.
    pub fn catch_up(&mut self, last: Seq, live: bool) -> Result<(), WalledError> {
        while self.next <= last {
            let journal = Arc::clone(self.vault.journal());
            let entries = journal.read(self.next, ENTRIES_AT_ONCE)?;
            if entries.is_empty() {
                return Err(WalledError::Missing(self.next));
            }
            for entry in entries.iter().take_while(|entry| entry.seq <= last) {
                self.apply(entry, live)?;
                self.next = entry.seq + 1;
            }
        }
        Ok(())
    }

    /// Events since the last call.
    pub fn frames(&mut self, now: Timestamp, facts: &Facts) -> Vec<Frame> {
        self.desk.advance(now);
        self.fusion.take_changes();
        self.desk.frames(now, &self.fusion, facts)
    }

    /// Moves the lanes' clock; call before live entries are taken in.
    pub fn advance(&mut self, now: Timestamp) {
        self.desk.advance(now);
    }

    fn apply(&mut self, entry: &Entry, live: bool) -> Result<(), WalledError> {
        match &entry.body {
            Body::Report(report) => {
                if self.admits(report)? {
                    self.report(entry, report, live);
                } else {
                    self.hidden.insert(report.case, Hidden { seq: entry.seq, later: Vec::new() });
                }
            }
            Body::Claim { case, .. } => self.of_case(entry, *case, live)?,
            Body::Message(message) => self.of_case(entry, message.case, live)?,
            Body::Amend(amend) => self.of_case(entry, amend.case, live)?,
            Body::File(file) => self.of_case(entry, file.case, live)?,
            Body::Opened(opened) => self.of_case(entry, opened.case, live)?,
            Body::Aged(aged) => self.of_case(entry, aged.case, live)?,
            Body::Feedback(feedback) => self.of_case(entry, feedback.case, live)?,
            Body::Word(word) => self.word(entry, word, live)?,
            Body::Pass { case, to, given, .. } if Some(*to) == self.sight.person() => {
                self.pass(entry, *case, *given, live)?;
            }
            Body::Population(population) => {
                let many = rho::over_common_members(population.members, self.over_common_members, &self.params);
                self.fusion.set_over_common(many.unwrap_or(u32::MAX));
                self.desk.apply(entry, &[], live);
            }
            Body::DataSet(set) if set.name == self.noise_set => {
                let exercise = self.vault.genesis().exercise;
                let lists = self.read_set(set, |text| NoiseLists::with_set(exercise, text))?;
                self.fusion.use_noise(Arc::new(lists));
            }
            Body::DataSet(set) if set.name == self.network_set => {
                let networks = self.read_set(set, Networks::with_set)?;
                self.fusion.use_networks(Arc::new(networks));
            }
            // Ticks, and releases that show nothing, come of reports of any sector: their mere time would tell of those.
            Body::Release(batch) if batch.objects.is_empty() => {}
            Body::Tick(_) | Body::Findings(_) | Body::DataSet(_) | Body::RuleSet(_) | Body::Pass { .. } => {}
            Body::Genesis(_) | Body::Release(_) | Body::Advisory(_) | Body::AdvisoryRead(..) | Body::Posture { .. } => {
                self.desk.apply(entry, &[], live)
            }
        }
        Ok(())
    }

    /// Takes in what came of a case, unless the wall hides it.
    fn of_case(&mut self, entry: &Entry, case: CaseId, live: bool) -> Result<(), WalledError> {
        if let Some(hidden) = self.hidden.get_mut(&case) {
            hidden.later.push(entry.seq);
            if planted::is_on(Leak::WalledActs) {
                self.desk.apply(entry, &[], live);
            }
            return Ok(());
        }
        if let Body::Amend(amend) = &entry.body {
            self.amend(entry.at, amend)?;
        }
        if let Body::Aged(aged) = &entry.body
            && aged.class != Class::Values
        {
            self.fusion.forget_words(aged.case);
        }
        self.desk.apply(entry, &[], live);
        Ok(())
    }

    /// Takes in what an analyst said, if the wall hides none of the cases that it is of.
    fn word(&mut self, entry: &Entry, word: &WordEntry, live: bool) -> Result<(), WalledError> {
        let Word::Related { other, same, .. } = word.what else {
            return self.of_case(entry, word.case, live);
        };
        for case in [word.case, other] {
            if let Some(hidden) = self.hidden.get_mut(&case) {
                hidden.later.push(entry.seq);
                return Ok(());
            }
        }
        self.now = self.now.max(entry.at);
        let mut found = Vec::new();
        self.fusion.say(&fusion::Word { at: self.now, one: word.case, other, same }, &mut found);
        self.desk.apply(entry, &found, live);
        Ok(())
    }

    /// What a reporter takes back links nothing more; what a correction adds is taken in.
    fn amend(&mut self, at: Timestamp, amend: &AmendEntry) -> Result<(), WalledError> {
        let known = self.amended.get(&amend.case).cloned();
        let before = match known {
            Some(report) => report,
            None => self.vault.report_at(amend.of)?.ok_or(WalledError::Missing(amend.of))?,
        };
        let mut after = before.clone();
        after.amend(&amend.change);
        let seed = self.vault.key_seed();
        let all = matches!(amend.change, Change::Withdraw | Change::Recall { .. });
        let of = |report: &ReportEntry| -> HashSet<Observable> {
            report.items.iter().map(|item| item.sighting.observable.clone()).collect()
        };
        let (named, names) = (of(&before), if all { HashSet::new() } else { of(&after) });
        let observed = |still: bool| -> Vec<Observation<'_>> {
            let values = before.items.iter().map(|item| &item.sighting.observable);
            let some = values.filter(|observable| names.contains(*observable) == still);
            some.map(|observable| Observation { key: observable.key(seed), observable }).collect()
        };
        let (gone, left) = (observed(false), observed(true));
        self.fusion.forget(amend.case, &gone, &left);
        if all {
            self.fusion.forget_tags(amend.case);
        }
        if let Change::Correct(_) = amend.change {
            let mut added = after.clone();
            added.items.retain(|item| !named.contains(&item.sighting.observable));
            self.now = self.now.max(at);
            self.correlate(&added);
        }
        self.amended.insert(amend.case, after);
        Ok(())
    }

    fn admits(&self, report: &ReportEntry) -> Result<bool, WalledError> {
        if planted::is_on(Leak::WallByFirm)
            && let Some(home) = self.sight.home()
        {
            let own = self.vault.keys().token(home, report.received_at).map_err(VaultError::from)?;
            return Ok(own != report.token);
        }
        Ok(self.sight.admits(report))
    }

    /// Takes in a report as the run over everything does, at a time that only what was let through has moved.
    fn report(&mut self, entry: &Entry, report: &ReportEntry, live: bool) {
        self.now = self.now.max(entry.at);
        let found = self.correlate(report);
        self.desk.apply(entry, &found, live);
    }

    fn correlate(&mut self, report: &ReportEntry) -> Vec<Finding> {
        let seed = self.vault.key_seed();
        let keys: Vec<ObservableKey> = report.items.iter().map(|item| item.sighting.observable.key(seed)).collect();
        let observations: Vec<Observation<'_>> = keys
            .iter()
            .zip(&report.items)
            .map(|(key, item)| Observation { key: *key, observable: &item.sighting.observable })
            .collect();
        let techniques: Vec<&str> = report.techniques.iter().map(|technique| technique.as_str()).collect();
        let tags: Vec<&str> = report.tags.iter().map(String::as_str).collect();
        let event = Event {
            at: self.now,
            case: report.case,
            token: report.token,
            window: Keys::window(report.received_at),
            sector: report.sector.as_deref(),
            region: report.region,
            counts: rho::counts_for_breadth(report.know, !report.is_members()),
            of_member: report.is_members(),
            observations: &observations,
            techniques: &techniques,
            tags: &tags,
        };
        let mut found: Vec<Finding> = Vec::new();
        self.fusion.step(&event, &mut found);
        for key in self.fusion.take_crowded() {
            found.extend(self.fusion.stop_linking(key));
        }
        found
    }

    /// A case that is passed comes in where it is passed, with whoever has taken it.
    fn pass(&mut self, entry: &Entry, case: CaseId, given: bool, live: bool) -> Result<(), WalledError> {
        let known = entry.seq <= self.passed.1;
        if !given {
            self.outdated |= !known && self.passed.0.contains(&case);
            return Ok(());
        }
        if known && !self.passed.0.contains(&case) {
            // Taken back since.
            return Ok(());
        }
        let Some(hidden) = self.hidden.remove(&case) else { return Ok(()) };
        self.passed.0.insert(case);
        let held = self.entry(hidden.seq)?;
        if let Body::Report(report) = &held.body {
            let late = Entry { at: entry.at, ..held.clone() };
            self.report(&late, report, live);
        }
        for seq in hidden.later {
            let late = Entry { at: entry.at, ..self.entry(seq)? };
            match &late.body {
                Body::Word(word) => self.word(&late, word, live)?,
                _ => self.of_case(&late, case, live)?,
            }
        }
        self.desk.apply(entry, &[], live);
        Ok(())
    }

    fn entry(&self, seq: Seq) -> Result<Entry, WalledError> {
        let found = self.vault.journal().read(seq, 1)?.into_iter().next();
        found.filter(|entry| entry.seq == seq).map(|entry| Entry::clone(&entry)).ok_or(WalledError::Missing(seq))
    }

    fn read_set<T>(&self, set: &DataSet, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, WalledError> {
        let bytes = self.vault.get_blob(set)?;
        std::str::from_utf8(&bytes)
            .map_err(|error| error.to_string())
            .and_then(read)
            .map_err(|why| WalledError::DataSet { name: set.name.clone(), why })
    }
}

impl Desk {
    /// Cases that were passed to somebody and not taken back, and the last entry that this desk has taken in.
    #[must_use]
    pub fn passed_to(&self, person: PersonId) -> (HashSet<CaseId>, Seq) {
        let passed = self.passes.iter().filter(|(_, to)| to.contains_key(&person)).map(|(case, _)| *case);
        (passed.collect(), self.last_seq)
    }

    /// Whether a case was passed to somebody.
    #[must_use]
    pub fn is_passed(&self, case: CaseId, person: PersonId) -> bool {
        self.passes.get(&case).is_some_and(|to| to.contains_key(&person))
    }
}
