//! A report of somebody who is no member: a few plain answers become a full report, for the cell alone.

use formats::{Mark, extract};
use model::{
    AttackKind, Marking, Observable, OrganisationId, Severity, Sighting, Timestamp, WhoMayBeWarned, WhoMayKnow,
};
use policy::Lexicon;
use policy::planted::{self, Leak};
use policy::scrub::scrub;
use vault::{Item, ReportContent, Submission};

use crate::limits::ITEMS_MAX;
use crate::report::{ItemResult, Outcome, Parsed};

/// Longest account of what happened, in characters.
pub const OUTSIDE_WORDS_MAX: usize = 10_000;
/// Longest way of reaching somebody, and longest name of a firm, in characters.
pub const OUTSIDE_LINE_MAX: usize = 200;
/// Longest title that is made of the first words, in characters.
const TITLE_CHARS: usize = 80;

/// What somebody outside the partnership says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutsideWords {
    /// What happened.
    pub what: String,
    /// Whether it is still going on.
    pub ongoing: bool,
    /// The closest match, if they chose one.
    pub attack: Option<AttackKind>,
    /// How to reach them; may be empty.
    pub reach: String,
    /// The firm; may be empty.
    pub firm: String,
}

/// Its first words, as the line by which the cell tells it from others.
fn title(what: &str) -> String {
    let line = what.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(TITLE_CHARS) {
        None => line.to_owned(),
        Some((end, _)) => {
            let cut = line.get(..end).unwrap_or_default();
            let cut = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
            format!("{cut} …")
        }
    }
}

/// The report that these words are. `organisation` stands for whoever has the way-back code, and is no member.
///
/// # Errors
/// Why the words can never be stored.
pub fn outside_report(
    words: OutsideWords,
    organisation: OrganisationId,
    exercise: bool,
    now: Timestamp,
) -> Result<Parsed, String> {
    let found = extract(words.what.as_bytes(), "");
    let nobody = Lexicon::default();
    // What is everybody's, lies in somebody's own network or is how to reach the sender links nothing. Addresses of
    // documentation stand for attackers in an exercise.
    let reached: Vec<Observable> =
        extract(words.reach.as_bytes(), "").values.into_iter().map(|found| found.observable).collect();
    let names_sender = |value: &Observable| {
        let of_mailbox =
            |mailbox: &Observable| mailbox.value().rsplit_once('@').is_some_and(|(_, of)| of == value.value());
        reached.iter().any(|one| one == value || of_mailbox(one))
    };
    let values = found.values.into_iter().filter(|found| {
        let taken = found.mark == Mark::Offered || exercise && found.mark == Mark::Everyday;
        taken && !names_sender(&found.observable) && scrub(&found.observable, &nobody, exercise).is_none()
    });
    let values: Vec<_> = values.map(|found| found.observable).take(ITEMS_MAX).collect();
    let mut narrative = words.what.trim().to_owned();
    for (label, text) in [("Firm", &words.firm), ("Contact", &words.reach)] {
        if !text.trim().is_empty() {
            narrative.push_str(&format!("\n\n{label}: {}", text.trim()));
        }
    }
    let items = values.iter().map(|value| Item { sighting: Sighting::of(value.clone()), held: None, kept: None });
    let report = ReportContent {
        happened_at: None,
        warn: if planted::is_on(Leak::OutsideIsMember) { WhoMayBeWarned::Now } else { WhoMayBeWarned::CellOnly },
        know: WhoMayKnow::Cell,
        marking: Marking::default(),
        attack: words.attack.unwrap_or(AttackKind::NotSure),
        severity: if words.ongoing { Severity::High } else { Severity::Medium },
        ongoing: words.ongoing,
        title: title(&words.what),
        narrative,
        techniques: found.techniques,
        tags: Vec::new(),
        items: items.collect(),
    };
    let submission = Submission {
        organisation,
        sector: None,
        region: None,
        received_at: now,
        named: None,
        own: false,
        outside: true,
        contact: None,
        report,
    };
    crate::size::stored_bytes(&submission)?;
    let items = values.into_iter().map(|value| ItemResult::new(Some(value), Outcome::Accepted, None)).collect();
    Ok(Parsed { submission, items })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_become_a_full_report_for_the_cell_alone() {
        let words = OutsideWords {
            what: "\n  A mail said pay at hxxps://pay.bad-docs[.]org/a and I did\nfrom ann@shop.example, Ann@Shop.example at shop.example".to_owned(),
            ongoing: true,
            attack: None,
            reach: "Ann@Shop.example".to_owned(),
            firm: "Ann's shop".to_owned(),
        };
        let parsed =
            outside_report(words, OrganisationId::from_bytes([3; 16]), false, Timestamp::from_millis(5)).unwrap();
        let report = &parsed.submission.report;
        assert!(parsed.submission.outside && !parsed.submission.own && parsed.submission.named.is_none());
        assert_eq!((report.warn, report.know), (WhoMayBeWarned::CellOnly, WhoMayKnow::Cell));
        assert_eq!(report.attack, AttackKind::NotSure);
        let values: Vec<&str> = report.items.iter().map(|item| item.sighting.observable.value()).collect();
        assert!(values.iter().any(|value| value.contains("pay.bad-docs.org")), "{values:?}");
        assert!(
            !values.iter().any(|value| value.contains("shop.example")),
            "how to reach them is no value: {values:?}"
        );
        assert!(report.title.starts_with("A mail said pay at") && report.title.chars().count() <= TITLE_CHARS + 2);
        assert!(report.narrative.contains("\n\nFirm: Ann's shop\n\nContact: Ann@Shop.example"));
    }

    #[test]
    fn a_title_is_cut_between_words_and_never_within_a_character() {
        assert_eq!(title("one line"), "one line");
        assert_eq!(title(&"ü".repeat(200)), format!("{} …", "ü".repeat(TITLE_CHARS)));
        let cut = title(&"word ".repeat(50));
        assert!(cut.ends_with("word …") && cut.chars().count() <= TITLE_CHARS + 2, "{cut}");
    }
}
