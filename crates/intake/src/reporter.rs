//! Who reports, as intake needs to know it; it is turned into a token by the vault and kept nowhere here.

use std::sync::Arc;

use model::{OrganisationId, Region};
use policy::Assets;
use register::{Organisation, Register};

/// The sender of reports.
#[derive(Clone, Debug)]
pub struct Reporter {
    pub(crate) organisation: OrganisationId,
    pub(crate) name: String,
    pub(crate) sector: Option<String>,
    pub(crate) region: Option<Region>,
    pub(crate) assets: Arc<Assets>,
    pub(crate) own: bool,
}

impl Reporter {
    /// A member organisation.
    #[must_use]
    pub fn member(organisation: &Organisation, register: &Register) -> Self {
        Self {
            organisation: organisation.id,
            name: organisation.name.clone(),
            sector: register.sector_group(organisation),
            region: organisation.region,
            assets: Arc::new(organisation.assets.clone()),
            own: false,
        }
    }

    /// The cell itself, which also stands for the feeds that it imports.
    #[must_use]
    pub fn cell(partnership: &str) -> Self {
        Self {
            organisation: OrganisationId::from_bytes([0; 16]),
            name: partnership.to_owned(),
            sector: None,
            region: None,
            assets: Arc::default(),
            own: true,
        }
    }

    /// The organisation, for quotas.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }
}
