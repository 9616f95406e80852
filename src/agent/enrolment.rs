use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::brain::{Brain, Persona};
use super::carrier::CarrierLine;
use super::device::DeviceParts;
use super::device::Newcomer;
use crate::api::JoinLink;
use crate::domain::{DeviceId, DeviceSecret, Identity, Msisdn};
use crate::port::{Door, DoorError, Entropy, MachineError};

/// How often an endpoint that does not answer is tried.
const TRIES: u32 = 6;

/// Why a device is not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The endpoint was not reached or said no.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// No randomness, or the state cannot be stored.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// What a new device is.
#[derive(Debug, Clone, Default)]
pub struct NewPersona {
    /// What is burnt in; at least one.
    pub identities: Vec<Identity>,
    /// Numbers.
    pub numbers: Vec<Msisdn>,
    /// Name that it proposes.
    pub name: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// It has text messages only.
    pub no_data: bool,
}

/// Makes a device with a fresh id and a fresh secret.
///
/// # Errors
/// [`MachineError::Entropy`].
pub fn new_brain(new: NewPersona, entropy: &dyn Entropy) -> Result<Brain, MachineError> {
    let (mut id, mut secret, mut seed) = ([0; 16], [0; 32], [0; 8]);
    entropy.fill(&mut id)?;
    entropy.fill(&mut secret)?;
    entropy.fill(&mut seed)?;
    let persona = Persona {
        device_id: DeviceId::from_random(id),
        secret: DeviceSecret::from_bytes(secret),
        identities: new.identities,
        numbers: new.numbers,
        name: new.name,
        model: new.model,
        has_data: !new.no_data,
    };
    Ok(Brain::new(persona, u64::from_be_bytes(seed)))
}

/// Waits at the carrier for a text message with an invitation's link, as a phone does whose app reads it.
///
/// # Errors
/// When nobody answers at the carrier, or it hangs up.
pub async fn invited_by_sms(carrier: SocketAddr, numbers: &[Msisdn]) -> io::Result<JoinLink> {
    let mut line = CarrierLine::dial(carrier, numbers).await?;
    loop {
        let sms = line.next().await?;
        line.received(sms.id).await?;
        let words = sms.text.split_whitespace();
        if let Some(link) = words.into_iter().find_map(|word| word.parse().ok()) {
            return Ok(link);
        }
    }
}

/// Gives a device that is enrolled a fresh id and a fresh secret, under which it is to be enrolled again.
///
/// # Errors
/// [`MachineError::Entropy`].
pub fn begin_again(brain: &mut Brain, entropy: &dyn Entropy) -> Result<(), MachineError> {
    let (mut id, mut secret) = ([0; 16], [0; 32]);
    entropy.fill(&mut id)?;
    entropy.fill(&mut secret)?;
    brain.begin_again(DeviceId::from_random(id), DeviceSecret::from_bytes(secret));
    Ok(())
}

/// Enrols a device at the endpoint behind `door` and stores it as `name`. An endpoint that does
/// not answer is tried again for about 15 seconds. The code is used up only when the endpoint took it.
pub(super) async fn enrol(
    name: &str,
    brain: &mut Brain,
    newcomer: &Newcomer,
    door: &dyn Door,
    parts: &DeviceParts,
) -> Result<(), EnrolError> {
    // Stored first: the secret that the endpoint gets must not be lost.
    store(name, brain, parts).await?;
    let mut tries = 0;
    let answer = loop {
        let request = brain.enrol_request(newcomer.system_id, newcomer.code.clone());
        let turn = parts.at_once.acquire().await;
        let answer = door.enrol(request).await;
        drop(turn);
        match answer {
            Ok(answer) => break answer,
            Err(DoorError::Unreachable(_)) if tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(250 << tries)).await;
                tries += 1;
            }
            Err(error) => {
                if matches!(error, DoorError::Refused(_)) {
                    brain.not_let_in();
                    store(name, brain, parts).await?;
                }
                parts.progress.count_failed();
                return Err(error.into());
            }
        }
    };
    brain.enrolled(&newcomer.url, answer, parts.clock.now());
    store(name, brain, parts).await?;
    parts.progress.count_enrolled();
    Ok(())
}

async fn store(name: &str, brain: &Brain, parts: &DeviceParts) -> Result<(), MachineError> {
    let Some(state) = &parts.state else {
        return Ok(());
    };
    let bytes = brain
        .to_bytes()
        .map_err(|e| MachineError::Other(e.to_string()))?;
    state.save(name, bytes).await
}
