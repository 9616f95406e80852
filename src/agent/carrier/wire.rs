use serde::{Deserialize, Serialize};

use crate::domain::Msisdn;

/// A text message on its way between a device and somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// The centre's id of it; empty on the way up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Who sent it: a number, or a name as gateways have them.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// A line from a device to the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uplink {
    /// These numbers are here from now on.
    Attach(Vec<Msisdn>),
    /// Send this.
    Send(Sms),
    /// The message with this id arrived.
    Received(String),
}

/// A line from the centre to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downlink {
    /// The numbers are attached; how many messages were waiting for them.
    Attached(usize),
    /// A message.
    Deliver(Sms),
    /// A line was not understood or not allowed.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_json() {
        let line = serde_json::to_string(&Uplink::Attach(vec![
            "+14085550137".parse().expect("valid"),
        ]))
        .expect("plain data");
        assert_eq!(line, r#"{"attach":["+14085550137"]}"#);
        let sms: Downlink =
            serde_json::from_str(r#"{"deliver":{"id":"1","from":"a","to":"b","text":"c"}}"#)
                .expect("a delivery");
        assert!(matches!(sms, Downlink::Deliver(sms) if sms.text == "c"));
        assert!(serde_json::from_str::<Uplink>(r#"{"attach":["0137"]}"#).is_err());
    }
}
