//! Plain pages for a bad day: what to do without the platform, to print beforehand, and a word that it answers. They work
//! without script, tell nothing about anybody, and are the same for everybody.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;

use crate::http::{self, Answer, blocking};
use crate::member::MemberState;
use crate::problem::Problem;
use crate::table::{Access, Face, Route, Shape};

const HTML: &str = "text/html; charset=utf-8";
/// The one stylesheet of these pages: small, and printable.
const STYLE: &str = "body{font:1.125rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#14202b;background:#fff}\
h1{font-size:1.75rem;line-height:1.15}dt{font-weight:bold;margin-top:.75rem}dd{margin:0;font-size:1.375rem}\
li{margin:.5rem 0}a{color:#0f4c75}@media print{body{margin:0}a{color:inherit}}\n";

/// The rows of the table of routes.
pub(crate) fn rows() -> Vec<Route> {
    let public = |path, id, summary| {
        let page = Route::new(Face::Member, Access::Public, "GET", path, id, summary);
        page.gives(200, Shape::Text("text/html"))
    };
    vec![
        public(
            "/break-glass",
            "break_glass",
            "What to do when the platform cannot be reached: a page to print beforehand.",
        ),
        public("/status", "status_page", "That the platform answers: a word, no figures, the same for everybody."),
        public("/plain.css", "plain_style", "The stylesheet of the plain pages.").gives(200, Shape::Text("text/css")),
    ]
}

/// A text as HTML shows it.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Marks that turn the order of what follows: a name must not rewrite the page.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            other => out.push(other),
        }
    }
    out
}

fn document(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><link rel=\"stylesheet\" href=\"/plain.css\"></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )
}

fn page(text: String) -> Answer {
    Ok(http::bytes(StatusCode::OK, HTML, Bytes::from(text)))
}

/// What to do without the platform.
fn break_glass_text(partnership: &str, exercise: bool, phone: &str, mail: &str) -> String {
    let mut body = String::new();
    if exercise {
        body.push_str("<p><strong>This is an exercise.</strong></p>");
    }
    body.push_str("<p>Print this page and keep it where you find it when nothing else works.</p>");
    if phone.is_empty() && mail.is_empty() {
        body.push_str(
            "<p>The cell has not given a telephone number or an address for such a day yet. Ask whoever invited you.</p>",
        );
    } else {
        body.push_str("<dl>");
        if !phone.is_empty() {
            let _ = write!(body, "<dt>Call the cell</dt><dd>{}</dd>", escaped(phone));
        }
        if !mail.is_empty() {
            let _ = write!(
                body,
                "<dt>Or write, from a mailbox that the attacker cannot read</dt><dd>{}</dd>",
                escaped(mail)
            );
        }
        body.push_str("</dl>");
    }
    body.push_str(
        "<h2>When an attack is going on</h2><ol>\
         <li>Call first. Use a telephone that is not part of your own network.</li>\
         <li>Say: who you are, what you see, since when, and whether it goes on.</li>\
         <li>Say a number at which you can be called back, and ask for the name of whoever you speak to.</li>\
         <li>Do not switch machines off: take them off the network, and leave them running.</li>\
         <li>Write down what you do and when. Report it here once the platform can be reached again.</li></ol>\
         <p>What you say is held as a report is: nobody but the cell learns that it was you, unless you say otherwise.</p>",
    );
    document(&format!("{partnership}: when this platform cannot be reached"), &body)
}

/// `GET /break-glass`.
pub(crate) async fn break_glass(State(MemberState(member)): State<MemberState>) -> Answer {
    let register = member.sessions.register();
    let settings = blocking(move || register.joining_settings()).await?.map_err(|error| {
        tracing::error!(%error, "the register cannot be read");
        Problem::internal()
    })?;
    page(break_glass_text(&member.partnership, member.exercise, &settings.cell_phone, &settings.cell_mail))
}

/// `GET /status`.
pub(crate) async fn status(State(MemberState(member)): State<MemberState>) -> Answer {
    let exercise = if member.exercise { "<p><strong>This is an exercise.</strong></p>" } else { "" };
    let body = format!(
        "{exercise}<p>This platform answers. If you read this and cannot sign in or report, call the cell: \
         <a href=\"/break-glass\">what to do when the platform cannot be reached</a>.</p>"
    );
    page(document(&format!("{}: status", member.partnership), &body))
}

/// `GET /plain.css`.
pub(crate) async fn style() -> Answer {
    Ok(http::bytes(StatusCode::OK, "text/css; charset=utf-8", Bytes::from_static(STYLE.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_text_and_the_page_is_small() {
        let name = "<script>alert(1)</script>\"'&\u{202e}evil";
        let text = break_glass_text(name, true, "<b>1</b>", "a@b\" onmouseover=\"x");
        assert!(!text.contains("<script") && !text.contains("<b>") && !text.contains('\u{202e}'));
        assert!(text.contains("&lt;script&gt;") && text.contains("a@b&quot; onmouseover=&quot;x"));
        assert!(text.len() + STYLE.len() < 50_000);
        assert!(!text.contains("style=") && !text.contains("onclick"));
    }

    #[test]
    fn without_a_number_the_page_says_so() {
        assert!(break_glass_text("P", false, "", "").contains("has not given"));
        let told = break_glass_text("P", false, "+44 20 7946 0000", "");
        assert!(told.contains("+44 20 7946 0000") && !told.contains("Or write"));
    }
}
