//! What analysts said of campaigns, and what became of them: names, words, merges and splits.

use std::collections::HashMap;

use fusion::{Fusion, Happened, Said, What};
use model::{CampaignId, CaseId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use vault::{Body, Journal, Seq, Word, WordEntry};

use crate::desk::{Desk, rfc3339};
use crate::sources::MINUTE_MILLIS;

/// What an analyst calls a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct NameRow {
    /// The name.
    pub text: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: String,
}

/// What an analyst said of two cases.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WordRow {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Pseudonym of a case.
    pub one: String,
    /// Pseudonym of the other one.
    pub other: String,
    /// Whether they are of one attack.
    pub same: bool,
    /// Why.
    pub reason: String,
    /// Whether a later word that contradicts it counts instead.
    pub overruled: bool,
}

/// What happened to a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HistoryRow {
    /// The minute in which it did.
    pub at: String,
    /// `merged`: another one became part of it; `parted`: another one was split off; `parted-from`: it was split off another one;
    /// `revived`: a report came after a month or more without one; `wave`: several firms were hit within six hours.
    pub what: String,
    /// Id of the other campaign.
    pub other: Option<String>,
    /// Reports of the other one then; of a revival, the days without a report; of a wave, the firms when it was found.
    pub number: u32,
    /// The case that brought it; null if an analyst did.
    pub case: Option<String>,
    /// The analyst whose word brought it.
    pub by: Option<String>,
}

/// What a campaign is called.
#[derive(Clone)]
pub(crate) struct Named {
    text: String,
    by: String,
    at: Timestamp,
    seq: Seq,
}

/// Words of two cases, in the order in which fusion numbers them: who said each, and where it lies.
struct Spoken {
    name: String,
    seq: Seq,
}

/// Names and words.
#[derive(Default)]
pub(crate) struct Words {
    /// By the case that each was given to.
    names: HashMap<CaseId, Named>,
    /// By campaign: the latest of its cases' names.
    of: HashMap<CampaignId, Named>,
    /// Cases whose names are to be given to whatever campaign they are in.
    unplaced: Vec<CaseId>,
    spoken: Vec<Spoken>,
}

/// Words of a campaign as a page shows them, but for their reasons, which the journal has.
pub(crate) struct WordPlan {
    words: Vec<(Said, Option<(String, Seq)>)>,
    history: Vec<Happened>,
}

impl Desk {
    /// An analyst said something of a campaign.
    pub(crate) fn word(&mut self, seq: Seq, entry: &WordEntry, at: Timestamp) {
        match &entry.what {
            Word::Named(text) => {
                let named = Named { text: text.clone(), by: entry.name.clone(), at, seq };
                self.words.names.insert(entry.case, named);
                self.words.unplaced.push(entry.case);
            }
            Word::Related { other, .. } if *other != entry.case => {
                self.words.spoken.push(Spoken { name: entry.name.clone(), seq });
            }
            Word::Related { .. } => {}
        }
    }

    /// A case was taken back for good, or its words went by their time: so does what its campaign was called by it.
    pub(crate) fn unname(&mut self, case: CaseId) {
        if let Some(named) = self.words.names.get_mut(&case) {
            named.text = String::new();
            self.words.unplaced.push(case);
        }
    }

    /// A campaign became part of another: of two names the later counts.
    pub(crate) fn merge_names(&mut self, kept: CampaignId, alias: CampaignId) {
        if let Some(gone) = self.words.of.remove(&alias) {
            self.give(kept, gone);
        }
    }

    /// A campaign was split: its row is drawn anew, and each part has the names that were given to its own cases.
    pub(crate) fn split(&mut self, kept: CampaignId, parted: CampaignId) {
        self.kept.remove(&parted);
        if let Some(watched) = self.watched.get_mut(&kept) {
            watched.whole = false;
            watched.owner = None;
            watched.growth.clear();
        }
        self.touched.extend([kept, parted]);
        if self.words.of.remove(&kept).is_some() {
            self.words.unplaced.extend(self.words.names.keys());
        }
    }

    fn give(&mut self, campaign: CampaignId, named: Named) {
        match self.words.of.get(&campaign) {
            Some(held) if held.seq > named.seq => {}
            _ => {
                self.words.of.insert(campaign, named);
            }
        }
    }

    /// Gives names to campaigns; to be called before rows are drawn.
    pub(crate) fn place_names(&mut self, fusion: &Fusion) {
        for case in std::mem::take(&mut self.words.unplaced) {
            let (Some(campaign), Some(named)) = (fusion.campaign_of(case), self.words.names.get(&case).cloned()) else {
                continue;
            };
            self.give(campaign, named);
            self.touched.insert(campaign);
        }
    }

    /// What a campaign is called, if an analyst named it.
    pub(crate) fn name_of(&self, campaign: CampaignId) -> Option<&str> {
        self.words.of.get(&campaign).map(|named| named.text.as_str()).filter(|text| !text.is_empty())
    }

    pub(crate) fn name_row(&self, campaign: CampaignId) -> Option<NameRow> {
        let Named { text, by, at, .. } = self.words.of.get(&campaign)?;
        (!text.is_empty()).then(|| NameRow { text: text.clone(), by: by.clone(), at: rfc3339(*at) })
    }

    pub(crate) fn word_plan(&self, campaign: CampaignId, fusion: &Fusion) -> WordPlan {
        let spoken = |said: Said| {
            let by = self.words.spoken.get(said.number as usize);
            (said, by.map(|spoken| (spoken.name.clone(), spoken.seq)))
        };
        WordPlan { words: fusion.said(campaign).into_iter().map(spoken).collect(), history: fusion.history(campaign) }
    }
}

impl WordPlan {
    /// Rows of words and of history, with reasons as the journal has them now.
    pub(crate) fn read(self, journal: &dyn Journal) -> (Vec<WordRow>, Vec<HistoryRow>) {
        let names: HashMap<u32, String> =
            self.words.iter().filter_map(|(said, by)| Some((said.number, by.as_ref()?.0.clone()))).collect();
        let words = self.words.into_iter().map(|(said, by)| {
            let (by, seq) = by.unzip();
            WordRow {
                at: rfc3339(said.word.at),
                by: by.unwrap_or_default(),
                one: said.word.one.to_string(),
                other: said.word.other.to_string(),
                same: said.word.same,
                reason: seq.and_then(|seq| reason_at(journal, seq)).unwrap_or_default(),
                overruled: said.overruled_by.is_some(),
            }
        });
        let history = self.history.into_iter().map(|happened| HistoryRow {
            // A report's minute, as everywhere.
            at: rfc3339(happened.at.floor_to(MINUTE_MILLIS)),
            what: what_told(happened.what).to_owned(),
            other: (!matches!(happened.what, What::Revived | What::Wave)).then(|| happened.other.to_string()),
            number: happened.reports,
            case: happened.case.map(|case| case.to_string()),
            by: happened.by.and_then(|number| names.get(&number).cloned()),
        });
        (words.collect(), history.collect())
    }
}

const fn what_told(what: What) -> &'static str {
    match what {
        What::Merged => "merged",
        What::Parted => "parted",
        What::PartedFrom => "parted-from",
        What::Revived => "revived",
        What::Wave => "wave",
    }
}

fn reason_at(journal: &dyn Journal, seq: Seq) -> Option<String> {
    let entry = journal.read(seq, 1).ok()?.into_iter().next()?;
    match &entry.body {
        Body::Word(word) if entry.seq == seq => match &word.what {
            Word::Related { reason, .. } => Some(reason.clone()),
            Word::Named(_) => None,
        },
        _ => None,
    }
}
