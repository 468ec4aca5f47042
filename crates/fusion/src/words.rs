//! What analysts say of reports: the same attack, or not. A word refers to two reports, never to a campaign, so that it holds
//! whatever merges, splits or new rules make of campaigns afterwards. Of words that contradict each other the latest counts;
//! the others are kept and shown as overruled.

use std::collections::HashMap;

use model::{CampaignId, CaseId, Timestamp};

use crate::cluster::Cluster;
use crate::engine::Fusion;
use crate::history::{Happened, History, What};
use crate::leave::WEAK;
use crate::reasons::{BY_ANALYST, Kept};
use crate::tree::{Edge, NO_WORD, Tree};
use crate::{ANALYST, Finding, Reason};

/// What an analyst says of two reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// When it was said.
    pub at: Timestamp,
    /// A report.
    pub one: CaseId,
    /// Another one.
    pub other: CaseId,
    /// Whether both belong to one attack; if not they are never in one campaign.
    pub same: bool,
}

/// A word with what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its number: words are numbered as they come.
    pub number: u32,
    /// What was said.
    pub word: Word,
    /// The later word that contradicts it and counts instead.
    pub overruled_by: Option<u32>,
}

/// Words, and where they act.
#[derive(Default)]
pub(crate) struct Words {
    all: Vec<Said>,
    /// By report that was not seen yet, or is: the words that name it.
    of: HashMap<CaseId, Vec<u32>>,
}

impl Words {
    fn add(&mut self, word: Word) -> u32 {
        let number = u32::try_from(self.all.len()).unwrap_or(NO_WORD);
        self.all.push(Said { number, word, overruled_by: None });
        self.of.entry(word.one).or_default().push(number);
        self.of.entry(word.other).or_default().push(number);
        number
    }

    fn get(&self, number: u32) -> Option<Said> {
        self.all.get(number as usize).copied()
    }

    pub(crate) fn active(&self, number: u32) -> Option<Word> {
        self.get(number).filter(|said| said.overruled_by.is_none()).map(|said| said.word)
    }

    fn overrule(&mut self, number: u32, by: u32) {
        if let Some(said) = self.all.get_mut(number as usize).filter(|said| said.number != by) {
            said.overruled_by.get_or_insert(by);
        }
    }

    /// Words that name a report.
    pub(crate) fn of(&self, case: CaseId) -> &[u32] {
        self.of.get(&case).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn all(&self) -> &[Said] {
        &self.all
    }
}

impl Fusion {
    /// Takes in an analyst's word. What it says of a report that this run does not know yet waits for that report.
    pub fn say(&mut self, word: &Word, findings: &mut Vec<Finding>) {
        if word.one == word.other {
            return;
        }
        let number = self.words.add(*word);
        let pair = |other: &Word| {
            (other.one, other.other) == (word.one, word.other) || (other.other, other.one) == (word.one, word.other)
        };
        for earlier in self.words.of(word.one).to_vec() {
            if self.words.active(earlier).is_some_and(|known| known.same != word.same && pair(&known)) {
                self.words.overrule(earlier, number);
            }
        }
        for case in [word.one, word.other] {
            if let Some(cluster) = self.index_of(case).and_then(|case| self.cluster_of_mut(case)) {
                cluster.words.push(number);
            }
        }
        self.act(number, findings);
    }

    /// A report has come: what was said of it before acts now.
    pub(crate) fn act_on_waiting(&mut self, case: CaseId, findings: &mut Vec<Finding>) {
        for number in self.words.of(case).to_vec() {
            self.act(number, findings);
        }
    }

    fn act(&mut self, number: u32, findings: &mut Vec<Finding>) {
        let Some(word) = self.words.active(number) else { return };
        let (Some(one), Some(other)) = (self.index_of(word.one), self.index_of(word.other)) else { return };
        let apart = self.places.home(one) != self.places.home(other);
        match (word.same, apart) {
            (true, true) => self.join_by_word(number, &word, one, other, findings),
            (true, false) => self.tie(number, one, other),
            (false, true) => {}
            (false, false) => self.part(number, &word, one, other, findings),
        }
    }

