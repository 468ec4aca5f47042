//! The data and rule sets that fusion works with: noted in the journal before they act, so that replay uses the same.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use fusion::{Networks, NoiseLists};
use vault::Vault;

use crate::ReleaseError;

/// Name of the data set of everyday values.
pub const NOISE_SET: &str = "noise lists";
/// Name of the data set of network operators.
pub const NETWORK_SET: &str = "network operators";
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

/// What an operator gives fusion to work with; what is not given stays as it is in use.
#[derive(Clone, Debug, Default)]
pub struct Sets {
    /// Lists of everyday values beside the project's own, as the text of a [`fusion::NoiseSet`].
    pub noise: Option<Arc<str>>,
    /// A table of network operators, as the text of a [`fusion::NetworkSet`].
    pub networks: Option<Arc<str>>,
}

fn wrong(name: &str, why: String) -> ReleaseError {
    ReleaseError::DataSet { name: name.to_owned(), version: String::new(), why }
}

/// The project's own lists of everyday values and those of a set.
pub(crate) fn noise(exercise: bool, text: &str) -> Result<NoiseLists, ReleaseError> {
    NoiseLists::with_set(exercise, text).map_err(|why| wrong(NOISE_SET, why))
}

/// Notes the rules of this build and the sets that are given in the journal, as far as they are not those in use already.
///
/// # Errors
/// [`ReleaseError`] if a text is no set of its kind, or the journal cannot take it.
pub fn use_sets(vault: &Vault, sets: &Sets) -> Result<(), ReleaseError> {
    vault.use_rule_set(RULE_SET, env!("CARGO_PKG_VERSION"), fusion::rule_set_text().as_bytes())?;
    if let Some(text) = &sets.noise {
        noise(vault.genesis().exercise, text)?;
        vault.use_data_set(NOISE_SET, "1", text.as_bytes())?;
    }
    if let Some(text) = &sets.networks {
        Networks::with_set(text).map_err(|why| wrong(NETWORK_SET, why))?;
        vault.use_data_set(NETWORK_SET, "1", text.as_bytes())?;
    }
    Ok(())
}
