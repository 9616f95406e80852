//! Simulated device, proxy, carrier and fleets: programs that stay up on the other side.
//!
//! A device here does what a real one does, over real sockets, with a simulated phone
//! behind it. Nothing in this room trusts an unsigned message, and nothing knows whether
//! it is part of a demonstration.
//!
//! | file | what |
//! |---|---|
//! | `brain` | a device's decisions, without I/O |
//! | `phone` | the simulated phone: contacts, documents, media, places, lock screen |
//! | `carrier` | a text message centre on one machine |
//! | `chance` | seeded faults: loss, repeats, delay, reordering |

pub mod brain;
pub mod carrier;
mod chance;
pub mod device;
pub mod phone;
