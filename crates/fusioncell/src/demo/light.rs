//! First light: the moment at which both walls have something to tell.

use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use crate::client::{Client, Credential};
use crate::demo::cell::wall;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Firms that a campaign must have before it counts as light.
pub const FIRMS: u64 = 2;

/// Waits until the cell's wall shows a campaign of several firms and the member's home a released value.
pub async fn wait(cell: &Client, analyst: &Credential, member: &Client, visitor: &Credential) -> Result<(), String> {
    loop {
        let wall = wall(cell, analyst).await?;
        let wide = |row: &Value| row.get("firms").and_then(Value::as_u64).is_some_and(|firms| firms >= FIRMS);
        let linked = wall.get("campaigns").and_then(Value::as_array).is_some_and(|rows| rows.iter().any(wide));
        if linked {
            let home = member.send(Method::GET, "/api/v1/home", visitor, None).await?.json()?;
            if home.get("latest").and_then(Value::as_array).is_some_and(|latest| !latest.is_empty()) {
                return Ok(());
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
