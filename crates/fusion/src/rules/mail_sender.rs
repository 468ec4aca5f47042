//! Mail addresses with one name at several domains: `invoice.dept@one.example` and `invoice.dept@other.example`.

use model::Kind;

use super::{Aspect, Feature, Rule};

/// Names that every domain has, or that say nothing.
const EVERYDAY: [&str; 22] = [
    "abuse",
    "accounts",
    "admin",
    "billing",
    "contact",
    "hello",
    "help",
    "hostmaster",
    "info",
    "mail",
    "marketing",
    "news",
    "newsletter",
    "noreply",
    "office",
    "orders",
    "postmaster",
    "sales",
    "security",
    "service",
    "support",
    "webmaster",
];
const NAME_BYTES_MIN: usize = 6;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "mail-sender",
    sentence: "{value} has the name {shared} before its domain, as {other} has",
    other: "an address",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.42,
    typical: 500.0,
    features: |parts, _, sink| {
        if parts.kind != Some(Kind::Email) {
            return;
        }
        let Some((name, _)) = parts.value.rsplit_once('@') else { return };
        // What stands after a plus sign is the sender's own mark (RFC 5233).
        let name: String = name.split('+').next().unwrap_or(name).to_lowercase();
        let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
        if plain.len() >= NAME_BYTES_MIN && !EVERYDAY.contains(&plain.as_str()) {
            sink(&Feature::Text(&[&plain]));
        }
    },
};

#[cfg(test)]
#[test]
fn a_name_counts_whatever_its_signs_and_not_one_that_every_domain_has() {
    use model::Kind;
    super::check(&RULE, Kind::Email, "Invoice.Dept+7@one.example", &["invoicedept"]);
    super::check(&RULE, Kind::Email, "invoice_dept@other.example", &["invoicedept"]);
    super::check(&RULE, Kind::Email, "no-reply@one.example", &[]);
    super::check(&RULE, Kind::Email, "kim@one.example", &[]);
    super::check(&RULE, Kind::Domain, "invoicedept.example", &[]);
}
