//! Both listeners from outside: access, refusals, headers, sign-in, and that neither shows what is the other's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::body::Body;
use axum::http::Request;
use common::{PASSWORD, World, call};
use server::{Access, CSP, Face, routes};

fn fill(path: &str) -> String {
    path.replace("{id}", "00000000-0000-4000-8000-000000000000")
        .replace("{case}", "00000000-0000-4000-8000-000000000000")
        .replace("{name}", "watch.txt")
        .replace("{prefix}", "000000000000")
        .replace("{*path}", "none.js")
}

fn bare(face: Face, method: &str, path: &str) -> axum::http::request::Builder {
    let host = if face == Face::Member { "localhost:8460" } else { "cell.localhost:8461" };
    Request::builder().method(method).uri(fill(path)).header("host", host).header("sec-fetch-site", "same-origin")
}

/// Every route with what opens it, as it was agreed: the tests of who may do what read the table itself, and a row that is
/// loosened by mistake would loosen them with it.
#[test]
fn the_table_of_routes_is_the_one_that_was_agreed() {
    use std::fmt::Write as _;

    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/routes.md");
    let mut now = String::from("| route | listener | open to | key | wall | enrolling |\n|---|---|---|---|---|---|\n");
    for route in routes() {
        let listener = if route.face == Face::Member { "members" } else { "cell" };
        let access = match route.access {
            Access::Public => "anybody".to_owned(),
            Access::SignedIn => "whoever is signed in".to_owned(),
            Access::Operator => "operators".to_owned(),
            Access::Needs(right) => right.as_str().to_owned(),
        };
        let key = route.pass.scope.map_or("–", |scope| scope.as_str());
        let yes = |is: bool| if is { "yes" } else { "–" };
        let (wall, enrolling) = (yes(route.pass.wall), yes(route.pass.enrolling));
        let _ = writeln!(
            now,
            "| `{} {}` | {listener} | {access} | {key} | {wall} | {enrolling} |",
            route.method, route.path
        );
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &now).unwrap();
    }
    assert!(now == std::fs::read_to_string(golden).unwrap(), "UPDATE_GOLDEN=1 writes it anew: read what changed");
}

