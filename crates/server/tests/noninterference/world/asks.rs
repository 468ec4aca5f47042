//! What observers and firms ask of a world, and what they come to know by it.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use server::Peer;
use tower::ServiceExt as _;

use super::answers::{ids, ready, told, without_durations, without_hashes, without_sources};
use super::{Observer, PASSWORD, Seen, TICKS_AROUND, World, bodies};
use crate::observe::{Known, escape};
use crate::script::{Back, Op, Report, Via, Warn, value};

impl World {
    pub(super) async fn send(
        &self,
        observer: Observer,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> axum::http::Response<Body> {
        self.turn();
        let host = if observer.is_cell() { "cell.localhost" } else { "localhost" };
        let mut request =
            Request::builder().method(method).uri(path).header("host", host).header("sec-fetch-site", "same-origin");
        // A credential of the request's own stands in for the observer's. Whoever signs in does so in another browser: in
        // the same one the earlier session would end.
        let elsewhere = method == "POST" && path.ends_with("v1/session");
        if let Some((name, value)) = self.credentials.get(&observer)
            && !elsewhere
            && headers.iter().all(|(given, _)| given != name)
        {
            request = request.header(*name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        // Whoever signs in rightly comes from elsewhere than whoever guesses, or the throttle would refuse both.
        let peer = if body.contains(PASSWORD) { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
        request.extensions_mut().insert(Peer(peer.into()));
        let router = if observer.is_cell() { &self.cell } else { &self.member };
        router.clone().oneshot(request).await.unwrap()
    }

    /// One request and everything of its answer: status, headers, body. Of a stream, what is there at once.
    pub async fn ask(
        &self,
        observer: Observer,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Seen {
        let response = self.send(observer, method, path, headers, body).await;
        let (parts, mut body) = response.into_parts();
        let mut text = format!("{}\n{}\n", parts.status, told(&parts.headers));
        if parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            text.push_str(&ready(&mut body));
        } else {
            let bytes = body.collect().await.unwrap().to_bytes();
            let audited = path.starts_with("/api/v1/audit/") && parts.status == StatusCode::OK;
            text.push_str(&if audited {
                without_hashes(path, &bytes)
            } else {
                String::from_utf8_lossy(&bytes).into_owned()
            });
        }
        if path == "/metrics" {
            text = without_durations(&text);
        }
        if path == "/cell/v1/sources" || path.contains("/opening") {
            text = without_sources(&text);
        }
        Seen(text)
    }

    /// The body that signs an observer in, if it is a person.
    pub fn sign_in_body(&self, observer: Observer) -> Option<String> {
        self.people.get(&observer).map(|email| format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#))
    }

    /// Files a report as its firm's machine would; gives the receipt.
    pub async fn file(&mut self, report: &Report) -> Seen {
        let group = |id: &str| format!(r#"{{"group":"{id}"}}"#);
        let of_group = match report.warn {
            Warn::Group(of) => group(&self.groups[of]),
            _ => group("00000000-0000-4000-8000-00000000000f"),
        };
        let warn = match report.warn {
            Warn::Now => r#""now""#,
            Warn::NextEpoch => r#""next-epoch""#,
            Warn::OnceThree => r#""once-three""#,
            Warn::CellOnly => r#""cell-only""#,
            Warn::UnknownGroup | Warn::Group(_) => of_group.as_str(),
        };
        let know = if report.named { "everybody" } else { "nobody" };
        let own = report.own_name.map(|place| place.text(report.firm));
        let values: Vec<String> = report.values.iter().map(|n| value(*n)).chain(own).collect();
        let (path, body) = match report.via {
            Via::Form => ("/api/v1/reports".to_owned(), bodies::form(report, warn, know, &values)),
            Via::Csv => (bodies::file("list.csv", warn, know, report.tlp), format!("value\n{}\n", values.join("\n"))),
            Via::Misp => (bodies::file("event.json", warn, know, report.tlp), bodies::misp(&values)),
        };
        let seen = self.ask(Observer::MemberKey(report.firm), "POST", &path, &[], &body).await;
        assert!(seen.0.starts_with("201") || seen.0.starts_with("429"), "{}", seen.0);
        if let Some((_, rest)) = seen.0.split_once(r#""reference":""#)
            && let Some((case, _)) = rest.split_once('"')
        {
            self.cases.insert(report.label, case.to_owned());
            self.filers.insert(report.label, report.firm);
        }
        self.close = TICKS_AROUND;
        seen
    }

    /// The reference that a report's firm was given.
    pub fn reference(&self, label: usize) -> Option<&String> {
        self.cases.get(&label)
    }

    /// Something of the cell's, or a member's read mark; gives the answer.
    pub async fn act(&mut self, op: &Op, number: usize) -> Option<(Observer, Seen)> {
        self.close = TICKS_AROUND;
        let (observer, method, path, body) = match op {
            Op::Report(_) | Op::Wait(_) => return None,
            Op::Age => {
                self.age();
                return None;
            }
            Op::Back { label, act: Back::Open } => {
                self.open_source(*label).await;
                return None;
            }
            Op::Tell(told) => {
                let body = format!("what=It+came+from+{}&ongoing=yes", escape(&value(*told)));
                let form = ("content-type", "application/x-www-form-urlencoded");
                let seen = self.ask(Observer::Stranger, "POST", "/tell", &[form], &body).await;
                // Somebody who tells too much is asked to wait.
                assert!(["201", "429"].iter().any(|status| seen.0.starts_with(status)), "{}", seen.0);
                return None;
            }
            Op::Advise { about, tlp } => {
                let campaign = match about {
                    Some(about) => {
                        self.first_id(
                            Observer::Analyst,
                            &format!("/cell/v1/lookup?value={}", escape(&value(*about))),
                            "campaigns",
                        )
                        .await
                    }
                    None => None,
                };
                let campaign = campaign.map_or_else(String::new, |id| format!(r#","campaign":"{id}""#));
                let body = format!(
                    r#"{{"title":"advice {number}","summary":"s","actions":["a"],"severity":"high","tlp":"{tlp}"{campaign}}}"#
                );
                (Observer::Analyst, "POST", "/cell/v1/advisories".to_owned(), body)
            }
            Op::Posture(word) => (
                Observer::Lead,
                "PUT",
                "/cell/v1/posture".to_owned(),
                format!(r#"{{"word":"{word}","text":"p {number}"}}"#),
            ),
            Op::Relate { one, other, same } => {
                let (one, other) = (self.cases.get(one)?, self.cases.get(other)?);
                let body = format!(r#"{{"other":"{other}","same":{same},"reason":"the hand is the same, or not"}}"#);
                (Observer::Analyst, "POST", format!("/cell/v1/reports/{one}/related"), body)
            }
            Op::Claim(label) => {
                let case = self.cases.get(label)?;
                (Observer::Analyst, "POST", format!("/cell/v1/reports/{case}/claim"), String::new())
            }
            Op::Back { label, act } => {
                let (case, firm) = (self.cases.get(label)?, *self.filers.get(label)?);
                let (observer, method, end, body) = bodies::back(firm, act, number);
                let face = if observer.is_cell() { "cell" } else { "api" };
                (observer, method, format!("/{face}/v1/reports/{case}{end}"), body)
            }
            Op::Join { group, firm } | Op::Leave { group, firm } => {
                let end = if matches!(op, Op::Join { .. }) { "members" } else { "leave" };
                let path = format!("/cell/v1/groups/{}/{end}", self.groups[*group]);
                (Observer::Lead, "POST", path, format!(r#"{{"organisation":"Firm {firm}"}}"#))
            }
            Op::End(group) => {
                let end = released::rfc3339(model::Timestamp::from_millis(self.now()));
                let path = format!("/cell/v1/groups/{}/end", self.groups[*group]);
                (Observer::Lead, "PUT", path, format!(r#"{{"ends_at":"{end}"}}"#))
            }
            Op::Read(firm) => {
                let observer = Observer::MemberSession(*firm);
                let id = self.first_id(observer, "/api/v1/advisories", "items").await?;
                (observer, "POST", format!("/api/v1/advisories/{id}/read"), String::new())
            }
        };
        let seen = self.ask(observer, method, &path, &[], &body).await;
        assert!(
            // Nobody can be taken out of a group that is not in it.
            ["20", "404", "409"].iter().any(|status| seen.0.starts_with(status))
                || seen.0.starts_with("422") && matches!(op, Op::Leave { .. })
                || seen.0.starts_with("429") && matches!(op, Op::Back { .. } | Op::Relate { .. }),
            "{op:?}: {}",
            seen.0
        );
        Some((observer, seen))
    }

    /// The first id in a list of an answer.
    async fn first_id(&self, observer: Observer, path: &str, list: &str) -> Option<String> {
        let seen = self.ask(observer, "GET", path, &[], "").await;
        let (_, list) = seen.0.split_once(&format!(r#""{list}":["#))?;
        let (_, rest) = list.split_once(r#""id":""#)?;
        rest.split_once('"').map(|(id, _)| id.to_owned())
    }

    /// What an observer's lists and its stream name, so that it can be asked for. `values` are looked up.
    pub async fn known(&self, observer: Observer, values: &[String]) -> Known {
        let sign_in = self.sign_in_body(observer);
        let mut known = Known { values: values.to_vec(), groups: self.groups.clone(), sign_in, ..Known::default() };
        if matches!(observer, Observer::Stranger | Observer::CellStranger | Observer::Operator) {
            return known;
        }
        if observer.is_cell() {
            known.campaigns = ids(&self.ask(observer, "GET", "/cell/v1/campaigns", &[], "").await, r#""id":""#);
            known.cases = ids(&self.ask(observer, "GET", "/cell/v1/wall", &[], "").await, r#""case":""#);
        } else {
            known.campaigns = ids(&self.ask(observer, "GET", "/api/v1/campaigns?limit=50", &[], "").await, r#""id":""#);
            known.own = ids(&self.ask(observer, "GET", "/api/v1/reports", &[], "").await, r#""reference":""#);
            known.advisories = ids(&self.ask(observer, "GET", "/api/v1/advisories", &[], "").await, r#""id":""#);
            let members = self.streams.iter().find(|watched| !watched.observer.is_cell());
            known.events =
                members.map_or_else(Vec::new, |watched| ids(&Seen(watched.text.lock().unwrap().clone()), "\nid: "));
        }
        known
    }
}
