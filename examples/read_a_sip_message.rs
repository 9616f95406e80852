//! Takes a SIP message apart, faults and all, as `callhome decode` does: run with
//! `cargo run --example read_a_sip_message`.

use std::error::Error;
use std::io::Write;

use callhome::sip::{self, contact_me};

/// A NOTIFY as it may come from anywhere: compact names, a folded header, and no Max-Forwards.
const MESSAGE: &str = "NOTIFY sip:phone@192.0.2.31 SIP/2.0\r\n\
    v: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK74bf9\r\n\
    f: \"Help desk\"\r\n <sip:desk@example.net>;tag=9fxced76sl\r\n\
    t: <sip:phone@192.0.2.31>\r\n\
    i: 3848276298220188511@example.net\r\n\
    CSeq: 1 NOTIFY\r\n\
    o: application-server-contact-me\r\n\
    c: application/application-server-contact-me\r\n\
    l: 61\r\n\
    \r\n\
    Address: 192.0.2.7\r\nPort: 8443\r\nRequest-Id: 4t9wz0kc\r\nNote: x\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let explained = sip::explain(MESSAGE.as_bytes())?;
    writeln!(out, "{}\n", explained.summary)?;
    for header in &explained.headers {
        writeln!(out, "  {:<14} {}", header.name, header.value)?;
        if !header.meaning.is_empty() {
            writeln!(out, "  {:<14} ({})", "", header.meaning)?;
        }
    }
    for fault in &explained.faults {
        writeln!(out, "  fault: {fault}")?;
    }

    let message = sip::Message::parse(MESSAGE.as_bytes())?;
    let kind = message.header("Content-Type").unwrap_or_default();
    let wish = contact_me::ContactMe::parse(kind, message.body())?;
    let host = wish.address.as_deref().unwrap_or("the configured server");
    let request = wish.request_id.as_deref().unwrap_or("none");
    writeln!(out, "\ncall {host}, request {request}")?;

    // Nothing panics on what is no SIP at all.
    match sip::explain(b"GET / HTTP/1.1\r\n\r\n") {
        Ok(other) => writeln!(out, "{}", other.summary)?,
        Err(error) => writeln!(out, "not SIP: {error}")?,
    }
    Ok(())
}
