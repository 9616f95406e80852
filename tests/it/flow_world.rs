//! A world for flows: every port in memory, a clock that follows tokio's, randomness that repeats.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use callhome::api::{
    ActionRequest, ActionView, BackupView, CallbackView, Device, DeviceLogLine, DeviceNumber,
    Event, LockState, PeerStatus, PinView,
};
use callhome::domain::{
    Action, AuditEntry, Binding, Consent, DeviceId, DeviceSecret, GENESIS, Identity, Imei, Risk,
    Sequence, ShortId, Timestamp,
};
use callhome::flow::{ActOrder, Home, Ports, PublicAddress};
use callhome::port::{
    AgentKey, BearerError, Clock, Entropy, EventDraft, MachineError, OutboundSms, PartRecord,
    PartsChange, PeerError, Peers, ReceiptKey, RemoteAction, RemoteCallback, RemotePins,
    ReplyRequest, Sealer, SipSender, SmsAccepted, SmsGateway, SmsLedger, SmsPart, StoreError,
};
use callhome::sip::{OutboundRequest, SipOutcome, SipReport};
use callhome::sms::smpp::IdKeys;
use callhome::sms::{Fragment, Nonce, ReceiptOutcome};

/// Everything that is stored, plain to look at.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) devices: Vec<Device>,
    pub(crate) keys: Vec<AgentKey>,
    pub(crate) actions: Vec<ActionView>,
    /// Per action, as `ActionView` does not show them: is it the server's to send, its fence, its PIN.
    pub(crate) pins: Vec<(ShortId, String)>,
    pub(crate) idempotency: Vec<(String, String)>,
    pub(crate) callbacks: Vec<CallbackView>,
    pub(crate) events: Vec<Event>,
    pub(crate) log: Vec<(ShortId, DeviceLogLine)>,
    pub(crate) backups: Vec<BackupView>,
    pub(crate) audit: Vec<AuditEntry>,
    /// What replies will answer.
    pub(crate) replies: Vec<ReplyRequest>,
    /// Next number by device.
    pub(crate) next: Vec<(ShortId, Sequence)>,
}

/// The world.
pub(crate) struct World {
    shelf: Mutex<Shelf>,
    started: Instant,
    drawn: Mutex<u64>,
}

/// When the world begins.
pub(crate) const DAWN: Timestamp = Timestamp::from_millis(1_795_000_000_000);

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            shelf: Mutex::default(),
            started: Instant::now(),
            drawn: Mutex::new(0x9e37_79b9_7f4a_7c15),
        })
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("no test panics while holding it")
    }

    /// The ports, without bearers and peers.
    pub(crate) fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            clock: self.clone(),
            entropy: self.clone(),
            sealer: self.clone(),
            devices: self.clone(),
            enrolments: self.clone(),
            device_log: self.clone(),
            actions: self.clone(),
            queue: self.clone(),
            results: self.clone(),
            callbacks: self.clone(),
            events: self.clone(),
            backups: self.clone(),
            texts: self.clone(),
            audit: self.clone(),
            sip: None,
            surveyor: None,
            look_ups: callhome::port::LookUps::default(),
            gateways: Vec::new(),
            push: Vec::new(),
            peers: None,
            home: Arc::new(Home {
                name: "eu-north".to_owned(),
                https: Some(PublicAddress {
                    host: "mgmt.example.net".to_owned(),
                    port: 8443,
                }),
                certificate_pin: Some("ab".repeat(32)),
                max_segments: 1,
                tries: callhome::flow::Tries::default(),
            }),
            arrivals: Arc::default(),
        }
    }

    /// An enrolled device with data, without bindings and numbers.
    pub(crate) fn enrolled(&self, number: u8) -> AgentKey {
        let id = ShortId::from_random([number; 5]);
        let key = AgentKey {
            device: id,
            agent_id: DeviceId::from_random([number; 16]),
            epoch: 1,
            secret: DeviceSecret::from_bytes([number; 32]),
            next: Sequence::FIRST,
            restored: false,
        };
        let mut device = bare_device(id, number);
        device.agent_id = Some(key.agent_id);
        device.enrolled_at = Some(DAWN);
        device.epoch = 1;
        let mut shelf = self.shelf();
        shelf.devices.push(device);
        shelf.keys.push(key.clone());
        key
    }

    /// Changes a device.
    pub(crate) fn edit(&self, id: ShortId, change: impl FnOnce(&mut Device)) {
        let mut shelf = self.shelf();
        let device = shelf.devices.iter_mut().find(|d| d.id == id);
        change(device.expect("a device of this world"));
    }

    pub(crate) fn next_id(&self) -> ShortId {
        let mut bytes = [0; 5];
        self.fill(&mut bytes).expect("never fails");
        ShortId::from_random(bytes)
    }
}

