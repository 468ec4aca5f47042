//! The most values that a text can hold are all found: the buffers of a pass have room for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use matcher::{Builder, Engine, Scanner};
use model::Kind;

#[test]
fn as_many_values_as_fit_are_found() {
    let mut builder = Builder::new();
    for (kind, value) in [(Kind::Domain, "a.b"), (Kind::Ipv4, "1.2.3.4"), (Kind::Domain, "na.bc")] {
        builder.add_normal(kind, value, 0).unwrap();
    }
    let index = builder.finish();
    // A line, and how many indicators it holds. Behind an escape a name may begin at two places; behind a hyphen none does.
    for (line, each) in [("a.b\n", 1), ("1.2.3.4\n", 1), ("\\na.b\n", 1), ("\\na.bc\n", 1), ("1.2.3.4-a.b\n", 1)] {
        for engine in [Engine::Scalar, Engine::Avx2, Engine::Avx512] {
            for shift in [0, 1, 2, 3, 61, 62, 63] {
                let lines = 8_000;
                let text = format!("{}\n{}", "-".repeat(shift), line.repeat(lines));
                let mut hits = Vec::new();
                Scanner::with_engine(&index, engine).scan(text.as_bytes(), &mut hits);
                assert_eq!(hits.len(), each * lines, "{line:?} behind {shift} bytes, {engine:?}");
            }
        }
    }
}
