use super::header::NameAddr;
use crate::domain::{DeviceId, Identity};

/// What tells a device from others on the same address of record: `+sip.instance` of its contact (RFC 5626 §4.1), or
/// its MAC address in a parameter `mac`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance(String);

impl Instance {
    /// The instance of a contact; `None` when it gives none.
    #[must_use]
    pub fn of(contact: &str) -> Option<Self> {
        let contact = NameAddr::parse(contact);
        let params = contact.params();
        let given = params.value("+sip.instance").filter(|v| !v.is_empty());
        let mac = || {
            let identity: Identity = format!("mac:{}", params.value("mac")?).parse().ok()?;
            Some(identity.to_string())
        };
        given.map(str::to_owned).or_else(mac).map(Self)
    }

    /// As it is stored and compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn urn(&self) -> &str {
        self.0.trim().trim_start_matches('<').trim_end_matches('>')
    }

    /// The agent that names itself, as in `<urn:callhome:dev_…>`.
    #[must_use]
    pub fn agent(&self) -> Option<DeviceId> {
        after(self.urn(), "urn:callhome:")?.parse().ok()
    }

    /// The identity in it: an IMEI (RFC 7254), the MAC address at the end of a UUID of version 1 (RFC 4122 §4.1.6;
    /// phones also put it behind zeros), or a plain MAC address.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        let urn = self.urn();
        if let Some(imei) = after(urn, "urn:gsma:imei:") {
            let plain = imei.split(';').next()?;
            // 35893110-412007-0: the last digit is spare, not a check digit.
            let digits: String = plain
                .chars()
                .filter(char::is_ascii_digit)
                .take(14)
                .collect();
            return digits.parse().ok().map(Identity::Imei);
        }
        let mac = match after(urn, "urn:uuid:") {
            Some(uuid) => {
                let (head, node) = uuid.rsplit_once('-')?;
                let version = head.split('-').nth(2)?.chars().next()?;
                // Other versions end in random digits.
                matches!(version, '0' | '1').then_some(node)?
            }
            None => urn.strip_prefix("mac:")?,
        };
        format!("mac:{mac}").parse().ok()
    }
}

fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(contact: &str) -> Option<String> {
        let instance = Instance::of(contact)?;
        instance.identity().map(|i| i.to_string())
    }

    #[test]
    fn a_contact_tells_which_device_it_is() {
        for (contact, found) in [
            (
                "<sip:200@10.0.0.7>;+sip.instance=\"<urn:gsma:imei:35893110-412007-0>\"",
                Some("imei:358931104120070"),
            ),
            (
                "<sip:200@10.0.0.7>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-0015653A9001>\"",
                Some("mac:0015653a9001"),
            ),
            (
                "<sip:200@10.0.0.7>;mac=00-15-65-3a-90-01",
                Some("mac:0015653a9001"),
            ),
            (
                "<sip:200@10.0.0.7>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6bf6>\"",
                None,
            ),
            ("<sip:200@10.0.0.7>;mac=none", None),
            ("<sip:200@10.0.0.7>", None),
        ] {
            assert_eq!(identity(contact).as_deref(), found, "{contact}");
        }
    }

    #[test]
    fn an_agent_names_itself() {
        let id = DeviceId::from_random([7; 16]);
        let contact = format!("<sip:a@b>;+sip.instance=\"<urn:callhome:{id}>\"");
        let instance = Instance::of(&contact).expect("one");
        assert_eq!(instance.agent(), Some(id));
        assert_eq!(instance.identity(), None);
    }
}
