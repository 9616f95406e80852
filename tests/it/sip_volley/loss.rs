use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::document;
use crate::sip_peers::peer::installed;
use crate::support::cable::Cable;
use crate::support::command::Home;

/// Whether this kernel and user may have network namespaces with rules; if not, the test says so and is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn cable() -> Option<Cable> {
    if !installed(&["ip", "nft"]) {
        return None;
    }
    let cable = Cable::losing(30);
    if cable.is_none() {
        eprintln!("skipped: no network namespaces with nft rules for this user and kernel");
    }
    cable
}

#[test]
fn over_a_network_that_loses_30_percent_each_way_each_of_200_devices_hears_it_once() {
    let Some(cable) = cable() else {
        return;
    };
    let home = Home::new();
    // The devices: our own agents' transaction layer is not asked; a few lines of Python answer each new
    // request once and repeat that answer for its copies, as RFC 3261 §17.2.2 has a server do. `mute` never gets an answer out.
    let script = home.file("devices.py", DEVICES);
    let heard = home.path().join("heard");
    let mut devices = cable
        .within(1, "python3")
        .arg(&script)
        .arg(&heard)
        .spawn()
        .expect("python3 runs");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !heard.exists() {
        assert!(std::time::Instant::now() < end, "the devices did not start");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let mut text: String = (0..200)
        .map(|n| format!("dev{n}@10.99.0.2:5060\n"))
        .collect();
    text.push_str("mute@10.99.0.2:5060\n");
    let file = home.file("targets.csv", &text);
    let output = cable
        .within(0, env!("CARGO_BIN_EXE_callhome"))
        .args(["sip", "notify", "--from"])
        .arg(&file)
        .args(["--timeout", "32s", "--rate", "400", "-o", "ndjson"])
        .env("HOME", home.path())
        .output();
    // One alone: the device hears it once, and none of its answers comes back.
    let alone = cable
        .within(0, env!("CARGO_BIN_EXE_callhome"))
        .args(["sip", "notify", "mute2@10.99.0.2:5060", "--timeout", "16s"])
        .env("HOME", home.path())
        .output();
    let killed = devices.kill();
    let _status = devices.wait();
    let alone = alone.expect("our program runs");
    assert_eq!(alone.status.code(), Some(12), "{alone:?}");
    let words = String::from_utf8_lossy(&alone.stderr);
    assert!(
        words.contains("no answer from sip:mute2@10.99.0.2:5060"),
        "{words}"
    );
    let output = output.expect("our program runs");
    assert!(killed.is_ok(), "the devices were gone");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(7), "{told}");
    let (mut copies, mut silent) = (0, Vec::new());
    for line in String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(document)
    {
        // Of eleven copies all answers may be lost, once in 1,600 devices; then the truth is told.
        if line["outcome"] == "no_answer" {
            silent.push(line["target"].as_str().expect("text").to_owned());
        } else {
            assert_eq!(line["outcome"], "delivered", "{line}");
        }
        copies += line["retransmissions"].as_u64().expect("a number");
    }
    assert!(silent.contains(&"mute@10.99.0.2:5060".to_owned()));
    assert!(silent.len() <= 4, "{silent:?}");
    // Half of all round trips are lost: there must have been many copies.
    assert!(copies > 100, "{copies}: nothing was lost");
    let heard = std::fs::read_to_string(&heard).expect("written");
    let mut times: HashMap<&str, u32> = HashMap::new();
    for device in heard.lines() {
        *times.entry(device).or_default() += 1;
    }
    assert_eq!(times.len(), 202, "{heard}");
    assert_eq!(times.get("mute2"), Some(&1), "{heard}");
    assert!(times.values().all(|n| *n == 1), "{times:?}");
}

const DEVICES: &str = r#"
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.99.0.2", 5060))
heard = open(sys.argv[1], "w")
answers = {}
while True:
    data, peer = s.recvfrom(65535)
    head = data.decode().split("\r\n\r\n")[0].split("\r\n")
    fields = [l for l in head[1:] if l.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")]
    branch = next(l for l in fields if l.lower().startswith("via")).split("branch=")[1].split(";")[0]
    if branch not in answers:
        user = head[0].split(" ")[1].split(":")[1].split("@")[0]
        heard.write(user + "\n")
        heard.flush()
        fields = [l + ";tag=d" if l.lower().startswith("to:") else l for l in fields]
        answers[branch] = None if user.startswith("mute") else "\r\n".join(["SIP/2.0 200 OK"] + fields + ["Content-Length: 0", "", ""]).encode()
    if answers[branch]:
        s.sendto(answers[branch], peer)
"#;

#[test]
fn devices_that_answer_are_not_held_up_by_20000_that_do_not() {
    let (silent, lively) = (
        UdpSocket::bind("127.0.0.1:0"),
        UdpSocket::bind("127.0.0.1:0"),
    );
    let (silent, lively) = (silent.expect("a port"), lively.expect("a port"));
    let port = |socket: &UdpSocket| socket.local_addr().expect("bound").port();
    let (dark, light) = (port(&silent), port(&lively));
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    lively
        .set_read_timeout(Some(std::time::Duration::from_millis(200)))
        .expect("set");
    let answering = std::thread::spawn(move || {
        let mut room = [0; 4096];
        while !ended.load(Ordering::SeqCst) {
            let Ok((length, peer)) = lively.recv_from(&mut room) else {
                continue;
            };
            let text = String::from_utf8_lossy(&room[..length]);
            let kept = text.split("\r\n").filter(|line| {
                let name = line.split(':').next().unwrap_or_default();
                ["Via", "From", "To", "Call-ID", "CSeq"].contains(&name)
            });
            let head: String = kept.map(|line| format!("{line}\r\n")).collect();
            let answer = format!("SIP/2.0 200 OK\r\n{head}Content-Length: 0\r\n\r\n");
            lively.send_to(answer.as_bytes(), peer).expect("sent");
        }
    });
    let home = Home::new();
    let mut text = String::new();
    for number in 0..20_000 {
        text.push_str(&format!("dev{number}@127.0.0.1:{dark}\n"));
        if number % 100 == 99 {
            text.push_str(&format!("live{number}@127.0.0.1:{light}\n"));
        }
    }
    let file = home.file("targets.csv", &text);
    let file = file.to_str().expect("text");
    let ran = home.run(&[
        "sip",
        "options",
        "--from",
        file,
        "--rate",
        "4000",
        "--timeout",
        "12s",
        "-o",
        "json",
    ]);
    stop.store(true, Ordering::SeqCst);
    answering.join().expect("it ends");
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let told = document(&ran.stdout);
    assert_eq!(
        (&told["delivered"], &told["no_answer"]),
        (&200.into(), &20_000.into())
    );
    assert!(
        told["answer_time"]["p90_ms"].as_f64() < Some(500.0),
        "{told}"
    );
    // The rate held, copies included.
    let seconds = told["elapsed_ms"].as_f64().expect("a number") / 1_000.0;
    let most = 4_000.0 * seconds + 100.0;
    assert!(told["messages"].as_f64() < Some(most), "{told}");
}
