//! The management endpoint as a contract: what both of its ends say to each other.
//!
//! Types here are plain data with their place in JSON and in the OpenAPI document.
//! The `server` answers with them, `net` asks with them, `store` keeps several of
//! them, and `cli/output` shows them. Nothing here knows a socket, a framework or
//! a table, and nothing here decides.
//!
//! | file | resource |
//! |---|---|
//! | `problem` | errors (RFC 9457) with their stable codes |
//! | `page` | lists with keyset cursors |
//! | `device`, `invitation` | the registry and how a device gets into it |
//! | `action`, `callback`, `event` | what was asked of a device, and how it goes on |
//! | `template` | saved lists of actions |
//! | `timeline` | the story of an action or a device, in order |
//! | `backup` | what a device brought to safety |
//! | `find` | where a device is managed, and what the peers said |
//! | `federation` | what servers say to each other |
//! | `router` | where a system id leads |
//! | `agent` | what a device says: enrolment, session, results, reports |
//! | `auth` | operators, sessions, service tokens |
//! | `audit`, `server`, `sms`, `probe` | the trail, the server itself, signing and sending, the checks of `probe` |
//! | `signature` | HTTP message signatures of devices and peers (RFC 9421), pure |
//! | `signing_key` | Ed25519 keys of servers, pure |

mod action;
mod agent;
mod audit;
mod auth;
mod backup;
mod callback;
mod customer;
mod device;
mod event;
mod federation;
mod find;
mod invitation;
mod key_id;
mod page;
mod probe;
mod problem;
mod router;
mod server;
pub mod signature;
mod signing_key;
mod sms;
pub mod soap;
mod template;
mod timeline;

pub use action::{ActionRequest, ActionResult, ActionView, ActionsRequest, Attempt};
pub use agent::{
    AgentAction, AgentReport, BackupReceipt, EnrolRequest, EnrolResponse, NumberCode,
    RegisterRequest, ReportKind, SessionRequest, SessionResponse, enrolment_proof, verify_proof,
};
pub use audit::{AuditCheckpoint, AuditVerdict};
pub use auth::{
    LoginRequest, LoginResponse, NewOperator, NewToken, Operator, PasswordChange, TokenSecret,
    TokenView, WhoAmI,
};
pub use backup::{BackupItem, BackupView};
pub use callback::{
    CallReport, CallbackRequest, CallbackState, CallbackView, Contact, LadderLine, Part, Rung,
    RungState, SessionView,
};
pub use customer::{CustomerRecord, CustomerView, Evaluation, EvaluationOrder, RouteAnswer};
pub use device::{
    Device, DeviceEdit, DeviceLogLine, DeviceNumber, LockState, NewDevice, NumberQuestion,
    PhoneEventReport, PhoneEventRequest, PinView, RouteTag,
};
pub use event::Event;
pub use federation::{Hello, HelloAnswer, PeerFind};
pub use find::{FindRequest, FindResponse, Found, PeerAnswer, PeerOutcome};
pub use invitation::{
    InvalidJoinLink, Invitation, InvitationRequest, InvitationWay, JoinLink, SentInvitation,
};
pub use key_id::{InvalidKeyId, KeyId};
pub use page::Page;
pub use probe::{ProbeCheck, ProbeGrade, ProbeMessage, ProbeReport};
pub use problem::{Problem, ProblemCode};
pub use router::{RouteQuestion, RouteRegistration};
pub use server::{PeerStatus, ServerStatus};
pub use signing_key::{InvalidKey, SigningKey, VerifyingKey};
pub use sms::{
    SmsGatewayHealth, SmsGatewayView, SmsSegmentView, SmsSendRequest, SmsSendResponse, SmsSending,
    SmsSignRequest, SmsSignResponse, SmsStatus, SmsVerifyRequest, SmsVerifyResponse,
};
pub use template::{NewTemplate, Template};
pub use timeline::{ActionStory, CUT_OFF, MOST_ATTEMPTS, Moment, RECEIPT};
