//! Desk phones that are nothing of ours: SIPp behind a router, told to restart in the word of its vendor.

use std::path::Path;
use std::process::{Command, Stdio};

use super::peer::{free_port, installed};
use crate::support::command::Home;

const MAC: &str = "mac:0015653a9001";

/// SIPp as the phone, in this folder: at this port, towards its router.
fn phone(folder: &Path, scenario: &str, port: u16, router: &str) -> Command {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sipp");
    let mut command = Command::new("sipp");
    command
        .args(["-sf".as_ref(), scenarios.join(scenario).as_os_str()])
        .args(["-inf", "phone.csv", "-i", "127.0.0.1", "-p"])
        .args([&port.to_string(), "-m", "1", "-nostdin", "-timeout", "30"])
        .args(["-trace_err", "-error_file", "errors.log"])
        .args(["-trace_logs", "-log_file", "told.log", router])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[test]
fn sipp_as_a_desk_phone_gets_the_word_of_its_vendor_and_is_seen_to_register_again() {
    if !installed(&["sipp"]) {
        return;
    }
    for (user_agent, vendor, word) in [
        (
            "Yealink SIP-T46S 66.85.0.5",
            "Yealink",
            "check-sync;reboot=true",
        ),
        ("PolycomVVX-VVX_411-UA/5.9.5", "Polycom", "check-sync"),
        ("snomD785/10.1.54.13", "Snom", "check-sync;reboot=true"),
    ] {
        let home = Home::new();
        let sip = format!("127.0.0.1:{}", free_port());
        let serve = ["serve", "--listen", "127.0.0.1:0", "--listen-sip", &sip];
        let server = home.start("serve", &serve, "ready: ");
        let registrar = format!("sip:{sip}");
        let args = ["agent", "proxy", "--enrol", "--registrar", &registrar];
        let listen = ["--sip-listen", "127.0.0.1:0"];
        let router = home.start("router", &[&args[..], &listen].concat(), "ready: ");
        let log = router.log();
        let own = log
            .split(" as ")
            .nth(1)
            .and_then(|l| l.split_whitespace().next());
        let names = format!("sip-proxy={}", own.expect("its name"));
        home.ok(&["device", "add", MAC, "--name", "Lobby", "--set", &names]);

        let folder = tempfile::tempdir().expect("a scratch folder");
        let users = format!("SEQUENTIAL\n{user_agent};\n");
        std::fs::write(folder.path().join("phone.csv"), users).expect("written");
        let said = |name: &str| std::fs::read_to_string(folder.path().join(name));
        let at = router.address("sip:").replace("sip:", "");
        let port = free_port();
        let on = phone(folder.path(), "phone_register.xml", port, &at).status();
        assert!(on.expect("sipp runs").success(), "{:?}", said("errors.log"));
        let mut waiting = phone(folder.path(), "phone_restarts.xml", port, &at)
            .spawn()
            .expect("sipp runs");
        super::peer::until_bound("udp", port);
        let effect = if vendor == "Polycom" {
            "check-sync"
        } else {
            "reboot"
        };
        let told = home.json(&[
            "sip",
            "notify",
            "Lobby",
            "--event",
            effect,
            "--vendor",
            "auto",
            "--wait=20s",
        ]);
        assert_eq!(told["vendor"], vendor, "{told}");
        assert_eq!(told["user_agent"], user_agent, "{told}");
        assert!(told["registered_again_ms"].is_u64(), "{told}");
        let done = waiting.wait().expect("it ends");
        assert!(done.success(), "{:?}", said("errors.log"));
        // It was the vendor's word, and nothing else.
        let heard = said("told.log").expect("a log");
        assert_eq!(heard.trim(), format!("told  {word}"), "{heard}");
        assert_eq!(router.stop(), 0);
        assert_eq!(server.stop(), 0);
    }
}
