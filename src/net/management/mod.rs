//! The operator's side of the management endpoint.
//!
//! One client for both ways in: HTTPS with a pinned authority, or the local socket
//! of a server on this machine. It sends, repeats what can be repeated, reads
//! problems, and follows the event stream; it decides nothing.
//!
//! | file | holds |
//! |---|---|
//! | `client` | [`Client`]: one request with its retries |
//! | `resources`, `customers` | the routes, one method each |
//! | `watch` | the event stream, resumed when it breaks |
//! | `pin` | the authority of a server that is met for the first time |

mod client;
mod customers;
mod pin;
mod resources;
mod watch;

pub use client::{Client, ClientError, ClientOptions, Door, Recorded, Trace, Write};
pub use pin::{PresentedAuthority, fetch_authority};
pub use resources::{ActionQuery, DeviceQuery};
pub use watch::{EventQuery, Watched, Watcher};