    /// Two campaigns become one because an analyst says so, whatever was said before.
    fn join_by_word(&mut self, number: u32, word: &Word, one: u32, other: u32, findings: &mut Vec<Finding>) {
        while let Some(earlier) = self.barred(one, other) {
            if earlier > number {
                // The later word counts: this one came to act only now, by a report that was late.
                self.words.overrule(number, earlier);
                return;
            }
            self.words.overrule(earlier, number);
        }
        let (case, earlier) = (one.max(other), one.min(other));
        let Some(earlier_id) = self.cases.get(earlier).map(|case| case.id) else { return };
        let reason = Reason { rule: ANALYST, key: model::ObservableKey(0), other: earlier_id };
        self.reasons.keep(case, &[Kept { at: word.at, key: reason.key, other: earlier, rule: BY_ANALYST }]);
        let (mine, theirs) = (self.oldest_of(case), self.oldest_of(earlier));
        let (mine_id, theirs_id) = (self.id_of(case), self.id_of(earlier));
        let edge = Edge { case, other: earlier, log_odds: f32::INFINITY, word: number };
        self.unite(edge, word.at, true);
        self.look_for_wave(case, word.at);
        let (kept, alias) = if mine < theirs { (mine_id, theirs_id) } else { (theirs_id, mine_id) };
        self.note_merged(kept, alias);
        findings.push(Finding::Merged { kept, alias, reasons: vec![reason] });
    }

    /// Two campaigns were one by a report that is no longer known: they are one again, by the weakest link that holds. Gives the id that is kept
    /// and that of the other; `None` if they are one, or an analyst keeps them apart.
    pub fn reunite(&mut self, one: CampaignId, other: CampaignId, at: Timestamp) -> Option<(CampaignId, CampaignId)> {
        let case = |id: CampaignId| self.index_of(CaseId::from_bytes(*id.as_bytes()));
        let (one, other) = (case(one)?, case(other)?);
        if self.places.home(one) == self.places.home(other) || self.barred(one, other).is_some() {
            return None;
        }
        let (mine, theirs) = (self.oldest_of(one), self.oldest_of(other));
        let (kept, alias) = (self.campaign_id_of(mine.min(theirs)), self.campaign_id_of(mine.max(theirs)));
        let edge = Edge { case: mine.max(theirs), other: mine.min(theirs), log_odds: WEAK, word: NO_WORD };
        self.unite(edge, at, true);
        self.note_merged(kept, alias);
        Some((kept, alias))
    }

    /// Two reports of one campaign stay in one: the weakest link between them gives way to the word.
    fn tie(&mut self, number: u32, one: u32, other: u32) {
        let Some(cluster) = self.cluster_of_mut(one) else { return };
        let path = cluster.tree.path(one, other);
        let weakest = cluster.tree.weakest(&path);
        let edge = Edge { case: one.max(other), other: one.min(other), log_odds: f32::INFINITY, word: number };
        if let Some(at) = weakest.filter(|at| cluster.tree.edges().get(*at).is_some_and(|edge| edge.word == NO_WORD)) {
            cluster.tree.replace(at, edge);
        }
    }

    /// A campaign becomes two because an analyst says that two of its reports are not of one attack: the weakest link between
    /// them is cut. The part with the older report keeps the id.
    fn part(&mut self, number: u32, word: &Word, one: u32, other: u32, findings: &mut Vec<Finding>) {
        let held = self.places.of(one);
        let Some(mut whole) = self.take_cluster(held) else { return };
        let path = whole.tree.path(one, other);
        let Some((cut, side, tree)) = whole.tree.weakest(&path).and_then(|at| whole.tree.cut(at, one)) else {
            self.put_cluster(held, whole);
            return;
        };
        if cut.word != NO_WORD {
            self.words.overrule(cut.word, number);
        }
        let Some(parts) = self.divide(held, whole, (side, tree), word.at, number, findings) else {
            return;
        };
        // What was said to be the same and is in two now was contradicted.
        for said in self.words_between(parts.0, parts.1, true) {
            self.words.overrule(said, number);
        }
    }

    /// Makes two campaigns of one, whose tree was cut. Gives the oldest report of each.
    fn divide(
        &mut self,
        held: u32,
        mut whole: Box<Cluster>,
        (side, tree): (Vec<u32>, Tree),
        at: Timestamp,
        by: u32,
        findings: &mut Vec<Finding>,
    ) -> Option<(u32, u32)> {
        let mut rest: Vec<u32> = whole.cases.iter().copied().filter(|case| side.binary_search(case).is_err()).collect();
        rest.sort_unstable();
        let (Some(mut here), Some(mut there)) = (self.cluster_of_cases(&side), self.cluster_of_cases(&rest)) else {
            self.put_cluster(held, whole);
            return None;
        };
        (here.tree, there.tree) = (tree, std::mem::take(&mut whole.tree));
        // The part with the oldest report keeps place and id.
        let (mut kept, mut parted) = if here.oldest < there.oldest { (here, there) } else { (there, here) };
        let sizes = (kept.count(), parted.count());
        self.share_out(*whole, &mut kept, &mut parted);
        let (kept_id, parted_id) = (self.campaign_id_of(kept.oldest), self.campaign_id_of(parted.oldest));
        kept.aliases.retain(|alias| *alias != parted_id);
        parted.aliases.retain(|alias| *alias != parted_id);
        kept.history.push(Happened {
            at,
            what: What::Parted,
            other: parted_id,
            reports: sizes.1,
            case: None,
            by: Some(by),
        });
        parted.history.push(Happened {
            at,
            what: What::PartedFrom,
            other: kept_id,
            reports: sizes.0,
            case: None,
            by: Some(by),
        });
        let (kept_oldest, parted_oldest) = (kept.oldest, parted.oldest);
        self.put_cluster(held, Box::new(kept));
        let place = self.free_place();
        for case in &parted.cases {
            self.places.set(*case, place);
        }
        self.put_cluster(place, Box::new(parted));
        self.note_changed([kept_oldest, parted_oldest]);
        findings.push(Finding::Split { kept: kept_id, parted: parted_id });
        Some((kept_oldest, parted_oldest))
    }

