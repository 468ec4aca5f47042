//! Requests that another site makes the browser of somebody send: refused before anything is done, whatever they are for.

use server::routes;

use crate::callers::{Room, Verdict, problem};
use crate::drivers::{body, path};

/// What a browser says of a request that another site has made, or says nothing at all.
const FOREIGN: [&[(&str, &str)]; 9] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://cell.localhost")],
    &[("origin", "http://evil.example")],
    &[("origin", "http://localhost.evil.example")],
    &[("origin", "null")],
    &[("origin", "localhost")],
    &[],
];

#[tokio::test]
async fn what_another_site_sends_changes_nothing() {
    let room = Room::new().await;
    let before = room.state();
    let mut look = None;
    let mut asked = 0;
    for route in routes().into_iter().filter(|route| route.method != "GET") {
        for caller in room.callers.iter().filter(|caller| caller.by_cookie() || caller.credential.is_none()) {
            let (uri, body) = (path(&route, caller, &room.ids), body(&route, &room.ids));
            for headers in FOREIGN {
                let answer = room.send_with(route.face, route.method, &uri, caller, body.as_ref(), headers).await;
                let what = format!("{} {uri} by {} with {headers:?}", route.method, caller.name);
                assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (403, "foreign-origin"), "{what}");
                let look = look.get_or_insert_with(|| (answer.body.clone(), answer.headers.clone()));
                assert_eq!((&answer.body, &answer.headers), (&look.0, &look.1), "{what}");
                asked += 1;
            }
        }
    }
    assert_eq!(room.state(), before, "another site has changed something");
    assert!(asked > 2_000, "{asked}");
}

#[tokio::test]
async fn a_form_of_another_site_cannot_speak_json() {
    let room = Room::new().await;
    let before = room.state();
    for route in routes() {
        let Some((media, text)) = body(&route, &room.ids).filter(|(media, _)| media == "application/json") else {
            continue;
        };
        for caller in room.callers.iter().filter(|caller| caller.verdict(&route) == Verdict::Admitted) {
            for form in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
                let body = (form.to_owned(), text.clone());
                let uri = path(&route, caller, &room.ids);
                let answer = room.send(route.face, route.method, &uri, caller, Some(&body)).await;
                assert!(answer.status.is_client_error(), "{} takes {form:?} for {media}: {}", route.id, answer.status);
            }
        }
    }
    assert_eq!(room.state(), before, "what was no JSON was taken for it");
}

#[tokio::test]
async fn a_key_beside_a_cookie_does_not_lend_the_cookie_its_way_around_the_check() {
    let room = Room::new().await;
    for route in routes() {
        for caller in room.callers.iter().filter(|caller| caller.by_cookie()) {
            if route.access == server::Access::Public || route.access == server::Access::Operator {
                continue;
            }
            let headers = [("sec-fetch-site", "cross-site"), ("authorization", "Bearer x")];
            let (uri, body) = (path(&route, caller, &room.ids), body(&route, &room.ids));
            let answer = room.send_with(route.face, route.method, &uri, caller, body.as_ref(), &headers).await;
            assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (401, "signed-out"), "{}", route.id);
        }
    }
}
