//! Running text with defanged indicators: one draft a file.

use std::collections::HashSet;

use model::{Draft, Observable};

use super::lines::Lines;
use super::out::{Out, add_techniques, attack_of, indicator};
use crate::limits::{DRAFT_ITEMS_MAX, NARRATIVE_CHARS_MAX};
use crate::prose::extract_line;

/// Most values of one text; what follows is a problem.
const VALUES_MAX: usize = 100 * DRAFT_ITEMS_MAX;

pub(super) fn read(lines: &mut Lines<'_>, out: &mut Out<'_>) {
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
            if seen.len() < VALUES_MAX && seen.insert(observable.clone()) {
                draft.indicators.push(indicator(observable, None, line, ""));
            }
        });
        if draft.narrative.len() < NARRATIVE_CHARS_MAX {
            draft.narrative.push_str(&text);
            draft.narrative.push('\n');
        }
    }
    if seen.len() >= VALUES_MAX {
        out.problem(lines.number(), "", format!("the text holds more than {VALUES_MAX} values: the rest is not read"));
    }
    if draft.indicators.is_empty() {
        out.problem(None, "", "the text holds no indicator (bare domains and URLs count only if defanged)");
        return;
    }
    if let Some(attack) = attack_of(&draft.title) {
        draft.attack = attack;
    }
    out.draft(draft);
}
