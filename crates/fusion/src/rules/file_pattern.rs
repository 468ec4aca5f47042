//! File names that differ in their numbers only: `Invoice_1123.pdf.exe` and `Invoice_8841.pdf.exe`.

use model::Kind;

use super::{Aspect, Feature, Rule, without_digits};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "file-name-pattern",
    sentence: "{value} is named as {other} is, but for its numbers",
    other: "a file",
    named: None,
    whole: None,
    aspect: Aspect::Place,
    specific: true,
    weight: 0.54,
    typical: 500.0,
    features: |parts, _, sink| {
        if let Some(Kind::FileName | Kind::FilePath) = parts.kind
            && let Some(name) = parts.value.rsplit(['/', '\\']).next()
            && let Some(pattern) = without_digits(&name.to_lowercase())
        {
            sink(&Feature::Text(&[&pattern]));
        }
    },
};

#[cfg(test)]
#[test]
fn numbers_of_a_file_name_do_not_matter() {
    super::check(&RULE, Kind::FileName, "Invoice_1123.pdf.exe", &["invoice_#.pdf.exe"]);
    super::check(&RULE, Kind::FilePath, "C:\\Temp\\run7win.exe", &["run#win.exe"]);
    super::check(&RULE, Kind::FileName, "setup.exe", &[]);
}
