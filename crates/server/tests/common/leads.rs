//! Leads with keys of their own, who open the source of a case together.

use axum::body::Body;
use model::{CaseId, PersonId};
use register::{Actor, NewPerson, Role, lead_key_fingerprint};
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

impl Lead {
    /// What the lead reads out to those who confirm the key.
    pub fn fingerprint(&self) -> String {
        let public = vault::LeadPublicKey::parse(&self.public).unwrap();
        lead_key_fingerprint(public.as_bytes())
    }
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
        self.register.freshen_by_passkey(lead.id, token);
    }

    pub async fn as_lead(&self, lead: &Lead, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.at_cell(method, path, &lead.cookie, body).await
    }

    /// A lead whose key waits.
    pub async fn with_key(&self, name: &str) -> Lead {
        let lead = self.lead(name).await;
        self.shows_passkey(&lead);
        let done = self.as_lead(&lead, "PUT", "/cell/v1/sources/key", json!({ "public": lead.public })).await;
        assert_eq!(done.status, 204);
        lead
    }

    /// A lead to whom sources are sealed from now on: whoever runs the server has confirmed the key.
    pub async fn enrolled(&self, name: &str) -> Lead {
        let lead = self.with_key(name).await;
        assert!(self.register.confirm_lead_key(&Actor::operator(), lead.id, &lead.fingerprint()).unwrap());
        // As the fold does within a second.
        let keys = self.register.lead_keys().unwrap().into_iter();
        let leads = keys.map(|held| vault::Lead {
            person: held.person,
            key: vault::LeadPublicKey::from_bytes(&held.public).unwrap(),
        });
        self.vault.set_leads(leads.collect());
        lead
    }

    /// A lead says that a key is another's, by what the other read out.
    pub async fn confirms(&self, lead: &Lead, whose: &Lead, fingerprint: &str) -> Answer {
        let path = format!("/cell/v1/sources/keys/{}/confirmed", whose.id);
        self.as_lead(lead, "PUT", &path, json!({ "fingerprint": fingerprint })).await
    }

    pub async fn asks_to_open(&self, lead: &Lead, case: &str, why: &str) -> Answer {
        self.as_lead(lead, "POST", &format!("/cell/v1/reports/{case}/opening"), json!({ "reason": why })).await
    }

    /// The opening of a case as a lead is shown it; null if there is none.
    pub async fn opening(&self, lead: &Lead, case: &str) -> Value {
        let view = self.as_lead(lead, "GET", "/cell/v1/sources", Value::Null).await.json();
        view["openings"].as_array().unwrap().iter().find(|one| one["case"] == case).cloned().unwrap_or_default()
    }

    /// Gives a share for the opening that there is.
    pub async fn gives_share(&self, lead: &Lead, case: &str, share: &str) -> Answer {
        let opening = self.opening(lead, case).await;
        self.gives_share_to(lead, case, opening["id"].as_str().unwrap_or("none"), share).await
    }

    pub async fn gives_share_to(&self, lead: &Lead, case: &str, opening: &str, share: &str) -> Answer {
        let body = json!({ "opening": opening, "share": share });
        self.as_lead(lead, "POST", &format!("/cell/v1/reports/{case}/opening/shares"), body).await
    }

    /// What the lead's device makes of what the server shows it.
    pub async fn share(&self, lead: &Lead, case: &str) -> String {
        let opening = self.opening(lead, case).await;
        let hex = opening["secret"].as_str().unwrap();
        let secret: Vec<u8> =
            (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect();
        share_of(&lead.key, &secret, case.parse::<CaseId>().unwrap()).unwrap().to_hex()
    }
}
