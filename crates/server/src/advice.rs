//! What to do now, by kind of attack: data that an operator can replace or translate, checked when it is read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use model::AttackKind;
use serde::Deserialize;

/// Longest file of advice.
pub const ADVICE_BYTES_MAX: usize = 1024 * 1024;
/// Fewest and most steps for one kind of attack.
const STEPS: (usize, usize) = (3, 7);
/// Longest step or sentence, in characters.
const TEXT_CHARS_MAX: usize = 400;
/// Languages of one file.
const LANGUAGES_MAX: usize = 50;
/// Languages of a request that are looked at.
const ASKED_MAX: usize = 10;
const ENGLISH: &str = include_str!("../advice/en.json");

/// Why a file of advice cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdviceError(String);

impl fmt::Display for AdviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AdviceError {}

/// What to do in one kind of attack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindAdvice {
    title: String,
    steps: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    call: String,
    call_by_mail: String,
    call_unknown: String,
    later: String,
    later_by_mail: String,
    later_unknown: String,
    kinds: BTreeMap<String, KindAdvice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: String,
    languages: BTreeMap<String, Language>,
}

/// How the cell is reached; either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Telephone number.
    pub phone: String,
    /// Mailbox.
    pub mail: String,
}

/// What somebody is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) language: String,
    pub(crate) title: String,
    pub(crate) steps: Vec<String>,
    pub(crate) call: String,
}

/// Advice in one language or several.
#[derive(Clone, Debug)]
pub struct Advice {
    default: String,
    languages: Arc<BTreeMap<String, Language>>,
}

impl Advice {
    /// The project's own advice, in English.
    ///
    /// # Errors
    /// None: a test reads it.
    pub fn built_in() -> Result<Self, AdviceError> {
        Self::read(ENGLISH.as_bytes())
    }

    /// Reads a file: every kind of attack must be there, in every language.
    ///
    /// # Errors
    /// [`AdviceError`] names the first thing that will not do.
    pub fn read(bytes: &[u8]) -> Result<Self, AdviceError> {
        let wrong = |why: String| AdviceError(format!("advice: {why}"));
        if bytes.len() > ADVICE_BYTES_MAX {
            return Err(wrong(format!("more than {ADVICE_BYTES_MAX} bytes")));
        }
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let file: File = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| wrong(format!("{}: {}", error.path(), error.inner())))?;
        reader.end().map_err(|error| wrong(error.to_string()))?;
        if file.languages.len() > LANGUAGES_MAX {
            return Err(wrong(format!("more than {LANGUAGES_MAX} languages")));
        }
        if !file.languages.contains_key(&file.default) {
            return Err(wrong(format!("default: there is no language {:?}", file.default)));
        }
        for (name, language) in &file.languages {
            let at = format!("languages.{name}");
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            if name.len() < 2 || !plain {
                return Err(wrong(format!("{at}: a language is named by lower-case letters, such as de or pt-br")));
            }
            language.check().map_err(|why| wrong(format!("{at}.{why}")))?;
        }
        Ok(Self { default: file.default, languages: Arc::new(file.languages) })
    }

    /// The language that a request asks for and there is: by its query first, then by its header, then the default.
    fn language(&self, asked: Option<&str>, headers: &HeaderMap) -> Option<(&String, &Language)> {
        let header = headers.get(ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok()).unwrap_or_default();
        let mut ranked: Vec<(f32, &str)> = header
            .split(',')
            .take(ASKED_MAX)
            .map(|part| {
                let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
                let quality = rest.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
                (quality.unwrap_or(1.0), tag.trim())
            })
            .filter(|(quality, _)| *quality > 0.0)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let known = |tag: &str| {
            let tag = tag.to_ascii_lowercase();
            let found = self.languages.get_key_value(&tag);
            found.or_else(|| self.languages.get_key_value(tag.split('-').next()?))
        };
        let tags = asked.into_iter().chain(ranked.into_iter().map(|(_, tag)| tag));
        tags.into_iter().find_map(known).or_else(|| self.languages.get_key_value(&self.default))
    }

    /// What to do in a kind of attack; never empty.
    pub(crate) fn told(
        &self,
        attack: AttackKind,
        ongoing: bool,
        contact: &Contact,
        asked: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<Told> {
        let (name, language) = self.language(asked, headers)?;
        let kind = |kind: AttackKind| language.kinds.get(kind.as_str());
        let advice = kind(attack).or_else(|| kind(AttackKind::NotSure))?;
        let sentences = if ongoing {
            [&language.call, &language.call_by_mail, &language.call_unknown]
        } else {
            [&language.later, &language.later_by_mail, &language.later_unknown]
        };
        let [by_phone, by_mail, unknown] = sentences;
        let call = match (contact.phone.is_empty(), contact.mail.is_empty()) {
            (false, _) => by_phone.replace("{phone}", &contact.phone),
            (true, false) => by_mail.replace("{mail}", &contact.mail),
            (true, true) => unknown.clone(),
        };
        Some(Told { language: name.clone(), title: advice.title.clone(), steps: advice.steps.clone(), call })
    }
}

