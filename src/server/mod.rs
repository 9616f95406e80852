//! The management endpoint: what operators, devices, gateways and peers talk to.
//!
//! One router serves HTTPS and the local socket alike. A handler reads its request into
//! words of `domain` and `api`, asks a flow or a port, and answers; it decides nothing
//! that takes more than three lines and knows no SQL. Every error is a problem document
//! (RFC 9457) with a stable code. Tasks that stay up (accepting, dispatching, callbacks,
//! webhooks) are owned by [`run`], stop when it is told to, and are joined.
//!
//! It never lets a device's secret, a PIN or a token into a log, an error or the audit
//! trail, and never tells an unknown device from a wrong signature.
//!
//! | file | holds |
//! |---|---|
//! | `endpoint` | all parts that an endpoint is made of, chosen by the caller |
//! | `listen`, `run` | connections and tasks: begin, serve, stop in good order |
//! | `frame` | what every request gets: correlation id, time limit, headers, problem documents |
//! | `error` | problems as responses |
//! | `extract`, `write` | request parts as words; writes with their idempotency key |
//! | `identity/` | who is asking: operators, devices, passwords, nonces |
//! | `throttle`, `login_limit` | limits on guessing |
//! | `routes/` | `/api/v1`, one resource per file |
//! | `agent/` | `/agent/v1`, what devices say |
//! | `customers`, `evaluation` | system ids of customers, as their router; who is in evaluation |
//! | `gateway`, `federation` | text message gateways and peers calling in |
//! | `dispatcher`, `reacher`, `webhooks` | the tasks |
//! | `registrar`, `notifier` | SIP requests that come in; subscriptions |
//! | `soap` | the SOAP entry of application servers |
//! | `applications` | watches application servers, and stands in for those that are down |
//! | `first_start` | system id and the first admin's one-time code |

mod agent;
mod applications;
mod customers;
mod dispatcher;
mod endpoint;
mod error;
mod evaluation;
mod extract;
mod federation;
mod first_start;
mod frame;
mod gateway;
mod identity;
mod invitation;
mod listen;
mod login_limit;
mod metrics;
mod notifier;
mod reacher;
mod registrar;
mod routes;
mod run;
mod soap;
mod throttle;
mod webhooks;
mod write;

pub use applications::watch_applications;
pub use customers::{Customer, announce};
pub use endpoint::{Bearers, Endpoint, GatewayDoor, Machine, Mode, Parts, PeerTrust, Settings};
pub use first_start::{KEPT_FILES, first_admin, signing_key, sweep_copies, system_id};
pub use gateway::GatewayInbox;
pub use listen::Listeners;
pub use registrar::SipDoor;
pub use routes::router;
pub use run::{RunError, run};
