use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts as RequestParts;
use rustls_pki_types::CertificateDer;
use serde::de::DeserializeOwned;

use crate::api::ProblemCode;

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};

/// Whence a request came; put into every request by the listener.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// The local socket: somebody with this account.
    Local,
    /// The network.
    Network {
        /// The caller's address.
        address: IpAddr,
        /// The certificates that it presented.
        certificates: Arc<[CertificateDer<'static>]>,
    },
}

impl Origin {
    /// The origin of a request; without the listener's word, the least trusted one.
    pub(super) fn of(parts: &RequestParts) -> Self {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::Network {
                address: IpAddr::from([0, 0, 0, 0]),
                certificates: Arc::new([]),
            })
    }

    /// The caller's address on the network.
    pub(super) const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Local => None,
            Self::Network { address, .. } => Some(*address),
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn body(body: Body, limit: usize) -> Answer<Bytes> {
    to_bytes(body, limit).await.map_err(|_| {
        // The only other cause is a caller that went away, who reads no answer.
        ApiError::new(
            ProblemCode::TooLarge,
            format!("the body is larger than the {limit} bytes that are taken here"),
        )
    })
}

/// Reads JSON; an empty body counts as `null`.
pub(super) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| {
        let words = without_value(&error.to_string());
        ApiError::invalid(format_args!(
            "the body is not the JSON expected here: {words}"
        ))
        .next("see /openapi.json for the form of this request")
    })
}

/// An error's words without the value that was found: it may be a password in the wrong place.
fn without_value(words: &str) -> String {
    for start in ["invalid type: ", "invalid value: "] {
        if let (true, Some(expected)) = (words.starts_with(start), words.rfind(", expected")) {
            return format!("{}{}", start.trim_end_matches(": "), &words[expected..]);
        }
    }
    match (words.find(", found \""), words.rfind('"')) {
        (Some(start), Some(end)) => format!("{}{}", &words[..start], &words[end + 1..]),
        _ => words.to_owned(),
    }
}

/// Words of the query, as `T`.
pub(super) struct Words<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Endpoint> for Words<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut RequestParts, endpoint: &Endpoint) -> Answer<Self> {
        Query::<T>::from_request_parts(parts, endpoint)
            .await
            .map(|Query(words)| Self(words))
            .map_err(|error| ApiError::invalid(error.body_text()))
    }
}

/// Parts of the path, as `T`.
pub(super) struct Place<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Endpoint> for Place<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut RequestParts, endpoint: &Endpoint) -> Answer<Self> {
        Path::<T>::from_request_parts(parts, endpoint)
            .await
            .map(|Path(place)| Self(place))
            // The path may hold a gateway's secret: it is not repeated.
            .map_err(|_| {
                ApiError::new(
                    ProblemCode::NotFound,
                    "an id in the address is not in the form of one",
                )
            })
    }
}

/// Which page of a list, from `?cursor=` and `?limit=`.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct PageWords {
    cursor: Option<String>,
    limit: Option<u32>,
}

impl PageWords {
    /// The page; at most 1,000 items.
    pub(super) fn page(self) -> crate::port::PageOf {
        crate::port::PageOf {
            cursor: self.cursor,
            limit: self.limit.unwrap_or(100).clamp(1, 1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_the_wrong_place_is_not_repeated() {
        for body in [
            r#""hunter2, expected""#,
            r#"{"operator": "a", "password": ["hunter2"]}"#,
            "[\"hunter2\"]",
        ] {
            let error = json::<crate::api::LoginRequest>(body.as_bytes()).expect_err(body);
            let detail = &error.problem().detail;
            assert!(!detail.contains("hunter2"), "{detail}");
            assert!(
                detail.contains("expected") || detail.contains("JSON"),
                "{detail}"
            );
        }
    }
}
