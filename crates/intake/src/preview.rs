//! The dry run of a draft: what of it would be released, to whom and when, by the gate's own rules. Nothing is stored.

use model::{OrganisationId, SealedWords, WhoMayBeWarned, WhoMayKnow};
use policy::scrub::{Draft, Findings, draft};
use policy::{Answer, Params, Release, rho};
use register::{Answers, Readers, Register};

use crate::body::{self, Read};
use crate::report::{FieldProblem, ItemResult, Outcome, settled};
use crate::reporter::Reporter;

/// What would become of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewValue {
    /// The value as it would be sent on, or why it cannot be.
    pub result: ItemResult,
    /// What the gate would do with it; `None` while the answers are missing, and for what is not sent on.
    pub release: Option<Release>,
}

/// The dry run of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What the gate would do with a value of this draft that nothing holds; `None` while answers are missing.
    pub release: Option<Release>,
    /// Its values, in their order.
    pub values: Vec<PreviewValue>,
    /// Every word and value that could name the reporter.
    pub findings: Findings,
    /// What a report still needs.
    pub problems: Vec<FieldProblem>,
}

/// Runs a draft through the scrub and the release policy, as far as it is filled in.
///
/// # Errors
/// What makes it no draft of a report at all.
pub fn preview(
    bytes: &[u8],
    defaults: Option<Answers>,
    reporter: &Reporter,
    exercise: bool,
) -> Result<Preview, FieldProblem> {
    let mut read = body::read(bytes, defaults)?;
    let observables: Vec<_> = read.values.iter().map(|(_, result)| result.observable.clone()).collect();
    // Sealed words say nothing that could be looked through.
    let narrative = if SealedWords::is(&read.narrative) { "" } else { &*read.narrative };
    let found = Draft { title: &read.title, narrative, tags: &read.tags, values: &observables };
    let findings = if reporter.own { Findings::default() } else { draft(&found, &reporter.lexicon, exercise) };
    let items = settled(&mut read, reporter, defaults.is_none(), exercise);
    let decide = deciding(&read, reporter);
    let mut sent = items.iter();
    let values = std::mem::take(&mut read.values);
    let value = |(_, result): (String, ItemResult)| {
        let item = if result.outcome == Outcome::Accepted { sent.next() } else { None };
        PreviewValue { release: item.and_then(|item| decide(item.held.is_some())), result }
    };
    Ok(Preview {
        values: values.into_iter().map(value).collect(),
        release: decide(false),
        findings,
        problems: read.problems,
    })
}

/// The gate's decision for what is held or not, for a draft's answers.
fn deciding(read: &Read, reporter: &Reporter) -> impl Fn(bool) -> Option<Release> + use<> {
    let warn = read.warn.map(|warn| rho::addressed(warn, reporter.groups.iter().copied()));
    let (know, marking) = (read.know, read.marking);
    move |held| {
        let warn: WhoMayBeWarned = warn?;
        // Who may know that it was us decides over no release: the draft is told before that is answered, too.
        let know = know.unwrap_or(WhoMayKnow::Nobody);
        Some(rho::release(&Answer { warn, know, marking, held }))
    }
}

/// Whom a release would reach, beside its reporter.
#[must_use]
pub fn readers(release: Release, but: OrganisationId, register: &Register) -> Readers {
    match release {
        Release::Never => Readers::default(),
        Release::Members { .. } => register.other_readers(but),
        Release::Group { group, as_of } => register.other_readers_of_group(but, group, as_of),
    }
}

/// Whether a hold could ever open among this many members.
#[must_use]
pub fn hold_can_open(population: u32, params: &Params) -> bool {
    rho::hold_opens(params.hold_members, population, params)
}
