//! Settings in layers: what was said, where, and what holds in the end.
//!
//! From strongest to weakest: a flag, an environment variable `CALLHOME_*`, the file
//! `.callhome.yaml` of the working folder, the user's file, the system's file. Mappings
//! are merged key by key, everything else is replaced. Each value keeps where it came
//! from, for `callhome config explain`.
//!
//! Files hold no secrets, only paths of files that do. The working folder's file is the
//! least trusted: it may choose a context and an output form and add contexts, but not
//! change the ones that the user or the system set up, nor name files with secrets.
//!
//! This room reads files by the paths it is given. The environment and the places
//! where files are looked for are handed in; it knows no other room's parts.
//!
//! | file | what |
//! |---|---|
//! | `model` | [`Config`] and what is in it |
//! | `layers` | [`load`]: reading, checking and merging; [`survey`]: what holds when some does not |
//! | `tree` | one file's text as a tree, with its paths made absolute |
//! | `secrets` | which secrets the settings name, in files or in the keyring |
//! | `edit` | [`UserFile`]: changing the user's file (`callhome context add`) |
//! | `error` | what is wrong: file, line, what is expected |

mod edit;
mod error;
mod layers;
mod model;
mod secrets;
mod tree;

pub use edit::UserFile;
pub use error::ConfigError;
pub use layers::{Loaded, Origin, Override, Setting, Sources, load, survey};
pub use model::{
    ApplicationServerConfig, Config, Context, CustomerConfig, DirectoryAsk, DirectoryConfig,
    EMBEDDED, GatewayConfig, GatewayKind, GatewayMethod, MailConfig, MailProtection, PeerConfig,
    PushConfig, RouterConfig, ServerConfig, SmppBind, SmppConfig, TriesConfig, WebhookConfig,
};
pub use secrets::{NamedSecret, kept_name};

/// Every setting with an example, all of them commented out.
pub const TEMPLATE: &str = include_str!("../../examples/config.yaml");
