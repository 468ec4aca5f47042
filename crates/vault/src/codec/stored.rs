//! From entries to the stored form and back: writes the newest version of each type, reads every version.

use std::borrow::Cow;
use std::str::FromStr;

use model::{
    AdvisoryId, AttackKind, CampaignId, CaseId, GroupId, Kind, Marking, MemberToken, Observable, PersonId, Region,
    Sector, Severity, Sighting, Technique, Timestamp, WhoMayBeWarned, WhoMayKnow,
};
use policy::{Audience, NounKind, Params, PostureWord, ReleaseBatch, ReleasedObject};
use serde::{Deserialize, Serialize};

use super::choices::{as_of, chosen, kept, of_group};
use super::v1::{
    AdvisoryReadV1, AdvisoryV1, Case, ClaimV1, DataSetV1, FindingsV1, GenesisV1, Head, ItemV1, ObjectV1, ParamsV1,
    PassV1, PopulationV1, PostureV1, ReleaseV1, ReportV1, SealedV1, TickV1, Typed,
};
use super::v2::{AudienceV2, ObjectV2, ReleaseV2, ReportV2};
use super::v3::ReportV3;
use super::v4::ReportV4;
use super::v5::ReportV5;
use super::{CodecError, acts};
use crate::entry::{AdvisoryEntry, Body, DataSet, Findings, Genesis, Item, Population, ReportEntry, Run};
use crate::grade::Grade;
use crate::hex;

pub(super) fn typed<T: Serialize>(body: &Body, rest: T) -> serde_json::Result<Vec<u8>> {
    version(body, 1, rest)
}

fn version<T: Serialize>(body: &Body, v: u32, rest: T) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Typed { t: Cow::Borrowed(body.type_name()), v, rest })
}

fn sealed(token: MemberToken) -> SealedV1 {
    SealedV1 { token: hex::encode(token.as_bytes()) }
}

pub(super) fn warn_text(warn: WhoMayBeWarned) -> String {
    match warn {
        WhoMayBeWarned::Now => "now".to_owned(),
        WhoMayBeWarned::NextEpoch => "next-epoch".to_owned(),
        WhoMayBeWarned::OnceThreeHaveIt => "once-three".to_owned(),
        WhoMayBeWarned::CellOnly => "cell-only".to_owned(),
        WhoMayBeWarned::Group { group, .. } => format!("group:{group}"),
    }
}

pub(super) fn warn_of(text: &str) -> Result<WhoMayBeWarned, CodecError> {
    Ok(match text {
        "now" => WhoMayBeWarned::Now,
        "next-epoch" => WhoMayBeWarned::NextEpoch,
        "once-three" => WhoMayBeWarned::OnceThreeHaveIt,
        "cell-only" => WhoMayBeWarned::CellOnly,
        _ => {
            let group = text.strip_prefix("group:").and_then(|id| id.parse::<GroupId>().ok());
            WhoMayBeWarned::Group { group: group.ok_or_else(|| bad("warn", text))?, as_of: None }
        }
    })
}