pub(crate) fn bare_device(id: ShortId, number: u8) -> Device {
    Device {
        id,
        server: "eu-north".to_owned(),
        name: format!("phone {number}"),
        owner: None,
        model: None,
        identities: vec![Identity::Imei(imei(number))],
        numbers: Vec::new(),
        agent_id: None,
        epoch: 0,
        enrolled_at: None,
        tag: None,
        proxy: None,
        push: Vec::new(),
        has_data: true,
        lock: LockState::default(),
        bindings: Vec::new(),
        last_heard: None,
        open_actions: 0,
        attributes: Default::default(),
        version: 1,
    }
}

/// A valid IMEI for each small number.
pub(crate) fn imei(number: u8) -> Imei {
    format!("35893110412{number:03}")
        .parse()
        .expect("14 digits are an IMEI")
}

pub(crate) fn number(text: &str, verified: bool) -> DeviceNumber {
    DeviceNumber {
        verified_at: verified.then_some(DAWN),
        ..DeviceNumber::new(text.parse().expect("a number"))
    }
}

/// A binding that holds for an hour.
pub(crate) fn binding(contact: &str) -> Binding {
    Binding {
        aor: "sip:x@callhome".to_owned(),
        contact: contact.to_owned(),
        instance: String::new(),
        path: Vec::new(),
        received: None,
        accept: Vec::new(),
        user_agent: None,
        call_id: "c".to_owned(),
        cseq: 1,
        registered_at: DAWN,
        expires_at: DAWN.after(Duration::from_secs(3600)),
        indirect: false,
    }
}

pub(crate) fn order(device: ShortId, action: &str) -> ActOrder {
    ActOrder {
        request: ActionRequest {
            device,
            action: action.parse::<Action>().expect("an action"),
            server: None,
            reason: None,
            ticket: None,
            accept_risk: Vec::new(),
            via: None,
            expires_in_s: None,
        },
        operator: "anna".to_owned(),
        consent: Some(consent()),
        idempotency: None,
        correlation: String::new(),
    }
}

pub(crate) fn consent() -> Consent {
    Consent::given([Risk::Lock, Risk::DataLoss], Some("stolen".to_owned()))
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        DAWN.after(self.started.elapsed())
    }
}

impl Entropy for World {
    /// Xorshift: the same each run.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), MachineError> {
        let mut state = self.drawn.lock().expect("never poisoned");
        for byte in bytes {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = (*state >> 32) as u8;
        }
        Ok(())
    }
}

impl Sealer for World {
    /// Not secret, but bound to its context, which is what flows rely on.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, MachineError> {
        Ok([context.as_bytes(), &[0], plain].concat())
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, MachineError> {
        let rest = sealed.strip_prefix(context.as_bytes());
        rest.and_then(|r| r.strip_prefix(&[0]))
            .map(<[u8]>::to_vec)
            .ok_or(MachineError::Sealed)
    }
}

/// SIP that answers by a script, one line for each request, in order.
#[derive(Default)]
pub(crate) struct ScriptedSip {
    script: Mutex<VecDeque<(SipOutcome, Duration)>>,
    pub(crate) sent: Mutex<Vec<OutboundRequest>>,
}

