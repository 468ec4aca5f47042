//! The way back to whoever filed a case: sealed under a key outside the data folder. It has no reader: the vault asks whether
//! an organisation is the one, and hands it to a delivery.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use model::{CaseId, OrganisationId};

use super::{open_once, seal_once};
use crate::leaks;

/// Bytes of a sealed organisation: its id and the tag.
pub(crate) const SEALED_BYTES: usize = 32;

const LABEL: &[u8] = b"fusioncell way back 1";

/// Seals and opens ways back.
pub(crate) struct WayBack(hmac::Key);

impl WayBack {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Each case has a key of its own.
    fn key(&self, case: CaseId) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(LABEL);
        context.update(case.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(context.sign().as_ref());
        key
    }

    /// `None` never happens with AES-256-GCM, and would mean that the cipher is not there.
    pub(crate) fn seal(&self, case: CaseId, organisation: OrganisationId) -> Option<[u8; SEALED_BYTES]> {
        let case = leaks::sealed_as(case);
        seal_once(&self.key(case), case.as_bytes(), *organisation.as_bytes())
    }

    /// Whether a case was filed by an organisation; the same work if there is no such case.
    pub(crate) fn is(&self, case: CaseId, organisation: OrganisationId, sealed: Option<&[u8; SEALED_BYTES]>) -> bool {
        let expected = self.seal(case, organisation).unwrap_or_default();
        let stored = sealed.copied().unwrap_or_default();
        verify_slices_are_equal(&expected, &stored).is_ok() && sealed.is_some()
    }

    /// Whom the way leads to; `None` if it was sealed with another key or is another case's.
    pub(crate) fn open(&self, case: CaseId, sealed: &[u8; SEALED_BYTES]) -> Option<OrganisationId> {
        let case = leaks::sealed_as(case);
        open_once(&self.key(case), case.as_bytes(), sealed).map(OrganisationId::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_opens_for_its_case_and_key_only() {
        let (way, other) = (WayBack::new(&[1; 32]), WayBack::new(&[2; 32]));
        let (case, organisation) = (CaseId::from_bytes([3; 16]), OrganisationId::from_bytes([4; 16]));
        let sealed = way.seal(case, organisation).unwrap();
        assert!(!sealed.windows(4).any(|window| window == [4; 4]));
        assert_eq!(way.open(case, &sealed), Some(organisation));
        assert_eq!(way.open(CaseId::from_bytes([5; 16]), &sealed), None);
        assert_eq!(other.open(case, &sealed), None);
        assert!(way.is(case, organisation, Some(&sealed)) && !way.is(case, organisation, None));
        assert!(!way.is(case, OrganisationId::from_bytes([6; 16]), Some(&sealed)));
        assert!(!other.is(case, organisation, Some(&sealed)));
    }
}
