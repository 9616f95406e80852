//! Addresses of SIP hosts: A and AAAA records, by the system's resolver.

use std::net::SocketAddr;

use tokio::net::lookup_host;

use crate::sip::SipUri;

/// Why a name has no address.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The resolver refused or knows no such name.
    #[error("the name {name} cannot be found: {source}")]
    NotFound {
        /// The name asked for.
        name: String,
        /// What the resolver said.
        #[source]
        source: std::io::Error,
    },
    /// The name exists but has no address of the family that the socket speaks.
    #[error("{name} has no {family} address")]
    Family {
        /// The name asked for.
        name: String,
        /// `IPv4` or `IPv6`.
        family: &'static str,
    },
}

/// Finds the address of a SIP URI's host by A and AAAA records, in the family of `local`.
///
/// # Errors
/// [`ResolveError`].
pub async fn resolve(uri: &SipUri, local: SocketAddr) -> Result<SocketAddr, ResolveError> {
    let fits = |address: &SocketAddr| address.is_ipv4() == local.is_ipv4();
    let name = || uri.host().to_owned();
    let family = || ResolveError::Family {
        name: name(),
        family: if local.is_ipv4() { "IPv4" } else { "IPv6" },
    };
    if let Some(address) = uri.socket_addr() {
        return Some(address).filter(fits).ok_or_else(family);
    }
    lookup_host((uri.host(), uri.port_or_default()))
        .await
        .map_err(|source| ResolveError::NotFound {
            name: name(),
            source,
        })?
        .find(fits)
        .ok_or_else(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_needs_no_resolver_but_the_right_family() {
        let uri: SipUri = "sip:a@[::1]:5070".parse().expect("valid");
        let v6 = SocketAddr::from(([0; 16], 0));
        let v4 = SocketAddr::from(([0; 4], 0));
        let found = resolve(&uri, v6).await.expect("an address");
        assert_eq!(found.to_string(), "[::1]:5070");
        assert!(matches!(
            resolve(&uri, v4).await,
            Err(ResolveError::Family { family: "IPv4", .. })
        ));
    }

    #[tokio::test]
    async fn localhost_is_found() {
        let uri: SipUri = "sip:a@localhost:5070".parse().expect("valid");
        let found = resolve(&uri, SocketAddr::from(([127, 0, 0, 1], 0))).await;
        assert_eq!(found.expect("found").to_string(), "127.0.0.1:5070");
    }
}
