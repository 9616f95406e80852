//! The ways in which a device can be told to call home now, best first.

use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{Device, RouteTag};
use crate::domain::{Bearer, Binding, Msisdn, PushAddress, Timestamp};
use crate::port::{PushService, SmsGateway, routes};
use crate::sip::{SipUri, towards};

use super::Ports;

/// A rung that can be tried.
#[derive(Clone)]
pub(super) struct Way {
    /// Over what.
    pub(super) bearer: Bearer,
    /// Where to, for people: a URI, or a masked number and a gateway.
    pub(super) target: String,
    /// Where to, for the bearer.
    pub(super) to: Destination,
}

/// Where a way leads.
#[derive(Clone)]
pub(super) enum Destination {
    /// A SIP request.
    Sip {
        /// Request URI.
        uri: SipUri,
        /// Route set, first hop first.
        route: Vec<SipUri>,
    },
    /// A push message.
    Push {
        /// To whom.
        address: PushAddress,
        /// Through whom.
        service: Arc<dyn PushService>,
    },
    /// A text message.
    Sms {
        /// Where to.
        number: Msisdn,
        /// Whether destructive actions may go there.
        trusted: bool,
        /// Through whom.
        gateway: Arc<dyn SmsGateway>,
    },
}

/// All ways to a device at `now`: SIP to its own address, SIP through its proxy, push services, text messages.
///
/// The tag that the device gave decides between direct and indirect; without one a private address counts as
/// indirect (requirement A4), so that the proxy, where one is known, is tried first.
pub(super) fn ways(ports: &Ports, device: &Device, now: Timestamp) -> Vec<Way> {
    let mut ways = Vec::new();
    if ports.sip.is_some() {
        let mut bindings: Vec<&Binding> = device
            .bindings
            .iter()
            .filter(|b| b.is_current(now))
            .collect();
        bindings.sort_by_key(|b| std::cmp::Reverse(b.registered_at));
        let direct = bindings
            .iter()
            .filter(|b| !b.indirect && device.tag != Some(RouteTag::Indirect))
            .filter_map(|b| direct_way(b));
        let mut proxied: Vec<Way> = bindings
            .iter()
            .filter_map(|b| proxy_way(device, b))
            .collect();
        proxied.dedup_by(|a, b| a.target == b.target);
        let proxy_first = device.tag.is_none() && bindings.iter().all(|b| is_private(b));
        if proxy_first {
            ways.extend(proxied);
            ways.extend(direct);
        } else {
            ways.extend(direct);
            ways.extend(proxied);
        }
    }
    ways.extend(push_ways(ports, device));
    ways.extend(sms_ways(ports, device));
    ways
}

/// Why there is no way over `bearer`.
pub(super) fn why_not(ports: &Ports, device: &Device, bearer: Bearer, now: Timestamp) -> String {
    let current = device.bindings.iter().any(|b| b.is_current(now));
    match bearer {
        Bearer::Session => "a session is opened by the device".to_owned(),
        _ if !ports.has_bearer(bearer) => match bearer {
            Bearer::Sms => "no text message gateway is configured".to_owned(),
            Bearer::Push => "no push service is configured".to_owned(),
            _ => "this endpoint does not listen for SIP".to_owned(),
        },
        Bearer::Sms => "no number is known".to_owned(),
        Bearer::Push => match device.push.first() {
            Some(address) => format!("no push service for {} is configured", address.service()),
            None => "its application has told no push address".to_owned(),
        },
        _ if !current => match device.bindings.iter().map(|b| b.expires_at).max() {
            Some(end) => format!("its registration ended at {end}"),
            None => "not registered by SIP".to_owned(),
        },
        Bearer::SipDirect => "it is only reached through its proxy".to_owned(),
        Bearer::SipProxy => "no proxy is known".to_owned(),
    }
}

fn direct_way(binding: &Binding) -> Option<Way> {
    let (uri, route) = towards(binding)?;
    Some(Way {
        bearer: Bearer::SipDirect,
        target: uri.to_string(),
        to: Destination::Sip { uri, route },
    })
}

fn proxy_way(device: &Device, binding: &Binding) -> Option<Way> {
    let uri: SipUri = binding.contact.parse().ok()?;
    let mut route = parsed(&binding.path);
    if route.is_empty() {
        route.extend(device.proxy.as_deref().and_then(|p| p.parse().ok()));
    }
    if route.is_empty() {
        if !binding.indirect {
            return None;
        }
        // A proxy that registered its own contact: that is where it listens, or where it came from.
        route.extend(binding.received.map(|received| SipUri::at("", received)));
    } else if !binding.indirect && !binding.path.is_empty() {
        // A direct way through its Path already.
        return None;
    }
    Some(Way {
        bearer: Bearer::SipProxy,
        // Its parameters are for machines.
        target: route.first().unwrap_or(&uri).to_aor(),
        to: Destination::Sip { uri, route },
    })
}

