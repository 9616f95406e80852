//! Composes an action string, signs it, and reads it as a device does: run with
//! `cargo run --example sign_an_action`.

use std::error::Error;
use std::io::Write;

use callhome::domain::{Action, ActionKind, DeviceSecret, Sequence};
use callhome::sms::{Draft, Meter, SignedMessage, SmsKeys, UnlockPin, Version};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    // Made on the device, sent once when it enrols. Here a fixed one, so that the output repeats.
    let secret = DeviceSecret::from_bytes([7; 32]);
    let keys = SmsKeys::derive(&secret);

    let lock = Action::new(ActionKind::Lock, ["Please call IT: 555-0100"]);
    let locate: Action = "loc(3,60)".parse()?;
    let number = Sequence::new(0x0001_74ef);
    let draft = Draft::new(Version::V2, Some(number), vec![lock, locate])?;
    writeln!(out, "unsigned  {draft}")?;

    let message = draft.sign(&keys)?;
    let meter = Meter::of(message.as_str())?;
    writeln!(out, "signed    {}", message.as_str())?;
    writeln!(out, "          {} text message(s)", meter.segments)?;

    // The device's side: octets from the air, believed only when the token fits.
    let octets = message.as_str().as_bytes();
    let verified = SignedMessage::parse(octets)?.verify(&keys, Version::V2)?;
    for numbered in verified.message().numbered_actions() {
        let sequence = numbered.sequence.ok_or("every action here has a number")?;
        writeln!(out, "will run  {sequence} {}", numbered.action)?;
    }
    let pin = UnlockPin::derive(&secret, number);
    writeln!(out, "PIN       {} digits, never sent", pin.expose().len())?;

    // One letter changed on the way.
    let forged = message.as_str().replace("loc(3,60)", "loc(9,60)");
    let refused = SignedMessage::parse(forged.as_bytes())?.verify(&keys, Version::V2);
    match refused {
        Err(fault) => writeln!(out, "forged    {fault}")?,
        Ok(_) => return Err("a forged message was believed".into()),
    }
    Ok(())
}
