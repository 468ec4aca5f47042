//! Builds a router from the table: what a route's row says about access is what its handler is guarded by.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, get};

use crate::guard::{Guard, guard};
use crate::http;
use crate::meters::{Meters, RouteMeters};
use crate::pages;
use crate::problem::Problem;
use crate::table::{Access, Face, PAGES, Pass, Route, table};

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an import or a file may take.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(300);

/// Tells who sends a request; refuses whoever may not use a route of this access.
pub(crate) trait Doorkeeper: Clone + Send + Sync + 'static {
    /// What handlers are told about the sender.
    type Who: Clone + Send + Sync + 'static;
    /// Checks the credentials of a request.
    fn admit(
        &self,
        access: Access,
        pass: Pass,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Option<Self::Who>, Problem>;
}

#[derive(Clone)]
struct Gate<D> {
    keeper: D,
    access: Access,
    pass: Pass,
    timeout: Duration,
    meters: Option<RouteMeters>,
}

async fn gate<D: Doorkeeper>(State(gate): State<Arc<Gate<D>>>, mut request: Request, next: Next) -> Response<Body> {
    let start = Instant::now();
    let response = match gate.keeper.admit(gate.access, gate.pass, request.method(), request.headers()) {
        Err(problem) => problem.into_response(),
        Ok(who) => {
            if let Some(who) = who {
                request.extensions_mut().insert(who);
            }
            match tokio::time::timeout(gate.timeout, next.run(request)).await {
                Ok(response) => response,
                Err(_) => Problem::timeout().into_response(),
            }
        }
    };
    if let Some(meters) = &gate.meters {
        meters.note(response.status().as_u16(), start.elapsed());
    }
    response
}

fn filter(method: &str) -> MethodFilter {
    match method {
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

/// The router of one listener. `handler` finds each operation of the table by its id; a row without a handler is a row
/// that answers 404, which a test refuses.
pub(crate) fn router<S, D>(
    face: Face,
    state: S,
    keeper: &D,
    guarded: Guard,
    handler: impl Fn(&str, MethodFilter) -> Option<MethodRouter<S>>,
) -> Router
where
    S: Clone + Send + Sync + 'static,
    D: Doorkeeper,
{
    let mut paths: BTreeMap<&'static str, (MethodRouter<S>, Vec<&'static str>)> = BTreeMap::new();
    let layered = |method: MethodRouter<S>, route: &Route, meters: &Meters| {
        let long = ["import", "own_file_add", "cell_file_add"].contains(&route.id);
        let timeout = if long { IMPORT_TIMEOUT } else { REQUEST_TIMEOUT };
        let meters = meters.route(route.id);
        let gated = Gate { keeper: keeper.clone(), access: route.access, pass: route.pass, timeout, meters };
        method.route_layer(from_fn_with_state(Arc::new(gated), gate::<D>))
    };
    for route in table().iter().filter(|route| route.face == face) {
        let Some(method) = handler(route.id, filter(route.method)) else { continue };
        let method = layered(method, route, &guarded.meters);
        let (merged, methods) = paths.remove(route.path).unwrap_or_default();
        let methods = [methods, vec![route.method]].concat();
        paths.insert(route.path, (merged.merge(method), methods));
    }
    let mut router = Router::new();
    for (path, (method, methods)) in paths {
        router = router.route(path, method.fallback(not_allowed(methods)));
    }
    for (_, path) in PAGES {
        router = router.route(path, get(page).fallback(not_allowed(vec!["GET"])));
    }
    router.fallback(absent).with_state(state).layer(from_fn_with_state(guarded, guard))
}

async fn page(request: Request) -> Response<Body> {
    let path = request.uri().path();
    if path.starts_with("/assets/") || path.contains('.') {
        pages::file(path, request.headers())
    } else {
        pages::page(path, request.headers())
    }
}

async fn absent() -> Response<Body> {
    Problem::absent().into_response()
}

/// 405 with the methods of the path; `HEAD` goes with `GET`.
fn not_allowed(mut methods: Vec<&'static str>) -> impl Fn(Method) -> std::future::Ready<Response<Body>> + Clone {
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    let allow = methods.join(", ");
    move |_| {
        let mut response = Problem::method().into_response();
        if let Ok(allow) = HeaderValue::from_str(&allow) {
            response.headers_mut().insert(ALLOW, allow);
        }
        std::future::ready(response)
    }
}

/// The document itself, the same on both listeners.
pub(crate) async fn openapi() -> Response<Body> {
    let document = Bytes::from_static(crate::openapi_json().as_bytes());
    let mut response = http::bytes(StatusCode::OK, "application/json", document);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
