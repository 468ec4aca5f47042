//! What a reporter is answered at once: what was known before, what to do now, and the signed receipt.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use intake::receipt::{RECEIPT_TICK_MILLIS, SignedReceipt};
use intake::{Outcome, Parsed};
use model::{Observable, Timestamp};
use outlets::Found;
use released::Reader;
use serde::{Deserialize, Serialize};
use vault::{Accepted, ItemOutcome};

use crate::advice::{Contact, Told};
use crate::answers::reply;
use crate::http::Answer;
use crate::member::{MemberParts, MemberState};
use crate::member_groups;
use crate::once::Done;
use crate::problem::Problem;
use crate::report_views::{InstantAnswer, KnownView, SignedReceiptView};
use crate::reports::{Intake, item};
use crate::session::Who;
use crate::views::Receipt;

/// Values of a report that are looked up for the answer that its reporter gets at once.
const LOOKED_UP_MAX: usize = 100;
/// The verdict on a value that is everyday and that members do not have.
const EVERYDAY: &str = Found::Listed("").verdict();

/// What members knew of the values of a report before it.
pub(crate) struct Before {
    values: Vec<KnownView>,
    /// How many of them members had.
    known: usize,
    /// How many of the others are everyday values.
    everyday: usize,
}

/// What members knew of the values of a report before it was sent, up to a limit.
pub(crate) async fn known_before(member: &Arc<MemberParts>, who: &Who, parsed: &Parsed) -> Result<Before, Problem> {
    let sent = parsed.items.iter().enumerate().filter(|(_, item)| item.outcome == Outcome::Accepted);
    let values = sent.filter_map(|(index, item)| Some((index, item.observable.clone()?)));
    let (places, values): (Vec<usize>, Vec<Observable>) = values.take(LOOKED_UP_MAX).unzip();
    let own = member_groups::memberships(member, who);
    let everyday = member.everyday.clone();
    let ask = move |reader: &Reader, now| {
        let known = outlets::known(reader, &values, &own, &|value| everyday.why(value), now)?;
        Ok((known, values))
    };
    let (told, values) = member.ask(ask).await?;
    let known = told.iter().filter(|known| known.is_had()).count();
    let everyday = told.iter().filter(|known| !known.is_had() && known.verdict == EVERYDAY).count();
    let view = |((index, value), known): ((usize, Observable), outlets::Known)| KnownView {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        kind: value.kind().as_str().to_owned(),
        value: value.value().to_owned(),
        verdict: known.verdict.to_owned(),
        meaning: known.meaning,
    };
    Ok(Before { values: places.into_iter().zip(values).zip(told).map(view).collect(), known, everyday })
}

/// What was known of so many values, in a sentence or two; `everyday` are those of the unknown ones that are on a list.
fn in_words(looked_up: usize, known: usize, everyday: usize) -> String {
    let all = everyday == looked_up.saturating_sub(known);
    let before = match (looked_up, known) {
        (0, _) => return "There was no value to look up. Do what is said here first.".to_owned(),
        (1, 0) if all => "Your value was not known to members before.".to_owned(),
        (_, 0) if all => "None of your values was known to members before.".to_owned(),
        (_, 0) => "None of your values was known to members before. That does not make them safe.".to_owned(),
        (1, _) => "Your value was known to members before.".to_owned(),
        (_, known) => format!("{known} of your {looked_up} values were known to members before."),
    };
    let which = match (everyday, known) {
        (0, _) => return before,
        (1, 0) if all => "It".to_owned(),
        (_, 0) if all => "All".to_owned(),
        (1, _) if all => "The other".to_owned(),
        (_, _) if all => "The others".to_owned(),
        (_, 0) => format!("{everyday} of them"),
        (_, _) => format!("{everyday} of the others"),
    };
    let are = if everyday == 1 { "is an everyday value: blocking it" } else { "are everyday values: blocking them" };
    format!("{before} {which} {are} would hit ordinary traffic.")
}

pub(crate) fn answer(before: Before, told: Told, contact: &Contact) -> InstantAnswer {
    let Before { values, known, everyday } = before;
    let looked_up = values.len();
    let text = in_words(looked_up, known, everyday);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let set = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    InstantAnswer {
        values,
        known: number(known),
        looked_up: number(looked_up),
        text,
        language: told.language,
        title: told.title,
        steps: told.steps,
        call: told.call,
        phone: set(&contact.phone),
        mail: set(&contact.mail),
    }
}

