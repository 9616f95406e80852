use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::Msisdn;
use crate::sip::{Credentials, SipUri};

/// Knows the SIP addresses of telephone numbers (ENUM, RFC 6116).
#[async_trait]
pub trait NumberBook: Send + Sync {
    /// What it is called, as in `e164.arpa`.
    fn name(&self) -> &str;

    /// The SIP address of a number, if it has one.
    async fn sip_of(&self, number: &Msisdn) -> Option<SipUri>;
}

/// A SIP server that is asked where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its address, without a user.
    pub address: SipUri,
    /// How it is asked.
    pub question: DirectoryQuestion,
    /// What its challenges are answered with.
    pub credentials: Option<Credentials>,
}

/// How a directory is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirectoryQuestion {
    /// With OPTIONS for the name: a redirection says where it is, any other answer of somebody's that it is behind
    /// the directory.
    #[default]
    Options,
    /// With a REGISTER that changes nothing: the answer lists what is registered (RFC 3261 §10.2.3).
    Register,
}

/// Where addresses are looked up that the registry does not have (requirement A2).
#[derive(Clone, Default)]
pub struct LookUps {
    /// For numbers.
    pub numbers: Option<Arc<dyn NumberBook>>,
    /// For numbers and identities, best first.
    pub directories: Vec<Directory>,
}

impl LookUps {
    /// Whether nobody is to be asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_none() && self.directories.is_empty()
    }
}

impl fmt::Debug for LookUps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookUps")
            .field("numbers", &self.numbers.as_ref().map(|book| book.name()))
            .field("directories", &self.directories)
            .finish()
    }
}
