//! What reports say beside their values: techniques, names of malware, other tags.

use model::{CaseId, ObservableKey};

use crate::Event;
use crate::engine::Fusion;
use crate::rules;
use crate::take::Room;
use crate::weigh::Asking;

/// Tags of one report that count, techniques first; further ones say nothing.
const TAGS_MAX: usize = 8;
/// Hits of tags are told from those of values by their place.
pub(crate) const FIRST_PLACE: u16 = 1 << 15;

/// A tag of a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    key: u64,
    /// It is one of the writer's own words, not a technique.
    is_free: bool,
}

impl Fusion {
    /// Takes in what a case says beside its values, once for each tag.
    pub(crate) fn take_tags(&mut self, case: u32, event: &Event<'_>, room: &mut Room) {
        room.tags.clear();
        if event.techniques.is_empty() && event.tags.is_empty() {
            return;
        }
        let mut known = self.tags.remove(&case).unwrap_or_default();
        let techniques = event.techniques.iter().map(|technique| (technique, false));
        for (text, is_free) in techniques.chain(event.tags.iter().map(|tag| (tag, true))) {
            let Some(key) = rules::tag(text, self.config.key_seed) else { continue };
            if known.len() < TAGS_MAX && known.iter().all(|tag| tag.key != key) {
                known.push(Tag { key, is_free });
                room.tags.push(key);
            }
        }
        self.tags.insert(case, known);
        let asking = Asking::of(u32::try_from(room.tags.len()).unwrap_or(u32::MAX));
        for (place, key) in (FIRST_PLACE..).zip(room.tags.clone()) {
            self.meet_tag(case, place, key, asking, &mut room.hits);
        }
    }

    /// Forgets the tags of a case that are its writer's own words: they are kept no longer. Techniques stay.
    pub fn forget_words(&mut self, case: CaseId) {
        self.forget_tags_if(case, |tag| tag.is_free);
    }

    /// Forgets techniques and tags of a case, as when it is taken back.
    pub fn forget_tags(&mut self, case: CaseId) {
        self.forget_tags_if(case, |_| true);
    }

    fn forget_tags_if(&mut self, case: CaseId, goes: impl Fn(&Tag) -> bool) {
        let Some(case) = self.index_of(case) else { return };
        let Some(known) = self.tags.remove(&case) else { return };
        let (gone, kept): (Vec<Tag>, Vec<Tag>) = known.into_iter().partition(goes);
        for tag in gone {
            self.leave_tag(case, tag.key);
        }
        if !kept.is_empty() {
            self.tags.insert(case, kept);
        }
    }

    /// The key by which a reason names a tag; `None` of one that says nothing.
    #[must_use]
    pub fn tag_key(&self, tag: &str) -> Option<ObservableKey> {
        rules::tag(tag, self.config.key_seed).map(ObservableKey)
    }
}
