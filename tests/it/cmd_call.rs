//! `call` and `probe` as a person at a terminal and a monitoring system meet them.

use std::time::{Duration, Instant};

use crate::support::command::{Home, Running};

const IMEI: &str = "358931104120070";

fn phone(home: &Home) -> Running {
    home.start("phone", &["agent", "run", "--imei", IMEI], "ready")
}

#[test]
fn without_a_gateway_a_phone_that_answers_is_no_warning_for_monitoring() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let _phone = phone(&home);
    let ran = home.run(&["probe", IMEI, "--exit-style", "nagios"]);
    assert!(ran.stdout.starts_with("CALLHOME OK - "), "{}", ran.stdout);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1));
}

#[test]
fn what_a_call_tells_fits_a_terminal() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let phone = phone(&home);
    for gone in [false, true] {
        if gone {
            phone.signal("STOP");
        }
        let ran = home.run(&["call", IMEI, "--rung-timeout", "1s", "--timeout", "3s"]);
        assert_eq!(ran.code == 0, !gone, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("sip:dev_"), "{}", ran.stderr);
        let sessions = ran.stderr.matches("  session ").count();
        assert_eq!(sessions, usize::from(!gone), "{}", ran.stderr);
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    phone.signal("CONT");
}

#[test]
fn ctrl_c_ends_the_watching_and_says_whether_somebody_goes_on() {
    let home = Home::new();
    let server = home.start("server", &["serve"], "ready:");
    let phone = phone(&home);
    phone.signal("STOP");
    for served in [true, false] {
        if !served {
            server.signal("TERM");
            let until = Instant::now() + Duration::from_secs(20);
            while home.data().join("callhome.sock").exists() {
                assert!(Instant::now() < until, "the server does not end");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let call = ["call", IMEI, "--via", "sip-direct", "--rung-timeout", "50s"];
        let command = home.command(&call);
        let mut calling = home.start_command("call", command, "heard");
        calling.signal("INT");
        let status = calling.child.wait().expect("it ends");
        let log = calling.log();
        assert_eq!(status.code(), Some(130), "{log}");
        if served {
            assert!(log.contains("the server goes on trying"), "{log}");
            let request = log.split("callhome callback watch ").nth(1);
            let id = request.and_then(|rest| rest.split_whitespace().next());
            let shown = home.json(&["callback", "show", id.expect("the next step")]);
            assert!(["pending", "delivered"].contains(&shown["state"].as_str().expect("told")));
        } else {
            assert!(log.contains("nobody goes on trying"), "{log}");
            assert!(log.contains("callhome serve"), "{log}");
        }
    }
    phone.signal("CONT");
}

#[test]
fn whoever_connects_takes_no_room_from_the_operator_and_other_phones() {
    use std::io::Read as _;
    use std::net::{Ipv4Addr, SocketAddr, TcpStream};
    let home = Home::new();
    let program = home.command(&["serve"]);
    let mut few = std::process::Command::new("sh");
    few.args(["-c", "ulimit -n 128; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(home.path())
        .env_clear()
        .envs(program.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let server = home.start_command("server", few, "ready:");
    let told = server.log();
    assert!(told.contains("At most 64 phones"), "{told}");
    let at = server.address("sip:");
    let at: SocketAddr = at.trim_start_matches("sip:").parse().expect("an address");
    let mut strangers = Vec::new();
    for number in 0..200_u8 {
        let from = Ipv4Addr::new(127, 0, 0, 2 + number % 50);
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket
            .bind(&SocketAddr::from((from, 0)).into())
            .expect("ours");
        // The system's own queue may be all that takes it.
        socket.connect(&at.into()).expect("it listens");
        strangers.push(TcpStream::from(socket));
    }
    let phone = phone(&home);
    home.ok(&["call", IMEI]);
    assert!(!server.log().contains("WARN"), "{}", server.log());
    drop((strangers, phone));
    // With the strangers gone there is room for a connection again.
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let mut stream = TcpStream::connect(at).expect("it listens");
        stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .expect("a time");
        std::io::Write::write_all(&mut stream, b"\r\n\r\n").expect("open");
        if matches!(stream.read(&mut [0; 2]), Ok(2)) {
            return;
        }
        assert!(Instant::now() < until, "no room");
    }
}

#[test]
fn what_a_peer_says_is_shown_and_not_obeyed_by_the_terminal() {
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let at = peer.local_addr().expect("bound");
    let answering = std::thread::spawn(move || {
        for status in ["200 O\u{1b}]0;owned\u{7}K", "486 Bu\u{1b}[2Jsy"] {
            let mut buffer = [0; 4096];
            let (length, from) = peer.recv_from(&mut buffer).expect("asked");
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let kept = ["Via", "From", "To", "Call-ID", "CSeq"];
            let kept = request
                .lines()
                .filter(|l| kept.iter().any(|k| l.starts_with(&format!("{k}:"))));
            let kept: String = kept.map(|l| format!("{}\r\n", l.trim_end())).collect();
            let answer = format!(
                "SIP/2.0 {status}\r\n{kept}Server: x\u{1b}[31m\u{8}y\r\nContent-Length: 0\r\n\r\n"
            );
            peer.send_to(answer.as_bytes(), from).expect("loopback");
        }
    });
    let home = Home::new();
    let target = format!("anna@{at}");
    for (code, said) in [(0, "O\u{fffd}]0;owned\u{fffd}K"), (11, "Bu\u{fffd}[2Jsy")] {
        let ran = home.run(&["sip", "options", &target, "-v"]);
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, code, "{shown:?}");
        assert!(shown.contains(said), "{shown:?}");
        let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!shown.contains(obeyed), "{shown:?}");
    }
    answering.join().expect("no panic");
}