impl ScriptedSip {
    pub(crate) fn new(script: impl IntoIterator<Item = (SipOutcome, u64)>) -> Arc<Self> {
        let script = script
            .into_iter()
            .map(|(outcome, ms)| (outcome, Duration::from_millis(ms)));
        Arc::new(Self {
            script: Mutex::new(script.collect()),
            sent: Mutex::default(),
        })
    }

    pub(crate) fn sent(&self) -> Vec<OutboundRequest> {
        self.sent.lock().expect("never poisoned").clone()
    }

    /// What was scripted was also asked for.
    pub(crate) fn finish(&self) {
        let left = self.script.lock().expect("never poisoned").len();
        assert_eq!(left, 0, "scripted answers that nobody asked for");
    }
}

pub(crate) fn ok() -> SipOutcome {
    SipOutcome::from_answer(200, "OK")
}

#[async_trait]
impl SipSender for ScriptedSip {
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
    ) -> Result<SipReport, BearerError> {
        self.sent.lock().expect("never poisoned").push(request);
        let next = self.script.lock().expect("never poisoned").pop_front();
        let (outcome, takes) = next.expect("a request that the script did not foresee");
        let silent = matches!(outcome, SipOutcome::NoAnswer);
        let takes = if silent { timeout } else { takes };
        sleep(takes).await;
        Ok(SipReport::new(outcome, takes))
    }
}

/// No gateway of these tests tells of segments.
#[async_trait]
impl SmsLedger for World {
    async fn part_taken(
        &self,
        _gateway: &str,
        _part: SmsPart,
        _id: Option<IdKeys>,
        _at: Timestamp,
    ) -> Result<Option<PartsChange>, StoreError> {
        Ok(None)
    }

    async fn part_receipt(
        &self,
        _gateway: &str,
        _key: ReceiptKey,
        _outcome: ReceiptOutcome,
        _words: &str,
        _at: Timestamp,
    ) -> Result<Option<PartsChange>, StoreError> {
        Ok(None)
    }

    async fn parts_of(&self, _reference: ShortId) -> Result<Vec<PartRecord>, StoreError> {
        Ok(Vec::new())
    }

    async fn reply_wanted(&self, request: ReplyRequest) -> Result<Nonce, StoreError> {
        let mut shelf = self.shelf();
        let same = |r: &&ReplyRequest| {
            r.answered_at.is_none()
                && r.number.is_some()
                && (r.device, r.epoch, r.first, r.count, &r.number)
                    == (
                        request.device,
                        request.epoch,
                        request.first,
                        request.count,
                        &request.number,
                    )
        };
        if let Some(place) = shelf.replies.iter().position(|r| same(&r)) {
            shelf.replies[place].at = request.at;
            return Ok(shelf.replies[place].nonce);
        }
        let nonce = request.nonce;
        shelf.replies.push(request);
        Ok(nonce)
    }

    async fn reply_request(
        &self,
        device: ShortId,
        nonce: Nonce,
    ) -> Result<Option<ReplyRequest>, StoreError> {
        let shelf = self.shelf();
        let mut own = shelf.replies.iter().filter(|r| r.device == device);
        Ok(own.find(|r| r.nonce == nonce).cloned())
    }

    async fn reply_came(
        &self,
        device: ShortId,
        nonce: Nonce,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut shelf = self.shelf();
        let open = shelf
            .replies
            .iter_mut()
            .find(|r| r.device == device && r.nonce == nonce && r.answered_at.is_none());
        Ok(open.is_some_and(|r| r.answered_at.replace(at).is_none()))
    }

    async fn keep_fragment(
        &self,
        _gateway: &str,
        _fragment: Fragment,
        _at: Timestamp,
    ) -> Result<Option<Vec<Fragment>>, StoreError> {
        Ok(None)
    }

