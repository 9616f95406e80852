use std::time::Duration;

/// How a text message is to be sent, beside whereto and what. The default is an ordinary text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendOptions {
    /// Shown at once and not kept (message class 0).
    pub flash: bool,
    /// How long the centre keeps trying; as long as it likes when absent.
    pub validity: Option<Duration>,
    /// How long the centre waits before it begins.
    pub deferred: Option<Duration>,
    /// 0 to 3.
    pub priority: Option<u8>,
    /// Destination and source port.
    pub ports: Option<(u16, u16)>,
    /// Octets that are sent instead of the text, as a WAP push.
    pub octets: Option<Vec<u8>>,
}
