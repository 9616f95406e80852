use quick_xml::escape::escape;

use super::{Blame, NAMESPACE, SoapFault, SoapVersion};
use crate::api::{CallbackState, CallbackView};

fn envelope(version: SoapVersion, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{}\"><soap:Body>{body}</soap:Body></soap:Envelope>\n",
        version.envelope()
    )
}

pub(super) fn answer(version: SoapVersion, view: &CallbackView, state: bool) -> String {
    let name = if state {
        "CallbackStateResponse"
    } else {
        "CallbackResponse"
    };
    let word = match view.state {
        CallbackState::Pending => "pending",
        CallbackState::Delivered => "delivered",
        CallbackState::CalledBack => "called-back",
        CallbackState::Expired => "expired",
    };
    let mut fields = String::new();
    for (name, value) in [
        ("callback", view.id.to_string()),
        ("requestId", view.request_id()),
        ("state", word.to_owned()),
        ("server", view.server.clone()),
        ("expires", view.expires_at.to_string()),
    ] {
        fields.push_str(&format!("<{name}>{}</{name}>", escape(value.as_str())));
    }
    envelope(
        version,
        &format!("<{name} xmlns=\"{NAMESPACE}\">{fields}</{name}>"),
    )
}

pub(super) fn fault(version: SoapVersion, fault: &SoapFault) -> String {
    let words = escape(fault.words.as_str());
    let code = escape(fault.code.as_str());
    let detail = |name: &str| match fault.code.is_empty() {
        true => String::new(),
        false => format!("<{name}><code xmlns=\"{NAMESPACE}\">{code}</code></{name}>"),
    };
    let body = match version {
        SoapVersion::V11 => {
            let blamed = match fault.blame {
                Blame::Version => "VersionMismatch",
                Blame::Header => "MustUnderstand",
                Blame::Sender => "Client",
                Blame::Receiver => "Server",
            };
            format!(
                "<soap:Fault><faultcode>soap:{blamed}</faultcode><faultstring>{words}</faultstring>{}</soap:Fault>",
                detail("detail")
            )
        }
        SoapVersion::V12 => {
            let blamed = match fault.blame {
                Blame::Version => "VersionMismatch",
                Blame::Header => "MustUnderstand",
                Blame::Sender => "Sender",
                Blame::Receiver => "Receiver",
            };
            format!(
                "<soap:Fault><soap:Code><soap:Value>soap:{blamed}</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">{words}</soap:Text></soap:Reason>{}</soap:Fault>",
                detail("soap:Detail")
            )
        }
    };
    envelope(version, &body)
}