#[tokio::test]
async fn each_route_asks_for_what_its_row_says_and_each_answer_is_strict() {
    let mut world = World::new();
    world.pass(1_000);
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    let lead = world.sign_in(&world.cell, "ada@cell.example").await;
    let member = world.sign_in(&world.member, "ann@firm0.example").await;
    for route in routes() {
        let router = if route.face == Face::Member { &world.member } else { &world.cell };
        let nobody = call(router, bare(route.face, route.method, route.path).body(Body::empty()).unwrap()).await;
        let text = format!("{route:?}: {}", nobody.status);
        match route.access {
            Access::Public | Access::Operator => assert!(![401, 403].contains(&nobody.status.as_u16()), "{text}"),
            Access::SignedIn | Access::Needs(_) => assert_eq!(nobody.status, 401, "{text}"),
        }
        assert_eq!(nobody.header("content-security-policy"), CSP, "{text}");
        // The forms of these say where they come from, to us alone.
        let tells = route.path.starts_with("/tell") && nobody.header("content-type").starts_with("text/html");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", if tells { "same-origin" } else { "no-referrer" }),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(nobody.header(name), value, "{text}");
        }
        assert!(!nobody.header("cache-control").is_empty(), "{text}");
        assert_ne!(nobody.header("permissions-policy"), "", "{text}");
        if nobody.status.is_client_error() {
            assert_eq!(nobody.header("content-type"), "application/problem+json", "{text}");
            assert_eq!(nobody.json()["status"], nobody.status.as_u16(), "{text}");
        }
        // Cookies of the other face, and a role too low, open nothing.
        let foreign = if route.face == Face::Member { &analyst } else { &member };
        let foreign = foreign.replace("fc_member", "fc_x").replace("fc_cell", "fc_member").replace("fc_x", "fc_cell");
        let request = bare(route.face, route.method, route.path).header("cookie", foreign).body(Body::empty()).unwrap();
        let other = call(router, request).await.status;
        assert_eq!(other, nobody.status, "{route:?} with the other face's session");
        if route.access == Access::Needs(register::Right::SetPosture) {
            let denied = world.at_cell(route.method, &fill(route.path), &analyst, Body::empty()).await;
            assert_eq!(denied.status, 403, "{route:?}");
            let taken = world.at_cell(route.method, &fill(route.path), &lead, Body::from("{}")).await;
            assert_eq!(taken.status, 422, "{route:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_a_problem() {
    let world = World::new();
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/cell/v1/wall", 404),
        ("GET", "/metrics", 404),
        ("GET", "/health", 404),
        ("DELETE", "/api/v1/home", 405),
        ("POST", "/", 405),
        ("GET", "/api/v1/campaigns/nonsense", 404),
        ("GET", "/api/v1/campaigns/%ff", 404),
        ("GET", "/api/v1/feeds/other.txt", 404),
        ("GET", "/api/v1/lookup", 400),
        ("GET", "/api/v1/lookup?value=a&other=b", 400),
        ("GET", "/api/v1/indicators?limit=many", 400),
    ] {
        let answer = call(&world.member, world.request(method, path, 0, Body::empty())).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
        assert_eq!(answer.json()["status"], status);
        if status == 405 {
            assert!(answer.header("allow").contains("GET"), "{:?}", answer.header("allow"));
        }
    }
    let hidden = world.get("/api/v1/campaigns/00000000-0000-4000-8000-000000000000").await;
    let absent = world.get("/api/v1/nothing").await;
    assert_eq!(hidden.body, absent.body);
}

#[tokio::test]
async fn bad_bodies_are_refused_with_the_field() {
    let world = World::new();
    let deep = format!("{{\"title\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (body, status, word) in [
        ("{", 422, "EOF"),
        ("", 422, "EOF"),
        (r#"{"title":"a","title":"b","attack":"phishing","indicators":[]}"#, 422, "duplicate field `title`"),
        (r#"{"title":"a","attack":"phishing","indicators":[],"extra":1}"#, 422, "extra"),
        (r#"{"title":"a","attack":"tickling","indicators":[]}"#, 422, "attack"),
        (r#"{"title":7,"attack":"phishing","indicators":[]}"#, 422, "line 1"),
        (deep.as_str(), 422, "line 1"),
    ] {
        let answer =
            call(&world.member, world.request("POST", "/api/v1/reports", 0, Body::from(body.to_owned()))).await;
        assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
        assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{} {word}", answer.json());
    }
    let large = call(&world.member, world.request("POST", "/api/v1/reports", 0, Body::from(vec![b' '; 2 << 20]))).await;
    assert_eq!(large.status, 413);
    let mut plain = world.request("POST", "/api/v1/reports", 0, Body::from("{}"));
    plain.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(call(&world.member, plain).await.status, 415);
}

#[tokio::test]
async fn other_hosts_and_other_sites_are_refused() {
    let world = World::new();
    let send = |host: &'static str, origin: Option<&'static str>| {
        let mut request = Request::delete("/api/v1/session").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        call(&world.member, request.body(Body::empty()).unwrap())
    };
    assert_eq!(send("evil.example", Some("http://evil.example")).await.status, 421);
    assert_eq!(send("cell.localhost", Some("http://cell.localhost")).await.status, 421);
    assert_eq!(send("localhost:8460", Some("http://evil.example")).await.status, 403);
    assert_eq!(send("localhost:8460", None).await.status, 403);
    assert_eq!(send("localhost:8460", Some("http://localhost:8460")).await.status, 204);
    assert_eq!(send("127.0.0.1:8460", Some("http://127.0.0.1:8460")).await.status, 204);
    let hostless = call(&world.member, Request::get("/face").body(Body::empty()).unwrap()).await;
    assert_eq!(hostless.status, 400);
}

#[tokio::test]
async fn people_sign_in_and_out_and_guessing_is_slowed() {
    let world = World::new();
    let cookie = world.sign_in(&world.member, "ann@firm0.example").await;
    let with = |cookie: &str| {
        let request = Request::get("/api/v1/session").header("host", "localhost").header("cookie", cookie);
        call(&world.member, request.body(Body::empty()).unwrap())
    };
    let session = with(&cookie).await.json();
    assert_eq!((session["role"].as_str(), session["organisation"].as_str()), (Some("reporter"), Some("Firm 0")));
    assert_eq!(session["exercise"], true);
    let out = Request::delete("/api/v1/session")
        .header("host", "localhost")
        .header("origin", "http://localhost")
        .header("cookie", &cookie);
    let out = call(&world.member, out.body(Body::empty()).unwrap()).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(with(&cookie).await.status, 401);

    let guess = |email: &'static str, password: &'static str| {
        let body = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
        let request = Request::post("/api/v1/session").header("host", "localhost").header("origin", "http://localhost");
        call(&world.member, request.header("content-type", "application/json").body(Body::from(body)).unwrap())
    };
    // Somebody of the cell is nobody here.
    let cell = guess("ada@cell.example", PASSWORD).await;
    let unknown = guess("no@body.example", PASSWORD).await;
    assert_eq!((cell.status.as_u16(), &cell.body), (401, &unknown.body));
    let mut last = guess("ann@firm0.example", "wrong").await;
    for _ in 0..8 {
        last = guess("ann@firm0.example", "wrong").await;
    }
    assert_eq!(last.status, 429);
    assert!(last.header("retry-after").parse::<u32>().unwrap() >= 1);
    let set = world.sign_in(&world.cell, "ada@cell.example").await;
    assert!(set.starts_with("fc_cell="));
}

#[tokio::test]
async fn a_quota_is_the_senders_own() {
    let world = World::with(intake::Quota::new(2.0, 1.0));
    assert_eq!(world.report(0, &["a.attack.test"]).await.status, 201);
    assert_eq!(world.report(0, &["b.attack.test"]).await.status, 201);
    let over = world.report(0, &["c.attack.test"]).await;
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (429, "1"));
    assert_eq!(world.report(1, &["c.attack.test"]).await.status, 201);
}

#[tokio::test]
async fn figures_are_on_the_cells_listener_and_name_nobody() {
    let mut world = World::new();
    assert_eq!(world.report(3, &["evil.test"]).await.status, 201);
    world.pass(300);
    let metrics = world.at_cell("GET", "/metrics", "", Body::empty()).await;
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(text.contains(r#"fusioncell_requests_total{route="report",status="2xx"} 1"#), "{text}");
    assert!(text.contains("fusioncell_release_batches_total 1"), "{text}");
    for word in ["Firm", "firm3", "fck_", "evil.test"] {
        assert!(!text.contains(word), "{word}");
    }
    let health = world.at_cell("GET", "/health", "", Body::empty()).await;
    assert_eq!((health.status.as_u16(), health.json()["status"].as_str()), (200, Some("ok")));
}

#[tokio::test]
async fn pages_are_packed_tagged_and_kept() {
    let world = World::new();
    let get = |path: String, name: &'static str, value: String| {
        let request = Request::get(path).header("host", "localhost").header(name, value);
        call(&world.member, request.body(Body::empty()).unwrap())
    };
    let home = get("/".into(), "accept-encoding", "gzip, br".into()).await;
    if !server::pages_are_built() {
        assert_eq!((home.status.as_u16(), home.header("content-type")), (503, "application/problem+json"));
        assert!(String::from_utf8(home.body).unwrap().contains("cargo xtask demo"));
        let browser = get("/".into(), "accept", "text/html,*/*".into()).await;
        assert_eq!((browser.status.as_u16(), browser.header("content-type")), (503, "text/html; charset=utf-8"));
        assert!(String::from_utf8(browser.body).unwrap().contains("cargo xtask demo"));
        return;
    }
    assert_eq!(home.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        (home.status.as_u16(), home.header("content-encoding"), home.header("cache-control")),
        (200, "br", "no-cache")
    );
    let same = get("/search".into(), "if-none-match", home.header("etag").to_owned()).await;
    assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
    let wall = get("/wall".into(), "accept-encoding", "identity".into()).await;
    assert_ne!(wall.header("etag"), home.header("etag"));
    let text = String::from_utf8(wall.body).unwrap();
    let script = text.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let asset = get(script.to_owned(), "accept-encoding", "gzip".into()).await;
    assert_eq!((asset.status.as_u16(), asset.header("content-encoding")), (200, "gzip"), "{script}");
    assert!(asset.header("cache-control").contains("immutable"));
    assert!(asset.header("content-type").starts_with("text/javascript"));
}

#[tokio::test]
async fn an_import_counts_by_its_reports_and_one_runs_at_a_time() {
    use std::pin::pin;
    let world = World::with(intake::Quota::new(2.0, 1.0));
    let path = "/api/v1/import?name=a.txt&warn=now&know=nobody";
    let file = "a.attack.test\n";
    assert_eq!(call(&world.member, world.request("POST", path, 0, Body::from(file))).await.status, 201);
    // A file of one report costs one, so half of the bucket is left: too little for a file of two.
    let report = |n: u8| format!("{{\"id\":\"{n}\",\"indicators\":[[\"domain\",\"b{n}.attack.test\"]]}}\n");
    let next = call(&world.member, world.request("POST", path, 0, Body::from(report(1) + &report(2)))).await;
    assert_eq!((next.status.as_u16(), next.header("retry-after")), (429, "1"), "its second report is over quota");
    // A body that never ends keeps the organisation's place, and nobody else's.
    let hanging = Body::from_stream(futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>());
    let mut waiting = pin!(call(&world.member, world.request("POST", path, 1, hanging)));
    let soon = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(soon, waiting.as_mut()).await.is_err());
    let second = call(&world.member, world.request("POST", path, 1, Body::from(file))).await;
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (429, "5"));
    for other in 2..8 {
        let answer = call(&world.member, world.request("POST", path, other, Body::from(file))).await;
        assert_eq!(answer.status, 201, "member {other} waits for another's import");
    }
}

#[tokio::test]
async fn a_group_is_taken_and_reaches_nobody() {
    let mut world = World::new();
    let path = "/api/v1/import?name=a.txt&warn=group:00000000-0000-4000-8000-000000000001&know=nobody";
    let taken = call(&world.member, world.request("POST", path, 0, Body::from("grouped.attack.test\n"))).await;
    assert_eq!(taken.status, 201, "{}", String::from_utf8_lossy(&taken.body));
    world.pass(30_000);
    assert!(!String::from_utf8_lossy(&world.get("/api/v1/home").await.body).contains("grouped"));
    let analyst = world.sign_in(&world.cell, "kit@cell.example").await;
    let known = world.at_cell("GET", "/cell/v1/lookup?value=grouped.attack.test", &analyst, Body::empty()).await.json();
    assert_eq!((known["verdict"].as_str(), known["released"].as_bool()), (Some("seen"), Some(false)));
    let wrong = call(&world.member, world.request("POST", "/api/v1/import?warn=group:x&know=nobody", 0, Body::empty()));
    assert_eq!(wrong.await.status, 422);
}

#[tokio::test]
async fn feeds_say_that_they_are_an_exercises_and_a_table_has_the_markings() {
    let mut world = World::new();
    assert_eq!(world.report(0, &["evil.attack.test"]).await.status, 201);
    world.pass(6_000);
    let plain = world.get("/api/v1/feeds/watch.txt").await;
    assert_eq!(String::from_utf8_lossy(&plain.body), "# EXERCISE\nevil.attack.test\n");
    let table = world.get("/api/v1/feeds/watch.csv").await;
    assert!(table.header("content-type").starts_with("text/csv"));
    let text = String::from_utf8_lossy(&table.body).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["# EXERCISE", "value,kind,tlp,pap,since,until"]);
    let fields: Vec<&str> = lines[2].split(',').collect();
    assert_eq!(fields[..4], ["evil.attack.test", "domain", "GREEN", "GREEN"]);
    assert!(fields[4].ends_with('Z') && fields[5] > fields[4], "{text}");
}

#[tokio::test]
async fn two_people_of_one_name_are_two() {
    let mut world = World::new();
    let again = register::NewPerson {
        email: "kit2@cell.example".into(),
        name: "kit".into(),
        organisation: None,
        role: register::Role::Analyst,
        secondment: None,
    };
    world.register.create_person(&register::Actor::operator(), &again, PASSWORD).unwrap();
    let (one, other) =
        (world.sign_in(&world.cell, "kit@cell.example").await, world.sign_in(&world.cell, "kit2@cell.example").await);
    world.report(0, &["evil.test"]).await;
    world.pass(300);
    let wall = world.at_cell("GET", "/cell/v1/wall", &one, Body::empty()).await.json();
    let claim = format!("/cell/v1/reports/{}/claim", wall["reports"][0]["case"].as_str().unwrap());
    assert_eq!(world.at_cell("POST", &claim, &one, Body::empty()).await.status, 204);
    world.pass(300);
    assert_eq!(world.at_cell("POST", &claim, &other, Body::empty()).await.status, 409);
    assert_eq!(world.at_cell("POST", &claim, &one, Body::empty()).await.status, 204);
}
