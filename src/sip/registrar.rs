use std::net::SocketAddr;
use std::time::Duration;

use super::digest::{DigestFault, Verifier};
use super::header::NameAddr;
use super::inbound::{InboundRequest, Reply};
use super::instance::Instance;
use super::transport::Transport;
use super::uri::SipUri;
use crate::domain::{Binding, Timestamp};

/// Limits of a registrar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrarLimits {
    /// Shorter registrations are answered 423 (RFC 3261 §21.4.17).
    pub min_expires: Duration,
    /// Longer ones are shortened.
    pub max_expires: Duration,
    /// What a registration without `Expires` gets.
    pub default_expires: Duration,
    /// Bindings that one address of record may have.
    pub max_bindings: usize,
}

impl Default for RegistrarLimits {
    /// One minute to one day, one hour by default, 16 bindings.
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(86_400),
            default_expires: Duration::from_secs(3600),
            max_bindings: 16,
        }
    }
}

/// Who claims to register, as the caller found it under [`Registrar::claimed_user`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Applicant {
    /// Digest user name.
    pub user: String,
    /// Its password; `None` when the user is unknown.
    pub password: Option<String>,
    /// A proxy that registers for the devices behind it.
    pub registers_others: bool,
}

impl std::fmt::Debug for Applicant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Applicant({:?}, …)", self.user)
    }
}

/// What becomes of a REGISTER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing changes.
    Refused(Reply),
    /// The address of record has these bindings from now on; store them, then send the answer.
    Registered {
        /// The address of record.
        aor: String,
        /// All its bindings.
        bindings: Vec<Binding>,
        /// The answer.
        reply: Reply,
    },
}

/// Decides on REGISTER (RFC 3261 §10.3, RFC 3327): a function of request, stored bindings and time.
///
/// The caller looks up the password of [`Registrar::claimed_user`] and the bindings of
/// [`Registrar::address_of_record`], asks for a [`Decision`], and stores what it says.
#[derive(Debug, Clone)]
pub struct Registrar {
    verifier: Verifier,
    limits: RegistrarLimits,
}

/// Extensions that we take in `Require`.
const SUPPORTED: [&str; 1] = ["path"];

impl Registrar {
    /// A registrar of one realm.
    #[must_use]
    pub const fn new(verifier: Verifier, limits: RegistrarLimits) -> Self {
        Self { verifier, limits }
    }

    /// The user name that the request's digest answer claims, unchecked.
    #[must_use]
    pub fn claimed_user(&self, request: &InboundRequest) -> Option<String> {
        self.verifier.claimed_user(&request.message)
    }

    /// The address of record (the To URI in its plain form).
    ///
    /// # Errors
    /// The 400 to answer when To holds no SIP URI.
    pub fn address_of_record(request: &InboundRequest) -> Result<SipUri, Reply> {
        request
            .message
            .to()
            .and_then(|to| to.sip_uri().ok())
            .and_then(|uri| uri.to_aor().parse().ok())
            .ok_or_else(|| Reply::new(400).because("To is not a SIP address"))
    }

    /// Decides. `current` are the stored bindings of the address of record; those past their end are forgotten.
    #[must_use]
    pub fn decide(
        &self,
        request: &InboundRequest,
        applicant: Option<&Applicant>,
        current: Vec<Binding>,
        now: Timestamp,
    ) -> Decision {
        match self.checked(request, applicant, current, now) {
            Ok(decision) => decision,
            Err(reply) => Decision::Refused(reply),
        }
    }

