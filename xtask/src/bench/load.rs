//! Reports for load, made from a seed: values look like life and are reserved names only.

use std::fmt::Write as _;

/// A small generator (splitmix64, Steele, Lea and Flood 2014): repeatable loads, not secrets.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

/// The value number `n` of the load: a domain, URL, address, hash or mail address, always the same for the same `n`.
pub fn value(n: u64) -> (&'static str, String) {
    let mut random = Random(n.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let word = random.next();
    match n % 5 {
        0 => ("domain", format!("h{word:012x}.bench.com")),
        1 => ("url", format!("http://u{:08x}.bench.net/{:x}/{n}", word as u32, word >> 40)),
        2 => (
            "ipv4",
            format!("{}.{}.{}.{}", 11 + word % 80, (word >> 8) & 255, (word >> 16) & 255, 1 + (word >> 24) % 254),
        ),
        3 => ("sha256", format!("{word:016x}{:016x}{:016x}{:016x}", random.next(), random.next(), random.next())),
        _ => ("email", format!("m{word:010x}@mail.bench.org")),
    }
}

/// A report with these values, as `POST /api/v1/reports` takes it.
pub fn report(values: impl IntoIterator<Item = u64>) -> String {
    let mut text = String::from(
        r#"{"title":"bench","attack":"phishing","severity":"medium","warn":"now","know":"nobody","tlp":"GREEN","pap":"GREEN","indicators":["#,
    );
    for (index, n) in values.into_iter().enumerate() {
        let (kind, value) = value(n);
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, r#"{comma}{{"kind":"{kind}","value":"{value}"}}"#);
    }
    text.push_str("]}");
    text
}
