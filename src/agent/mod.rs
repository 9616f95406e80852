//! Simulated device, proxy, carrier and fleets.

pub mod carrier;
mod chance;