    fn checked(
        &self,
        request: &InboundRequest,
        applicant: Option<&Applicant>,
        current: Vec<Binding>,
        now: Timestamp,
    ) -> Result<Decision, Reply> {
        let unknown: Vec<&str> = request
            .message
            .list("Require")
            .into_iter()
            .filter(|tag| !SUPPORTED.contains(tag))
            .collect();
        if !unknown.is_empty() {
            return Err(Reply::new(420).with_header("Unsupported", &unknown.join(", ")));
        }
        let aor = Self::address_of_record(request)?;
        let applicant = admitted(&self.verifier, request, applicant, now)?;
        let own = aor.user() == Some(&applicant.user);
        if !own && !applicant.registers_others {
            return Err(Reply::new(403).because("this user may register only its own address"));
        }
        let mut bindings = current;
        bindings.retain(|b| b.is_current(now));
        self.update(request, &aor.to_string(), !own, &mut bindings, now)?;
        let mut reply = Reply::ok();
        for binding in &bindings {
            let left = binding.expires_at.since(now).as_secs();
            let mut contact = NameAddr::parse(&format!("<{}>", binding.contact));
            match binding.instance.strip_prefix("mac:") {
                Some(mac) => contact.set_param("mac", Some(mac)),
                None if binding.instance.is_empty() => {}
                None => contact.set_param("+sip.instance", Some(&binding.instance)),
            }
            contact.set_param("expires", Some(&left.to_string()));
            reply = reply.with_header("Contact", &contact.to_string());
        }
        for path in request.message.list("Path") {
            reply = reply.with_header("Path", path);
        }
        Ok(Decision::Registered {
            aor: aor.to_string(),
            bindings,
            reply: reply.with_header("Supported", "path"),
        })
    }

    /// RFC 3261 §10.3 steps 6 and 7: all contacts or none.
    fn update(
        &self,
        request: &InboundRequest,
        aor: &str,
        indirect: bool,
        bindings: &mut Vec<Binding>,
        now: Timestamp,
    ) -> Result<(), Reply> {
        let message = &request.message;
        let bad = |words: &str| Reply::new(400).because(words);
        let call_id = message.header("Call-ID").unwrap_or_default();
        let cseq = message.cseq().map_or(0, |c| c.number);
        let in_order = |b: &Binding| b.call_id != call_id || b.cseq < cseq;
        let out_of_order = || Reply::new(500).because("an older request came after a newer one");
        let contacts = message.list("Contact");
        if contacts.contains(&"*") {
            if contacts.len() > 1 || message.header("Expires") != Some("0") {
                return Err(bad("Contact: * needs Expires: 0 and no other contact"));
            }
            if !bindings.iter().all(in_order) {
                return Err(out_of_order());
            }
            bindings.clear();
            return Ok(());
        }
        let user_agent = message.header("User-Agent").map(str::to_owned);
        // A device with several contacts is reached at the one that it names first.
        let mut named: Vec<Instance> = Vec::new();
        // A contact's own wish, else the header's.
        let header = message.header("Expires");
        for contact in contacts {
            let contact = NameAddr::parse(contact);
            let uri = contact
                .sip_uri()
                .map_err(|_| bad("a contact is not a SIP address"))?
                .to_string();
            let expires = granted(&self.limits, contact.params().value("expires").or(header))?;
            let instance = Instance::of(&contact.to_string());
            match &instance {
                Some(instance) if named.contains(instance) => continue,
                Some(instance) => named.push(instance.clone()),
                None => {}
            }
            let instance = instance.as_ref().map_or("", Instance::as_str);
            let same = |b: &Binding| {
                if instance.is_empty() {
                    b.instance.is_empty() && b.contact == uri
                } else {
                    b.instance == instance
                }
            };
            if bindings.iter().any(|b| same(b) && !in_order(b)) {
                return Err(out_of_order());
            }
            bindings.retain(|b| !same(b));
            if expires.is_zero() {
                continue;
            }
            if bindings.len() >= self.limits.max_bindings {
                return Err(Reply::new(403).because("this address has too many contacts"));
            }
            bindings.push(Binding {
                aor: aor.to_owned(),
                received: came_from(&uri, request),
                contact: uri,
                instance: instance.to_owned(),
                path: route_set(message),
                accept: message.list("Accept").into_iter().map(plain).collect(),
                user_agent: user_agent.clone(),
                call_id: call_id.to_owned(),
                cseq,
                registered_at: now,
                expires_at: now.after(expires),
                indirect,
            });
        }
        Ok(())
    }
}

