//! What is known of an indicator beside its value: kept once, numbered, and carried in a compiled file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Where an indicator is from and what was said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// The file.
    pub source: String,
    /// Campaign, malware or title of the report.
    pub campaign: String,
    /// TLP label.
    pub tlp: Option<String>,
    /// PAP label.
    pub pap: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// When it was seen or made, in milliseconds.
    pub seen: Option<i64>,
    /// From when on it is valid.
    pub from: Option<i64>,
    /// Until when.
    pub until: Option<i64>,
    /// Its id in STIX.
    pub id: Option<String>,
}

impl Note {
    /// Whether it is valid at a time, by what it says.
    #[must_use]
    pub fn is_valid(&self, at: i64) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Notes by number.
#[derive(Debug, Default)]
pub struct Notes {
    all: Vec<Note>,
    known: HashMap<Note, u32>,
    none: Note,
}

impl Notes {
    /// The number of a note.
    pub fn add(&mut self, note: Note) -> u32 {
        if let Some(&number) = self.known.get(&note) {
            return number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(note.clone());
        self.known.insert(note, number);
        number
    }

    /// The note of a number; an empty one if there is none.
    #[must_use]
    pub fn get(&self, number: u32) -> &Note {
        self.all.get(number as usize).unwrap_or(&self.none)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(&self.all).unwrap_or_default()
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let all: Vec<Note> = serde_json::from_slice(bytes).map_err(|why| format!("its notes cannot be read: {why}"))?;
        Ok(Self { all, ..Self::default() })
    }
}
