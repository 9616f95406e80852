//! Simulated device, proxy, carrier and fleets.
