//! The same file name in links on other hosts.

use super::{Aspect, Feature, Rule};

/// Shortest name that says something, in bytes.
const NAME_BYTES_MIN: usize = 5;
/// What pages are called wherever there are any.
const EVERYDAY: [&str; 25] = [
    "about", "account", "admin", "contact", "default", "document", "download", "home", "index", "install", "invoice",
    "login", "logon", "main", "payment", "register", "search", "setup", "signin", "signup", "support", "update",
    "upload", "verify", "welcome",
];

/// The rule. Numbers in the name do not matter.
pub(super) const RULE: Rule = Rule {
    name: "url-file",
    sentence: "{value} ends in {shared}, as {other} does",
    other: "a link",
    named: None,
    whole: None,
    aspect: Aspect::Path,
    specific: true,
    weight: 0.56,
    typical: 200.0,
    features: |parts, _, sink| {
        if let Some((_, file)) = parts.path.rsplit_once('/')
            && file.len() >= NAME_BYTES_MIN
            && !EVERYDAY.contains(&file.split_once('.').map_or(file, |(stem, _)| stem))
        {
            let plain = super::without_digits(file);
            sink(&Feature::Text(&[plain.as_deref().unwrap_or(file)]));
        }
    },
};

#[cfg(test)]
#[test]
fn the_last_part_of_a_path_but_for_numbers() {
    use model::Kind;
    super::check(&RULE, Kind::Url, "http://evil.net/panel/gate77.php?id=1", &["gate#.php"]);
    super::check(&RULE, Kind::Url, "http://evil.net/index.php", &[]);
    super::check(&RULE, Kind::Url, "http://evil.net/panel/login.html", &[]);
    super::check(&RULE, Kind::Url, "http://evil.net/panel/xlogin.html", &["xlogin.html"]);
}
