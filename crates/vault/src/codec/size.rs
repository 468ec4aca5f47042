//! How many bytes a release entry takes, told before it is written: a text is quoted anew each time it is put into JSON.

use policy::{Audience, ReleasedObject};

/// Bytes of a text between the quotes of a JSON string.
#[must_use]
pub fn text_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..0x20 => "\\u0000".len(),
            _ => 1,
        })
        .sum()
}

/// Bytes that an object takes in the stored form of its release entry, with the comma after it.
#[must_use]
pub fn object_bytes(object: &ReleasedObject) -> usize {
    let hex = 2 * object.id.len();
    let mut bytes = r#"{"k":"","id":"","body":""},"#.len();
    bytes += object.kind.as_str().len() + hex + text_bytes(&object.body);
    if object.lookup != 0 {
        bytes += r#""lookup":,"#.len() + object.lookup.ilog10() as usize + 1;
    }
    if object.campaign.is_some() {
        bytes += r#""campaign":"","#.len() + hex;
    }
    if let Audience::Group { before, as_of, .. } = &object.audience {
        bytes += r#","to":{"group":"01234567-89ab-cdef-0123-456789abcdef","as_of":}"#.len() + digits(as_of.as_millis());
        bytes += before.map_or(0, |before| r#""before":,"#.len() + digits(before.as_millis()));
    }
    bytes
}

fn digits(number: i64) -> usize {
    number.checked_abs().unwrap_or(i64::MAX).checked_ilog10().unwrap_or(0) as usize + 1 + usize::from(number < 0)
}

#[cfg(test)]
mod tests {
    use model::{GroupId, Timestamp};
    use policy::{NounKind, ReleaseBatch};
    use proptest::prelude::*;

    use super::*;
    use crate::codec::encode;
    use crate::entry::{Body, Findings, Run};

    fn release(objects: Vec<ReleasedObject>) -> usize {
        encode(&Body::Release(ReleaseBatch { tick: Timestamp::from_millis(1), objects })).unwrap().len()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_size_is_that_of_the_stored_form(
            body in prop_oneof![".*", "[\"\\\\]{0,40}", "[\\x00-\\x20\\x7f\u{2028}]{0,40}"],
            lookup in prop_oneof![Just(0), 1..12_u64, any::<u64>()],
            with_campaign in any::<bool>(),
            kind in 0..4_usize,
            to in proptest::option::of((proptest::option::of(any::<i64>()), any::<i64>())),
        ) {
            let kinds = [NounKind::Indicator, NounKind::Campaign, NounKind::Advisory, NounKind::Posture];
            let campaign = with_campaign.then_some([9; 16]);
            let audience = to.map_or(Audience::Members, |(before, as_of)| Audience::Group {
                group: GroupId::from_bytes([3; 16]),
                before: before.map(Timestamp::from_millis),
                as_of: Timestamp::from_millis(as_of),
            });
            let id = [7; 16];
            let object = ReleasedObject { audience, kind: kinds[kind], id, lookup, campaign, body: body.clone() };
            let frame = release(Vec::new());
            // Between brackets there is one comma less than there are objects.
            prop_assert_eq!(release(vec![object.clone(); 3]), frame + 3 * object_bytes(&object) - 1);
            let findings = |items| encode(&Body::Findings(Findings { run: Run::All, items })).unwrap().len();
            prop_assert_eq!(findings(vec![body.clone()]), findings(Vec::new()) + text_bytes(&body) + 2);
        }
    }
}
