//! Leads with keys of their own, who open the source of a case together.

use axum::body::Body;
use model::{CaseId, PersonId};
use register::{Actor, NewPerson, Role};
use serde_json::{Value, json};
use vault::{LeadPrivateKey, share_of};

use super::{Answer, PASSWORD, World};

/// A lead who is signed in, with the key that its device made.
pub struct Lead {
    pub id: PersonId,
    pub cookie: String,
    pub key: LeadPrivateKey,
    pub public: String,
}

impl World {
    /// A lead of the cell by this name; it is made if there is none.
    pub async fn lead(&self, name: &str) -> Lead {
        let email = format!("{name}@cell.example");
        if self.register.people().unwrap().iter().all(|person| person.email != email) {
            let person = NewPerson {
                email: email.clone(),
                name: name.into(),
                organisation: None,
                role: Role::Lead,
                secondment: None,
            };
            self.register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
        }
        let cookie = self.sign_in(&self.cell, &email).await;
        let id = self.register.people().unwrap().iter().find(|person| person.email == email).unwrap().id;
        let (key, public) = LeadPrivateKey::generate().unwrap();
        Lead { id, cookie, key, public: public.to_hex() }
    }

    /// As after a ceremony at the authenticator.
    pub fn shows_passkey(&self, lead: &Lead) {
        let token = lead.cookie.split_once('=').unwrap().1.split(';').next().unwrap();
        self.register.freshen_by_passkey(lead.id, token).unwrap();
    }

    pub async fn as_lead(&self, lead: &Lead, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.at_cell(method, path, &lead.cookie, body).await
    }

    /// A lead to whom sources are sealed from now on.
    pub async fn enrolled(&self, name: &str) -> Lead {
        let lead = self.lead(name).await;
        self.shows_passkey(&lead);
        let done = self.as_lead(&lead, "PUT", "/cell/v1/sources/key", json!({ "public": lead.public })).await;
        assert_eq!(done.status, 204);
        lead
    }

    pub async fn asks_to_open(&self, lead: &Lead, case: &str, why: &str) -> Answer {
        self.as_lead(lead, "POST", &format!("/cell/v1/reports/{case}/opening"), json!({ "reason": why })).await
    }

    pub async fn gives_share(&self, lead: &Lead, case: &str, share: &str) -> Answer {
        self.as_lead(lead, "POST", &format!("/cell/v1/reports/{case}/opening/shares"), json!({ "share": share })).await
    }

    /// What the lead's device makes of what the server shows it.
    pub async fn share(&self, lead: &Lead, case: &str) -> String {
        let view = self.as_lead(lead, "GET", "/cell/v1/sources", Value::Null).await.json();
        let opening = view["openings"].as_array().unwrap().iter().find(|one| one["case"] == case).unwrap().clone();
        let hex = opening["secret"].as_str().unwrap();
        let secret: Vec<u8> =
            (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect();
        share_of(&lead.key, &secret, case.parse::<CaseId>().unwrap()).unwrap().to_hex()
    }
}
