//! What a reporter is answered at once: what was known before, what to do now, and the signed receipt.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response};
use intake::receipt::SignedReceipt;
use intake::{Outcome, Parsed};
use model::Observable;

use crate::advice::{Contact, Told};
use crate::http::Answer;
use crate::member::{MemberParts, MemberState};
use crate::member_groups;
use crate::problem::Problem;
use crate::report_views::{InstantAnswer, KnownView, SignedReceiptView};
use crate::session::Who;

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

/// `GET /api/v1/receipt-key`.
pub(crate) async fn receipt_key(State(MemberState(member)): State<MemberState>) -> Answer {
    let key = member.intake.as_ref().and_then(|intake| intake.receipts.as_ref()).ok_or_else(Problem::absent)?;
    let mut response = Response::new(Body::from(key.public().pem()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-pem-file"));
    Ok(response)
}