/// Each address over the services that serve its kind.
fn push_ways(ports: &Ports, device: &Device) -> Vec<Way> {
    let mut ways = Vec::new();
    for address in &device.push {
        let fitting = ports
            .push
            .iter()
            .filter(|s| s.service() == address.service());
        ways.extend(fitting.map(|service| Way {
            bearer: Bearer::Push,
            target: format!("{} through {}", address.masked(), service.name()),
            to: Destination::Push {
                address: address.clone(),
                service: Arc::clone(service),
            },
        }));
    }
    ways
}

fn sms_ways(ports: &Ports, device: &Device) -> Vec<Way> {
    let verified = device.numbers.iter().find(|n| n.verified_at.is_some());
    let Some(best) = verified.or(device.numbers.first()) else {
        return Vec::new();
    };
    routes(&ports.gateways, &best.number)
        .into_iter()
        .map(|gateway| Way {
            bearer: Bearer::Sms,
            target: format!("{} through {}", best.number.masked(), gateway.name()),
            to: Destination::Sms {
                number: best.number.clone(),
                trusted: best.verified_at.is_some(),
                gateway,
            },
        })
        .collect()
}

fn parsed(path: &[String]) -> Vec<SipUri> {
    path.iter()
        .filter_map(|hop| {
            hop.trim()
                .trim_start_matches('<')
                .split('>')
                .next()?
                .parse()
                .ok()
        })
        .collect()
}

/// Whether the contact has an address that means nothing outside its own network. Loopback does not count:
/// what listens there is on this machine.
fn is_private(binding: &Binding) -> bool {
    binding
        .contact
        .parse()
        .is_ok_and(|contact| is_inside(&contact))
}

/// The same of an address.
pub(super) fn is_inside(uri: &SipUri) -> bool {
    match uri.host().parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, ..] = v4.octets();
            // RFC 1918, link-local, and RFC 6598 shared addresses.
            v4.is_private() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        Ok(IpAddr::V6(v6)) => v6.is_unique_local() || v6.is_unicast_link_local(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_registered_over_a_stream_is_reached_on_its_connection() {
        let now = Timestamp::from_millis(0);
        let binding = |contact: &str| Binding {
            aor: "sip:d@h".into(),
            contact: contact.into(),
            instance: String::new(),
            path: Vec::new(),
            received: Some(([198, 51, 100, 7], 40_123).into()),
            accept: Vec::new(),
            user_agent: None,
            call_id: "1".into(),
            cseq: 1,
            registered_at: now,
            expires_at: now,
            indirect: false,
        };
        for (contact, expected) in [
            ("sip:d@10.0.0.9", "sip:198.51.100.7:40123"),
            (
                "sip:d@10.0.0.9;transport=tcp",
                "sip:198.51.100.7:40123;transport=tcp",
            ),
            ("sips:d@10.0.0.9", "sip:198.51.100.7:40123;transport=tls"),
        ] {
            let way = direct_way(&binding(contact)).expect("a way");
            let Destination::Sip { route, .. } = way.to else {
                panic!("SIP");
            };
            assert_eq!(route[0].to_string(), expected);
        }
    }

    #[test]
    fn addresses_that_mean_nothing_outside_their_network_are_told_by_their_class() {
        let private = |host: &str| {
            is_private(&Binding {
                aor: "sip:d@h".into(),
                contact: format!("sip:d@{host}:5060"),
                instance: String::new(),
                path: Vec::new(),
                received: None,
                accept: Vec::new(),
                user_agent: None,
                call_id: "1".into(),
                cseq: 1,
                registered_at: Timestamp::from_millis(0),
                expires_at: Timestamp::from_millis(0),
                indirect: false,
            })
        };
        for inside in [
            // RFC 1918, at both ends of each block.
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            // Link-local, of carriers (RFC 6598), unique local.
            "169.254.0.1",
            "100.64.0.0",
            "100.127.255.255",
            "[fe80::1]",
            "[febf::1]",
            "[fc00::1]",
            "[fdff::1]",
        ] {
            assert!(private(inside), "{inside}");
        }
        for outside in [
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "169.253.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "127.0.0.1",
            "203.0.113.7",
            "[::1]",
            "[2001:db8::1]",
            "[fe00::1]",
            "[fec0::1]",
            "phone.example.net",
        ] {
            assert!(!private(outside), "{outside}");
        }
    }
}
