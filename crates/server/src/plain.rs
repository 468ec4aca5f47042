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

pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// The one stylesheet of these pages: small, and printable.
pub(crate) const STYLE: &str = "body{font:1.125rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#14202b;background:#fff;\
overflow-wrap:anywhere}h1{font-size:1.75rem;line-height:1.15}h2{font-size:1.375rem;line-height:1.15;margin-top:2rem}h3{font-size:1rem;margin:0}\
dt{font-weight:bold;margin-top:.75rem}dd{margin:0;font-size:1.375rem}li{margin:.5rem 0}a{color:#0f4c75}\
label,legend{font-weight:bold}fieldset{border:0;padding:0;margin:1.5rem 0}fieldset label{font-weight:normal}form p{margin:1rem 0 .25rem}\
fieldset p{min-height:2.75rem;margin:0;display:flex;align-items:center;gap:.75rem}input[type=radio]{width:1.75rem;height:1.75rem;flex:none}\
textarea,select,input:not([type=radio]){box-sizing:border-box;width:100%;font:inherit;color:inherit;background:#fff;padding:.5rem;\
border:2px solid #76838f;border-radius:6px;min-height:2.75rem}button{font:inherit;font-weight:bold;color:#fff;background:#0f4c75;\
border:2px solid #0f4c75;border-radius:6px;padding:.5rem 1.25rem;min-height:2.75rem}button.quiet{color:#0f4c75;background:#fff}details{margin:1.5rem 0}summary{min-height:2rem}button[value=withdraw]{color:#a8071a;background:#fff;\
border-color:#a8071a}:focus-visible{outline:4px solid #ffd23f;outline-offset:0;box-shadow:0 0 0 6px #14202b}.hint{color:#3f4d5a;margin:0 0 .25rem}\
.wrong{border:3px solid #a8071a;border-radius:6px;padding:.25rem 1rem;margin:1rem 0}.error{color:#a8071a;font-weight:bold;margin:.25rem 0}\
[aria-invalid]{border-color:#a8071a}.call{border-left:6px solid #a8071a;padding-left:1rem;font-size:1.25rem}.good{border-left:6px solid #17663f;\
padding-left:1rem}.code{font:1.5rem/1.3 monospace}.typed{font-family:monospace}pre{white-space:pre-wrap;font-size:.875rem}\
blockquote{margin:0;padding-left:1rem;border-left:4px solid #dce1e5}article{border-top:1px solid #dce1e5;padding:.75rem 0}\
article.cell{background:#e6f0f7;padding:.75rem 1rem}@media print{body{margin:0}a{color:inherit}button{display:none}}\n";

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

/// A whole page; `title` is what the window is called, `heading` what stands on it.
pub(crate) fn document(title: &str, heading: &str, body: &str) -> String {
    let (title, heading) = (escaped(title), escaped(heading));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><link rel=\"stylesheet\" href=\"/plain.css\"></head>\
         <body><main><h1>{heading}</h1>{body}</main></body></html>\n"
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
         <p>What you say is held as a report is: nobody but the cell learns that it was you, unless you say otherwise.</p>\
         <p>While the platform can be reached, and without any account: <a href=\"/tell\">tell the cell what happened</a>.</p>",
    );
    let title = format!("{partnership}: when this platform cannot be reached");
    document(&title, &title, &body)
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
    let title = format!("{}: status", member.partnership);
    page(document(&title, &title, &body))
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
