//! What the planted leaks of test builds do to a case's pseudonym and to what lies beside its entry; in every other build it
//! stays as it is.

use model::{CaseId, MemberToken, OrganisationId};
use policy::planted::{self, Leak};

use crate::entry::{Body, Seq};
use crate::journal::{Kept, NewEntry};

/// Spreads a token over all bits, so that no part of it is shown as it is.
const SPREAD: u32 = 0x9E37_79B1;

pub(crate) fn pseudonym(case: CaseId, token: MemberToken, head: impl FnOnce() -> Seq) -> CaseId {
    let mut bytes = *case.as_bytes();
    let mut put = |from: usize, number: u32| {
        for (to, byte) in bytes.iter_mut().skip(from).zip(number.to_be_bytes()) {
            *to = byte;
        }
    };
    if planted::is_on(Leak::CaseOfMember) {
        let [a, b, c, d, ..] = *token.as_bytes();
        put(0, u32::from_be_bytes([a, b, c, d]).wrapping_mul(SPREAD));
    }
    if planted::is_on(Leak::CaseCounts) {
        put(12, u32::try_from(head()).unwrap_or(u32::MAX));
    }
    CaseId::from_bytes(bytes)
}

fn pair(first: [u8; 16], second: [u8; 16]) -> [u8; 32] {
    let mut both = [0; 32];
    both.iter_mut().zip(first.into_iter().chain(second)).for_each(|(to, from)| *to = from);
    both
}

/// Rows that are written with reports.
pub(crate) fn beside(entries: &[NewEntry], head: Seq) -> Vec<Kept> {
    if !planted::is_on(Leak::TokenBeside) && !planted::is_on(Leak::TokensInOrder) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (entry, place) in entries.iter().zip(head..) {
        let Body::Report(report) = &entry.body else { continue };
        let (case, token) = (*report.case.as_bytes(), *report.token.as_bytes());
        // In the order of reports, of which nothing but the order can be told.
        let ordered = pair(u128::from(place).wrapping_mul(1 << 40).to_be_bytes(), token);
        let key = if planted::is_on(Leak::TokenBeside) { pair(case, [0; 16]) } else { ordered };
        let hour = entry.at.as_millis().div_euclid(3_600_000);
        rows.push(Kept { key, about: pair(token, [0; 16]), hour, body: Vec::new() });
    }
    rows
}

/// The case as which a way back is sealed.
pub(crate) fn sealed_as(case: CaseId) -> CaseId {
    if planted::is_on(Leak::WayBackOfAll) { CaseId::from_bytes([0; 16]) } else { case }
}

/// What the row of a request is about.
pub(crate) fn about(about: [u8; 32], case: Option<CaseId>, organisation: OrganisationId) -> [u8; 32] {
    let Some(case) = case.filter(|_| planted::is_on(Leak::RepeatOfSender)) else { return about };
    let mut hash = *organisation.as_bytes();
    hash.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(SPREAD.to_le_bytes()[0]).rotate_left(3));
    pair(*case.as_bytes(), hash)
}
