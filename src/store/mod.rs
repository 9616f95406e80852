//! SQL behind the ports: everything that has to outlive the process.
//!
//! [`SqliteStore`] answers all store roles of `port` from one `SQLite` file; [`AgentStateFile`]
//! keeps the states of simulated devices in another. A store decides nothing: what must
//! hold together is written in one transaction, and the rules it checks there are only
//! those that would otherwise race (a code is used once, a number is given once, a second
//! lock is refused).
//!
//! It never asks what time it is (every method that needs the time is given it), never
//! makes ids, and never stores a secret or a PIN unsealed.
//!
//! | file | what |
//! |---|---|
//! | `sqlite/writer` | one thread that writes, many operations a transaction (group commit) |
//! | `sqlite/readers` | connections that read beside it |
//! | `sqlite/schema` | tables and their migrations |
//! | `sqlite/transaction` | what goes with every write: idempotency, audit chain, events |
//! | `sqlite/devices`, `enrolment`, `presence` | the registry, how a device gets in, where it is |
//! | `sqlite/actions`, `creation`, `queue`, `results` | what a device is asked to do: kept, made, sent, answered |
//! | `sqlite/pins`, `callbacks`, `events`, `backups`, `audit`, `operators`, `tokens`, `housekeeping` | one role each |
//! | `sqlite/restoring` | what goes into a copy beside the data, and a copy becoming a database again |
//! | `agent_state` | states of simulated devices |

mod agent_state;
mod sqlite;

pub use agent_state::AgentStateFile;
pub use sqlite::{SqliteStore, Unpacked, unpack};
