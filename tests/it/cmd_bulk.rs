//! Many devices at once, over a server that is killed in the middle: each is acted on exactly once.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::command::{Home, Ran, Running};

const COUNT: usize = 60;

fn lock<'a>(from: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "device",
        "lock",
        "--from",
        from,
        "--yes",
        "--accept-risk",
        "lock,bulk",
        "--reason",
        "van stolen",
        "--wait",
        "--timeout",
        "90s",
    ];
    args.extend_from_slice(more);
    args
}

/// A server and a fleet at it; the fleet's list of IMEIs.
fn fleet(home: &Home) -> (Running, Running, String) {
    let serve = home.start("serve", &["serve"], "ready: ");
    let imeis = home.path().join("imeis.csv").display().to_string();
    let report = home.path().join("report.ndjson").display().to_string();
    let count = COUNT.to_string();
    let args = [
        "agent",
        "fleet",
        "--count",
        &count,
        "--imeis",
        &imeis,
        "--report",
        &report,
        "--session-every",
        "1s",
    ];
    let fleet = home.start("fleet", &args, "ready");
    let deadline = Instant::now() + Duration::from_secs(30);
    while std::fs::read_to_string(&imeis).map_or(0, |t| t.lines().count()) <= COUNT {
        assert!(Instant::now() < deadline, "{}", fleet.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    (serve, fleet, imeis)
}

/// How often each device was locked, as the devices tell.
fn locks(home: &Home) -> Vec<u64> {
    let text = std::fs::read_to_string(home.path().join("report.ndjson")).expect("a report");
    text.lines()
        .map(|line| {
            let device: Value = serde_json::from_str(line).expect("a device a line");
            device["counters"]["executed"]["lck"].as_u64().unwrap_or(0)
        })
        .collect()
}

#[test]
fn a_server_killed_in_the_middle_of_a_run_locks_every_device_exactly_once() {
    let home = Home::new();
    let (serve, fleet, imeis) = fleet(&home);
    let https = serve.address("https:").replace("https://", "");
    let sip = serve.address("sip:").replace("sip:", "");
    let command = home
        .command(&lock(&imeis, &["--rate", "40/s", "--jobs", "4"]))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(900));
    serve.signal("KILL");
    drop(serve);
    std::thread::sleep(Duration::from_millis(300));
    let args = ["serve", "--listen", &https, "--listen-sip", &sip];
    let serve = home.start("serve-again", &args, "ready: ");

    let ran = Ran::of(&command.wait_with_output().expect("ends"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);

    // The same command again is another run: every row is refused, and says why.
    let again = home.run(&lock(&imeis, &["-o", "json"]));
    assert_eq!(again.code, 15, "{}", again.stderr);
    let report: Value = serde_json::from_str(&again.stdout).expect("a report");
    let rows = report["items"].as_array().expect("rows");
    assert_eq!(rows.len(), COUNT);
    for row in rows {
        assert_eq!(row["code"], "already-locked", "{row}");
        assert!(
            row["error"].as_str().is_some_and(|e| e.contains("locked")),
            "{row}"
        );
    }

    assert_eq!(fleet.stop(), 0);
    assert_eq!(locks(&home), vec![1; COUNT]);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_command_killed_in_the_middle_of_a_run_goes_on_where_it_was() {
    let home = Home::new();
    let (serve, fleet, imeis) = fleet(&home);
    let mut command = home
        .command(&lock(&imeis, &["--rate", "30/s"]))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(900));
    command.kill().expect("killed");
    command.wait().expect("gone");

    let ran = home.run(&lock(&imeis, &[]));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("begun before"), "{}", ran.stderr);
    assert_eq!(fleet.stop(), 0);
    assert_eq!(locks(&home), vec![1; COUNT]);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_run_from_a_pipe_is_listed_reported_and_gone_on_with_by_its_id() {
    let home = Home::new();
    let (serve, fleet, imeis) = fleet(&home);
    let args = lock("-", &["--rate", "30/s"]);
    let mut command = home
        .command(&args)
        .stdin(std::fs::File::open(&imeis).expect("a file"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(900));
    command.kill().expect("killed");
    command.wait().expect("gone");

    let listed = home.json(&["bulk", "list"]);
    let run = &listed["items"][0];
    assert_eq!(run["command"], "device.lock");
    assert_eq!(
        (&run["state"], &run["file"]),
        (&"unfinished".into(), &"-".into())
    );
    assert!(run["open"].as_u64() > Some(0), "{run}");
    let id = run["run"].as_str().expect("an id");
    let ran = home.run(&["bulk", "report", id]);
    assert!(
        ran.stderr.contains(&format!("callhome bulk resume {id}")),
        "{}",
        ran.stderr
    );

    let ran = home.run(&["bulk", "resume", id]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("begun before"), "{}", ran.stderr);
    let report = home.ok(&["bulk", "report", id, "-o", "csv"]);
    assert_eq!(
        report.lines().filter(|l| l.contains(",done,")).count(),
        COUNT,
        "{report}"
    );
    let again = home.run(&["bulk", "resume", id]);
    assert_eq!(again.code, 15, "{}", again.stderr);

    let unlock = [
        "bulk",
        "run",
        "device.unlock",
        "--from",
        &imeis,
        "--wait",
        "--timeout",
        "90s",
    ];
    let yes = [
        "--yes",
        "--accept-risk",
        "lock,bulk",
        "--reason",
        "van found",
    ];
    home.ok(&[&unlock[..], &yes].concat());
    let states = home.json(&["bulk", "list"]);
    let states = states["items"].as_array().expect("a list").iter();
    assert!(states.clone().count() == 2 && states.clone().all(|r| r["state"] == "finished"));
    assert_eq!(fleet.stop(), 0);
    assert_eq!(locks(&home), vec![1; COUNT]);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn an_input_is_checked_before_anything_is_sent() {
    let home = Home::new();
    let template = home.ok(&["bulk", "template"]);
    let good = home.file("good.csv", &template).display().to_string();
    assert_eq!(home.run(&["bulk", "check", &good]).code, 0);
    let bad = home.file("bad.csv", "imei\n358931104120070\n3.58931E+14\n");
    let bad = bad.display().to_string();
    let ran = home.run(&["bulk", "check", &bad]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("rounded by a spreadsheet"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("2 rows, 1 good, 1 bad"),
        "{}",
        ran.stderr
    );
    assert_eq!(home.run(&["bulk", "resume", "k7m2x4qd"]).code, 4);
    let ran = home.run(&["bulk", "run", "device.message", "--from", &good]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}
