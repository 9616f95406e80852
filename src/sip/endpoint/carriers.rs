use std::time::Duration;

use super::client::ClientKey;
use super::{Endpoint, RequestKey};
use crate::sip::transaction::ClientInput;
use crate::sip::transport::Hop;

impl Endpoint {
    /// Takes note that a request went out over this connection: when that is lost, the request has failed.
    pub fn carried(&mut self, request: &RequestKey, connection: u64) {
        let RequestKey(key) = request;
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        let before = client.carrier.replace(connection);
        if before != Some(connection) {
            self.not_carried(key, before);
            let carried = self.carried.entry(connection).or_default();
            carried.insert(key.clone());
        }
    }

    /// Takes note that the network refused this request and no other.
    pub fn refused(&mut self, now: Duration, request: &RequestKey, detail: &str) {
        self.fail(now, [request.0.clone()], detail);
    }

    /// Takes note that a connection was lost: with it what went out over it, and nothing else at that address.
    pub fn connection_lost(&mut self, now: Duration, connection: u64, detail: &str) {
        let hit = self.carried.remove(&connection).unwrap_or_default();
        self.fail(now, hit, detail);
    }

    /// Takes note that the network knows no way to `to`: of all that went there in datagrams.
    pub fn destination_failed(&mut self, now: Duration, to: Hop, detail: &str) {
        let at = self.clients.iter().filter(|(_, client)| client.to == to);
        let hit: Vec<ClientKey> = at.map(|(key, _)| key.clone()).collect();
        self.fail(now, hit, detail);
    }

    fn fail(&mut self, now: Duration, hit: impl IntoIterator<Item = ClientKey>, detail: &str) {
        for key in hit {
            let id = self.clients.get(&key).map(|client| client.exchange);
            if let Some(exchange) = id.and_then(|id| self.exchanges.get_mut(&id)) {
                exchange.note_failure(detail);
            }
            self.step_client(now, &key, ClientInput::TransportFailed, None);
        }
    }

    pub(super) fn not_carried(&mut self, key: &ClientKey, connection: Option<u64>) {
        let Some(connection) = connection else {
            return;
        };
        if let Some(carried) = self.carried.get_mut(&connection) {
            carried.remove(key);
            if carried.is_empty() {
                self.carried.remove(&connection);
            }
        }
    }
}
