use async_trait::async_trait;

use super::BearerError;

/// A letter by e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Address of the one who gets it.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// Its text, plain.
    pub text: String,
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a letter to the mail server.
    ///
    /// # Errors
    /// [`BearerError`]; nothing was sent, or (after a broken connection) it is not known.
    async fn send(&self, letter: Letter) -> Result<(), BearerError>;
}
