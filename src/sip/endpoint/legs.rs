use std::sync::Arc;
use std::time::Duration;

use super::client::ClientKey;
use super::exchange::{Role, to_answer};
use super::proofs::Proofs;
use super::{Due, Endpoint, ExchangeId, Transmit, Wait, compose};
use crate::sip::digest::challenges;
use crate::sip::method::Method;
use crate::sip::outcome::SipOutcome;
use crate::sip::transport::Hop;
use crate::sip::wire::Message;

/// After a leg of a forked INVITE answered, the others are waited for this long.
const LEGS: Duration = Duration::from_secs(2);

impl Endpoint {
    /// A 2xx to our INVITE: ACK for every copy, BYE once for every leg that answered. Where the INVITE was not waited for
    /// any more, that is all.
    pub(super) fn accepted(
        &mut self,
        now: Duration,
        id: ExchangeId,
        key: &ClientKey,
        answer: &Message,
    ) {
        let Some(client) = self.clients.get(key) else {
            return;
        };
        let (invite, name) = (client.request.clone(), client.name.clone());
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        let tag = answer
            .to()
            .and_then(|t| t.tag().map(str::to_owned))
            .unwrap_or_default();
        if let Some((to, bytes)) = exchange.acks.get(&tag).cloned() {
            let line = String::from_utf8_lossy(bytes.split(|b| *b == b'\r').next().unwrap_or(&[]))
                .into_owned();
            exchange.note_sent(now, to, &line, true);
            self.transmits.push_back(Transmit {
                to,
                name: Some(name),
                otherwise: None,
                request: None,
                bytes,
            });
            return;
        }
        let number = invite.cseq().map_or(1, |c| c.number);
        let to = compose::dialog_target(answer, exchange.came_from);
        let vias = [self.ids.branch(), self.ids.branch()]
            .map(|branch| compose::via(exchange, to.transport, &branch));
        let ack = compose::within_dialog(&invite, answer, Method::ACK, number, &vias[0]);
        let bytes: Arc<[u8]> = ack.to_bytes().into();
        exchange.note_sent(now, to, &ack.first_line(), false);
        exchange.acks.insert(tag, (to, bytes.clone()));
        let mut bye = compose::within_dialog(&invite, answer, Method::BYE, number + 1, &vias[1]);
        let mut proofs = Proofs::default();
        if exchange.main.as_ref() == Some(key) {
            exchange.answer = Some(to_answer(answer));
            let code = answer.code().unwrap_or(200);
            let reason = answer.reason().unwrap_or_default();
            exchange.settle(now, SipOutcome::from_answer(code, reason));
            let credentials = exchange.request.credentials.as_ref();
            exchange.proofs.answer(&mut bye, credentials, &mut self.ids);
            proofs = exchange.proofs.onward();
        }
        self.transmits.push_back(Transmit {
            to,
            name: Some(name.clone()),
            otherwise: None,
            request: None,
            bytes,
        });
        self.begin_bye(now, id, bye, (to, name), proofs);
    }

    fn begin_bye(
        &mut self,
        now: Duration,
        id: ExchangeId,
        bye: Message,
        to: (Hop, Arc<str>),
        proofs: Proofs,
    ) {
        let key = self.begin_client(now, id, Role::Bye, bye, to);
        if let (Some(key), Some(exchange)) = (key, self.exchanges.get_mut(&id)) {
            exchange.byes.insert(key, proofs);
        }
    }

    /// A BYE that was challenged goes out again with the answer, in the same dialog with the next number (RFC 3261
    /// §22.2): else the other side stays in a call that is over. Whether it did.
    pub(super) fn bye_again(
        &mut self,
        now: Duration,
        id: ExchangeId,
        key: &ClientKey,
        answer: &Message,
    ) -> bool {
        let (Some(client), Some(exchange)) = (self.clients.get(key), self.exchanges.get_mut(&id))
        else {
            return false;
        };
        let Some(credentials) = exchange.request.credentials.clone() else {
            return false;
        };
        let asked = challenges(answer);
        let Some(mut proofs) = exchange.byes.remove(key).filter(|_| !asked.is_empty()) else {
            return false;
        };
        if !proofs.take(asked) {
            return false;
        }
        let to = (client.to, client.name.clone());
        let via = compose::via(exchange, to.0.transport, &self.ids.branch());
        let mut bye = compose::once_more(&client.request, &via);
        proofs.answer(&mut bye, Some(&credentials), &mut self.ids);
        self.begin_bye(now, id, bye, to, proofs);
        true
    }

    /// A leg was ended. The caller is told when all are, those of a fork that may still answer included.
    pub(super) fn ended_leg(&mut self, now: Duration, id: ExchangeId, key: &ClientKey) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        exchange.byes.remove(key);
        if !exchange.byes.is_empty() {
            return;
        }
        if exchange.has_open_legs() {
            self.queue.add(now + LEGS, Due::Exchange(id, Wait::Legs));
        } else {
            self.report(id);
        }
    }
}