    async fn fragments_taken(
        &self,
        _gateway: &str,
        _parts: Vec<Fragment>,
        _at: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A gateway that takes everything, or nothing.
pub(crate) struct FakeGateway {
    pub(crate) name: &'static str,
    pub(crate) works: bool,
    pub(crate) sent: Mutex<Vec<OutboundSms>>,
}

impl FakeGateway {
    pub(crate) fn new(name: &'static str, works: bool) -> Arc<Self> {
        Arc::new(Self {
            name,
            works,
            sent: Mutex::default(),
        })
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let sent = self.sent.lock().expect("never poisoned");
        sent.iter().map(|s| s.text.clone()).collect()
    }
}

#[async_trait]
impl SmsGateway for FakeGateway {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        sleep(Duration::from_millis(50)).await;
        if !self.works {
            return Err(BearerError::Refused {
                target: self.name.to_owned(),
                reason: "no credit".to_owned(),
            });
        }
        self.sent.lock().expect("never poisoned").push(sms);
        Ok(SmsAccepted {
            answer: "0: Accepted for delivery".to_owned(),
            reference: None,
        })
    }
}

/// A peer's name, how many milliseconds it takes, and what it says.
pub(crate) type KnownPeer = (&'static str, u64, Result<Option<Device>, PeerError>);

/// Peers that answer after a time of their own.
#[derive(Default)]
pub(crate) struct FakePeers {
    pub(crate) peers: Vec<KnownPeer>,
    pub(crate) acted: Mutex<Vec<(String, RemoteAction)>>,
    pub(crate) answer: Option<ActionView>,
}

#[async_trait]
impl Peers for FakePeers {
    fn peers(&self) -> Vec<PeerStatus> {
        let status = |(name, ..): &(&str, _, _)| PeerStatus {
            name: (*name).to_owned(),
            url: format!("https://{name}.example.net:8443"),
        };
        self.peers.iter().map(status).collect()
    }

    async fn find(
        &self,
        peer: &str,
        _imei: Imei,
        _deadline: Duration,
    ) -> Result<Option<Device>, PeerError> {
        let known = self.peers.iter().find(|(name, ..)| *name == peer);
        let (_, ms, answer) = known.expect("a configured peer");
        sleep(Duration::from_millis(*ms)).await;
        answer.clone()
    }

    async fn act(&self, peer: &str, action: RemoteAction) -> Result<ActionView, PeerError> {
        let mut acted = self.acted.lock().expect("never poisoned");
        acted.push((peer.to_owned(), action));
        self.answer
            .clone()
            .ok_or_else(|| PeerError::Silent("no answer".to_owned()))
    }

    async fn action(&self, _peer: &str, _id: ShortId) -> Result<ActionView, PeerError> {
        Err(PeerError::Silent("no answer".to_owned()))
    }

    async fn call(
        &self,
        _peer: &str,
        _callback: RemoteCallback,
    ) -> Result<CallbackView, PeerError> {
        Err(PeerError::Silent("no answer".to_owned()))
    }

    async fn pins(&self, _peer: &str, _look: RemotePins) -> Result<Vec<PinView>, PeerError> {
        Err(PeerError::Silent("no answer".to_owned()))
    }

    async fn callback(&self, _peer: &str, _id: ShortId) -> Result<CallbackView, PeerError> {
        Err(PeerError::Silent("no answer".to_owned()))
    }
}

impl Shelf {
    pub(crate) fn publish(&mut self, draft: EventDraft) {
        let id = self.events.len() as u64 + 1;
        self.events.push(Event {
            id,
            at: draft.at,
            kind: draft.kind,
            subject: draft.subject,
            device: draft.device.map(|d| d.to_string()),
            data: draft.data,
        });
    }

    pub(crate) fn entry(&mut self, draft: callhome::domain::AuditDraft) -> AuditEntry {
        let last = self.audit.last().map_or(GENESIS, |e| e.hash);
        let entry = AuditEntry::chained(self.audit.len() as u64 + 1, last, draft);
        self.audit.push(entry.clone());
        entry
    }
}