pub(super) fn write(body: &Body) -> serde_json::Result<Vec<u8>> {
    match body {
        Body::Genesis(genesis) => typed(
            body,
            GenesisV1 {
                partnership: genesis.partnership.clone(),
                exercise: genesis.exercise,
                params: params_v1(&genesis.params),
                key_seed: hex::encode(&genesis.key_seed),
                made_at: genesis.made_at.as_millis(),
            },
        ),
        Body::Population(population) => typed(
            body,
            PopulationV1 {
                members: population.members,
                sectors: population
                    .sectors
                    .iter()
                    .map(|(sector, count)| (sector.as_str().to_owned(), *count))
                    .collect(),
                regions: population
                    .regions
                    .iter()
                    .map(|(region, count)| (region.as_str().to_owned(), *count))
                    .collect(),
            },
        ),
        Body::DataSet(set) | Body::RuleSet(set) => typed(
            body,
            DataSetV1 {
                name: set.name.clone(),
                version: set.version.clone(),
                sha256: hex::encode(&set.sha256),
                bytes: set.bytes,
            },
        ),
        Body::Report(report) if report.outside => version(body, 4, ReportV4 { report: report_v1(report) }),
        Body::Report(report) if report.grade.is_some() => {
            let grade = report.grade.map(|grade| grade.as_str().to_owned()).unwrap_or_default();
            let (as_of, kept) = (as_of(report), kept(report));
            version(body, 5, ReportV5 { report: report_v1(report), as_of, kept, grade })
        }
        Body::Report(report) if report.items.iter().any(|item| item.kept.is_some()) => {
            let (as_of, kept) = (as_of(report), kept(report));
            version(body, 3, ReportV3 { report: report_v1(report), as_of, kept })
        }
        Body::Report(report) => match report.warn {
            // Only what needs the newer form has it: whatever an older program could say is written as it always was.
            WhoMayBeWarned::Group { as_of: Some(as_of), .. } => {
                version(body, 2, ReportV2 { report: report_v1(report), as_of: as_of.as_millis() })
            }
            _ => typed(body, report_v1(report)),
        },
        Body::Tick(at) => typed(body, TickV1 { at: at.as_millis() }),
        Body::Findings(findings) => {
            typed(body, FindingsV1 { run: findings.run.as_str().to_owned(), items: findings.items.clone() })
        }
        Body::Release(batch) => write_release(body, batch),
        Body::Advisory(advisory) => typed(
            body,
            AdvisoryV1 {
                id: advisory.id.to_string(),
                title: advisory.title.clone(),
                summary: advisory.summary.clone(),
                actions: advisory.actions.clone(),
                severity: advisory.severity.as_str().to_owned(),
                tlp: advisory.marking.tlp.to_string(),
                pap: advisory.marking.pap.to_string(),
                campaign: advisory.campaign.map(|id| id.to_string()),
                author: advisory.author.to_string(),
            },
        ),
        Body::AdvisoryRead(id, token) => typed(body, AdvisoryReadV1 { id: id.to_string(), s: sealed(*token) }),
        Body::Claim { case, by, name } => {
            typed(body, ClaimV1 { case: case.to_string(), by: by.to_string(), name: name.clone() })
        }
        Body::Pass { case, to, name, by, given } => typed(
            body,
            PassV1 {
                case: case.to_string(),
                to: to.to_string(),
                name: name.clone(),
                by: by.to_string(),
                given: *given,
            },
        ),
        Body::Message(message) => acts::write_message(body, message),
        Body::Amend(amend) => acts::write_amend(body, amend),
        Body::File(file) => acts::write_file(body, file),
        Body::Opened(opened) => acts::write_opened(body, opened),
        Body::Aged(aged) => acts::write_aged(body, aged),
        Body::Feedback(feedback) => acts::write_feedback(body, feedback),
        Body::Word(word) => acts::write_word(body, word),
        Body::Posture { word, text, by } => {
            typed(body, PostureV1 { word: word.as_str().to_owned(), text: text.clone(), by: by.to_string() })
        }
    }
}

fn object_v1(object: &ReleasedObject) -> ObjectV1 {
    ObjectV1 {
        k: object.kind.as_str().to_owned(),
        id: hex::encode(&object.id),
        lookup: object.lookup,
        campaign: object.campaign.map(|id| hex::encode(&id)),
        body: object.body.clone(),
    }
}

/// A release that shows something to a group has the newer form; every other one is written as it always was.
fn write_release(body: &Body, batch: &ReleaseBatch) -> serde_json::Result<Vec<u8>> {
    let tick = batch.tick.as_millis();
    if batch.objects.iter().all(|object| object.audience == Audience::Members) {
        return typed(body, ReleaseV1 { tick, objects: batch.objects.iter().map(object_v1).collect() });
    }
    let objects = batch.objects.iter().map(|object| ObjectV2 {
        object: object_v1(object),
        to: match object.audience {
            Audience::Members => None,
            Audience::Group { group, before, as_of } => Some(AudienceV2 {
                group: group.to_string(),
                before: before.map(Timestamp::as_millis),
                as_of: as_of.as_millis(),
            }),
        },
    });
    version(body, 2, ReleaseV2 { tick, objects: objects.collect() })
}

