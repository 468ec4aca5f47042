//! The leaks that test builds plant at the listeners, each behind its run-time switch; no other build has this file.

use axum::body::Body;
use axum::http::header::ETAG;
use axum::http::{HeaderValue, Response};
use model::Observable;
use policy::planted::{self, Leak};
use vault::Item;

use crate::fold::SharedFold;
use crate::member::MemberParts;
use crate::problem::Problem;
use crate::views::Receipt;

fn spied(member: &MemberParts, leak: Leak) -> Option<&SharedFold> {
    member.spy.as_ref().filter(|_| planted::is_on(leak))
}

fn cell_has(fold: &SharedFold, observable: &Observable) -> bool {
    let fold = fold.read();
    let cell = fold.desk.lookup(
        observable.value(),
        Some(observable.kind()),
        model::Timestamp::default(),
        fold.fusion(),
        |_| false,
    );
    cell.reports > 0
}

/// A receipt tells whether others saw it: does the cell know one of the values already?
pub(crate) fn others_have(member: &MemberParts, items: &[Item]) -> bool {
    let Some(fold) = spied(member, Leak::VaryingReceipt) else { return false };
    items.iter().any(|item| cell_has(fold, &item.observable))
}

pub(crate) fn vary(receipt: &mut Receipt, others: bool) {
    if others && let Some(item) = receipt.items.first_mut() {
        item.why = Some("others have it, too".to_owned());
    }
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
