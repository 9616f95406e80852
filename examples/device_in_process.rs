//! A whole simulated phone in this process, without a socket: locked by a signed text, opened by its PIN.
//! Run with `cargo run --example device_in_process`.

use std::error::Error;
use std::io::Write;

use callhome::agent::brain::Effect;
use callhome::agent::{NewPersona, new_brain};
use callhome::api::EnrolResponse;
use callhome::domain::{Action, Sequence, ShortId, Timestamp};
use callhome::host::OsEntropy;
use callhome::sms::{Draft, SmsKeys, UnlockPin, Version};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let now: Timestamp = "2026-11-20T14:02:00Z".parse()?;
    let persona = NewPersona {
        identities: vec!["imei:358931104120070".parse()?],
        name: Some("Nokia G42 of M. Eriksson".to_owned()),
        ..NewPersona::default()
    };
    let mut phone = new_brain(persona, &OsEntropy)?;
    let answer = EnrolResponse {
        device: ShortId::from_random([1; 5]),
        epoch: 1,
        server: "eu-north".to_owned(),
        sip_registrar: None,
        sips_registrar: None,
        aor: None,
        trusted_servers: Vec::new(),
        sms_sender: None,
    };
    phone.enrolled("https://mgmt.example.net:8443", answer, now);

    // The endpoint's side: number 1 is a lock, signed with the secret that the phone gave when it enrolled.
    let secret = phone.persona().secret.clone();
    let lock: Action = "lck(Please%20call%20IT)".parse()?;
    let draft = Draft::new(Version::V2, Some(Sequence::FIRST), vec![lock])?;
    let text = draft.sign(&SmsKeys::derive(&secret))?.as_str().to_owned();

    // It comes twice, as text messages do; it is run once and answered twice.
    for _ in 0..2 {
        for effect in phone.receive_sms("+1999", &text, now) {
            if let Effect::SendResult(result) = effect {
                writeln!(out, "{}", result.to_xml().trim_end())?;
            }
        }
    }
    writeln!(out, "executed  {:?}", phone.counters().executed)?;

    let wrong = phone.enter_pin("not a PIN", now);
    let pin = UnlockPin::derive(&secret, Sequence::FIRST);
    let right = phone.enter_pin(pin.expose(), now);
    writeln!(out, "PIN       {wrong:?}, then {right:?}")?;
    Ok(())
}
