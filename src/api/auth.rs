use serde::{Deserialize, Serialize};

use crate::domain::{Role, ShortId, Timestamp};

/// Logs an operator in (`POST /api/v1/auth/login`).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct LoginRequest {
    /// Operator's name.
    pub operator: String,
    /// Password, or the one-time code for the first admin.
    pub password: String,
    /// Sets this password; needed when a one-time code was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_password: Option<String>,
    /// Bind the session to the client's address; true when absent.
    #[serde(default = "yes")]
    pub bind_address: bool,
}

const fn yes() -> bool {
    true
}

/// A session of an operator.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct LoginResponse {
    /// Bearer token. Shown once.
    pub token: String,
    /// When it dies.
    pub expires_at: Timestamp,
    /// Who.
    pub operator: String,
    /// What they may do.
    pub role: Role,
}

/// Changes one's own password (`POST /api/v1/auth/password`).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The password so far.
    pub current: String,
    /// The new one, at least 10 characters.
    pub new: String,
}

/// Who is asking (`GET /api/v1/auth/whoami`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct WhoAmI {
    /// Operator's name, or `token:` and the name of a service token.
    pub operator: String,
    /// What they may do.
    pub role: Role,
    /// When the session or token dies; absent for the local socket.
    pub expires_at: Option<Timestamp>,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Operator {
    /// Name to log in with: 1 to 32 of `a-z 0-9 . _ -`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they logged in last.
    pub last_login: Option<Timestamp>,
}

/// Adds an operator, or changes the role of one.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct NewOperator {
    /// Name to log in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// First password, at least 10 characters; kept when absent on a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Asks for a service token for scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do; not more than who asks.
    pub role: Role,
    /// Days until it dies, 1 to 366.
    pub valid_days: u32,
    /// Bind it to this client address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind_address: Option<String>,
}

/// A service token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct TokenView {
    /// Its id.
    pub id: ShortId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When it was used last.
    pub last_used: Option<Timestamp>,
}

/// A new service token with its secret. Shown once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct TokenSecret {
    /// The token as it is listed.
    #[serde(flatten)]
    pub view: TokenView,
    /// The bearer token.
    pub token: String,
}

macro_rules! masked {
    ($($kind:ident),*) => {
        $(impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($kind), "(…)"))
            }
        })*
    };
}

masked!(
    LoginRequest,
    LoginResponse,
    PasswordChange,
    NewOperator,
    TokenSecret
);