/// Who sends, when the digest answer is right; else the challenge or refusal to answer with.
pub(super) fn admitted<'a>(
    verifier: &Verifier,
    request: &InboundRequest,
    applicant: Option<&'a Applicant>,
    now: Timestamp,
) -> Result<&'a Applicant, Reply> {
    let Some(applicant) = applicant else {
        return Err(verifier.ask(&request.message, now, false));
    };
    let (user, password) = (&applicant.user, applicant.password.as_deref());
    match verifier.verify(&request.message, user, password, now) {
        Ok(()) => Ok(applicant),
        Err(DigestFault::Missing) => Err(verifier.ask(&request.message, now, false)),
        Err(DigestFault::Stale) => Err(verifier.ask(&request.message, now, true)),
        // One answer for unknown users and wrong passwords.
        Err(DigestFault::Wrong) => Err(Reply::new(403)),
    }
}

/// The time that is given for a wish in seconds, or the 423 to answer (RFC 3261 §10.3, RFC 6665 §4.2.1.1).
pub(super) fn granted(limits: &RegistrarLimits, wish: Option<&str>) -> Result<Duration, Reply> {
    // A malformed wish counts as none (RFC 3261 §10.2.1.1 lets us take the default).
    let Some(seconds) = wish.and_then(|w| w.parse::<u32>().ok()) else {
        return Ok(limits.default_expires);
    };
    let wish = Duration::from_secs(seconds.into());
    if !wish.is_zero() && wish < limits.min_expires {
        let least = limits.min_expires.as_secs().to_string();
        return Err(Reply::new(423).with_header("Min-Expires", &least));
    }
    Ok(wish.min(limits.max_expires))
}

/// The Path of a REGISTER as the route set back to the device (RFC 3327 §5.3).
fn route_set(message: &super::wire::Message) -> Vec<String> {
    message
        .list("Path")
        .into_iter()
        .map(|path| NameAddr::parse(path).uri().to_owned())
        .collect()
}

/// Where requests for a registered device go: its contact, and the route set to it, first hop first. Behind NAT the
/// registration's source is the only address that leads back (RFC 3581). `None` when what it registered is no SIP
/// address.
#[must_use]
pub fn towards(binding: &Binding) -> Option<(SipUri, Vec<SipUri>)> {
    let uri: SipUri = binding.contact.parse().ok()?;
    let mut route: Vec<SipUri> = binding
        .path
        .iter()
        .filter_map(|hop| NameAddr::parse(hop).sip_uri().ok())
        .collect();
    if route.is_empty()
        && let Some(received) = binding.received
        && uri.socket_addr() != Some(received)
    {
        route.push(back_to(&uri, received));
    }
    Some((uri, route))
}

/// The address that a request came from as a hop, over the transport that the contact names.
pub(super) fn back_to(contact: &SipUri, received: std::net::SocketAddr) -> SipUri {
    let hop = SipUri::at("", received);
    // Over a stream that is the connection that the device opened.
    match Transport::asked_by(contact) {
        Ok(Some(Transport::Udp)) | Err(_) => hop,
        Ok(None) if !contact.is_secure() => hop,
        Ok(None) => hop.with_param("transport", Some("tls")),
        Ok(Some(other)) => hop.with_param("transport", Some(other.as_str())),
    }
}

/// Where the REGISTER came from, when its way is the one that the contact asks for: over another transport the
/// address leads nowhere.
fn came_from(contact: &str, request: &InboundRequest) -> Option<SocketAddr> {
    let uri: SipUri = contact.parse().ok()?;
    let usual = if uri.is_secure() {
        Transport::Tls
    } else {
        Transport::Udp
    };
    let wanted = Transport::asked_by(&uri).ok()?.unwrap_or(usual);
    (wanted == request.transport).then_some(request.source)
}

/// An `Accept` item without its parameters.
fn plain(item: &str) -> String {
    item.split(';').next().unwrap_or(item).trim().to_owned()
}

#[cfg(test)]
mod tests;
