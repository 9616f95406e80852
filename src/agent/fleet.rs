//! Many devices in one process.
//!
//! They share one SIP socket, one pool of connections, one line to the carrier and the
//! runtime's timers; what is left of each is its brain and a sleeping task.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::brain::Brain;
use super::chance::Chance;
use super::device::Newcomer;
use super::device::{Device, DeviceHandle, DeviceParts, DeviceSettings, Household, Snapshot};
use super::enrolment::{EnrolError, NewPersona, new_brain};
use crate::api::Invitation;
use crate::domain::{DeviceId, DeviceSecret, Identity, Imei, Msisdn};
use crate::port::{Door, DoorError, MachineError, task};

/// Makes the door of a device to its endpoint.
pub type Doors<'a> =
    dyn Fn(DeviceId, &DeviceSecret) -> Result<Arc<dyn Door>, DoorError> + Send + Sync + 'a;

/// What a fleet is.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// How many devices, up to 1,000,000.
    pub count: u32,
    /// Number of the first device: another fleet at the same server begins elsewhere.
    pub first: u32,
    /// What each device is told.
    pub device: DeviceSettings,
    /// Percentage of devices that register and then fall silent.
    pub offline_pct: u8,
    /// Percentage of devices that sign with a key that is not theirs.
    pub forge_pct: u8,
    /// Where the dice begin that choose them.
    pub seed: u64,
}

/// A running fleet.
pub struct Fleet {
    devices: Vec<DeviceHandle>,
    parts: Arc<DeviceParts>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// One device of a fleet by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name under which its state is kept.
    pub name: String,
    /// IMEI.
    pub imei: Imei,
    /// Telephone number.
    pub number: Msisdn,
}

/// Why a fleet does not start.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// More devices than numbers.
    #[error("a fleet has 1 to 1,000,000 devices, the first and the last among them")]
    Count,
    /// Fewer codes than devices to enrol.
    #[error("{missing} enrolment codes are missing: the invitation has {codes}")]
    Codes {
        /// How many are missing.
        missing: usize,
        /// How many there are.
        codes: usize,
    },
    /// A door or a state cannot be made or read.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// A stored state cannot be read.
    #[error("the stored state of {name} cannot be read: {source}")]
    State {
        /// Whose.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl From<MachineError> for FleetError {
    fn from(error: MachineError) -> Self {
        Self::Enrol(error.into())
    }
}

impl From<DoorError> for FleetError {
    fn from(error: DoorError) -> Self {
        Self::Enrol(error.into())
    }
}

/// The member with this number, 0 to 999,999: always the same IMEI and telephone number.
#[must_use]
pub fn member(index: u32) -> Option<Member> {
    if index >= 1_000_000 {
        return None;
    }
    Some(Member {
        name: format!("phone-{index:06}"),
        imei: format!("35893110{index:06}").parse().ok()?,
        number: format!("+1999{index:07}").parse().ok()?,
    })
}

impl Fleet {
    /// Switches all devices on: stored ones go on, the others enrol with the invitation's codes, each with one.
    ///
    /// Returns at once; [`Fleet::ready`] waits until they are enrolled and registered.
    ///
    /// # Errors
    /// [`FleetError`] when the numbers or codes do not suffice or stored states cannot be read.
    pub async fn start(
        settings: &FleetSettings,
        invitation: &Invitation,
        parts: Arc<DeviceParts>,
        household: &Household,
        doors: &Doors<'_>,
    ) -> Result<Self, FleetError> {
        let mut stored = load(&parts).await?;
        let mut codes = invitation.codes.iter();
        let mut chance = Chance::new(settings.seed);
        let mut fleet = Self {
            devices: Vec::with_capacity(settings.count as usize),
            parts: Arc::clone(&parts),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let mut missing = 0;
        for index in 0..settings.count {
            let member = settings
                .first
                .checked_add(index)
                .and_then(member)
                .ok_or(FleetError::Count)?;
            let brain = match stored.remove(&member.name) {
                Some(brain) => brain,
                None => new_brain(persona(&member), parts.entropy.as_ref())?,
            };
            let code = if brain.enrolment().is_some() {
                None
            } else {
                let Some(code) = codes.next() else {
                    missing += 1;
                    continue;
                };
                Some(code.clone())
            };
            let offline = chance.percent(settings.offline_pct);
            let forges = chance.percent(settings.forge_pct);
            let device = DeviceSettings {
                offline,
                ..settings.device.clone()
            };
            let door = doors(brain.persona().device_id, &brain.persona().secret)?;
            let newcomer = code.map(|code| Newcomer {
                system_id: invitation.system_id,
                code,
                url: invitation.server_url.clone(),
            });
            let wrong = DeviceSecret::from_bytes([0x5a; 32]);
            let false_door = match forges {
                true => Some(doors(brain.persona().device_id, &wrong)?),
                false => None,
            };
            let (device, handle) =
                Device::new(&member.name, brain, device, door, Arc::clone(&parts));
            household.add(&device.sip_users(), &[member.number], &handle);
            fleet.devices.push(handle);
            fleet.switch_on(member.name, device.joining(newcomer, false_door));
        }
        if missing > 0 {
            fleet.stop().await;
            let codes = invitation.codes.len();
            return Err(FleetError::Codes { missing, codes });
        }
        Ok(fleet)
    }

    fn switch_on(&self, name: String, device: Device) {
        let stop = self.stop.clone();
        self.tasks.spawn(task(async move {
            if let Err(error) = device.run(stop).await {
                tracing::warn!("{name} is off: {error}");
            }
        }));
    }

    /// How many devices it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// Waits until every device is registered or could not enrol.
    pub async fn ready(&self) {
        let all = self.len();
        let progress = &self.parts.progress;
        progress.until(|p| p.registered() + p.failed() >= all).await;
    }

    /// How each device is; those that are not enrolled are left out.
    pub async fn look(&self) -> Vec<Snapshot> {
        let mut all = Vec::with_capacity(self.len());
        for device in &self.devices {
            all.extend(device.look().await);
        }
        all
    }

    /// Switches all devices off, their states stored.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn load(parts: &DeviceParts) -> Result<HashMap<String, Brain>, FleetError> {
    let Some(state) = &parts.state else {
        return Ok(HashMap::new());
    };
    state
        .load()
        .await?
        .into_iter()
        .map(|(name, bytes)| match Brain::from_bytes(&bytes) {
            Ok(brain) => Ok((name, brain)),
            Err(source) => Err(FleetError::State { name, source }),
        })
        .collect()
}

fn persona(member: &Member) -> NewPersona {
    NewPersona {
        identities: vec![Identity::Imei(member.imei)],
        numbers: vec![member.number.clone()],
        name: Some(member.name.clone()),
        model: Some("Simulated phone".to_owned()),
        no_data: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_somebody_else() {
        let all: Vec<Member> = (0..2000).filter_map(member).collect();
        assert_eq!(all.len(), 2000);
        assert_eq!(all[7].imei.to_string().len(), 15);
        let mut imeis: Vec<String> = all.iter().map(|m| m.imei.to_string()).collect();
        imeis.sort();
        imeis.dedup();
        assert_eq!(imeis.len(), 2000);
        assert_eq!(
            member(999_999).expect("the last").number.digits(),
            "19990999999"
        );
        assert_eq!(member(1_000_000), None);
    }
}
