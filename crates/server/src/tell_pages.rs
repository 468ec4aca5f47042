//! The small firm's page as HTML: words, form, answer and thread. No script, one stylesheet, nothing that is not escaped.

use std::fmt::Write as _;

use model::AttackKind;

use crate::plain::{document, escaped};
use crate::views::OwnReportView;

/// Of what was typed as a code.
const CODE_CHARS_SHOWN: usize = 60;
/// Values that the answer repeats.
const VALUES_TOLD: usize = 20;

/// Whose page it is.
pub(crate) struct About<'a> {
    pub(crate) partnership: &'a str,
    pub(crate) exercise: bool,
    pub(crate) phone: &'a str,
    pub(crate) mail: &'a str,
}

/// What somebody has filled in.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    pub(crate) what: String,
    pub(crate) ongoing: Option<bool>,
    pub(crate) attack: String,
    pub(crate) reach: String,
    pub(crate) firm: String,
}

/// A field that has to be filled in otherwise.
pub(crate) struct Wrong {
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

/// What became of what was just sent.
pub(crate) enum Said {
    /// Nothing was.
    Nothing,
    /// It is stored.
    Sent,
    /// The report is taken back.
    TakenBack,
    /// It cannot be.
    Refused(String),
    /// It cannot be now.
    Later(&'static str),
}

/// What a report is answered with.
pub(crate) struct Received {
    pub(crate) reference: String,
    /// What brings its sender back.
    pub(crate) code: String,
    /// The kind of attack that the steps are for, where one was chosen.
    pub(crate) title: Option<String>,
    pub(crate) steps: Vec<String>,
    pub(crate) call: String,
    /// Values that were found in the words.
    pub(crate) values: Vec<String>,
    pub(crate) receipt: Option<String>,
}

fn exercise(about: &About<'_>) -> &'static str {
    if about.exercise { "<p><strong>This is an exercise.</strong></p>" } else { "" }
}

/// A telephone number that a telephone dials when it is touched.
fn dialled(phone: &str) -> String {
    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    format!("<a href=\"tel:{digits}\">{}</a>", escaped(phone))
}

/// How the cell is reached otherwise; empty where it has not said.
fn otherwise(about: &About<'_>) -> String {
    let mut body = String::new();
    if !about.phone.is_empty() {
        let _ = write!(body, "<p class=\"call\">Call the cell: <strong>{}</strong></p>", dialled(about.phone));
    }
    if !about.mail.is_empty() {
        let mail = escaped(about.mail);
        let _ = write!(body, "<p>Or write, from a mailbox that the attacker cannot read: <strong>{mail}</strong></p>");
    }
    if body.is_empty() {
        body.push_str("<p>Ask whoever gave you this address how to reach the cell by telephone.</p>");
    }
    body
}

fn page(about: &About<'_>, prefix: &str, title: &str, body: &str) -> String {
    document(&format!("{prefix}{title} – {}", about.partnership), title, &format!("{}{body}", exercise(about)))
}

fn summary(wrong: &[Wrong]) -> String {
    if wrong.is_empty() {
        return String::new();
    }
    let mut body =
        "<div class=\"wrong\" role=\"alert\"><h2>Nothing was sent yet</h2><p>What you wrote is still here.</p><ul>"
            .to_owned();
    for one in wrong {
        let _ = write!(body, "<li><a href=\"#{}\">{}</a></li>", one.field, escaped(&one.why));
    }
    body.push_str("</ul></div>");
    body
}

/// The error of a field, and what ties it to that.
fn error_of(wrong: &[Wrong], field: &str) -> (String, String) {
    let Some(one) = wrong.iter().find(|one| one.field == field) else { return Default::default() };
    let name = format!("{field}-error");
    (
        format!("<p class=\"error\" id=\"{name}\">{}</p>", escaped(&one.why)),
        format!(" aria-invalid=\"true\" aria-describedby=\"{name}\""),
    )
}

/// The form, as it was filled in so far.
pub(crate) fn form(about: &About<'_>, draft: &Draft, wrong: &[Wrong]) -> String {
    let body = filled(about, draft, wrong, &summary(wrong));
    page(about, if wrong.is_empty() { "" } else { "Error: " }, "Tell us about an attack", &body)
}

fn filled(about: &About<'_>, draft: &Draft, wrong: &[Wrong], above: &str) -> String {
    let checked = |is: bool| if is { " checked" } else { "" };
    let (ongoing_error, ongoing_tie) = error_of(wrong, "ongoing-yes");
    let (what_error, what_tie) = error_of(wrong, "what");
    let (reach_error, reach_tie) = error_of(wrong, "reach");
    let (firm_error, firm_tie) = error_of(wrong, "firm");
    let mut kinds = String::new();
    for kind in AttackKind::ALL {
        let selected = if draft.attack == kind.as_str() { " selected" } else { "" };
        let _ = write!(kinds, "<option value=\"{}\"{selected}>{}</option>", kind.as_str(), escaped(kind.title()));
    }
    let mut body = above.to_owned();
    let _ = write!(
        body,
        "<p>No account is needed, and it takes two minutes. What you write goes to the cell of {} and to nobody else.</p>",
        escaped(about.partnership)
    );
    if !about.phone.is_empty() {
        let phone = dialled(about.phone);
        let _ = write!(
            body,
            "<p class=\"call\">Is somebody in your systems now? Call <strong>{phone}</strong>, then write.</p>"
        );
    }
    let _ = write!(
        body,
        "<form method=\"post\" action=\"/tell\">\
         <fieldset{ongoing_tie}><legend>Is it still going on?</legend>{ongoing_error}\
         <p><input type=\"radio\" name=\"ongoing\" id=\"ongoing-yes\" value=\"yes\"{}> <label for=\"ongoing-yes\">Yes, or I am not sure</label></p>\
         <p><input type=\"radio\" name=\"ongoing\" id=\"ongoing-no\" value=\"no\"{}> <label for=\"ongoing-no\">No, it is over</label></p></fieldset>\
         <p><label for=\"what\">What happened?</label></p>\
         <p class=\"hint\" id=\"what-hint\">In your own words. Paste addresses, links or a message if you have them. No passwords, please.</p>{what_error}\
         <textarea name=\"what\" id=\"what\" rows=\"8\"{}>\n{}</textarea>\
         <p><label for=\"attack\">What is it most like? (if you know)</label></p>\
         <select name=\"attack\" id=\"attack\"><option value=\"\">I do not know</option>{kinds}</select>\
         <p><label for=\"reach\">How can the cell reach you? (if you like)</label></p>\
         <p class=\"hint\" id=\"reach-hint\">A telephone number, or a mailbox that the attacker cannot read. You can also come back here by a code.</p>{reach_error}\
         <input name=\"reach\" id=\"reach\" autocomplete=\"off\" value=\"{}\"{}>\
         <p><label for=\"firm\">Name of your firm (if you like)</label></p>{firm_error}\
         <input name=\"firm\" id=\"firm\" autocomplete=\"organization\" value=\"{}\"{firm_tie}>\
         <p><button type=\"submit\">Tell the cell</button></p></form>\
         <p>Told us before? <a href=\"/tell/back\">Read the answer by your code</a>. Member of the partnership? \
         <a href=\"/signin\">Sign in</a> and report there: it is kept with your organisation's own. No connection tomorrow? <a href=\"/break-glass\">Print this now</a>.</p>",
        checked(draft.ongoing == Some(true)),
        checked(draft.ongoing == Some(false)),
        if what_tie.is_empty() { " aria-describedby=\"what-hint\"" } else { &what_tie },
        escaped(&draft.what),
        escaped(&draft.reach),
        if reach_tie.is_empty() { " aria-describedby=\"reach-hint\"" } else { &reach_tie },
        escaped(&draft.firm),
    );
    body
}

/// The page where nothing is taken here.
pub(crate) fn closed(about: &About<'_>) -> String {
    let body = format!("<p>Reports without an account are not taken here.</p>{}", otherwise(about));
    page(about, "", "Tell us about an attack", &body)
}

/// What was written does not even fit the form.
pub(crate) fn too_long(about: &About<'_>, most: usize) -> String {
    let body = format!(
        "<p>That was far too long: nothing was stored. Go back, keep your text, and send the first {most} characters of \
         it.</p>{}",
        otherwise(about)
    );
    page(about, "Error: ", "Not taken", &body)
}

/// More waits to be read than is taken, or nothing can be stored.
pub(crate) const FULL: &str = "Nothing of yours was stored: more waits to be read than we can take here at the moment. Send it again in ten minutes.";
/// Too much has come, from one place or from all.
pub(crate) const SLOW: &str =
    "Nothing of yours was stored: too much has come in a short time. Send it again in five minutes.";

/// What was written could not be taken now: it stands in the form still, with how the cell is reached otherwise.
pub(crate) fn later(about: &About<'_>, draft: &Draft, why: &str) -> String {
    let above =
        format!("<div class=\"wrong\" role=\"alert\"><h2>Not taken yet</h2><p>{why}</p>{}</div>", otherwise(about));
    page(about, "Error: ", "Tell us about an attack", &filled(about, draft, &[], &above))
}

/// Too many codes were tried from one place.
pub(crate) fn slow(about: &About<'_>) -> String {
    let body =
        format!("<p>Too many codes were tried in a short time. Wait a minute and try again.</p>{}", otherwise(about));
    page(about, "Error: ", "Wait a minute", &body)
}

/// The answer.
pub(crate) fn received(about: &About<'_>, told: &Received) -> String {
    let mut body = format!("<p class=\"call\">{}</p>", escaped(&told.call));
    let about_kind = told.title.as_ref().map_or_else(String::new, |title| format!(": {}", escaped(title)));
    let _ = write!(body, "<h2>What to do now{about_kind}</h2><ol>");
    for step in &told.steps {
        let _ = write!(body, "<li>{}</li>", escaped(step));
    }
    body.push_str("</ol>");
    let _ = write!(
        body,
        "<h2>Your way back</h2><p>Write this code down now: it is shown only once. With it you read the cell's \
         answer, and nobody else does.</p><p class=\"code\">{}</p><form method=\"post\" action=\"/tell/back\">\
         <input type=\"hidden\" name=\"code\" value=\"{0}\"><button type=\"submit\">Look whether there is an \
         answer</button></form><p>Later: <strong>/tell/back</strong> at this address. Your report is <strong>not yet \
         read</strong>; it says so there once somebody has read it.</p>",
        escaped(&told.code)
    );
    if !told.values.is_empty() {
        body.push_str("<h2>What we found in your words</h2><p>The cell looks these up. Do not open them.</p><ul>");
        for value in told.values.iter().take(VALUES_TOLD) {
            let _ = write!(body, "<li><code>{}</code></li>", escaped(value));
        }
        body.push_str("</ul>");
        if told.values.len() > VALUES_TOLD {
            let _ = write!(body, "<p>And {} more.</p>", told.values.len() - VALUES_TOLD);
        }
    }
    let _ = write!(body, "<h2>Reference</h2><p class=\"code\">{}</p>", escaped(&told.reference));
    if let Some(receipt) = &told.receipt {
        let _ = write!(
            body,
            "<details><summary>Signed receipt, for an insurer or the police</summary><pre>{}</pre></details>",
            escaped(receipt)
        );
    }
    page(about, "", "The cell has it", &body)
}

/// Asks for the code; `wrong` is why one was not, and what was typed.
pub(crate) fn back(about: &About<'_>, wrong: Option<(&str, &str)>) -> String {
    let typed: String = wrong.map_or("", |(_, typed)| typed).chars().take(CODE_CHARS_SHOWN).collect();
    let wrong: Vec<Wrong> = wrong.map(|(why, _)| Wrong { field: "code", why: why.to_owned() }).into_iter().collect();
    let (error, tie) = error_of(&wrong, "code");
    let body = format!(
        "{}<form method=\"post\" action=\"/tell/back\"><p><label for=\"code\">Your code</label></p>{error}\
         <input name=\"code\" id=\"code\" autocomplete=\"off\" spellcheck=\"false\" class=\"typed\" value=\"{}\"{tie}>\
         <p><button type=\"submit\">Read the answer</button></p></form>\
         <p>Lost it? It is kept nowhere, so nobody can look it up: <a href=\"/tell\">tell us again</a>.</p>{}",
        if wrong.is_empty() {
            ""
        } else {
            "<div class=\"wrong\" role=\"alert\"><p><a href=\"#code\">No report has this code</a></p></div>"
        },
        escaped(&typed),
        otherwise(about),
    );
    page(about, if wrong.is_empty() { "" } else { "Error: " }, "Read the cell's answer", &body)
}

/// The thread of a report; `said` is what became of what was just sent.
pub(crate) fn thread(about: &About<'_>, code: &str, view: &OwnReportView, said: &Said, text: &str) -> String {
    let mut body = String::new();
    let why = match said {
        Said::Nothing => None,
        Said::Sent => {
            body.push_str("<p class=\"good\" role=\"status\">Sent. It shows here in a second.</p>");
            None
        }
        Said::TakenBack => {
            body.push_str(
                "<p class=\"good\" role=\"status\">Your report is taken back. It shows here in a second.</p>",
            );
            None
        }
        Said::Refused(why) => Some(why.as_str()),
        Said::Later(why) => Some(*why),
    };
    if let Some(why) = why {
        let why = escaped(why);
        let _ = write!(body, "<div class=\"wrong\" role=\"alert\"><p><a href=\"#text\">{why}</a></p></div>");
    }
    body.push_str(match view.state.as_str() {
        "received" => "<p>Not yet read by the cell.</p>",
        "read" => "<p>The cell has read it.</p>",
        "withdrawn" => "<p>You took this report back.</p>",
        _ => "<p>This report was taken out.</p>",
    });
    let _ = write!(body, "<h2>You wrote</h2><blockquote>{}</blockquote>", lines(&view.narrative));
    let messages: Vec<_> = view.thread.iter().filter(|row| row.kind == "message").collect();
    body.push_str("<h2>Since then</h2>");
    if messages.is_empty() {
        body.push_str("<p>Nobody has written yet.</p>");
    }
    for row in messages {
        let (who, class) = if row.from == "cell" { ("The cell", "cell") } else { ("You", "you") };
        let minute = row.at.get(..16).unwrap_or_default().replace('T', " ");
        let _ = write!(
            body,
            "<article class=\"{class}\"><h3>{who}, {minute} UTC</h3><p>{}</p>{}</article>",
            lines(&row.text),
            if row.asks {
                "<p><strong>The cell asks whether it may warn others of this. Answer yes or no below.</strong></p>"
            } else {
                ""
            }
        );
    }
    if matches!(view.state.as_str(), "received" | "read") && !matches!(said, Said::TakenBack) {
        let code = escaped(code);
        let kept = if why.is_some() { escaped(text) } else { String::new() };
        let _ = write!(
            body,
            "<form method=\"post\" action=\"/tell/back\"><input type=\"hidden\" name=\"code\" value=\"{code}\">\
             <p><label for=\"text\">Write to the cell</label></p><textarea name=\"text\" id=\"text\" rows=\"5\">\n{kept}</textarea>\
             <p><button type=\"submit\" name=\"act\" value=\"say\">Send</button></p></form>\
             <form method=\"post\" action=\"/tell/back\"><input type=\"hidden\" name=\"code\" value=\"{code}\">\
             <p><button type=\"submit\" class=\"quiet\">Look again</button></p></form>\
             <details><summary>Take my report back</summary><p>The cell keeps what it has read, and stops working on it. \
             This cannot be undone.</p><form method=\"post\" action=\"/tell/back\">\
             <input type=\"hidden\" name=\"code\" value=\"{code}\">\
             <button type=\"submit\" name=\"act\" value=\"withdraw\">Take it back</button></form></details>"
        );
    }
    let _ = write!(body, "<p>Reference: <code>{}</code></p>", escaped(&view.reference));
    page(about, if why.is_some() { "Error: " } else { "" }, "Your report", &body)
}

/// A text with its own line breaks.
fn lines(text: &str) -> String {
    escaped(text).replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</textarea><script>alert(1)</script><svg onload=x>\"'&\u{202e}";

    fn about() -> About<'static> {
        About { partnership: HOSTILE, exercise: true, phone: "<b>1</b>", mail: "a@b\" onmouseover=\"x" }
    }

    fn is_clean(text: &str) {
        for mark in ["<script", "<svg", "<b>", "\u{202e}", "onmouseover=\"", "</textarea><"] {
            let allowed = mark == "</textarea><" && !text.contains("</textarea><script");
            assert!(allowed || !text.contains(mark), "{mark} in {text}");
        }
        assert!(!text.contains("style=") && !text.contains("onclick"));
    }

    #[test]
    fn hostile_words_stay_words_on_every_page() {
        let draft = Draft {
            what: HOSTILE.to_owned(),
            ongoing: Some(true),
            attack: HOSTILE.to_owned(),
            reach: HOSTILE.to_owned(),
            firm: HOSTILE.to_owned(),
        };
        is_clean(&form(&about(), &draft, &[Wrong { field: "what", why: HOSTILE.to_owned() }]));
        let told = Received {
            reference: HOSTILE.to_owned(),
            code: HOSTILE.to_owned(),
            title: Some(HOSTILE.to_owned()),
            steps: vec![HOSTILE.to_owned()],
            call: HOSTILE.to_owned(),
            values: vec![HOSTILE.to_owned()],
            receipt: Some(HOSTILE.to_owned()),
        };
        is_clean(&received(&about(), &told));
        is_clean(&back(&about(), Some((HOSTILE, HOSTILE))));
        is_clean(&later(&about(), &draft, FULL));
        for page in [closed(&about()), slow(&about()), too_long(&about(), 10)] {
            is_clean(&page);
        }
    }

    #[test]
    fn what_was_written_stays_and_each_fault_leads_to_its_field() {
        let draft = Draft { what: "They took  the money\n\ntwice".to_owned(), ..Draft::default() };
        let wrong = [Wrong { field: "ongoing-yes", why: "Say whether it is still going on".to_owned() }];
        let text = form(&about(), &draft, &wrong);
        assert!(text.contains("<title>Error: ") && text.contains("<a href=\"#ongoing-yes\">Say whether"));
        assert!(text.contains(">\nThey took  the money\n\ntwice</textarea>"));
        assert!(text.contains("aria-describedby=\"ongoing-yes-error\"") && text.contains("id=\"ongoing-yes-error\""));
        assert!(!form(&about(), &draft, &[]).contains("checked"), "nothing is preselected");
    }

    #[test]
    fn page_and_stylesheet_are_small() {
        let size = form(&about(), &Draft::default(), &[]).len() + crate::plain::STYLE.len();
        assert!(size < 50_000, "{size} bytes");
    }
}
