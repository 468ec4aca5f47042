//! What every request passes and every answer carries: host, origin, panics, strict headers.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use axum::middleware::Next;
use axum::response::IntoResponse;
use futures_util::FutureExt;

use crate::meters::Meters;
use crate::problem::Problem;

/// The content security policy of every answer.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// What a listener demands of requests.
#[derive(Clone)]
pub struct Guard {
    /// Host names that the listener serves, in lower case, without port. Bare addresses are always served: no name
    /// that somebody else controls can be made to point at us under them.
    pub hosts: Arc<[String]>,
    /// Whether browsers reach the listener by TLS, its own or that of a proxy before it, so that browsers may be told to insist on it.
    pub tls: bool,
    /// Figures.
    pub meters: Arc<Meters>,
}

impl Guard {
    fn serves(&self, authority: &Authority) -> bool {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        host.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|name| name.eq_ignore_ascii_case(host.trim_end_matches('.')))
    }
}

/// The host that a request names.
fn authority(request: &Request) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next()?;
    // Two names are one too many: a proxy and we could read different ones.
    if hosts.next().is_some() {
        return None;
    }
    Authority::try_from(host.as_bytes()).ok()
}

/// Whether a request that changes something may come from where it comes from. Keys cannot be sent by another site.
fn same_origin(headers: &HeaderMap, authority: &Authority) -> bool {
    if headers.contains_key(AUTHORIZATION) {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else { return false };
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str()))
}

/// The outermost layer of both routers.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response<Body> {
    let mut response = answer(&guard, request, next).await;
    strict(response.headers_mut(), guard.tls);
    response
}

async fn answer(guard: &Guard, request: Request, next: Next) -> Response<Body> {
    let Some(authority) = authority(&request) else {
        return Problem::unreadable("the request names no host, or several").into_response();
    };
    if !guard.serves(&authority) {
        return Problem::wrong_host().into_response();
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !same_origin(request.headers(), &authority) {
        return Problem::foreign_origin().into_response();
    }
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            guard.meters.panics.increment(1);
            // The panic hook has told the place; the request itself is in no log.
            tracing::error!("a request panicked");
            Problem::internal().into_response()
        }
    }
}

fn strict(headers: &mut HeaderMap, tls: bool) {
    // A file that somebody sent has a stricter one of its own.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn fails(flag: Request) -> Response<Body> {
        assert!(flag.uri().path().is_empty(), "the report of Calder Power");
        Response::default()
    }

    #[tokio::test]
    async fn a_request_that_fails_in_an_unforeseen_way_tells_nothing_and_is_as_strict_as_any() {
        let guarded = Guard { hosts: ["localhost".to_owned()].into(), tls: true, meters: Arc::default() };
        let router: Router = Router::new().route("/", get(fails)).layer(from_fn_with_state(guarded, guard));
        let request = Request::get("/").header("host", "localhost").body(Body::empty()).unwrap();
        let (head, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let told = String::from_utf8_lossy(&body);
        assert_eq!(head.status, 500);
        assert!(!told.contains("Calder") && !told.contains(".rs") && told.contains("problem:internal"), "{told}");
        assert_eq!(head.headers[CONTENT_SECURITY_POLICY], CSP);
        assert_eq!(head.headers[STRICT_TRANSPORT_SECURITY], "max-age=31536000; includeSubDomains");
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        let ours = Authority::from_static("localhost:8460");
        let check = |pairs: &[(&'static str, &'static str)], expect: bool| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(same_origin(&headers, &ours), expect, "{pairs:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "same-site"), ("origin", "http://localhost:8460")], false);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("origin", "http://localhost:8460")], true);
        check(&[("origin", "http://localhost:8461")], false);
        check(&[("origin", "null")], false);
        check(&[], false);
        check(&[("authorization", "Bearer fck_x"), ("sec-fetch-site", "cross-site")], true);
    }

    #[test]
    fn only_our_names_and_bare_addresses_are_served() {
        let guard = Guard { hosts: ["localhost".to_owned()].into(), tls: false, meters: Arc::default() };
        let serves = |host: &'static str| guard.serves(&Authority::from_static(host));
        assert!(serves("localhost:8460") && serves("LOCALHOST") && serves("127.0.0.1:1") && serves("[::1]:80"));
        assert!(!serves("evil.example") && !serves("localhost.evil.example:80") && !serves("cell.localhost:8460"));
    }
}
