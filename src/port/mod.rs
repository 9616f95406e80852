//! What a flow may ask of the outside world: small traits by role.
//!
//! A flow asks for the narrowest trait that serves it. Every method that can fail
//! says so; none blocks. Implementations live in `net`, `store` and `host`; fakes
//! for tests beside the tests that use them.
//!
//! | file | who answers |
//! |---|---|
//! | `machine` | `host`: clock, entropy, sealing of secrets |
//! | `registry` | `store`: devices, enrolment, bindings |
//! | `work` | `store`: actions with their queue and results, callbacks, events |
//! | `keeping` | `store`: backups, audit trail, operators and tokens |
//! | `survey` | `net`: what lies between us and a SIP address |
//! | `look_up` | `net`: where a number or a name leads when the registry has no address |
//! | `bearer` | `net`: SIP, text messages, peers, webhooks |
//! | `push` | `net`: push services, which wake applications |
//! | `template` | `store`: saved lists of actions |
//! | `steps` | nobody: where a drill may end the process |
//! | `text` | `store`, `server`: segments of text messages, their receipts, what replies answer, what gateways tell |
//! | `router` | `net`: where our system id is registered; `store`: the system ids of customers |
//! | `mail` | `net`: letters |
//! | `device` | `net`, `store`: what a simulated device needs |

mod bearer;
mod device;
mod keeping;
mod look_up;
mod machine;
mod mail;
mod push;
mod registry;
mod router;
mod steps;
mod survey;
mod task;
mod template;
mod text;
mod work;

pub use bearer::{
    BearerError, GatewayHealth, HealthCheck, OutboundSms, PeerError, Peers, RemoteAction,
    RemoteCallback, RemotePins, SipHandler, SipPlace, SipSender, SipWire, SmsAccepted, SmsGateway,
    Webhooks, routes,
};
pub use device::{AgentState, Door, DoorError, WebCaller};
pub use keeping::{
    AuditTrail, Backups, Housekeeping, NewBackupItem, OperatorRecord, Operators, PasswordUse,
    TokenRecord, Tokens, Totals,
};
pub use look_up::{Directory, DirectoryQuestion, LookUps, NumberBook};
pub use machine::{Clock, Entropy, MachineError, Sealer};
pub use mail::{Letter, Mailer};
pub use push::{PushError, PushMessage, PushService};
pub use registry::{
    AgentKey, Bindings, DeviceFilter, DeviceLog, Devices, Enrolment, EnrolmentDraft,
    EnrolmentRefusal, Enrolments, PageOf, Subscriptions,
};
pub use router::{Customers, RouterDoor};
pub use steps::{Drill, InvalidDrill, Step};
pub use survey::{CertificateFacts, Connection, Place, Survey, Surveyor, TlsFinding};
pub use task::{Task, task};
pub use template::Templates;
pub use text::{PartRecord, PartsChange, ReceiptKey, ReplyRequest, SmsInbox, SmsLedger, SmsPart};
pub use work::{
    ActionFilter, ActionQueue, ActionResults, Actions, Callbacks, CaughtUp, Claimed, EventDraft,
    EventFilter, Events, IdempotencyClaim, Lease, NewAction, PinEscrow, Pins, Precondition,
    Recorded, ResultDraft, Stamp, StoreError,
};
