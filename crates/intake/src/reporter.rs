//! Who reports, as intake needs to know it; it is turned into a token by the vault and kept nowhere here.

use std::sync::Arc;

use model::{GroupId, OrganisationId, Region, Timestamp};
use policy::{Assets, Lexicon};
use register::{Organisation, Register};

/// Words at the end of a firm's name that many firms have.
const LEGAL_FORMS: &[&str] = &["ltd", "limited", "plc", "llp", "llc", "inc", "gmbh", "ag", "sa", "bv", "nv", "group"];

/// What names a firm: its assets, its name, and its people as the register has them.
fn lexicon(organisation: &Organisation, register: &Register) -> Lexicon {
    let mut words: Vec<&str> = organisation.name.split_whitespace().collect();
    while words.len() > 1
        && words.last().is_some_and(|last| LEGAL_FORMS.contains(&last.trim_matches(['.', ',']).to_lowercase().as_str()))
    {
        words.pop();
    }
    let mut brands = organisation.assets.brands.clone();
    brands.push(words.join(" "));
    let assets = Assets { brands, ..organisation.assets.clone() };
    // A register that cannot be read tells of nobody: the rest of the scrub goes on.
    let people = register.colleagues(organisation.id).unwrap_or_default();
    Lexicon::new(&assets, people)
}

/// The sender of reports.
#[derive(Clone, Debug)]
pub struct Reporter {
    pub(crate) organisation: OrganisationId,
    pub(crate) name: String,
    pub(crate) sector: Option<String>,
    pub(crate) region: Option<Region>,
    pub(crate) lexicon: Arc<Lexicon>,
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
            lexicon: Arc::new(lexicon(organisation, register)),
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
            lexicon: Arc::default(),
            own: true,
            groups: Vec::new(),
        }
    }

    /// What names the firm.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The organisation, for quotas.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }
}
