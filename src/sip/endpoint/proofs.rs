use crate::sip::digest::{Challenge, ClientNonce};
use crate::sip::id_source::IdSource;
use crate::sip::request::Credentials;
use crate::sip::wire::Message;

/// Challenges are answered at most this often, whatever a peer says of stale nonces.
const MOST_ATTEMPTS: u32 = 5;

/// What one request was asked to prove, and with what its next copy proves it.
#[derive(Debug, Clone, Default)]
pub(super) struct Proofs {
    /// What was challenged, with how often each nonce was used.
    known: Vec<(Challenge, u32)>,
    /// Who asked since this request began: whether it was a proxy, and its realm.
    asked: Vec<(bool, String)>,
    attempts: u32,
}

impl Proofs {
    /// Takes what a 401 or 407 asks. Whether an answer is worth a try: not when the same was answered before and only
    /// the nonce was not the reason.
    pub(super) fn take(&mut self, asked: Vec<Challenge>) -> bool {
        let refused = |new: &Challenge| {
            let before =
                |(proxy, realm): &(bool, String)| *proxy == new.proxy && *realm == new.realm;
            !new.stale && self.asked.iter().any(before)
        };
        if asked.is_empty() || self.attempts >= MOST_ATTEMPTS || asked.iter().any(refused) {
            return false;
        }
        for new in asked {
            let same = |old: &Challenge| old.proxy == new.proxy && old.realm == new.realm;
            self.known.retain(|(old, _)| !same(old));
            self.asked.push((new.proxy, new.realm.clone()));
            self.known.push((new, 0));
        }
        self.attempts += 1;
        true
    }

    /// For the next request of the same dialog: what is known is proved unasked (RFC 3261 §22.2, §22.3), and may be
    /// asked once more.
    pub(super) fn onward(&self) -> Self {
        Self {
            known: self.known.clone(),
            ..Self::default()
        }
    }

    /// What another server asked, and what was answered there, is none of the next one's business.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.asked.clear();
    }

    /// Completes a request, its body included, with the answers.
    pub(super) fn answer(
        &mut self,
        message: &mut Message,
        credentials: Option<&Credentials>,
        ids: &mut IdSource,
    ) {
        let (Some(credentials), Some(method)) = (credentials, message.method()) else {
            return;
        };
        for (challenge, count) in &mut self.known {
            *count += 1;
            let cnonce = ids.client_nonce();
            let client = ClientNonce {
                cnonce: &cnonce,
                count: *count,
            };
            let uri = message.uri().unwrap_or_default();
            let body = message.body();
            let value = challenge.answer(credentials, &method, uri, body, client);
            message.push(challenge.answer_name(), &value);
        }
    }
}
