//! What a reporter is answered at once: what was known before, what to do now, and the signed receipt.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use intake::receipt::{RECEIPT_TICK_MILLIS, SignedReceipt};
use intake::{Outcome, Parsed};
use model::{Observable, Timestamp};
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

/// What members knew of the values of a report before it was sent, up to a limit.
pub(crate) async fn known_before(
    member: &Arc<MemberParts>,
    who: &Who,
    parsed: &Parsed,
) -> Result<Vec<KnownView>, Problem> {
    let sent = parsed.items.iter().enumerate().filter(|(_, item)| item.outcome == Outcome::Accepted);
    let values = sent.filter_map(|(index, item)| Some((index, item.observable.clone()?)));
    let (places, values): (Vec<usize>, Vec<Observable>) = values.take(LOOKED_UP_MAX).unzip();
    let own = member_groups::memberships(member, who);
    let (known, values) =
        member.ask(move |reader, now| Ok((outlets::known(reader, &values, &own, now)?, values))).await?;
    let view = |((index, value), known): ((usize, Observable), outlets::Known)| KnownView {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        kind: value.kind().as_str().to_owned(),
        value: value.value().to_owned(),
        verdict: known.verdict.to_owned(),
        meaning: known.meaning,
    };
    Ok(places.into_iter().zip(values).zip(known).map(view).collect())
}

pub(crate) fn answer(values: Vec<KnownView>, told: Told, contact: &Contact) -> InstantAnswer {
    let looked_up = values.len();
    let known = values.iter().filter(|value| value.verdict != "not-seen").count();
    let text = match (looked_up, known) {
        (0, _) => "There was no value to look up. Do what is said here first.".to_owned(),
        (_, 0) => "None of your values was known to members before. That does not make them safe.".to_owned(),
        (1, _) => "Your value was known to members before.".to_owned(),
        (_, known) => format!("{known} of your {looked_up} values were known to members before."),
    };
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
