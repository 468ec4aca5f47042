//! How far the objects of a STIX bundle may travel: what their markings say, and the cell alone where nobody knows.

use std::collections::HashMap;

use model::Tlp;

use crate::json::Value;

const TLP2_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// Most marking definitions of one bundle; an object that refers to a further one is left to the cell.
const DEFINITIONS_MAX: usize = 10_000;

/// The markings that the standard defines once for all.
const KNOWN_MARKINGS: &[(&str, Tlp)] = &[
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// What the markings of an object come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The strictest label, if it has any.
    pub tlp: Option<Tlp>,
    /// Whether a marking says something that nobody here knows: then it is for the cell alone.
    pub held: bool,
}

impl Mark {
    /// The stricter of both.
    pub fn join(self, other: Self) -> Self {
        Self { tlp: self.tlp.max(other.tlp), held: self.held || other.held }
    }
}

/// The marking definitions of a bundle.
pub(super) struct Marks {
    defined: HashMap<Box<str>, Mark>,
}

impl Marks {
    /// Those of the standard.
    pub fn new() -> Self {
        let known = |&(id, tlp): &(&str, Tlp)| (Box::from(id), Mark { tlp: Some(tlp), held: false });
        Self { defined: KNOWN_MARKINGS.iter().map(known).collect() }
    }

    /// Takes in a definition. Two of one id both count.
    pub fn define(&mut self, object: &Value<'_>) {
        let Some(id) = object.str("id") else { return };
        let second =
            object.get("extensions").and_then(|all| all.get(TLP2_EXTENSION)).and_then(|one| one.str("tlp_2_0"));
        let first = object.get("definition").and_then(|one| one.str("tlp"));
        let named = object.str("name").filter(|name| name.to_ascii_uppercase().starts_with("TLP:"));
        let mark = match second.or(first).or(named) {
            // A TLP label that nobody knows is taken as the strictest.
            Some(label) => Mark { tlp: Some(label.parse().unwrap_or(Tlp::Red)), held: false },
            None => Mark { tlp: None, held: !is_copyright(object) },
        };
        let mark = self.defined.get(id).map_or(mark, |before| before.join(mark));
        if self.defined.len() < DEFINITIONS_MAX || self.defined.contains_key(id) {
            self.defined.insert(id.into(), mark);
        }
    }

    /// The mark of an object: its own markings and those of its parts.
    pub fn of(&self, object: &Value<'_>) -> Mark {
        let held = Mark { tlp: None, held: true };
        let mut mark = Mark::default();
        match object.get("object_marking_refs") {
            None | Some(Value::Null) => {}
            Some(Value::List(refs)) => {
                for id in refs {
                    mark = mark.join(id.as_str().map_or(held, |id| self.named(id)));
                }
            }
            Some(_) => mark = held,
        }
        match object.get("granular_markings") {
            None | Some(Value::Null) => {}
            Some(Value::List(parts)) => {
                for part in parts {
                    mark = mark.join(match (part.get("marking_ref"), part.get("lang")) {
                        (Some(id), _) => id.as_str().map_or(held, |id| self.named(id)),
                        // The language of a part says nothing of who may read it.
                        (None, Some(_)) => Mark::default(),
                        (None, None) => held,
                    });
                }
            }
            Some(_) => mark = held,
        }
        mark
    }

    fn named(&self, id: &str) -> Mark {
        self.defined.get(id).copied().unwrap_or(Mark { tlp: None, held: true })
    }
}

/// A copyright notice names no audience; any other statement may be a condition, which only a person can read.
fn is_copyright(object: &Value<'_>) -> bool {
    let statement = object.get("definition").and_then(|one| one.str("statement")).unwrap_or("");
    let start: String = statement.trim_start().chars().take(10).collect::<String>().to_lowercase();
    start.starts_with("copyright") || start.starts_with('©') || start.starts_with("(c)")
}
