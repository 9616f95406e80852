//! Nouns that two or more rooms need, one per file.
//!
//! A value here is always valid: fields are private and only `FromStr`, `TryFrom`
//! or a constructor that checks builds one. `Display` is the wire form; `Debug` of
//! anything that names a person or opens a door is masked, so that logs are safe
//! by default. Nothing in this room reads a clock, a file, a socket or randomness:
//! time and random bytes are arguments.
//!
//! | file | noun |
//! |---|---|
//! | `imei`, `msisdn`, `push_address`, `identity` | what a device *is*, and the numbers it is reached under |
//! | `system_id`, `device_id`, `short_id`, `enrolment_code` | names that we hand out |
//! | `sequence`, `action`, `action_state` | what a device is asked to do, in which order, and how far it got |
//! | `binding`, `subscription`, `bearer`, `relay_form` | where a device is now, and over what it can be reached |
//! | `secret` | keys, one per purpose |
//! | `consent`, `role` | who may cause harm, and the proof that somebody meant it |
//! | `action_template` | an action with places to fill in |
//! | `timestamp` | an instant on the wire |
//! | `audit` | the hash chain of what was done |

#[macro_use]
mod text;

mod action;
mod action_state;
mod action_template;
mod audit;
mod bearer;
mod binding;
mod consent;
mod device_id;
mod enrolment_code;
mod identity;
mod imei;
mod msisdn;
mod push_address;
mod relay_form;
mod role;
mod secret;
mod sequence;
mod short_id;
mod subscription;
mod system_id;
mod timestamp;

pub use action::{Action, ActionKind, InvalidAction};
pub use action_state::{ActionState, InvalidActionState};
pub use action_template::{ActionTemplate, InvalidTemplate};
pub use audit::{
    AuditDraft, AuditEntry, AuditHash, ChainFault, GENESIS, InvalidHash, verify_chain,
};
pub use bearer::{Bearer, InvalidBearer};
pub use binding::Binding;
pub use consent::{Consent, InvalidRisk, Risk};
pub use device_id::{DeviceId, InvalidDeviceId};
pub use enrolment_code::{EnrolmentCode, InvalidEnrolmentCode};
pub use identity::{Identity, IdentityKind, InvalidIdentity};
pub use imei::{Imei, InvalidImei};
pub use msisdn::{InvalidMsisdn, Msisdn};
pub use push_address::{InvalidPushAddress, PushAddress};
pub use relay_form::{InvalidRelayForm, RelayForm};
pub use role::{InvalidRole, Permission, Role};
pub use secret::{DeviceSecret, InvalidSecret, Purpose};
pub use sequence::{InvalidSequence, Sequence};
pub use short_id::{InvalidShortId, ShortId};
pub use subscription::Subscription;
pub use system_id::{InvalidSystemId, Slip, SystemId};
pub use timestamp::{InvalidTimestamp, Timestamp};
