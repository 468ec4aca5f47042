//! Rendering: what members get, written once, from released content and release ticks only.

use fusion::NoiseVerdict;
use model::{AttackKind, Indicator, Observable, ObservableKey, Sector, Timestamp};
use policy::planted::{self, Leak};
use policy::rho;
use policy::{Audience, NounKind, ReleasedObject};
use released::{AdvisoryView, CampaignView, IndicatorView, PostureView, Writer, hyphenated, rfc3339};
use vault::codec::object_bytes;

use crate::ReleaseError;
use crate::gate::{Gate, Text};
use crate::leaks;
use crate::queue::{BYTES_PER_TICK_MAX, Dirty, OBJECTS_PER_TICK_MAX, Queued};
use crate::value::{BLOCKED, OPEN, QUEUED, RENEW};

impl Gate {
    /// The batch of a tick: what is in line, rendered, as far as it differs from what members have; bounded.
    pub(crate) fn emit(&mut self, tick: Timestamp, writer: &Writer) -> Result<Vec<ReleasedObject>, ReleaseError> {
        let mut objects: Vec<ReleasedObject> = Vec::new();
        let mut bytes = 0;
        while objects.len() < OBJECTS_PER_TICK_MAX && bytes < BYTES_PER_TICK_MAX {
            let Some(queued) = self.queue.pop_front() else { break };
            if let Some(object) = self.render(tick, queued, writer)? {
                bytes += object_bytes(&object);
                objects.push(object);
            }
        }
        if !planted::is_on(Leak::InsertOrder) {
            objects.sort_by_key(|object| (object.kind, object.id));
        }
        // Two postures of one tick are one object: the later one stands.
        objects.reverse();
        objects.dedup_by_key(|object| (object.kind, object.id));
        objects.reverse();
        Ok(objects)
    }

    fn render(
        &mut self,
        tick: Timestamp,
        queued: Queued,
        writer: &Writer,
    ) -> Result<Option<ReleasedObject>, ReleaseError> {
        let Queued { kind, id, what } = queued;
        match what {
            Dirty::Value(key) => self.indicator(tick, key, id, writer),
            Dirty::Campaign(place) => self.campaign(tick, place),
            Dirty::Text(text) => self.text(tick, kind, id, text).map(Some),
            Dirty::Tombstone(id, lookup) => Ok(Some(ReleasedObject {
                audience: Audience::Members,
                kind,
                id,
                lookup,
                campaign: None,
                body: String::new(),
            })),
        }
    }

    /// Why members are told that it is an everyday value: by the lists alone, never by who reported it.
    pub(crate) fn common_text(&self, observable: &Observable) -> Option<String> {
        self.community.listed(observable).map(|NoiseVerdict { why, .. }| why)
    }

    /// The text of a value: kept from its opening, or read back from what was released.
    fn text_of(&mut self, key: u64, writer: &Writer) -> Result<Option<Observable>, ReleaseError> {
        if let Some(observable) = self.texts.remove(&key) {
            return Ok(Some(observable));
        }
        let Some(row) = writer.lookup(key)? else { return Ok(None) };
        let view = row.view::<IndicatorView>()?;
        Ok(view.indicator().map(|indicator| indicator.observable))
    }

    fn indicator(
        &mut self,
        tick: Timestamp,
        key: u64,
        id: [u8; 16],
        writer: &Writer,
    ) -> Result<Option<ReleasedObject>, ReleaseError> {
        if self.values.get(&key).is_some_and(|value| !value.is(OPEN)) {
            return Ok(self.withdrawn(key, id));
        }
        let observable = self.text_of(key, writer)?;
        let Some(value) = self.values.get_mut(&key) else { return Ok(None) };
        value.clear(QUEUED);
        let value = value.clone();
        let Some(observable) = observable else { return Ok(None) };
        let indicator = Indicator { observable, marking: value.marking };
        let campaign =
            self.root(value.campaign).and_then(|place| self.campaigns.get(place as usize)).map(|it| it.public);
        let common = self.common_text(&indicator.observable);
        let since = if value.since == 0 { tick } else { Timestamp::from_millis(value.since) };
        let until = if value.until == 0 || value.is(RENEW) {
            tick.plus_millis(self.params.watch_millis)
        } else {
            Timestamp::from_millis(value.until)
        };
        let author = self.leaks.authors.get(&key).cloned().or_else(|| {
            let mut names: Vec<&str> = self.names.get(&key)?.keys().map(String::as_str).collect();
            self.leaks.put_in_order(key, &mut names);
            Some(names.join(", "))
        });
        let view = IndicatorView {
            r#type: NounKind::Indicator.as_str().to_owned(),
            id: hyphenated(&id),
            kind: indicator.observable.kind().as_str().to_owned(),
            value: indicator.observable.value().to_owned(),
            tlp: indicator.marking.tlp.as_str().to_owned(),
            pap: indicator.marking.pap.as_str().to_owned(),
            released_at: rfc3339(since),
            watch_until: Some(rfc3339(until)),
            block: value.is(BLOCKED) && common.is_none(),
            campaign: campaign.as_ref().map(hyphenated),
            attributed_to: author.unwrap_or_else(|| self.partnership.clone()),
            common,
            exercise: self.exercise,
        };
        let body = serde_json::to_string(&view)?;
        let shown = self.hash(&body);
        if shown == value.shown {
            return Ok(None);
        }
        if let Some(value) = self.values.get_mut(&key) {
            value.note_shown(tick, self.params.watch_millis, shown);
        }
        let (audience, kind) = (Audience::Members, NounKind::Indicator);
        Ok(Some(ReleasedObject { audience, kind, id, lookup: key, campaign, body }))
    }

