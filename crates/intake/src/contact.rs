//! How to reach whoever sends a report: it follows the second answer. Where nobody may know who it is, it goes with who it is into the
//! source register, for two leads; else it stands behind the words, for the cell.

use model::{SealedWords, WhoMayKnow};
use vault::CONTACT_BYTES_MAX;

use crate::body::{Read, capped};
use crate::limits::{CONTACT_CHARS_MAX, NARRATIVE_CHARS_MAX};
use crate::report::FieldProblem;

fn problem(field: &str, why: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.to_owned(), why: why.into() }
}

/// A contact is one line, and not too long.
pub(crate) fn read(sent: Option<String>, problems: &mut Vec<FieldProblem>) -> String {
    let contact = sent.unwrap_or_default().trim().to_owned();
    capped("contact", &contact, CONTACT_CHARS_MAX, problems);
    if contact.len() > CONTACT_BYTES_MAX && contact.chars().nth(CONTACT_CHARS_MAX).is_none() {
        problems.push(problem("contact", format!("more than {CONTACT_BYTES_MAX} bytes")));
    }
    if contact.chars().any(char::is_control) {
        problems.push(problem("contact", "it is one line"));
    }
    contact
}

/// Puts a contact where it belongs; gives what goes into the source register.
pub(crate) fn placed(read: &mut Read, know: WhoMayKnow) -> Result<Option<String>, FieldProblem> {
    let contact = std::mem::take(&mut read.contact);
    if contact.is_empty() {
        return Ok(None);
    }
    if know == WhoMayKnow::Nobody {
        return Ok(Some(contact));
    }
    if SealedWords::is(&read.narrative) {
        return Err(problem("contact", "it belongs to the words, and those are sealed: seal it with them"));
    }
    read.narrative = format!("{}\n\nContact: {contact}", read.narrative.trim_end()).trim_start().to_owned();
    let mut problems = Vec::new();
    capped("narrative", &read.narrative, NARRATIVE_CHARS_MAX, &mut problems);
    problems.pop().map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use vault::Submission;

    use crate::report::parse_report;
    use crate::reporter::Reporter;

    fn sent(know: &str, narrative: &str, contact: &str) -> Result<Submission, String> {
        let body = format!(
            r#"{{"title":"t","attack":"phishing","indicators":[],"warn":"cell-only","know":"{know}",
                "narrative":"{narrative}","contact":"{contact}"}}"#
        );
        let parsed = parse_report(body.as_bytes(), None, &Reporter::cell("Test"), true, Timestamp::from_millis(0));
        parsed.map(|parsed| parsed.submission).map_err(|problems| problems[0].to_string())
    }

    #[test]
    fn it_goes_where_the_second_answer_says() {
        let of = |know: &str| {
            let sent = sent(know, "it came", " Ann, 0113 496 0000 ").unwrap();
            (sent.report.narrative, sent.contact)
        };
        assert_eq!(of("nobody"), ("it came".to_owned(), Some("Ann, 0113 496 0000".to_owned())));
        for know in ["cell", "everybody"] {
            assert_eq!(of(know), ("it came\n\nContact: Ann, 0113 496 0000".to_owned(), None), "{know}");
        }
        let alone = sent("cell", "", "Ann").unwrap();
        assert_eq!((&*alone.report.narrative, alone.contact), ("Contact: Ann", None));
        for know in ["nobody", "cell"] {
            let none = sent(know, "it came", "  ").unwrap();
            assert_eq!((&*none.report.narrative, none.contact), ("it came", None));
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_name() {
        let line = format!("fusioncell-sealed-words-1 7 {}", "00".repeat(200));
        assert_eq!(sent("nobody", &line, "Ann").unwrap().contact.unwrap(), "Ann");
        for (know, narrative, contact, word) in [
            ("cell", &*line, "Ann", "seal it with them"),
            ("nobody", "", &*"x".repeat(101), "more than 100 characters"),
            ("nobody", "", &*"\u{1f4de}".repeat(100), "more than 300 bytes"),
            ("nobody", "", "Ann\\nBob", "one line"),
            ("cell", &*"x".repeat(19_990), "Ann, 0113 496 0000", "narrative: more than 20000"),
        ] {
            let told = sent(know, narrative, contact).unwrap_err();
            assert!(told.contains(word) && (told.contains("contact") || word.contains("narrative")), "{told}");
        }
        assert!(sent("nobody", "", &"é".repeat(100)).is_ok());
    }
}
