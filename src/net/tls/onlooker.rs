use std::sync::{Mutex, PoisonError};

use rustls::Error;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::judge::Judge;

/// Notes the certificates that somebody shows and lets all of them pass: for connections over which nothing is said.
#[derive(Debug, Default)]
pub(in crate::net) struct Onlooker(Mutex<Vec<CertificateDer<'static>>>);

impl Onlooker {
    /// What was shown, own certificate first.
    pub(in crate::net) fn seen(&self) -> Vec<CertificateDer<'static>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Judge for Onlooker {
    fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _now: UnixTime,
        _provider: &CryptoProvider,
    ) -> Result<(), Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.iter().map(|c| c.clone().into_owned()).collect();
        Ok(())
    }
}
