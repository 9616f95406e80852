//! Asks after the health of application servers with GET.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Certificate, Client, Url};

use crate::port::HealthCheck;

/// For the whole answer.
const ANSWER: Duration = Duration::from_secs(5);

/// An address that answers with 2xx while its server is well.
#[derive(Debug)]
pub struct HttpHealth {
    client: Client,
    url: Url,
}

impl HttpHealth {
    /// Sets up a client that trusts the authority in `ca_pem` only, or the system's when there is none.
    ///
    /// # Errors
    /// When the certificate cannot be used.
    pub fn new(url: Url, ca_pem: Option<&str>) -> Result<Self, reqwest::Error> {
        // The first provider of the process stays; ours is the only one there is.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER)
            .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = ca_pem {
            builder = builder.tls_certs_only([Certificate::from_pem(pem.as_bytes())?]);
        }
        Ok(Self {
            client: builder.build()?,
            url,
        })
    }
}

#[async_trait]
impl HealthCheck for HttpHealth {
    async fn check(&self) -> Result<(), String> {
        let answer = self.client.get(self.url.clone()).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("its health check answers {}", answer.status())),
            Err(error) if error.is_timeout() => Err(format!(
                "its health check does not answer within {} s",
                ANSWER.as_secs()
            )),
            Err(error) => {
                let mut cause: &dyn std::error::Error = &error;
                while let Some(inner) = cause.source() {
                    cause = inner;
                }
                Err(format!("its health check cannot be reached: {cause}"))
            }
        }
    }
}