    /// The campaign of these cases; none of none.
    fn cluster_of_cases(&self, cases: &[u32]) -> Option<Cluster> {
        let mut all = cases.iter().filter_map(|case| Some((*case, self.cases.get(*case)?)));
        let (first, held) = all.next()?;
        let mut whole = Cluster::of(first, held);
        for (case, held) in all {
            whole.add(case, held);
        }
        Some(whole)
    }

    /// What the parts of a campaign keep of it.
    fn share_out(&mut self, whole: Cluster, kept: &mut Cluster, parted: &mut Cluster) {
        let parted_cases = parted.cases.clone();
        let is_parted = |id: &CaseId| self.index_of(*id).is_some_and(|case| parted_cases.binary_search(&case).is_ok());
        let case_of = |id: &CampaignId| CaseId::from_bytes(*id.as_bytes());
        let (theirs, mine): (Vec<_>, Vec<_>) = whole.aliases.into_iter().partition(|alias| is_parted(&case_of(alias)));
        let (of_parted, of_kept): (Vec<_>, Vec<_>) = whole.words.into_iter().partition(|number| {
            self.words.get(*number).is_some_and(|said| is_parted(&said.word.one) && is_parted(&said.word.other))
        });
        let between: Vec<u32> = of_kept
            .iter()
            .copied()
            .filter(|number| {
                self.words.get(*number).is_some_and(|said| is_parted(&said.word.one) || is_parted(&said.word.other))
            })
            .collect();
        // What led to a part is that part's past; what led to the whole is the older part's.
        let (past, rest): (History, History) =
            whole.history.into_iter().partition(|it| it.case.as_ref().is_some_and(is_parted));
        (kept.aliases, parted.aliases) = (mine, theirs);
        (kept.history, parted.history) = (rest, past);
        kept.words = of_kept;
        parted.words = of_parted;
        parted.words.extend(between);
        for part in [&mut *kept, &mut *parted] {
            part.recent.keep_told(&whole.recent);
        }
        let split = self.places.split();
        (kept.parted, parted.parted) = (split, split);
    }

    /// The word by which two reports' campaigns are kept apart, if there is one: the latest.
    pub(crate) fn barred(&self, one: u32, other: u32) -> Option<u32> {
        self.words_between(one, other, false).last().copied()
    }

    /// Words in force of which one report is in the campaign of `one` and the other in that of `other`, in their order.
    fn words_between(&self, one: u32, other: u32, same: bool) -> Vec<u32> {
        let of_one = self.words_in(one);
        if of_one.is_empty() {
            return Vec::new();
        }
        let of_other = self.words_in(other);
        let fewer = if of_one.len() <= of_other.len() { of_one } else { of_other };
        if fewer.is_empty() {
            return Vec::new();
        }
        let (here, there) = (self.places.home(one), self.places.home(other));
        let home = |case: CaseId| self.index_of(case).map(|case| self.places.home(case));
        let mut between: Vec<u32> = fewer
            .iter()
            .copied()
            .filter(|number| {
                self.words.active(*number).is_some_and(|word| {
                    let ends = (home(word.one), home(word.other));
                    word.same == same && (ends == (Some(here), Some(there)) || ends == (Some(there), Some(here)))
                })
            })
            .collect();
        between.sort_unstable();
        between.dedup();
        between
    }

    /// Words that name a report of a case's campaign.
    fn words_in(&self, case: u32) -> &[u32] {
        let Some(held) = self.cases.get(case) else { return &[] };
        self.cluster(self.places.of(case)).map_or_else(|| self.words.of(held.id), |cluster| &cluster.words)
    }

    /// What analysts said of the reports of a campaign, in order, overruled words too.
    #[must_use]
    pub fn said(&self, id: CampaignId) -> Vec<Said> {
        let Some(case) = self.index_of(CaseId::from_bytes(*id.as_bytes())) else { return Vec::new() };
        let mut numbers = self.words_in(case).to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.words.get(number)).collect()
    }
}
