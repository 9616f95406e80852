//! Simulated device, proxy, carrier and fleets.

pub mod brain;
pub mod carrier;
mod chance;
pub mod phone;
