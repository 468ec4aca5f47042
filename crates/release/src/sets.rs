//! The data and rule sets that fusion works with: noted in the journal before they act, so that replay uses the same.

use aws_lc_rs::digest::{SHA256, digest};
use fusion::NoiseLists;
use vault::Vault;

use crate::ReleaseError;

/// Name of the data set of everyday values.
pub const NOISE_SET: &str = "noise lists";
/// Name of the rule set of fusion.
pub(crate) const RULE_SET: &str = "fusion rules";

/// SHA-256 of this build's rules, as a rule set's entry names them.
pub(crate) fn own_rules() -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(digest(&SHA256, fusion::rule_set_text().as_bytes()).as_ref()) {
        *to = *from;
    }
    bytes
}

/// Notes the rules of this build and, if they are given, lists of everyday values (the text of a [`fusion::NoiseSet`]) in
/// the journal, as far as they are not those in use already. Says whether the lists were new.
///
/// # Errors
/// [`ReleaseError`] if the text is no noise set, or the journal cannot take it.
pub fn use_sets(vault: &Vault, noise: Option<&str>) -> Result<bool, ReleaseError> {
    vault.use_rule_set(RULE_SET, env!("CARGO_PKG_VERSION"), fusion::rule_set_text().as_bytes())?;
    let Some(text) = noise else { return Ok(false) };
    NoiseLists::with_set(vault.genesis().exercise, text).map_err(|why| ReleaseError::DataSet {
        name: NOISE_SET.to_owned(),
        version: String::new(),
        why,
    })?;
    Ok(vault.use_data_set(NOISE_SET, "1", text.as_bytes())?)
}
