//! Two leads open who reported a case, and content goes by its time.

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use model::{CaseId, Timestamp};
use serde_json::Value as Json;

use super::{Observer, World};

/// After so long everything's time is over, by whatever rule: fifty years.
const AGES_MILLIS: i64 = 50 * 365 * 86_400_000;

impl World {
    /// Everything whose time is over goes.
    pub(super) fn age(&mut self) {
        self.turn();
        let later = Timestamp::from_millis(self.now()).plus_millis(AGES_MILLIS);
        self.core.retain(later).unwrap();
    }

    /// Two leads with fresh passkeys open the source of a report; what they read is the firm that filed it, in every world.
    pub(super) async fn open_source(&self, label: usize) {
        let (Some(case), Some(firm)) = (self.cases.get(&label), self.filers.get(&label)) else { return };
        let path = format!("/cell/v1/reports/{case}/opening");
        for lead in &self.leads {
            self.register.freshen_by_passkey(lead.person, &lead.token);
        }
        let asked = self.as_lead(0, "POST", &path, r#"{"reason":"a court of law asks for it"}"#).await;
        // The cell has not been shown it yet.
        if asked.0 == StatusCode::NOT_FOUND {
            return;
        }
        assert_eq!(asked.0, StatusCode::CREATED, "{}", asked.1);
        let mut last = Json::Null;
        for (number, lead) in self.leads.iter().enumerate() {
            let (_, sources) = self.as_lead(number, "GET", "/cell/v1/sources", "").await;
            let opening = sources["openings"].as_array().unwrap().iter().find(|one| one["case"] == **case).unwrap();
            let secret = from_hex(opening["secret"].as_str().unwrap());
            let share = vault::share_of(lead.key(), &secret, case.parse::<CaseId>().unwrap()).unwrap().to_hex();
            let body = format!(r#"{{"opening":{},"share":"{share}"}}"#, opening["id"]);
            last = self.as_lead(number, "POST", &format!("{path}/shares"), &body).await.1;
        }
        assert_eq!(last["source"]["organisation"], format!("Firm {firm}"), "{last}");
    }

    async fn as_lead(&self, number: usize, method: &str, path: &str, body: &str) -> (StatusCode, Json) {
        let cookie = format!("fc_cell={}", self.leads[number].token);
        let response = self.send(Observer::Lead, method, path, &[("cookie", &cookie)], body).await;
        let status = response.status();
        let bytes = Body::new(response.into_body()).collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}
