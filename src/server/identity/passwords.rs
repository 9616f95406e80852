use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use crate::api::ProblemCode;

use crate::server::error::{Answer, ApiError};

/// Argon2id takes 19 MiB and some 30 ms each: a flood of logins must not take all memory and both cores.
const AT_ONCE: usize = 2;
const SHORTEST: usize = 10;
const LONGEST: usize = 1024;

/// Hashes and checks passwords off the async threads, few at a time.
#[derive(Debug)]
pub(in crate::server) struct PasswordDesk {
    slots: Semaphore,
    dummy: OnceLock<String>,
}

impl Default for PasswordDesk {
    fn default() -> Self {
        Self {
            slots: Semaphore::new(AT_ONCE),
            dummy: OnceLock::new(),
        }
    }
}

impl PasswordDesk {
    /// Hashes a new password (Argon2id, PHC form).
    pub(in crate::server) async fn hash(&self, password: &str, salt: [u8; 16]) -> Answer<String> {
        if !(SHORTEST..=LONGEST).contains(&password.len()) {
            return Err(ApiError::new(
                ProblemCode::Unprocessable,
                format!("a password has at least {SHORTEST} characters"),
            ));
        }
        self.hash_any(password.to_owned(), salt).await
    }

    async fn hash_any(&self, password: String, salt: [u8; 16]) -> Answer<String> {
        self.at_the_desk(move || {
            Argon2::default()
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(ApiError::internal)
        })
        .await?
    }

    /// Whether `password` is the one behind `hash`; without a hash the same work is done and the answer is no.
    pub(in crate::server) async fn verify(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Answer<bool> {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => match self.dummy.get() {
                Some(hash) => hash.clone(),
                None => {
                    let made = self.hash_any("nobody's password".into(), [7; 16]).await?;
                    self.dummy.get_or_init(|| made).clone()
                }
            },
        };
        let password: String = password.chars().take(LONGEST).collect();
        let right = self
            .at_the_desk(move || {
                PasswordHash::new(&hash).is_ok_and(|parsed| {
                    Argon2::default()
                        .verify_password(password.as_bytes(), &parsed)
                        .is_ok()
                })
            })
            .await?;
        Ok(known && right)
    }

    async fn at_the_desk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        let _slot = self.slots.acquire().await.map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_operator_holds() {
        let desk = PasswordDesk::default();
        let hash = desk.hash("correct horse", [1; 16]).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(
            desk.verify("correct horse", Some(hash.clone()))
                .await
                .expect("checked")
        );
        assert!(
            !desk
                .verify("wrong horse", Some(hash))
                .await
                .expect("checked")
        );
        assert!(
            !desk
                .verify("nobody's password", None)
                .await
                .expect("checked")
        );
        assert!(desk.hash("short", [1; 16]).await.is_err());
    }
}
