//! The release log: which rows each tick wrote, so that members' streams resume from any of them.

use model::Timestamp;
use policy::NounKind;

use crate::ReleasedError;
use crate::row::{Released, Row};
use crate::schema::KINDS;

/// One tick of the release log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBatch {
    /// The release tick.
    pub tick: Timestamp,
    /// What it showed, ordered by `(kind, id)`; withdrawn objects have an empty body.
    pub objects: Vec<Released<Row>>,
}

/// Where the rows of one tick lie: for each noun the first row and how many, in the order of [`KINDS`].
pub(crate) type Places = [(i64, i64); KINDS.len()];

/// Adds the row of an object to the places of its tick. The rows of a tick are written in one transaction by the one
/// writer, so those of a noun lie side by side.
pub(crate) fn note(places: &mut Places, kind: NounKind, n: i64) {
    if let Some((first, count)) = KINDS.iter().position(|known| *known == kind).and_then(|at| places.get_mut(at)) {
        if *count == 0 {
            *first = n;
        }
        *count += 1;
    }
}

pub(crate) fn encode(places: &Places) -> Vec<u8> {
    places.iter().flat_map(|(first, count)| [first.to_le_bytes(), count.to_le_bytes()]).flatten().collect()
}

pub(crate) fn decode(tick: Timestamp, bytes: &[u8]) -> Result<Places, ReleasedError> {
    let mut places = Places::default();
    let (numbers, rest) = bytes.as_chunks::<8>();
    if numbers.len() != places.len() * 2 || !rest.is_empty() {
        return Err(ReleasedError::Damaged(format!("release log of tick {} cannot be read", tick.as_millis())));
    }
    let mut numbers = numbers.iter().map(|bytes| i64::from_le_bytes(*bytes));
    for place in &mut places {
        if let (Some(first), Some(count)) = (numbers.next(), numbers.next()) {
            *place = (first, count);
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written() {
        let mut places = Places::default();
        for (kind, n) in [(NounKind::Indicator, 7), (NounKind::Indicator, 8), (NounKind::Posture, 3)] {
            note(&mut places, kind, n);
        }
        let bytes = encode(&places);
        assert_eq!(decode(Timestamp::from_millis(1), &bytes).unwrap(), [(7, 2), (0, 0), (0, 0), (3, 1)]);
        assert!(decode(Timestamp::from_millis(1), &bytes[1..]).is_err());
    }
}
