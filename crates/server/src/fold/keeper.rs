//! What time ends: members' devices are told the cell's key of the month, keys whose time is over are destroyed, and the content of
//! cases goes when its time is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::Timestamp;
use register::Register;
use vault::{CASES_AT_ONCE_MAX, Class, Destroyed, Due, Keys, Retention, Vault, VaultError};

use super::{Core, CoreError};

/// How long a server runs before it destroys keys: a clock that is wrong at the start is put right, or seen, by then.
const REST: Duration = Duration::from_secs(3_600);
/// A clock that is so many months beyond the newest entry which was there at the start is not believed.
const AHEAD_MAX: u32 = 13;

/// How often it is looked whose content's time is over.
const ROUND_MILLIS: i64 = 86_400_000;

/// Looks once a month after keys, and once a day after content.
#[derive(Default)]
pub(super) struct Keeper {
    pub(super) retention: Retention,
    /// The month of the newest entry at the start.
    newest: u32,
    began: Option<Instant>,
    told: Option<u32>,
    destroyed: Option<u32>,
    round: Round,
}

/// A round of content whose time is over: looked for beside the fold, taken out a batch an epoch.
#[derive(Default)]
struct Round {
    /// The day of the last one.
    day: Option<i64>,
    looking: Option<JoinHandle<Result<Vec<Due>, VaultError>>>,
    due: Vec<Due>,
    /// The epoch of the last batch.
    epoch: i64,
    gone: BTreeMap<Class, u64>,
}

fn counted(gone: &BTreeMap<Class, u64>) -> [u64; 3] {
    Class::ALL.map(|class| gone.get(&class).copied().unwrap_or_default())
}

impl Round {
    /// Goes on with the round; gives whether a replay comes to another state of fusion from now on.
    fn step(&mut self, vault: &Arc<Vault>, retention: Retention, now: Timestamp) -> Result<bool, VaultError> {
        if self.looking.as_ref().is_some_and(JoinHandle::is_finished) {
            let looked = self.looking.take().and_then(|looking| looking.join().ok());
            self.due = looked.unwrap_or_else(|| Ok(Vec::new()))?;
        }
        let day = now.as_millis().div_euclid(ROUND_MILLIS);
        if self.looking.is_none() && self.due.is_empty() && self.day != Some(day) {
            self.day = Some(day);
            let vault = Arc::clone(vault);
            let look = std::thread::Builder::new().name("retention".to_owned());
            self.looking = Some(
                look.spawn(move || vault.due(now, &retention))
                    .map_err(|error| vault::JournalError::Io(error.to_string().into()))?,
            );
        }
        // One batch an epoch: whoever writes or reads meanwhile waits for no more than that.
        let epoch = now.as_millis().div_euclid(vault.genesis().params.epoch_millis.max(1));
        if self.due.is_empty() || self.epoch == epoch {
            return Ok(false);
        }
        self.epoch = epoch;
        let went = vault.age(&self.due)?;
        self.due.drain(..CASES_AT_ONCE_MAX.min(self.due.len()));
        for due in &went.done {
            *self.gone.entry(due.class).or_default() += 1;
        }
        if self.due.is_empty() {
            let [words, values, letters] = counted(&std::mem::take(&mut self.gone));
            tracing::info!(words, values, letters, "cases lost content whose time is over");
        }
        Ok(went.counted)
    }
}

impl Keeper {
    pub(super) fn of(vault: &Vault) -> Self {
        let journal = vault.journal();
        let last = journal.read_raw(journal.head().seq, 1).ok().and_then(|last| last.first().map(|last| last.at));
        Self { newest: last.map_or(0, Keys::window), ..Self::default() }
    }

    /// Gives whether a replay comes to another state of fusion from now on.
    pub(super) fn look(&mut self, vault: &Arc<Vault>, register: &Register, now: Timestamp) -> bool {
        let window = Keys::window(now);
        if self.told != Some(window) {
            self.told = Some(window);
            if let Err(error) = tell_cell_key(vault, register, now) {
                tracing::error!(%error, "the cell's key of this month could not be told: devices seal to that of before");
            }
        }
        if self.began.get_or_insert_with(Instant::now).elapsed() < REST {
            return false;
        }
        let believed = window <= self.newest.saturating_add(AHEAD_MAX);
        if self.destroyed != Some(window) {
            self.destroyed = Some(window);
            if believed {
                self.destroy(vault, now);
            } else {
                tracing::error!(
                    "the clock is a year beyond the newest entry: no key and no content goes by it until the next start"
                );
            }
        }
        if !believed {
            return false;
        }
        match self.round.step(vault, self.retention, now) {
            Ok(differs) => differs,
            Err(error) => {
                self.round.due.clear();
                tracing::error!(%error, "content whose time is over could not be taken out; it is tried again tomorrow");
                false
            }
        }
    }

    fn destroy(&mut self, vault: &Vault, now: Timestamp) {
        match vault.destroy_old_keys(now, self.retention) {
            Ok(gone) if gone != Destroyed::default() => {
                let Destroyed { token_keys, cell_keys } = gone;
                tracing::info!(token_keys, cell_keys, "keys whose time is over are destroyed");
            }
            Ok(_) => {}
            Err(error) => {
                self.destroyed = None;
                self.began = None;
                tracing::error!(%error, "keys whose time is over could not be destroyed; it is tried again in an hour");
            }
        }
    }
}

