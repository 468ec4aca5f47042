//! HTML: the words that are shown, and where its links lead. Nothing is drawn, run or fetched.

/// Longest attribute that is read: pictures within links are longer.
const ATTRIBUTE_BYTES_MAX: usize = 8 << 10;

/// Where a link stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Somebody clicks it.
    Click,
    /// It is loaded by itself.
    Loaded,
}

/// Elements whose text nobody sees.
const HIDDEN: &[&str] = &["script", "style", "title", "head", "noscript"];

/// Reads HTML in one pass: `link` gets each address, `text` the words between tags, a space or line end where tags stood.
pub(super) fn read(html: &str, link: &mut dyn FnMut(Link, &str)) -> String {
    let mut text = String::with_capacity(html.len() / 4);
    let mut rest = html;
    let mut hidden: Option<&str> = None;
    let mut target = String::new();
    while let Some(at) = rest.find('<') {
        let (shown, tag) = rest.split_at(at);
        if hidden.is_none() && !repeats(shown, &target) {
            unescape_into(shown, &mut text);
        }
        target.clear();
        if let Some(comment) = tag.strip_prefix("<!--") {
            // An open comment runs to the end, as browsers read it.
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let name_end = tag
            .bytes()
            .skip(1)
            .position(|b| !(b.is_ascii_alphanumeric() || b == b'/' || b == b'!'))
            .map_or(tag.len(), |end| end + 1);
        let name = tag.get(1..name_end).unwrap_or_default();
        let end = tag_end(tag);
        let inside = tag.get(name_end..end).unwrap_or_default();
        rest = tag
            .get(end..)
            .unwrap_or_default()
            .strip_prefix('>')
            .unwrap_or_else(|| tag.get(end.max(1)..).unwrap_or_default());
        if name.is_empty() {
            text.push('<');
            rest = tag.get(1..).unwrap_or_default();
            continue;
        }
        let closing = name.strip_prefix('/');
        if let Some(open) = hidden {
            if closing.is_some_and(|name| name.eq_ignore_ascii_case(open))
                || (open == "head" && name.eq_ignore_ascii_case("body"))
            {
                hidden = None;
            }
            if open != "head" && open != "noscript" {
                continue;
            }
        } else if closing.is_none()
            && let Some(open) = HIDDEN.iter().find(|one| name.eq_ignore_ascii_case(one))
        {
            hidden = Some(open);
        }
        attributes(inside, name, &mut |kind, address| {
            if kind == Link::Click {
                address.clone_into(&mut target);
            }
            link(kind, address);
        });
        let inline = [
            "a", "b", "i", "u", "em", "strong", "span", "font", "wbr", "/a", "/b", "/i", "/u", "/em", "/strong",
            "/span", "/font",
        ];
        text.push_str(match name {
            _ if ["wbr", "/wbr"].iter().any(|one| name.eq_ignore_ascii_case(one)) => "",
            _ if inline.iter().any(|one| name.eq_ignore_ascii_case(one)) => " ",
            _ => "\n",
        });
    }
    if hidden.is_none() {
        unescape_into(rest, &mut text);
    }
    text
}

/// Whether the words of a link say no more than where it leads. Words that name another place stay: they deceive.
fn repeats(shown: &str, target: &str) -> bool {
    let shown = shown.trim();
    shown.contains('.') && !target.is_empty() && target.contains(shown)
}

/// The end of a tag: a `>` outside quotes, or the start of what cannot be part of it.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, b) in tag.bytes().enumerate().skip(1) {
        match (quote, b) {
            (None, b'>') => return at,
            (None, b'<') => return at,
            (None, b'"' | b'\'')
                if tag.as_bytes().get(at - 1).is_some_and(|b| *b == b'=' || b.is_ascii_whitespace()) =>
            {
                quote = Some(b)
            }
            (Some(open), b) if open == b => quote = None,
            _ => {}
        }
        if at > 16 * ATTRIBUTE_BYTES_MAX {
            return at;
        }
    }
    tag.len()
}

fn attributes(inside: &str, tag: &str, link: &mut dyn FnMut(Link, &str)) {
    let mut rest = inside;
    while let Some(at) = rest.find('=') {
        let (before, value) = rest.split_at(at);
        let name = before
            .trim_end()
            .rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/'))
            .next()
            .unwrap_or_default();
        let value = value.get(1..).unwrap_or_default().trim_start();
        let (value, after) = match value.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => {
                let inside = value.get(1..).unwrap_or_default();
                inside.split_once(char::from(quote)).unwrap_or((inside, ""))
            }
            _ => value.split_at(value.find(|c: char| c.is_whitespace()).unwrap_or(value.len())),
        };
        rest = after;
        let is = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
        let kind = if is(&["href"]) && !["link", "base"].iter().any(|one| tag.eq_ignore_ascii_case(one))
            || is(&["action", "formaction"])
        {
            Link::Click
        } else if is(&["src", "background", "poster", "href", "data"]) {
            Link::Loaded
        } else if is(&["content"]) && value.len() < ATTRIBUTE_BYTES_MAX && value.to_ascii_lowercase().contains("url=") {
            // A page that sends on by itself.
            let at = value.to_ascii_lowercase().find("url=").map_or(0, |at| at + 4);
            link(Link::Click, &unescape(value.get(at..).unwrap_or_default()));
            continue;
        } else {
            continue;
        };
        if value.len() <= ATTRIBUTE_BYTES_MAX && !value.is_empty() {
            link(kind, unescape(value).trim());
        }
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    unescape_into(text, &mut out);
    out
}

/// The entities that stand in links and words.
fn unescape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        out.push_str(before);
        let end = entity.bytes().take(12).position(|b| b == b';');
        let known = end.and_then(|end| Some((character(entity.get(1..end)?)?, end)));
        if let Some((sign, end)) = known {
            out.push(sign);
            rest = entity.get(end + 1..).unwrap_or_default();
        } else {
            out.push('&');
            rest = entity.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
}

fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(number);
    }
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "commat" => '@',
        "period" => '.',
        "colon" => ':',
        "sol" => '/',
        "shy" | "zwnj" | "zwj" => '\u{200b}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expect: &[&str], shown: &str) {
        let mut links = Vec::new();
        let text = read(html, &mut |_, link| links.push(link.to_owned()));
        assert_eq!(links, expect, "{html}");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), shown, "{html}");
    }

    #[test]
    fn links_and_words() {
        check("<a href=\"http://a.example/?x=1&amp;y=2\">go</a> on", &["http://a.example/?x=1&y=2"], "go on");
        check(
            "<A HREF=http://a.example/x>go</A><img src='http://b.example/p.gif'/>",
            &["http://a.example/x", "http://b.example/p.gif"],
            "go",
        );
        check("<!-- <a href=http://c.example>x</a> --><style>a{}</style>b &lt; c", &[], "b < c");
        check("<meta http-equiv=refresh content=\"0; URL=http://d.example/\">", &["http://d.example/"], "");
        check("a < b <i>c</i> <", &[], "a < b c <");
        check("<a href=\"http://a.example/", &["http://a.example/"], "");
        check("<script>document.x='<a href=\"http://e.example\">'</script>y", &[], "y");
        check(
            "<a href=\"http://g.example/x\">g.example</a> <a href=\"http://h.example/\">bank.example</a>",
            &["http://g.example/x", "http://h.example/"],
            "bank.example",
        );
        check("<form action=/x><table background=\"//f.example/p\">", &["/x", "//f.example/p"], "");
    }
}
