//! Running text with defanged indicators: one draft a file.

use std::collections::HashSet;

use model::{Draft, Observable};

use super::lines::Lines;
use super::out::{Out, add_techniques, attack_of, indicator};
use crate::limits::{DRAFT_ITEMS_MAX, NARRATIVE_CHARS_MAX};
use crate::prose::extract_line;

/// Most values of one text; what follows is a problem.
const VALUES_MAX: usize = 100 * DRAFT_ITEMS_MAX;

/// Reads a text. One that begins with a `bracket` may have been meant as JSON.
pub(super) fn read(lines: &mut Lines<'_>, bracket: bool, out: &mut Out<'_>) {
    let mut beyond: u64 = 0;
    let mut draft = Draft::titled("");
    let mut seen: HashSet<Observable> = HashSet::new();
    let mut headed = false;
    while let Some(text) = lines.text(out) {
        let line = lines.number();
        let title = text.trim_start_matches(['=', '#', '*', ' ']).trim();
        let heading = text.starts_with(['=', '#']);
        if !title.is_empty() && (draft.title.is_empty() || (heading && !headed)) {
            title.clone_into(&mut draft.title);
            headed |= heading;
        }
        add_techniques(&mut draft, &text);
        extract_line(&text, &mut |observable| {
            if seen.contains(&observable) {
                out.summary.repeated += 1;
            } else if seen.len() < VALUES_MAX {
                seen.insert(observable.clone());
                draft.indicators.push(indicator(observable, None, line, ""));
            } else {
                beyond += 1;
            }
        });
        if draft.narrative.len() < NARRATIVE_CHARS_MAX {
            draft.narrative.push_str(&text);
            draft.narrative.push('\n');
        }
    }
    if beyond > 0 {
        out.summary.refused += beyond;
        out.note(lines.number(), "", format!("the text holds more than {VALUES_MAX} values: the rest is not read"));
    }
    if draft.indicators.is_empty() {
        if bracket {
            out.broken(None, "", "it begins as JSON does, but is none, and as text it holds no indicator");
        } else {
            out.note(None, "", "the text holds no indicator (bare domains and URLs count only if defanged)");
        }
        return;
    }
    if let Some(attack) = attack_of(&draft.title) {
        draft.attack = attack;
    }
    out.draft(draft);
}
