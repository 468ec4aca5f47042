//! Who reports, as intake needs to know it; it is turned into a token by the vault and kept nowhere here.

use std::sync::Arc;

use model::{GroupId, OrganisationId, Region, Timestamp};
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
    /// The sharing groups that it is in at this moment, each with when its latest member had joined.
    pub(crate) groups: Vec<(GroupId, Timestamp)>,
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
            groups: register.groups_as_of(organisation.id),
        }
    }

    /// The same reporter in the groups that it is in now: who may be addressed changes at once.
    #[must_use]
    pub fn in_its_groups(&self, register: &Register) -> Self {
        Self { groups: register.groups_as_of(self.organisation), ..self.clone() }
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
            groups: Vec::new(),
        }
    }

    /// The organisation, for quotas.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }
}
