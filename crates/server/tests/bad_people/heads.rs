//! What every answer says to browsers, whoever asks for what: refused or granted, page or data.

use std::collections::BTreeSet;

use server::{CSP, Face, routes};

use crate::callers::{Room, problem};
use crate::common::Answer;
use crate::drivers::path;

/// The policy's directives as they must stand.
fn directives() -> BTreeSet<String> {
    CSP.split(';').map(|directive| directive.trim().to_owned()).collect()
}

#[test]
fn the_policy_lets_in_nothing_that_is_not_ours() {
    let directives = directives();
    for needed in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ] {
        assert!(directives.contains(needed), "{needed} is missing: {CSP}");
    }
    // Without an own directive objects fall under the default.
    assert!(!CSP.contains("object-src") || directives.contains("object-src 'none'"), "{CSP}");
    for loose in ["unsafe", "*", "http:", "https:", "data:", "blob:", "report"] {
        assert!(!CSP.contains(loose), "{loose} stands in {CSP}");
    }
}

fn strict(answer: &Answer, what: &str) {
    // A form of the plain pages says where it comes from to browsers that tell so by `Origin` alone: to us, and nobody else.
    let tells = what.contains(" /tell") && answer.header("content-type").starts_with("text/html");
    for (name, value) in [
        ("content-security-policy", CSP),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", if tells { "same-origin" } else { "no-referrer" }),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{what}");
    }
    let open = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert!(open.is_none(), "{what} opens itself to other sites: {open:?}");
    assert!(answer.header("location").is_empty(), "{what} leads elsewhere");
    assert!(answer.header("server").is_empty() && answer.header("x-powered-by").is_empty(), "{what} names its program");
    let media = answer.header("content-type");
    assert!(answer.body.is_empty() || !media.is_empty(), "{what} does not say what it is");
    let encoded = media == "text/event-stream" || media.contains("charset=utf-8");
    assert!(!media.starts_with("text/") || encoded, "{what}: {media} has no charset");
    assert!(!media.contains("xml") || media == "image/svg+xml", "{what}: {media}");
}

#[tokio::test]
async fn every_answer_is_strict_whoever_asks_for_what() {
    let room = Room::new().await;
    let before = room.state();
    for route in routes() {
        for caller in &room.callers {
            let uri = path(&route, caller, &room.ids);
            for (verb, headers) in [
                ("GET", vec![("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]),
                ("OPTIONS", vec![("origin", "https://evil.example"), ("access-control-request-method", route.method)]),
                ("TRACE", vec![("sec-fetch-site", "same-origin"), ("x-probe", "echo")]),
                ("PATCH", vec![]),
            ] {
                let answer = room.send_with(route.face, verb, &uri, caller, None, &headers).await;
                let what = format!("{verb} {uri} by {}", caller.name);
                strict(&answer, &what);
                assert!(verb == "GET" || !answer.status.is_success(), "{what}: {}", answer.status);
                let said = String::from_utf8_lossy(&answer.body);
                assert!(verb != "TRACE" || !said.contains("echo"), "{what} gives the request back");
                // What is for somebody is kept nowhere; pages, and what is published of the audit log, are for everybody.
                let kept = answer.header("cache-control");
                let page = route.id.starts_with("page_") || ["asset", "favicon"].contains(&route.id);
                let open = page || ["openapi", "cell_openapi"].contains(&route.id) || route.id.starts_with("audit_");
                assert!(kept == "no-store" || (open && !kept.is_empty()), "{what}: {kept}");
            }
        }
    }
    assert_eq!(room.state(), before);
}

#[tokio::test]
async fn no_credential_counts_in_a_query_and_no_field_counts_twice() {
    let room = Room::new().await;
    let nobody = room.caller("stranger at Member");
    let key = &room.world.keys[0];
    let cookie = room.caller("reporter").credential.clone().unwrap().1;
    let token = cookie.split_once('=').unwrap().1;
    for name in ["key", "api_key", "access_token", "token", "session", "fc_member", "authorization"] {
        for secret in [key.as_str(), token] {
            let uri = format!("/api/v1/home?{name}={secret}");
            let answer = room.send(Face::Member, "GET", &uri, nobody, None).await;
            assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (401, "signed-out"), "{name}");
        }
    }
    let reporter = room.caller("reporter");
    for uri in [
        "/api/v1/lookup?value=a.test&value=b.test",
        "/api/v1/indicators?limit=1&limit=2",
        "/api/v1/lookup?value=a.test&x=1",
    ] {
        let answer = room.send(Face::Member, "GET", uri, reporter, None).await;
        assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (400, "unreadable"), "{uri}");
    }
}