pub(crate) fn signed(receipt: SignedReceipt) -> SignedReceiptView {
    SignedReceiptView {
        format: receipt.format,
        partnership: receipt.partnership,
        reference: receipt.reference,
        received_at: receipt.received_at,
        report_sha256: receipt.report_sha256,
        exercise: receipt.exercise,
        signature: receipt.signature,
    }
}

/// The answer to a report before the vault has taken it in.
#[derive(Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The tick before which it came.
    at: String,
    receipt: Receipt,
}

impl Draft {
    pub(crate) fn of(items: Vec<intake::ItemResult>, answer: InstantAnswer, now: Timestamp, exercise: bool) -> Self {
        let receipt = Receipt {
            reference: String::new(),
            status: "received".to_owned(),
            items: items.into_iter().enumerate().map(item).collect(),
            answer,
            receipt: None,
            exercise,
        };
        Self { at: released::rfc3339(now.floor_to(RECEIPT_TICK_MILLIS)), receipt }
    }

    /// The answer: a function of this, of the report's bytes and of what the vault said, so that it is the same each time.
    pub(crate) fn receipt(self, member: &MemberParts, intake: &Intake, body: &[u8], accepted: &Accepted) -> Receipt {
        let Self { at, mut receipt } = self;
        let mut told = accepted.items.iter();
        for item in receipt.items.iter_mut().filter(|item| item.result == "accepted" || item.result == "duplicate") {
            if told.next() == Some(&ItemOutcome::Duplicate) {
                item.result = "duplicate".to_owned();
            }
        }
        receipt.reference = accepted.case.map(|case| case.to_string()).unwrap_or_default();
        receipt.receipt = intake
            .receipts
            .as_ref()
            .map(|key| signed(key.sign(&member.partnership, receipt.exercise, &receipt.reference, &at, body)));
        receipt
    }
}

/// The answer that a report got when it first came.
pub(crate) fn answered_before(member: &MemberParts, intake: &Intake, body: &[u8], done: &Done) -> Answer {
    let draft: Option<Draft> = serde_json::from_str(&done.answer).ok();
    let (draft, accepted) = draft.zip(done.accepted.as_ref()).ok_or_else(Problem::internal)?;
    reply(StatusCode::CREATED, &draft.receipt(member, intake, body, accepted))
}

/// `GET /api/v1/receipt-key`.
pub(crate) async fn receipt_key(State(MemberState(member)): State<MemberState>) -> Answer {
    let key = member.intake.as_ref().and_then(|intake| intake.receipts.as_ref()).ok_or_else(Problem::absent)?;
    let mut response = Response::new(Body::from(key.public().pem()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-pem-file"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_known_reads_as_a_sentence() {
        let check = |looked_up, known, everyday, expect: &str| {
            assert_eq!(in_words(looked_up, known, everyday), expect, "{known} and {everyday} of {looked_up}");
        };
        check(0, 0, 0, "There was no value to look up. Do what is said here first.");
        check(1, 0, 0, "None of your values was known to members before. That does not make them safe.");
        check(1, 1, 0, "Your value was known to members before.");
        check(3, 1, 0, "1 of your 3 values were known to members before.");
        check(
            1,
            0,
            1,
            "Your value was not known to members before. It is an everyday value: blocking it would hit ordinary traffic.",
        );
        check(
            2,
            0,
            2,
            "None of your values was known to members before. All are everyday values: blocking them would hit \
             ordinary traffic.",
        );
        check(
            3,
            0,
            1,
            "None of your values was known to members before. That does not make them safe. 1 of them is an everyday value: \
             blocking it would hit ordinary traffic.",
        );
        check(
            2,
            1,
            1,
            "1 of your 2 values were known to members before. The other is an everyday value: blocking it would hit \
             ordinary traffic.",
        );
        check(
            6,
            2,
            3,
            "2 of your 6 values were known to members before. 3 of the others are everyday values: blocking them would hit \
             ordinary traffic.",
        );
        check(
            3,
            1,
            2,
            "1 of your 3 values were known to members before. The others are everyday values: blocking them would hit \
             ordinary traffic.",
        );
    }
}