    fn campaign(&mut self, tick: Timestamp, place: u32) -> Result<Option<ReleasedObject>, ReleaseError> {
        let Some(campaign) = self.campaigns.get_mut(place as usize) else { return Ok(None) };
        campaign.queued = false;
        let (id, kind) = (campaign.public, NounKind::Campaign);
        if campaign.parent != place {
            if campaign.shown == 0 {
                return Ok(None);
            }
            campaign.shown = 0;
            // The withdrawal says which campaign it is part of now, for those who come with the old id.
            let kept = self.root(place).and_then(|place| self.campaigns.get(place as usize)).map(|kept| kept.public);
            let (audience, body) = (Audience::Members, String::new());
            return Ok(Some(ReleasedObject { audience, kind, id, lookup: 0, campaign: kept, body }));
        }
        let Some(telling) = campaign.telling.as_ref() else {
            // All that it had was taken back.
            let had = std::mem::take(&mut campaign.shown) != 0;
            let (audience, body) = (Audience::Members, String::new());
            return Ok(had.then_some(ReleasedObject { audience, kind, id, lookup: 0, campaign: None, body }));
        };
        let mut view = CampaignView {
            r#type: kind.as_str().to_owned(),
            id: hyphenated(&id),
            title: leaks::titled(
                &self.community,
                campaign.id,
                rho::campaign_title(campaign.attack, &telling.value, campaign.indicators()),
            ),
            released_at: rfc3339(if campaign.since == 0 { tick } else { Timestamp::from_millis(campaign.since) }),
            updated_at: String::new(),
            band: campaign.band.map(|band| band.text(&self.params)),
            sectors: campaign.sectors.iter().map(|name| sector_title(name)).collect(),
            regions: campaign.regions.iter().map(|region| region.title().to_owned()).collect(),
            tlp: campaign.marking.tlp.as_str().to_owned(),
            attack: (campaign.attack != AttackKind::NotSure).then(|| campaign.attack.title().to_owned()),
            techniques: campaign.techniques.clone(),
            indicators: campaign.indicators(),
            exercise: self.exercise,
        };
        // Compared without the time of the change, which would make every version a new one.
        let text = serde_json::to_string(&view)?;
        let shown = self.hash(&text);
        let active = self.leaks.was_active(place);
        let Some(campaign) =
            self.campaigns.get_mut(place as usize).filter(|campaign| active || campaign.shown != shown)
        else {
            return Ok(None);
        };
        campaign.shown = shown;
        if campaign.since == 0 {
            campaign.since = tick.as_millis();
        }
        view.updated_at = rfc3339(tick);
        let (audience, body) = (Audience::Members, serde_json::to_string(&view)?);
        let lookup = crate::leaks::beside_campaign(&self.leaks);
        Ok(Some(ReleasedObject { audience, kind, id, lookup, campaign: None, body }))
    }

    fn text(
        &mut self,
        tick: Timestamp,
        kind: NounKind,
        id: [u8; 16],
        text: Text,
    ) -> Result<ReleasedObject, ReleaseError> {
        let mut campaign = None;
        let body = match text {
            Text::Advisory(advisory) => {
                let place = advisory.campaign.and_then(|campaign| self.advised(campaign));
                campaign = place.and_then(|place| self.campaigns.get(place as usize)).map(|campaign| campaign.public);
                campaign = campaign.or_else(|| self.leak_campaign(advisory.campaign?));
                let since = self.told_at(advisory.id, tick);
                self.note_told(advisory.clone(), tick);
                serde_json::to_string(&AdvisoryView {
                    r#type: kind.as_str().to_owned(),
                    id: hyphenated(&id),
                    title: advisory.title,
                    summary: advisory.summary,
                    actions: advisory.actions,
                    severity: advisory.severity.as_str().to_owned(),
                    tlp: advisory.marking.tlp.as_str().to_owned(),
                    released_at: rfc3339(since),
                    campaign: campaign.as_ref().map(hyphenated),
                    exercise: self.exercise,
                })?
            }
            Text::Posture { word, text } => serde_json::to_string(&PostureView {
                r#type: kind.as_str().to_owned(),
                word: word.to_owned(),
                text,
                released_at: rfc3339(tick),
                exercise: self.exercise,
            })?,
        };
        Ok(ReleasedObject { audience: Audience::Members, kind, id, lookup: 0, campaign, body })
    }

    /// Whether members have a value.
    pub(crate) fn is_shown(&self, key: ObservableKey) -> bool {
        self.values.get(&key.0).is_some_and(|value| value.shown != 0)
    }
}

fn sector_title(name: &str) -> String {
    name.parse::<Sector>().map_or_else(|_| name.to_owned(), |sector| sector.title().to_owned())
}