fn object(stored: ObjectV1, to: Option<AudienceV2>) -> Result<ReleasedObject, CodecError> {
    let audience = match to {
        None => Audience::Members,
        Some(AudienceV2 { group, before, as_of }) => Audience::Group {
            group: word::<GroupId>("group", &group)?,
            before: before.map(Timestamp::from_millis),
            as_of: Timestamp::from_millis(as_of),
        },
    };
    Ok(ReleasedObject {
        audience,
        kind: NounKind::from_name(&stored.k).ok_or_else(|| bad("k", &stored.k))?,
        id: bytes("id", &stored.id)?,
        lookup: stored.lookup,
        campaign: stored.campaign.map(|id| bytes("campaign", &id)).transpose()?,
        body: stored.body,
    })
}

fn params_v1(params: &Params) -> ParamsV1 {
    ParamsV1 {
        others: params.others,
        coalition: params.coalition,
        tick_millis: params.tick_millis,
        block_millis: params.block_millis,
        epoch_millis: params.epoch_millis,
        hold_members: params.hold_members,
        block_members: params.block_members,
        sector_floor: params.sector_floor,
        watch_millis: params.watch_millis,
    }
}

fn report_v1(report: &ReportEntry) -> ReportV1 {
    ReportV1 {
        case: report.case.to_string(),
        s: sealed(report.token),
        sector: report.sector.clone(),
        region: report.region.map(|region| region.as_str().to_owned()),
        received_at: report.received_at.as_millis(),
        happened_at: report.happened_at.map(Timestamp::as_millis),
        warn: warn_text(report.warn),
        know: report.know.as_str().to_owned(),
        named: report.named.clone(),
        own: report.own,
        tlp: report.marking.tlp.to_string(),
        pap: report.marking.pap.to_string(),
        attack: report.attack.as_str().to_owned(),
        severity: report.severity.as_str().to_owned(),
        ongoing: report.ongoing,
        title: report.title.clone(),
        narrative: report.narrative.clone(),
        techniques: report.techniques.iter().map(|technique| technique.as_str().to_owned()).collect(),
        tags: report.tags.clone(),
        items: report.items.iter().map(item_v1).collect(),
    }
}

pub(super) fn item_v1(item: &Item) -> ItemV1 {
    ItemV1 {
        k: item.sighting.observable.kind().as_str().to_owned(),
        v: item.sighting.observable.value().to_owned(),
        seen: item.sighting.seen_at.map(Timestamp::as_millis),
        held: item.held.clone(),
    }
}

pub(super) fn item_of(item: ItemV1) -> Result<Item, CodecError> {
    Ok(Item {
        sighting: Sighting {
            observable: Observable::from_normal(word::<Kind>("k", &item.k)?, item.v),
            seen_at: item.seen.map(Timestamp::from_millis),
        },
        held: item.held,
        kept: None,
    })
}

pub(super) fn bad(field: &str, value: &str) -> CodecError {
    CodecError::Malformed(format!("field {field}: {value:?} is not known"))
}

pub(super) fn word<T: FromStr>(field: &str, value: &str) -> Result<T, CodecError> {
    value.parse().map_err(|_| bad(field, value))
}

pub(super) fn bytes<const N: usize>(field: &str, value: &str) -> Result<[u8; N], CodecError> {
    hex::decode(value).ok_or_else(|| bad(field, value))
}

pub(super) fn shape<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CodecError> {
    serde_json::from_slice(bytes).map_err(|error| CodecError::Malformed(error.to_string()))
}

fn marking(tlp: &str, pap: &str) -> Result<Marking, CodecError> {
    Ok(Marking { tlp: word("tlp", tlp)?, pap: word("pap", pap)? })
}