impl Core {
    /// Takes out at once all content whose time is over; gives what went.
    ///
    /// # Errors
    /// [`CoreError`] if a store failed.
    pub fn retain(&mut self, now: Timestamp) -> Result<Vec<Due>, CoreError> {
        let due = self.vault.due(now, &self.keeper.retention)?;
        let mut gone = Vec::with_capacity(due.len());
        for some in due.chunks(CASES_AT_ONCE_MAX) {
            let went = self.vault.age(some)?;
            self.erased |= went.counted;
            gone.extend(went.done);
        }
        Ok(gone)
    }

    /// How long keys of a month are kept after its end, and content of cases.
    #[must_use]
    pub fn keeping(mut self, retention: Retention) -> Self {
        self.keeper.retention = retention;
        self
    }
}

/// Tells members' devices the cell's key of a moment, to which they seal words that are for the cell only.
pub(super) fn tell_cell_key(vault: &Vault, register: &Register, now: Timestamp) -> Result<(), CoreError> {
    let key = vault.keys().cell_key(now).map_err(VaultError::from)?;
    if register.cell_key()? != Some((key.number, key.public)) {
        register.tell_cell_key(key.number, &key.public)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicU64, Ordering};

    use model::{AttackKind, Clock, Entropy, Marking, OrganisationId, Severity, WhoMayBeWarned, WhoMayKnow};
    use policy::Params;
    use vault::{GenesisIfNew, ReportContent, Submission};

    use super::*;

    const START: i64 = 1_790_000_000_000;
    const CASES: usize = CASES_AT_ONCE_MAX + 8;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(START)
        }
    }

    #[derive(Default)]
    struct Counting(AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(8) {
                let word = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
                chunk.iter_mut().zip(word).for_each(|(to, from)| *to = from);
            }
        }
    }

    fn report(tags: &[&str]) -> Submission {
        Submission {
            organisation: OrganisationId::from_bytes([1; 16]),
            sector: None,
            region: None,
            received_at: Timestamp::from_millis(START),
            named: None,
            own: false,
            outside: false,
            contact: None,
            report: ReportContent {
                happened_at: None,
                warn: WhoMayBeWarned::Now,
                know: WhoMayKnow::Nobody,
                marking: Marking::default(),
                attack: AttackKind::Phishing,
                severity: Severity::High,
                ongoing: false,
                title: "t".into(),
                narrative: "words".into(),
                techniques: vec![],
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                items: vec![],
            },
        }
    }

    #[test]
    fn a_round_looks_once_a_day_and_takes_one_batch_an_epoch() {
        let genesis = GenesisIfNew { partnership: "P".into(), exercise: true, params: Params::EXERCISE };
        let vault = Arc::new(Vault::in_memory(&genesis, Arc::new(Still), Arc::new(Counting::default())).unwrap());
        vault.submit((0..CASES).map(|_| report(&[])).collect(), false).unwrap();
        let (mut round, retention) = (Round::default(), Retention::default());
        let epoch = Params::EXERCISE.epoch_millis;
        // An epoch after midnight, a year later.
        let day = (START + 366 * ROUND_MILLIS).div_euclid(ROUND_MILLIS) * ROUND_MILLIS;
        let at = |epochs: i64| Timestamp::from_millis(day + epochs * epoch);
        let gone = || vault.journal().head().seq - (CASES as u64 + 1);
        let words = "words change no state of fusion: it may be noted on";
        assert!(!round.step(&vault, retention, at(1)).unwrap(), "{words}");
        while gone() == 0 {
            std::thread::sleep(Duration::from_millis(5));
            assert!(!round.step(&vault, retention, at(1)).unwrap(), "{words}");
        }
        for _ in 0..10 {
            assert!(!round.step(&vault, retention, at(1)).unwrap(), "{words}");
        }
        assert_eq!((gone(), round.due.len()), (CASES_AT_ONCE_MAX as u64, 8), "one batch in one epoch");
        round.step(&vault, retention, at(2)).unwrap();
        assert_eq!((gone(), round.due.len()), (CASES as u64, 0));
        // Nothing more on this day; on the next one it is looked again, and nothing is found.
        round.step(&vault, retention, at(3)).unwrap();
        assert!(round.looking.is_none());
        let tomorrow = Timestamp::from_millis(day + ROUND_MILLIS);
        round.step(&vault, retention, tomorrow).unwrap();
        while round.looking.is_some() {
            std::thread::sleep(Duration::from_millis(5));
            round.step(&vault, retention, tomorrow).unwrap();
        }
        assert_eq!(gone(), CASES as u64);
    }

    #[test]
    fn words_with_tags_change_what_a_replay_comes_to() {
        let genesis = GenesisIfNew { partnership: "P".into(), exercise: true, params: Params::EXERCISE };
        let vault = Arc::new(Vault::in_memory(&genesis, Arc::new(Still), Arc::new(Counting::default())).unwrap());
        let due = || vault.due(Timestamp::from_millis(START + 366 * ROUND_MILLIS), &Retention::default()).unwrap();
        vault.submit(vec![report(&[])], false).unwrap();
        let went = vault.age(&due()).unwrap();
        assert_eq!((went.done.len(), went.counted), (1, false));
        vault.submit(vec![report(&["asyncrat"])], false).unwrap();
        let went = vault.age(&due()).unwrap();
        assert_eq!((went.done.len(), went.counted), (1, true));
    }
}
