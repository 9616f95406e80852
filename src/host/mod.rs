//! The machine this runs on: its clock, its randomness, its safe places.
//!
//! The only room that asks what time it is or draws random bytes, and the only one
//! that talks to a keyring. It never decides anything and knows nothing of devices;
//! it reads no environment variables: paths and choices are handed in.
//!
//! | file | what |
//! |---|---|
//! | `clock`, `entropy` | [`SystemClock`], [`OsEntropy`]: the time and random bytes |
//! | `memory` | how much memory this process took, and how much it may have open |
//! | `master_key` | [`MasterKey`]: seals secrets before they are stored |
//! | `data_dir` | [`DataDir`]: one owner for a data folder, and who that is |
//! | `private_file` | files that only their owner may read |
//! | `secret_store` | where operators' tokens are kept between two commands |

mod clock;
mod data_dir;
mod entropy;
mod error;
#[cfg(test)]
mod generated;
mod master_key;
mod memory;
pub mod private_file;
mod secret_store;

pub use clock::SystemClock;
pub use data_dir::{DataDir, DataLock, Owner, OwnerMode};
pub use entropy::OsEntropy;
pub use error::HostError;
#[cfg(test)]
pub(crate) use generated::assert_generated;
pub use master_key::MasterKey;
pub use memory::{most_open, open_more, peak_memory};
pub use secret_store::{SecretChoice, SecretStore, Unlock};
