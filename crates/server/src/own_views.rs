//! What people see and change of their own way in: factors, sessions, keys and walls.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::views::{KnowWord, WarnWord};

/// A right password, and a second factor to come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChallengeView {
    /// Names this sign-in for its second step; it is no session.
    pub challenge: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// What answers it: `totp`, `recovery-code`; `passkey` if one could be used instead.
    pub factors: Vec<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The second step of a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecondStep {
    /// The challenge.
    pub challenge: String,
    /// The code of the app, or a recovery code.
    pub code: String,
}

/// A ceremony that begins.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CeremonyView {
    /// Names the ceremony; good once, for five minutes.
    pub ceremony: String,
    /// The `publicKey` that the browser's `navigator.credentials` takes, binary parts in base64url.
    #[schema(value_type = Object)]
    pub public_key: Value,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// What the browser gave for a ceremony.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCeremonyEnd {
    /// The ceremony.
    pub ceremony: String,
    /// The credential as `toJSON()` gives it.
    #[schema(value_type = Object)]
    pub credential: Value,
}

/// A passkey to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// The ceremony.
    pub ceremony: String,
    /// Your name for it.
    pub name: String,
    /// The credential as `toJSON()` gives it.
    #[schema(value_type = Object)]
    pub credential: Value,
}

/// What somebody signs in with.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct FactorsView {
    /// Whether there is a password.
    pub password: bool,
    /// Whether there is an authenticator app.
    pub totp: bool,
    /// Passkeys.
    pub passkeys: u32,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
    /// Whether a passkey or an app is demanded here.
    pub demanded: bool,
}

/// Whoever is signed in, for the pages of their own account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MeView {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: String,
    /// The member organisation, for members.
    pub organisation: Option<String>,
    /// What they sign in with.
    pub factors: FactorsView,
    /// Whether a second factor has to be enrolled before anything else.
    pub enrol: bool,
    /// Whether a factor was shown within the last ten minutes; else changes ask for one first.
    pub confirmed: bool,
    /// Whether they are told by mail that there is something new; null for people of the cell, who are not.
    pub notices: Option<bool>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// Whether to be told by mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotices {
    /// True to get a mail, at most one an epoch, when there is something new; it never says what.
    pub mail: bool,
}

/// A factor shown once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConfirmation {
    /// The password.
    pub password: String,
    /// The code of the app, where there is one.
    pub code: Option<String>,
    /// Or a recovery code.
    pub recovery_code: Option<String>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// Fifteen characters or more.
    pub password: String,
}

/// A passkey.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyView {
    /// Its id.
    pub id: String,
    /// Its owner's name for it.
    pub name: String,
    /// Day it was registered.
    pub created_day: String,
    /// Day it was last used.
    pub used_day: Option<String>,
}

/// Somebody's passkeys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyList {
    /// The passkeys, the oldest first.
    pub items: Vec<PasskeyView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A secret for an authenticator app, shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TotpView {
    /// In base 32.
    pub secret: String,
    /// As `otpauth://` URI, for a QR code.
    pub uri: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// The first code of an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTotpCode {
    /// Six digits.
    pub code: String,
}

/// Recovery codes, shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Ten codes, each good once.
    pub codes: Vec<String>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Day it began.
    pub created_day: String,
    /// How it began: `password`, `totp`, `recovery-code` or `passkey`.
    pub kind: String,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// Somebody's sessions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions, the latest first.
    pub items: Vec<SessionRow>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    pub label: String,
    /// `read:released`, `report`, `import`.
    pub scopes: Vec<String>,
    /// Days until it ends, at most 366.
    pub days: u32,
    /// Who may be warned of what it reports.
    pub warn: WarnWord,
    /// Who may know that it was us.
    pub know: KnowWord,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// The part of it that may be shown.
    pub prefix: String,
    /// What it is for.
    pub label: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Day it was made, where that was noted.
    pub created_day: Option<String>,
    /// Day it was last used.
    pub used_day: Option<String>,
    /// When it ends, if it does.
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
}

/// An organisation's keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// Keys that are not revoked.
    pub items: Vec<KeyView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A key that was just made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyMade {
    /// The whole key, shown this once.
    pub key: String,
    /// What it is.
    pub made: KeyView,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A wall to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What it is called.
    pub label: String,
}

/// A wall.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceView {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// Who made it.
    pub made_by: String,
    /// Day it was made.
    pub created_day: String,
    /// Day it was last used.
    pub used_day: Option<String>,
    /// Day it ends.
    pub ends_day: String,
    /// Whether a screen has been paired.
    pub paired: bool,
}

/// The walls of a member, or of the cell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceList {
    /// The walls, the oldest first.
    pub items: Vec<DeviceView>,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A wall that was just made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceMade {
    /// Its id.
    pub id: String,
    /// Opened on the screen itself, once, within ten minutes: a path of this listener with the code behind `#`.
    pub link: String,
    /// The code alone.
    pub code: String,
    /// Whether this is an exercise.
    pub exercise: bool,
}

/// A code that pairs a screen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPairing {
    /// The code.
    pub code: String,
}
