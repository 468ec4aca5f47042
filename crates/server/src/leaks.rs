//! The leaks that test builds plant at the listeners, each behind its run-time switch; no other build has this file.

use axum::body::Body;
use axum::http::header::ETAG;
use axum::http::{HeaderValue, Response};
use desk::CasePage;
use model::{CaseId, Observable, OrganisationId, Timestamp, WhoMayBeWarned};
use policy::planted::{self, Leak};
use register::{MailKind, NewMail, Organisation, Register};
use vault::{Item, Vault};

use crate::fold::SharedFold;
use crate::member::MemberParts;
use crate::problem::Problem;
use crate::pump::beat;
use crate::views::Receipt;

fn spied(member: &MemberParts, leak: Leak) -> Option<&SharedFold> {
    member.spy.as_ref().filter(|_| planted::is_on(leak))
}

fn cell_has(fold: &SharedFold, observable: &Observable) -> bool {
    let (value, kind) = (observable.value(), Some(observable.kind()));
    fold.spied(|_, desk, fusion| desk.lookup(value, kind, model::Timestamp::default(), fusion, |_| false).reports > 0)
}

/// A receipt tells whether others saw it: does the cell know one of the values already?
pub(crate) fn others_have(member: &MemberParts, items: &[Item]) -> bool {
    let Some(fold) = spied(member, Leak::VaryingReceipt) else { return false };
    items.iter().any(|item| cell_has(fold, &item.sighting.observable))
}

pub(crate) fn vary(receipt: &mut Receipt, others: bool) {
    if others && let Some(item) = receipt.items.first_mut() {
        item.why = Some("others have it, too".to_owned());
    }
}

/// A receipt tells whether the sharing group exists.
pub(crate) fn tell_group(receipt: &mut Receipt, warn: WhoMayBeWarned) {
    if planted::is_on(Leak::GroupInReceipt) && matches!(warn, WhoMayBeWarned::Group { .. }) {
        receipt.status = "received for the group".to_owned();
    }
}

/// Whether a report is there, if a leak is planted that tells.
pub(crate) fn is_anothers(member: &MemberParts, case: CaseId) -> bool {
    spied(member, Leak::AnothersForbidden).is_some_and(|fold| fold.spied(|_, desk, _| desk.has_case(case)))
}

/// A look-up asks the vault.
pub(crate) fn lookup(member: &MemberParts, verdict: &mut outlets::Verdict) -> Result<(), Problem> {
    let Some(observable) = Observable::detect(&verdict.query) else { return Ok(()) };
    if verdict.verdict != "not-seen" {
        return Ok(());
    }
    if spied(member, Leak::LookupOnVault).is_some_and(|fold| cell_has(fold, &observable)) {
        verdict.verdict = "watch".to_owned();
    }
    if spied(member, Leak::MeaningTellsHeld).is_some_and(|fold| cell_has(fold, &observable)) {
        verdict.meaning = "No report that you may see names it. That does not make it safe.".to_owned();
    }
    // What is hidden is refused, what is absent is not found.
    if spied(member, Leak::ForbiddenForHidden).is_some_and(|fold| cell_has(fold, &observable)) {
        return Err(Problem::role());
    }
    Ok(())
}

/// An ETag counts versions: it moves with every entry of the journal.
pub(crate) fn etag(member: &MemberParts, response: &mut Response<Body>) {
    if let Some(fold) = spied(member, Leak::EtagFromVersion)
        && let Ok(tag) = HeaderValue::from_str(&format!("\"v{}\"", fold.progress().0))
    {
        response.headers_mut().insert(ETAG, tag);
    }
}

/// The key under which a sender is kept for a second: that of its sector, since the sector is what it was looked up for.
pub(crate) fn of_sector(organisation: &Organisation) -> Option<OrganisationId> {
    if !planted::is_on(Leak::ReporterCached) {
        return None;
    }
    let mut key = [0; 16];
    for (to, byte) in key.iter_mut().zip(organisation.sector.as_str().bytes()) {
        *to = byte;
    }
    Some(OrganisationId::from_bytes(key))
}

/// What a report does beside being sent: a beat for all viewers, a figure, a line in the log.
pub(crate) fn report(member: &MemberParts, organisation: &Organisation, items: &[Item]) {
    if planted::is_on(Leak::BeatOnReport) {
        member.hub.publish(beat(member.clock.now(), member.exercise), 0);
    }
    if planted::is_on(Leak::ReportsBySector) {
        member.guard.meters.count_sector(organisation.sector.as_str());
    }
    if planted::is_on(Leak::ScrubReasonLogged) {
        for why in items.iter().filter_map(|item| item.held.as_deref()) {
            tracing::info!(why, "a value is held for the cell");
        }
    }
}

/// A mail about a report is queued under an address that is its sender's.
pub(crate) fn mail_receipt(register: &Register, organisation: &Organisation) {
    if !planted::is_on(Leak::ReceiptMailed) {
        return;
    }
    let to = format!("{}@receipts.example", organisation.name.replace(' ', "-"));
    let (subject, text) = ("Received".to_owned(), "Your report was received.".to_owned());
    // A leak that cannot be planted is one that the test misses.
    let _ = register.queue_mail(&NewMail { to, kind: MailKind::Trial, subject, text });
}

/// A file was imported, by whom, and how much came of it.
pub(crate) fn log_import(organisation: &Organisation, reports: u64) {
    if planted::is_on(Leak::ImportLogged) {
        tracing::info!(from = organisation.name, reports, "a file was imported");
    }
}

/// The page of a case tells the letter that its source bears today.
pub(crate) fn live_grade(vault: &Vault, case: CaseId, now: Timestamp, page: &mut CasePage) {
    if let Some(grade) = vault.leak_grade(case, now) {
        page.grade = grade.letter().map(str::to_owned);
    }
}

/// The reference of a report stands for the campaign that the run over everything put it in.
pub(crate) fn campaign_of_reference(member: &MemberParts, asked: String) -> String {
    let Some(fold) = spied(member, Leak::CampaignByReference) else { return asked };
    let Ok(case) = asked.parse::<CaseId>() else { return asked };
    let known = fold.spied(|engine, _, _| engine.leak_campaign_of(case));
    known.map_or(asked, |id| released::hyphenated(&id))
}
