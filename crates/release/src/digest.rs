//! SHA-256 over the gate's state and both runs of fusion: replay must come to the same.

use aws_lc_rs::digest::{Context, SHA256};

use crate::back::Amended;
use crate::gate::{Gate, Text};

fn sorted<'a>(keys: impl Iterator<Item = &'a u64>) -> Vec<u64> {
    let mut keys: Vec<u64> = keys.copied().collect();
    keys.sort_unstable();
    keys
}

impl Gate {
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        self.all.digest(&mut |bytes| context.update(bytes));
        self.community.digest(&mut |bytes| context.update(bytes));
        let mut keys: Vec<u64> = self.values.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            let Some(value) = self.values.get(&key) else { continue };
            context.update(&key.to_le_bytes());
            for number in
                [value.since, value.until, i64::from(value.havers.members()), i64::from(value.havers.confirming())]
            {
                context.update(&number.to_le_bytes());
            }
            context.update(&value.opens.to_le_bytes());
            context.update(&[value.flags, u8::from(value.shown != 0)]);
            context.update(value.marking.tlp.as_str().as_bytes());
            context.update(value.marking.pap.as_str().as_bytes());
            if let Some(campaign) = self.root(value.campaign).and_then(|place| self.campaigns.get(place as usize)) {
                context.update(&campaign.public);
            }
        }
        for campaign in &self.campaigns {
            context.update(&campaign.public);
            context.update(&campaign.since.to_le_bytes());
            context.update(&campaign.indicators().to_le_bytes());
            context.update(&[u8::from(campaign.shown != 0), campaign.band.map_or(0, |band| band as u8 + 1)]);
            context.update(campaign.marking.tlp.as_str().as_bytes());
            context.update(campaign.marking.pap.as_str().as_bytes());
            context.update(campaign.attack.as_str().as_bytes());
            context.update(campaign.telling.as_ref().map_or("", |telling| &telling.value).as_bytes());
            for text in campaign.techniques.iter().chain(&campaign.sectors) {
                context.update(text.as_bytes());
            }
            for region in &campaign.regions {
                context.update(region.as_str().as_bytes());
            }
        }
        for place in &self.broad {
            context.update(&place.to_le_bytes());
        }
        for (due, parts) in &self.pending {
            context.update(&due.as_millis().to_le_bytes());
            for part in parts {
                context.update(part.facts.case.as_bytes());
                context.update(&(part.items.len() as u64).to_le_bytes());
                for (key, _) in &part.items {
                    context.update(&key.to_le_bytes());
                }
            }
        }
        for due in [&self.holds_due, &self.blocks_due, &self.common_due, &self.renewals_due, &self.held_ends] {
            context.update(&(due.len() as u64).to_le_bytes());
            for (due, keys) in due {
                context.update(&due.as_millis().to_le_bytes());
                context.update(&(keys.len() as u64).to_le_bytes());
                for key in keys {
                    context.update(&key.to_le_bytes());
                }
            }
        }
        for (due, words) in &self.words_due {
            context.update(&due.as_millis().to_le_bytes());
            for word in words {
                context.update(word.one.as_bytes());
                context.update(word.other.as_bytes());
                context.update(&[u8::from(word.same)]);
            }
        }
        for (due, places) in &self.aggregates_due {
            context.update(&due.as_millis().to_le_bytes());
            for place in places {
                context.update(&place.to_le_bytes());
            }
        }
        for (due, texts) in &self.texts_due {
            context.update(&due.as_millis().to_le_bytes());
            for text in texts {
                match text {
                    Text::Advisory(entry) => context.update(entry.id.as_bytes()),
                    Text::Posture { word, text } => {
                        context.update(word.as_bytes());
                        context.update(text.as_bytes());
                    }
                }
            }
        }
        for (id, told) in &self.told_of {
            context.update(id.as_bytes());
            context.update(&told.since.as_millis().to_le_bytes());
            context.update(&self.root(told.place).unwrap_or(u32::MAX).to_le_bytes());
        }
        for (keys, of) in [(sorted(self.held.keys()), 0), (sorted(self.names.keys()), 1)] {
            for key in keys {
                context.update(&key.to_le_bytes());
                match of {
                    0 => {
                        for held in self.held.get(&key).into_iter().flatten() {
                            context.update(held.facts.case.as_bytes());
                            context.update(&held.facts.at.as_millis().to_le_bytes());
                            context.update(held.observable.value().as_bytes());
                            context.update(&held.until.as_millis().to_le_bytes());
                        }
                    }
                    _ => {
                        for (name, times) in self.names.get(&key).into_iter().flatten() {
                            context.update(name.as_bytes());
                            context.update(&times.to_le_bytes());
                        }
                    }
                }
            }
        }
        self.amended.digest(&mut context);
        self.circles.digest(&mut context);
        context.update(&self.population.members.to_le_bytes());
        context.update(&self.rules.unwrap_or_default());
        context.update(&self.other_rules.to_le_bytes());
        let lengths = [self.queue.len(), self.repoint.len(), self.texts.len(), self.fresh.len()];
        for length in lengths {
            context.update(&(length as u64).to_le_bytes());
        }
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        bytes
    }
}

impl Amended {
    /// Which cases, and what of them is still for whom.
    fn digest(&self, context: &mut Context) {
        let mut cases: Vec<_> = self.reports.iter().collect();
        cases.sort_unstable_by_key(|(case, _)| **case);
        for (case, report) in cases {
            context.update(case.as_bytes());
            context.update(&(report.items.len() as u64).to_le_bytes());
        }
        for (due, changes) in &self.due {
            context.update(&due.as_millis().to_le_bytes());
            for change in changes {
                context.update(change.after.case.as_bytes());
                context.update(change.change.as_str().as_bytes());
            }
        }
        let mut opened: Vec<_> = self.opened.iter().collect();
        opened.sort_unstable();
        for (case, key) in opened {
            context.update(case.as_bytes());
            context.update(&key.to_le_bytes());
        }
    }
}