fn data_set(stored: DataSetV1) -> Result<DataSet, CodecError> {
    Ok(DataSet {
        sha256: bytes("sha256", &stored.sha256)?,
        name: stored.name,
        version: stored.version,
        bytes: stored.bytes,
    })
}

/// The case of a report, by the field that all its versions have.
pub(super) fn case(stored: &[u8]) -> Result<CaseId, CodecError> {
    word("case", &shape::<Case<'_>>(stored)?.case)
}

pub(super) fn read(stored: &[u8]) -> Result<Body, CodecError> {
    let head: Head<'_> = shape(stored)?;
    match (&*head.t, head.v) {
        (_, 1) => {}
        ("report", 2) => {
            let ReportV2 { report: stored, as_of } = shape(stored)?;
            return Ok(Body::Report(Box::new(of_group(report(stored)?, as_of)?)));
        }
        ("report", 3) => {
            let ReportV3 { report: stored, as_of, kept } = shape(stored)?;
            return Ok(Body::Report(Box::new(chosen(report(stored)?, as_of, kept)?)));
        }
        ("report", 4) => {
            let ReportV4 { report: stored } = shape(stored)?;
            let entry = report(stored)?;
            if entry.warn != WhoMayBeWarned::CellOnly || entry.own || entry.named.is_some() {
                return Err(CodecError::Malformed("a report from outside that is not for the cell alone".to_owned()));
            }
            return Ok(Body::Report(Box::new(ReportEntry { outside: true, ..entry })));
        }
        ("report", 5) => {
            let ReportV5 { report: stored, as_of, kept, grade } = shape(stored)?;
            let entry = chosen(report(stored)?, as_of, kept)?;
            let grade = Some(word::<Grade>("grade", &grade)?);
            return Ok(Body::Report(Box::new(ReportEntry { grade, ..entry })));
        }
        ("release", 2) => {
            let stored: ReleaseV2 = shape(stored)?;
            let objects = stored.objects.into_iter().map(|ObjectV2 { object: stored, to }| object(stored, to));
            return Ok(Body::Release(ReleaseBatch {
                tick: Timestamp::from_millis(stored.tick),
                objects: objects.collect::<Result<_, CodecError>>()?,
            }));
        }
        _ => return Err(CodecError::Unknown { kind: head.t.into_owned(), version: head.v }),
    }
    Ok(match &*head.t {
        "genesis" => {
            let stored: GenesisV1 = shape(stored)?;
            let p = stored.params;
            Body::Genesis(Genesis {
                partnership: stored.partnership,
                exercise: stored.exercise,
                params: Params {
                    others: p.others,
                    coalition: p.coalition,
                    tick_millis: p.tick_millis,
                    block_millis: p.block_millis,
                    epoch_millis: p.epoch_millis,
                    hold_members: p.hold_members,
                    block_members: p.block_members,
                    sector_floor: p.sector_floor,
                    watch_millis: p.watch_millis,
                },
                key_seed: bytes("key_seed", &stored.key_seed)?,
                made_at: Timestamp::from_millis(stored.made_at),
            })
        }
        "population" => {
            let stored: PopulationV1 = shape(stored)?;
            Body::Population(Population {
                members: stored.members,
                sectors: stored
                    .sectors
                    .iter()
                    .map(|(name, n)| Ok((word::<Sector>("sectors", name)?, *n)))
                    .collect::<Result<_, CodecError>>()?,
                regions: stored
                    .regions
                    .iter()
                    .map(|(name, n)| Ok((word::<Region>("regions", name)?, *n)))
                    .collect::<Result<_, CodecError>>()?,
            })
        }
        "data-set" => Body::DataSet(data_set(shape(stored)?)?),
        "rule-set" => Body::RuleSet(data_set(shape(stored)?)?),
        "report" => Body::Report(Box::new(report(shape(stored)?)?)),
        "tick" => Body::Tick(Timestamp::from_millis(shape::<TickV1>(stored)?.at)),
        "findings" => {
            let stored: FindingsV1 = shape(stored)?;
            let run = match stored.run.as_str() {
                "all" => Run::All,
                "community" => Run::Community,
                other => return Err(bad("run", other)),
            };
            Body::Findings(Findings { run, items: stored.items })
        }
        "release" => {
            let stored: ReleaseV1 = shape(stored)?;
            let objects = stored.objects.into_iter().map(|stored| object(stored, None));
            Body::Release(ReleaseBatch {
                tick: Timestamp::from_millis(stored.tick),
                objects: objects.collect::<Result<_, CodecError>>()?,
            })
        }
        "advisory" => {
            let stored: AdvisoryV1 = shape(stored)?;
            Body::Advisory(AdvisoryEntry {
                id: word::<AdvisoryId>("id", &stored.id)?,
                title: stored.title,
                summary: stored.summary,
                actions: stored.actions,
                severity: word::<Severity>("severity", &stored.severity)?,
                marking: marking(&stored.tlp, &stored.pap)?,
                campaign: stored.campaign.map(|id| word::<CampaignId>("campaign", &id)).transpose()?,
                author: word::<PersonId>("author", &stored.author)?,
            })
        }
        "advisory-read" => {
            let stored: AdvisoryReadV1 = shape(stored)?;
            Body::AdvisoryRead(word("id", &stored.id)?, MemberToken::from_bytes(bytes("token", &stored.s.token)?))
        }
        "claim" => {
            let stored: ClaimV1 = shape(stored)?;
            Body::Claim { case: word::<CaseId>("case", &stored.case)?, by: word("by", &stored.by)?, name: stored.name }
        }
        "pass" => {
            let stored: PassV1 = shape(stored)?;
            Body::Pass {
                case: word::<CaseId>("case", &stored.case)?,
                to: word("to", &stored.to)?,
                name: stored.name,
                by: word("by", &stored.by)?,
                given: stored.given,
            }
        }
        "message" => acts::read_message(stored)?,
        "amend" => acts::read_amend(stored)?,
        "file" => acts::read_file(stored)?,
        "opened" => acts::read_opened(stored)?,
        "aged" => acts::read_aged(stored)?,
        "feedback" => acts::read_feedback(stored)?,
        "word" => acts::read_word(stored)?,
        "posture" => {
            let stored: PostureV1 = shape(stored)?;
            Body::Posture {
                word: word::<PostureWord>("word", &stored.word)?,
                text: stored.text,
                by: word("by", &stored.by)?,
            }
        }
        _ => return Err(CodecError::Unknown { kind: head.t.into_owned(), version: head.v }),
    })
}

fn report(stored: ReportV1) -> Result<ReportEntry, CodecError> {
    let items = stored.items.into_iter().map(item_of);
    let techniques = stored.techniques.iter().map(|text| Technique::parse(text).ok_or_else(|| bad("techniques", text)));
    Ok(ReportEntry {
        case: word("case", &stored.case)?,
        token: MemberToken::from_bytes(bytes("token", &stored.s.token)?),
        sector: stored.sector,
        region: stored.region.map(|region| word::<Region>("region", &region)).transpose()?,
        received_at: Timestamp::from_millis(stored.received_at),
        happened_at: stored.happened_at.map(Timestamp::from_millis),
        warn: warn_of(&stored.warn)?,
        know: word::<WhoMayKnow>("know", &stored.know)?,
        named: stored.named,
        own: stored.own,
        outside: false,
        grade: None,
        marking: marking(&stored.tlp, &stored.pap)?,
        attack: word::<AttackKind>("attack", &stored.attack)?,
        severity: word::<Severity>("severity", &stored.severity)?,
        ongoing: stored.ongoing,
        title: stored.title,
        narrative: stored.narrative,
        items: items.collect::<Result<_, CodecError>>()?,
        techniques: techniques.collect::<Result<_, CodecError>>()?,
        tags: stored.tags,
    })
}
