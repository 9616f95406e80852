use crate::domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now, from the system's clock.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes from the operating system.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`MachineError::Entropy`] when the system gives none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), MachineError>;
}

/// Seals secrets before they are stored (authenticated encryption under the master key).
pub trait Sealer: Send + Sync {
    /// Seals `plain`; `context` names the row and is authenticated, so that sealed values cannot be swapped.
    ///
    /// # Errors
    /// [`MachineError`] when no nonce can be drawn.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, MachineError>;

    /// Opens what [`Sealer::seal`] made under the same context.
    ///
    /// # Errors
    /// [`MachineError::Sealed`] when the key, the context or the octets differ.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, MachineError>;
}

/// Why the machine could not serve.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// No random bytes.
    #[error("the operating system gave no random bytes")]
    Entropy,
    /// A sealed value cannot be opened.
    #[error(
        "a stored secret cannot be opened: the master key is not the one it was sealed with, or the value was altered"
    )]
    Sealed,
    /// A file or the secret store refused.
    #[error("{0}")]
    Other(String),
}
