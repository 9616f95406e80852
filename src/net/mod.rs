//! Sockets: SIP, HTTP, TLS. What the ports of bearers and doors are made of.
//!
//! Each file speaks one protocol to the outside with the one foreign crate that it
//! needs, and carries out what it is told. It never decides what to send next, never
//! reads settings or the environment, and never answers for the other side: silence is
//! told as silence.
//!
//! | file | what |
//! |---|---|
//! | `sip_link` | SIP over UDP, TCP, TLS and WebSocket, driving the machines of `sip` |
//! | `dns`, `survey` | where SIP names lead; what lies on the way there |
//! | `smpp_link` | text messages through centres that speak SMPP |
//! | `sms_http` | text messages through Kannel or any HTTP gateway |
//! | `push` | push services that wake applications: FCM, APNs |
//! | `router` | both ways to the router of system ids |
//! | `mail` | letters through a mail server |
//! | `management` | the operator's client of the endpoint, over HTTPS or the local socket |
//! | `agent_http` | the device's signed client of the endpoint |
//! | `answer` | what comes back over HTTP, up to a limit |
//! | `capture` | SIP messages in pcap and pcapng files |
//! | `tls`, `unix` | certificates and listeners of the endpoint |
//! | `crowd` | how much of what is limited each address has taken |
//! | `health` | asks whether an application server is well |
//! | `federation`, `webhook` | the other servers; third parties that are told of events |

mod answer;

pub mod agent_http;
pub mod capture;
pub mod crowd;
pub mod dns;
pub mod federation;
pub mod health;
pub mod mail;
pub mod management;
pub mod push;
pub mod router;
pub mod sip_link;
pub mod sip_volley;
pub mod smpp_link;
pub mod sms_http;
pub mod survey;
pub mod tls;
pub mod unix;
pub mod webhook;
