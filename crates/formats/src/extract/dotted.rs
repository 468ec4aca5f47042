//! A name with a dot: a domain, a file, or neither.

use model::{Kind, Observable, refang};

use super::gather::{Gather, Plain};
use super::names::{self, Ending};
use super::text::{Context, Text};
use super::token::is_trimmed;
use super::{Mark, Rule};

/// A name with a dot: a domain, a file, or neither.
pub(super) fn name(name: &str, context: &Context<'_>, defanged: bool, gather: &mut Gather) {
    let name = name.trim_matches(is_trimmed);
    let sound = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_') || !c.is_ascii();
    let host = name
        .rsplit_once(':')
        .filter(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(name, |(host, _)| host);
    if host.is_empty() || !host.chars().all(sound) || host.contains("..") {
        return;
    }
    match names::ending(host, !defanged) {
        Ending::None => {}
        Ending::Domain => domain(host, context, defanged, gather),
        ending => file(host, ending, context, defanged, gather),
    }
}

fn domain(name: &str, context: &Context<'_>, defanged: bool, gather: &mut Gather) {
    if !defanged {
        if names::is_product(name) {
            gather.leave(name, Rule::Product, None);
            return;
        }
        if names::is_package(name) {
            gather.leave(name, Rule::Package, None);
            return;
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        let capital = last.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
        if capital && last.bytes().any(|b| b.is_ascii_lowercase()) {
            gather.leave(name, Rule::Sentence, None);
            return;
        }
        // `window.name(`, `$.post`: calls of programs.
        if context.line.get(context.end..).is_some_and(|after| after.starts_with('('))
            || name.contains('_') && !context.alone
        {
            return;
        }
    }
    let Ok(found) = Observable::parse(Kind::Domain, name) else { return };
    if defanged {
        gather.take_defanged(found);
    } else if context.alone && (context.set_off || context.line.trim() == name) {
        gather.take_plain(found);
    } else {
        gather.wait(
            found,
            if context.text == Text::Field && !context.alone { Plain::UnlessDefanged } else { context.plain() },
        );
    }
}

fn file(name: &str, ending: Ending, context: &Context<'_>, defanged: bool, gather: &mut Gather) {
    if names::is_product(name) {
        gather.leave(name, Rule::Product, None);
        return;
    }
    let Ok(found) = Observable::parse(Kind::FileName, name) else { return };
    if context.is_mutex {
        return;
    }
    let meant = match ending {
        _ if defanged => true,
        Ending::Program => context.text != Text::Log,
        Ending::Carrier if context.text == Text::Field => context.alone,
        Ending::Carrier => {
            context.text == Text::Prose
                && ((context.beside_hash && context.set_off)
                    || (context.names_files && context.alone)
                    || !context.write_up)
        }
        _ => {
            let set_apart = context.alone && context.set_off;
            context.text == Text::Prose && set_apart && (context.beside_hash || context.names_files)
        }
    };
    if meant {
        gather.take_plain(found);
    } else {
        gather.leave(name, Rule::FileInText, Some(found));
    }
}

/// A cell of a column of file names.
pub(super) fn file_cell(cell: &str, gather: &mut Gather) {
    for part in cell.split(['`', ',']) {
        let part = part.trim();
        let Some((_, last)) = part.rsplit_once('.') else { continue };
        let ending = last.len() <= 6 && last.bytes().all(|b| b.is_ascii_alphanumeric());
        if part.len() > 2
            && ending
            && !part.contains(['/', '\\', '|'])
            && !part.contains("://")
            && !part.contains('@')
            && let Ok(found) = Observable::parse(Kind::FileName, &refang(part))
        {
            gather.take(found, Mark::Offered);
        }
    }
}
