//! Programs that play the other side: simulated devices, their proxy, their carrier.
//!
//! A device here is a first-class client of the endpoint: it enrols, registers, checks every
//! token, keeps its order, and executes on a simulated phone. It never obeys a message that it
//! could not check, and it sees sockets and files only through `port`; the carrier's and the
//! proxy's own listeners are the exception.
//!
//! | folder | holds |
//! |---|---|
//! | `brain` | what a device decides; pure |
//! | `phone` | what it decides about: contents, lock screen, settings; pure |
//! | `device` | a device that is on: brain, endpoint, SIP, carrier |
//! | `enrolment` | how a device gets its identity and gets in |
//! | `fleet` | many devices in one process |
//! | `carrier` | a text message centre |
//! | `proxy` | a home router, through which indirect devices register |
//! | `chance` | dice with a seed, for faults and made-up contents |

pub mod brain;
pub mod carrier;
mod chance;
pub mod device;
mod enrolment;
pub mod fleet;
pub mod phone;
pub mod proxy;

pub use enrolment::{EnrolError, NewPersona, begin_again, invited_by_sms, new_brain};
