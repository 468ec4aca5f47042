//! SHA-256 over the gate's state and both runs of fusion: replay must come to the same.

use aws_lc_rs::digest::{Context, SHA256};

use crate::gate::Gate;

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
            for text in campaign.techniques.iter().chain(&campaign.sectors) {
                context.update(text.as_bytes());
            }
        }
        for (due, parts) in &self.pending {
            context.update(&due.as_millis().to_le_bytes());
            for part in parts {
                context.update(part.facts.case.as_bytes());
                context.update(&(part.items.len() as u64).to_le_bytes());
            }
        }
        let lengths = [self.queue.len(), self.repoint.len(), self.held.len(), self.texts.len(), self.fresh.len()];
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
