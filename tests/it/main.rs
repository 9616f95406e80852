//! All integration tests, built as one binary: linking once is cheaper than linking thirty times.

mod sms_kannel;
mod store_conformance;
mod store_sqlite;
mod flow_act;
mod flow_shelf;
mod flow_world;
