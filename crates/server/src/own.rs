//! Rows of the table of routes that both listeners have alike: signing in, one's own account, keys and walls.

use register::Right;

use crate::own_views as views;
use crate::table::{Access, Face, Route, Shape, json, required};
use crate::views::{SessionView, SignIn};

/// A path and an operation of one listener.
macro_rules! at {
    ($face:expr, $path:literal) => {
        match $face {
            Face::Member => concat!("/api/v1", $path),
            Face::Cell => concat!("/cell/v1", $path),
        }
    };
}

macro_rules! id {
    ($face:expr, $id:literal) => {
        match $face {
            Face::Member => $id,
            Face::Cell => concat!("cell_", $id),
        }
    };
}

/// Signing in, by whatever means.
fn sign_in(face: Face) -> Vec<Route> {
    let public = |path, id, summary| Route::new(face, Access::Public, "POST", path, id, summary);
    vec![
        public(
            at!(face, "/session"),
            id!(face, "sign_in"),
            "Signs a person in by password and sets the listener's cookie; `202` if a second factor is wanted first.",
        )
        .takes(json::<SignIn>())
        .gives(200, json::<SessionView>())
        .or_gives(202, json::<views::ChallengeView>())
        .or(&[401, 429]),
        public(
            at!(face, "/session/totp"),
            id!(face, "sign_in_totp"),
            "Ends a sign-in by the code of an authenticator app.",
        )
        .takes(json::<views::NewSecondStep>())
        .gives(200, json::<SessionView>())
        .or(&[401, 422, 429]),
        public(at!(face, "/session/recovery"), id!(face, "sign_in_recovery"), "Ends a sign-in by a recovery code.")
            .takes(json::<views::NewSecondStep>())
            .gives(200, json::<SessionView>())
            .or(&[401, 422, 429]),
        public(
            at!(face, "/session/passkey/start"),
            id!(face, "passkey_start"),
            "Begins a sign-in by passkey: the same answer for everybody, no address is asked.",
        )
        .gives(200, json::<views::CeremonyView>())
        .or(&[429, 503]),
        public(at!(face, "/session/passkey/finish"), id!(face, "passkey_finish"), "Ends a sign-in by passkey.")
            .takes(json::<views::NewCeremonyEnd>())
            .gives(200, json::<SessionView>())
            .or(&[401, 422, 429]),
        public(
            at!(face, "/devices/pair"),
            id!(face, "device_pair"),
            "Pairs a wall: the code works once and sets the wall's own cookie.",
        )
        .takes(json::<views::NewPairing>())
        .gives(204, Shape::Empty)
        .or(&[401, 422, 429]),
    ]
}

