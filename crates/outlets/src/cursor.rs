//! Opaque cursors: a place in the order of release, which counts nothing that a member may not count.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Timestamp;

/// The `id:` of a stream's frame: its release tick.
#[must_use]
pub fn of_tick(tick: Timestamp) -> String {
    URL_SAFE_NO_PAD.encode(tick.as_millis().to_be_bytes())
}

/// The release tick of a stream's `id:`; `None` if it is not one of ours.
#[must_use]
pub fn tick_of(cursor: &str) -> Option<Timestamp> {
    let mut bytes = [0; 8];
    let len = URL_SAFE_NO_PAD.decode_slice(cursor, &mut bytes).ok()?;
    (len == bytes.len()).then(|| Timestamp::from_millis(i64::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_strange_ones_are_none() {
        let tick = Timestamp::from_millis(1_790_000_000_100);
        assert_eq!(tick_of(&of_tick(tick)), Some(tick));
        for strange in ["", "x", "AAAA", "AAAAAAAAAAAAAAAA", "ä", "%%%%%%%%%%%"] {
            assert_eq!(tick_of(strange), None, "{strange}");
        }
    }
}
