//! All integration tests, built as one binary: linking once is cheaper than linking thirty times.

mod agent_device;
mod agent_sms;
mod assets;
mod cmd_auth;
mod cmd_bulk;
mod cmd_decode;
mod cmd_device;
mod cmd_help;
mod cmd_sms;
mod flow_act;
mod flow_deliver;
mod flow_find;
mod flow_reach;
mod flow_session;
mod flow_shelf;
mod flow_world;
mod server_actions;
mod server_agent;
mod server_contract;
mod server_operators;
mod server_others;
mod sms_kannel;
mod sms_result_schema;
mod store_conformance;
mod store_sqlite;
mod support;