impl Language {
    fn check(&self) -> Result<(), String> {
        for (name, text, needed) in [
            ("call", &self.call, "{phone}"),
            ("call_by_mail", &self.call_by_mail, "{mail}"),
            ("call_unknown", &self.call_unknown, ""),
            ("later", &self.later, "{phone}"),
            ("later_by_mail", &self.later_by_mail, "{mail}"),
            ("later_unknown", &self.later_unknown, ""),
        ] {
            text_of(name, text)?;
            if !text.contains(needed) {
                return Err(format!("{name}: it does not say {needed}"));
            }
        }
        for &kind in AttackKind::ALL {
            let name = format!("kinds.{}", kind.as_str());
            let advice = self.kinds.get(kind.as_str()).ok_or_else(|| format!("{name}: there is no advice for it"))?;
            text_of(&format!("{name}.title"), &advice.title)?;
            if !(STEPS.0..=STEPS.1).contains(&advice.steps.len()) {
                return Err(format!("{name}.steps: there must be {} to {} steps", STEPS.0, STEPS.1));
            }
            for (index, step) in advice.steps.iter().enumerate() {
                text_of(&format!("{name}.steps[{index}]"), step)?;
            }
        }
        let known = |name: &&String| AttackKind::ALL.iter().all(|kind| kind.as_str() != name.as_str());
        self.kinds
            .keys()
            .find(known)
            .map_or(Ok(()), |name| Err(format!("kinds.{name}: there is no such kind of attack")))
    }
}

fn text_of(name: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{name}: it says nothing"));
    }
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(format!("{name}: more than {TEXT_CHARS_MAX} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{name}: it holds a control character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn english() -> Value {
        serde_json::from_str(ENGLISH).unwrap()
    }

    fn refused(change: impl FnOnce(&mut Value), words: &str) {
        let mut file = english();
        change(&mut file);
        let error = Advice::read(file.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn every_kind_of_attack_has_advice_that_says_what_to_do() {
        let advice = Advice::built_in().unwrap();
        for &kind in AttackKind::ALL {
            for contact in [Contact::default(), Contact { phone: "1 2".into(), mail: "m@cell.example".into() }] {
                for ongoing in [true, false] {
                    let told = advice.told(kind, ongoing, &contact, None, &HeaderMap::new()).unwrap();
                    assert!((3..=7).contains(&told.steps.len()) && !told.call.is_empty(), "{kind:?}");
                    assert_eq!(told.call.contains("1 2"), !contact.phone.is_empty(), "{}", told.call);
                    assert!(!told.call.contains('{'), "{}", told.call);
                }
            }
        }
    }

    #[test]
    fn a_file_that_will_not_do_is_refused_by_name() {
        let kinds = |file: &mut Value| file["languages"]["en"]["kinds"].take();
        refused(|file| drop(file["languages"]["en"]["kinds"].as_object_mut().unwrap().remove("fraud")), "kinds.fraud");
        refused(
            |file| file["languages"]["en"]["kinds"]["meteor"] = json!({ "title": "t", "steps": ["a", "b", "c"] }),
            "meteor",
        );
        refused(
            |file| file["languages"]["en"]["kinds"]["fraud"]["steps"] = json!(["a"]),
            "kinds.fraud.steps: there must be 3",
        );
        refused(
            |file| file["languages"]["en"]["kinds"]["fraud"]["steps"][0] = json!(" "),
            "kinds.fraud.steps[0]: it says",
        );
        refused(|file| file["languages"]["en"]["call"] = json!("Ring us."), "call: it does not say {phone}");
        refused(|file| file["default"] = json!("de"), "there is no language \"de\"");
        refused(|file| file["languages"]["DE"] = json!({}), "languages.DE");
        refused(|file| file["languages"]["en"]["colour"] = json!("red"), "languages.en");
        refused(|file| drop(kinds(file)), "languages.en.kinds");
        assert!(Advice::read(b"{").is_err() && Advice::read(b"").is_err());
        assert!(Advice::read(&vec![b' '; ADVICE_BYTES_MAX + 1]).unwrap_err().to_string().contains("more than"));
    }

    #[test]
    fn a_reader_gets_the_language_that_was_asked_for() {
        let mut file = english();
        let mut german = file["languages"]["en"].clone();
        german["kinds"]["fraud"]["title"] = json!("Betrug");
        file["languages"]["de"] = german;
        let advice = Advice::read(file.to_string().as_bytes()).unwrap();
        let told = |asked: Option<&str>, header: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
            advice.told(AttackKind::Fraud, false, &Contact::default(), asked, &headers).unwrap().language
        };
        assert_eq!(told(None, "de-AT,en;q=0.5"), "de");
        assert_eq!(told(None, "en;q=0.2, de;q=0.9"), "de");
        assert_eq!(told(Some("en"), "de"), "en");
        assert_eq!(told(Some("fr"), "de"), "de");
        assert_eq!(told(None, "fr, de;q=0"), "en");
        assert_eq!(told(Some("\u{e9}"), ",,;q=x"), "en");
    }
}
