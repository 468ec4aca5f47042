//! A mail, read as the form reads it when somebody drops it there: what it offers becomes one draft.

use std::io::{self, Read};

use model::{AttackKind, Draft};

use super::out::{Out, attack_of, indicator};
use crate::extract::{Mark, Place, extract};
use crate::limits::EXTRACT_BYTES_MAX;

/// Reads a mail.
pub(super) fn read(reader: &mut dyn Read, out: &mut Out<'_>) -> io::Result<()> {
    let mut bytes = Vec::new();
    reader.take(EXTRACT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let found = extract(&bytes, out.name);
    drop(bytes);
    if let Some(why) = found.refused {
        out.broken(None, "", why);
        return Ok(());
    }
    let mut draft = Draft::titled(found.mail.map(|mail| mail.subject).unwrap_or_default());
    draft.attack = attack_of(&draft.title).unwrap_or(AttackKind::Phishing);
    draft.techniques = found.techniques;
    let field = |place: &Place| if *place == Place::Text { String::new() } else { place.text() };
    // What names the recipient, lies in somebody's own network or is everybody's is shown in the form without being
    // chosen; nobody chooses here.
    let offered = found.values.into_iter().filter(|value| value.mark == Mark::Offered);
    draft.indicators =
        offered.map(|value| indicator(value.observable, None, value.line, field(&value.place))).collect();
    if found.values_beyond > 0 {
        out.summary.refused += found.values_beyond;
        out.note(None, "", format!("{} values more than are read of one mail", found.values_beyond));
    }
    if draft.indicators.is_empty() {
        out.note(None, "", "the mail offers no indicator");
        return Ok(());
    }
    out.draft(draft);
    Ok(())
}
