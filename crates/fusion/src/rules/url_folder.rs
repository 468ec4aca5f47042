//! The same folder on another host: `/wp-content/x7/a.exe` and `/wp-content/x7/b.exe`.

use super::{Aspect, Feature, Rule};

/// Shortest folder that says something, in bytes.
const FOLDER_BYTES_MIN: usize = 4;

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "url-folder",
    sentence: "{value} is in the folder {shared}, as {other} is",
    other: "a link",
    named: None,
    whole: None,
    aspect: Aspect::Path,
    specific: true,
    weight: 0.46,
    typical: 300.0,
    features: |parts, _, sink| {
        if let Some((folder, _)) = parts.path.rsplit_once('/')
            && folder.len() >= FOLDER_BYTES_MIN
        {
            sink(&Feature::Text(&[folder]));
        }
    },
};

#[cfg(test)]
#[test]
fn a_folder_is_the_path_without_its_last_part() {
    use model::Kind;
    super::check(&RULE, Kind::Url, "http://evil.net/panel/gate.php", &["/panel"]);
    super::check(&RULE, Kind::Url, "http://evil.net/gate.php", &[]);
}
