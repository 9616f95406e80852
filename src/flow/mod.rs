//! One intention each: decides what happens next.
//!
//! A flow is a plain `async fn` over ports, read top to bottom like the sequence it
//! implements. It never opens a socket, names a table, reads the system's clock or
//! spawns a task: time comes from [`crate::port::Clock`] for what is written down and
//! from `tokio::time` for what is waited for, so that a test with fakes and a paused
//! clock plays hours in no time, the same each run.
//!
//! | file | intention |
//! |---|---|
//! | `ports` | what the flows are handed |
//! | `act`, `act_error`, `together` | have a device do something: checks, numbering, PIN escrow; cancel; try again |
//! | `lock` | lock a device wherever it is managed |
//! | `deliver`, `patience` | one try of one action over the bearers that the device has; which of them next, and when |
//! | `push` | wake an application through a push service |
//! | `phone_event` | tell a phone its vendor's event over the way that its registration left open |
//! | `reach` | the callback ladder: climb until the device has called home |
//! | `contact` | what a callback tells the device: whom to call, when, under which id |
//! | `look_up` | where a device may be that is not registered: ENUM, directories |
//! | `branch` | which server asks a device to call: the one that holds its binding |
//! | `trigger` | have devices call elsewhere while their application server is down |
//! | `session` | a device opened its session: tie it, hand it what waits |
//! | `result`, `reply` | a device answered, by XML or by text message |
//! | `receipts` | receipts of segments, joined to what they mean for a message |
//! | `number` | show that a number is the device's |
//! | `relay` | send to a device behind a proxy in the form that the proxy wants |
//! | `subscriber` | what a subscribed device is told |
//! | `text` | send a text message that belongs to no action |
//! | `sign` | sign an action string without sending it |
//! | `find` | which server holds a device |
//! | `probe` | why a device or an address cannot be reached |
//! | `backup`, `restore` | bring a device's data to safety and back |
//! | `journal` | bulk runs that survive being stopped |

#[cfg(test)]
mod journal_tests;

mod act;
mod act_error;
mod contact;
mod look_up;
mod message;
mod patience;
mod ports;
mod push;
mod reply;
mod rung;
mod summons;
mod ways;

pub mod backup;
pub mod branch;
pub mod deliver;
pub mod find;
pub mod journal;
pub mod lock;
pub mod number;
pub mod phone_event;
pub mod probe;
pub mod reach;
pub mod receipts;
pub mod relay;
pub mod restore;
pub mod result;
pub mod session;
pub mod sign;
pub mod subscriber;
pub mod text;
mod together;
pub mod trigger;

pub use act::{ActOrder, IdempotencyKey, cancel, create, retry};
pub use act_error::ActError;
pub use ports::{Arrivals, Caller, Home, Ports, PublicAddress, Tries};
pub use summons::{notification_nonce, notification_password};
pub use together::{TogetherOrder, create_together};