/// One's own account.
fn account(face: Face) -> Vec<Route> {
    let own = |method, path, id, summary| Route::new(face, Access::SignedIn, method, path, id, summary).enrolling();
    let with_id = [required("id", "Its id.")];
    vec![
        own("GET", at!(face, "/me"), id!(face, "me"), "Whoever is signed in, and with what they sign in.").gives(200, json::<views::MeView>()),
        own("POST", at!(face, "/me/confirm"), id!(face, "confirm"), "Shows password and code once more: changes ask for a factor shown within ten minutes.")
            .takes(json::<views::NewConfirmation>())
            .gives(204, Shape::Empty)
            .or(&[422, 429]),
        own("POST", at!(face, "/me/confirm/passkey/start"), id!(face, "confirm_passkey_start"), "Begins to show a passkey once more.")
            .gives(200, json::<views::CeremonyView>())
            .or(&[429, 503]),
        own("POST", at!(face, "/me/confirm/passkey/finish"), id!(face, "confirm_passkey_finish"), "Shows a passkey once more.")
            .takes(json::<views::NewCeremonyEnd>())
            .gives(204, Shape::Empty)
            .or(&[422, 429]),
        own("PUT", at!(face, "/me/password"), id!(face, "password"), "Changes the password; other sessions end.")
            .takes(json::<views::NewPassword>())
            .gives(204, Shape::Empty)
            .or(&[403, 422, 429]),
        own("GET", at!(face, "/me/passkeys"), id!(face, "passkeys"), "Your passkeys.").gives(200, json::<views::PasskeyList>()),
        own("POST", at!(face, "/me/passkeys/start"), id!(face, "passkey_begin"), "Begins the registration of a passkey.")
            .gives(200, json::<views::CeremonyView>())
            .or(&[403, 422, 503]),
        own("POST", at!(face, "/me/passkeys"), id!(face, "passkey_add"), "Adds a passkey; other sessions end, and this one goes on under another cookie.")
            .takes(json::<views::NewPasskey>())
            .gives(201, json::<views::PasskeyView>())
            .or(&[403, 422]),
        own("DELETE", at!(face, "/me/passkeys/{id}"), id!(face, "passkey_remove"), "Removes a passkey, unless it is the last factor.")
            .with(&with_id)
            .gives(204, Shape::Empty)
            .or(&[403, 404, 409]),
        own("POST", at!(face, "/me/totp"), id!(face, "totp_begin"), "Begins with an authenticator app: its secret, shown once.")
            .gives(201, json::<views::TotpView>())
            .or(&[403, 409]),
        own("POST", at!(face, "/me/totp/confirm"), id!(face, "totp_confirm"), "The app's first code: from now on it counts. Other sessions end, and this one goes on under another cookie.")
            .takes(json::<views::NewTotpCode>())
            .gives(204, Shape::Empty)
            .or(&[403, 422]),
        own("DELETE", at!(face, "/me/totp"), id!(face, "totp_remove"), "Removes the authenticator app, unless it is the last factor.")
            .gives(204, Shape::Empty)
            .or(&[403, 404, 409]),
        own("POST", at!(face, "/me/recovery-codes"), id!(face, "recovery_codes"), "Ten new recovery codes, shown once; the old ones are void.")
            .gives(201, json::<views::RecoveryCodes>())
            .or(&[403]),
        own("GET", at!(face, "/me/sessions"), id!(face, "sessions"), "Your sessions.").gives(200, json::<views::SessionList>()),
        own("DELETE", at!(face, "/me/sessions"), id!(face, "sessions_end"), "Ends all of your sessions but this one.")
            .gives(204, Shape::Empty)
            .or(&[403]),
        own("DELETE", at!(face, "/me/sessions/{id}"), id!(face, "session_end"), "Ends one of your sessions.")
            .with(&with_id)
            .gives(204, Shape::Empty)
            .or(&[403, 404]),
    ]
}

/// Walls, and for members the keys of their machines.
fn machines(face: Face) -> Vec<Route> {
    let by = |method, path, id, summary| Route::new(face, Access::Needs(Right::PairWalls), method, path, id, summary);
    let mut rows = vec![
        by("GET", at!(face, "/devices"), id!(face, "devices"), "The walls that were made here.")
            .gives(200, json::<views::DeviceList>()),
        by(
            "POST",
            at!(face, "/devices"),
            id!(face, "device_make"),
            "Makes a wall: a screen that shows what you may see and never asks to sign in.",
        )
        .takes(json::<views::NewDevice>())
        .gives(201, json::<views::DeviceMade>())
        .or(&[403, 422]),
        by(
            "DELETE",
            at!(face, "/devices/{id}"),
            id!(face, "device_revoke"),
            "Revokes a wall: it shows nothing more at once.",
        )
        .with(&[required("id", "Its id.")])
        .gives(204, Shape::Empty)
        .or(&[403, 404]),
    ];
    if face == Face::Member {
        rows.extend([
            by("GET", "/api/v1/keys", "keys", "Your organisation's keys, without their secrets.")
                .gives(200, json::<views::KeyList>()),
            by(
                "POST",
                "/api/v1/keys",
                "key_make",
                "Makes a key for a machine: shown this once, good for the scopes that it names.",
            )
            .takes(json::<views::NewKey>())
            .gives(201, json::<views::KeyMade>())
            .or(&[403, 422]),
            by("DELETE", "/api/v1/keys/{prefix}", "key_revoke", "Revokes a key: what it holds open ends at once.")
                .with(&[required("prefix", "The part of the key that may be shown.")])
                .gives(204, Shape::Empty)
                .or(&[403, 404]),
        ]);
    }
    rows
}

pub(crate) fn rows(face: Face) -> Vec<Route> {
    [sign_in(face), account(face), machines(face)].concat()
}
