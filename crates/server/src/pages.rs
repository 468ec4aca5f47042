//! The built pages, embedded in the binary and answered with what the browser can unpack.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;

use crate::problem::Problem;

#[derive(rust_embed::Embed)]
#[folder = "../../ui/dist"]
struct Dist;

/// Shown where the pages were not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Fusion Cell</title></head><body><h1>The pages are not built</h1><p>This binary was made without them; the API works. To build both, run <code>cargo xtask demo</code>, or <code>npm ci</code> and <code>npm run build</code> in <code>ui</code> and then <code>cargo build</code>.</p></body></html>";

struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    media: &'static str,
    etag: HeaderValue,
    immutable: bool,
}

static FILES: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let bytes = |name: &str| {
        Dist::get(name).map(|file| match file.data {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        })
    };
    let names = Dist::iter().filter(|name| !name.ends_with(".br") && !name.ends_with(".gz") && !name.starts_with('.'));
    names
        .filter_map(|name| {
            let hash = Dist::get(&name)?.metadata.sha256_hash();
            let tag: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
            let file = File {
                plain: bytes(&name)?,
                brotli: bytes(&format!("{name}.br")),
                gzip: bytes(&format!("{name}.gz")),
                media: media_type(&name),
                etag: HeaderValue::from_str(&format!("\"{tag}\"")).ok()?,
                immutable: name.starts_with("assets/"),
            };
            Some((name.into_owned(), file))
        })
        .collect()
});

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Answers a page route: `/wall` has a page of its own, every other page is drawn by `index.html`.
pub(crate) fn page(path: &str, headers: &HeaderMap) -> Response<Body> {
    let name = if path == "/wall" { "wall.html" } else { "index.html" };
    match FILES.get(name) {
        Some(file) => answer(file, headers),
        None if wants_html(headers) => {
            let mut response = Response::new(Body::from(NOT_BUILT));
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            response
        }
        None => {
            Problem::busy("the pages are not built; `cargo xtask demo` builds them and this program").into_response()
        }
    }
}

/// Whether somebody looks with a browser.
fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Answers a file of the build by its name below `/`.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Response<Body> {
    let name = path.trim_start_matches('/');
    match FILES.get(name).filter(|_| !name.ends_with(".html")) {
        Some(file) => answer(file, headers),
        None => Problem::absent().into_response(),
    }
}

/// Whether the pages were built.
#[must_use]
pub fn pages_are_built() -> bool {
    FILES.contains_key("index.html")
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|part| {
                part.starts_with("q=0") && !part.trim_start_matches("q=0").contains(|c: char| ('1'..='9').contains(&c))
            });
            name.eq_ignore_ascii_case(encoding) && !refused
        })
}

fn answer(file: &File, headers: &HeaderMap) -> Response<Body> {
    let fresh = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == file.etag.as_bytes());
    let (body, encoding) = match (&file.brotli, &file.gzip) {
        (Some(packed), _) if accepts(headers, "br") => (packed, Some("br")),
        (_, Some(packed)) if accepts(headers, "gzip") => (packed, Some("gzip")),
        _ => (&file.plain, None),
    };
    let mut response = Response::new(if fresh { Body::empty() } else { Body::from(body.clone()) });
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    out.insert(ETAG, file.etag.clone());
    out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let keep = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if !fresh {
        out.insert(CONTENT_TYPE, HeaderValue::from_static(file.media));
        if let Some(encoding) = encoding {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_read_with_their_weights() {
        let check = |offer: &'static str, encoding: &str, expect: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(offer));
            assert_eq!(accepts(&headers, encoding), expect, "{offer} {encoding}");
        };
        check("gzip, deflate, br", "br", true);
        check("gzip;q=1.0, br;q=0", "br", false);
        check("br;q=0.000", "br", false);
        check("br;q=0.5", "br", true);
        check("identity", "gzip", false);
    }

    #[test]
    fn a_file_that_is_not_built_is_absent() {
        // Nothing is read from a folder, however it is named, and no page by its file.
        for path in [
            "/Cargo.toml",
            "/assets/../Cargo.toml",
            "/../../.git/HEAD",
            "/.git/HEAD",
            "/.keep",
            "//etc/passwd",
            "/src/lib.rs",
            "/assets/none.js",
        ] {
            assert_eq!(file(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(file("/assets/none.js", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
        assert_eq!(file("/index.html", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }
}
