//! A device that is on: the brain with its way to the endpoint, to SIP, to the carrier.
//!
//! Each device is one task. It takes one input at a time, stores the brain, and only then
//! begins what the brain wants done; what comes of it is an input again. Sockets are shared:
//! ten thousand devices have one SIP socket, one pool of connections and one line to the carrier.
//!
//! | file | holds |
//! |---|---|
//! | `settings` | what a device is told when it is switched on |
//! | `life` | the loop: inputs, store, effects |
//! | `work` | effects carried out |
//! | `registration` | the REGISTER and its answer |
//! | `whereabouts` | when to register: in time, at a new address, when a connection is lost |
//! | `subscription` | the subscription to its own callbacks |
//! | `household` | all devices of a process by user name and number |
//! | `air` | the line to the carrier, shared |

mod air;
mod household;
mod life;
mod registration;
mod settings;
mod subscription;
mod whereabouts;
mod work;

pub use air::{Air, AirLine};
pub use household::{DeviceHandle, Household};
pub use life::{Device, Snapshot};
pub(in crate::agent) use registration::ACCEPT;
pub use settings::{DeviceParts, DeviceSettings, Newcomer, Progress, Registrar};
