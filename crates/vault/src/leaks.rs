//! What the planted leaks of test builds do to a case's pseudonym; in every other build it stays as it was drawn.

use model::{CaseId, MemberToken};
use policy::planted::{self, Leak};

use crate::entry::Seq;

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
