//! What cannot be undone is asked first, what makes no sense is refused, and lists are whole for programs.

use serde_json::Value;

use crate::support::command::Home;

const IMEI: &str = "358931104120070";

#[test]
fn what_cannot_be_undone_is_asked_first() {
    let home = Home::new();
    let file = home.file("first.txt", "correct horse battery\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).expect("private");
    let file = file.display().to_string();
    home.ok(&[
        "operator",
        "add",
        "anna",
        "helpdesk",
        "--password-file",
        &file,
    ]);
    let ran = home.run(&["operator", "remove", "anna"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert!(
        home.ok(&["operator", "list", "-o", "name"])
            .contains("anna")
    );
    home.ok(&["operator", "remove", "anna", "--yes"]);
    assert!(
        !home
            .ok(&["operator", "list", "-o", "name"])
            .contains("anna")
    );
    assert_eq!(home.run(&["operator", "remove", "anna", "--yes"]).code, 4);

    let save = ["sms", "template", "save", "lost", "lck({message})"];
    let shown = home.ok(&save);
    assert!(
        shown.contains("lock "),
        "the list is told in words: {shown}"
    );
    // The same again changes nothing; another one in its place is asked first.
    home.ok(&save);
    let other = ["sms", "template", "save", "lost", "wip()"];
    let ran = home.run(&other);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let actions = home.json(&["sms", "template", "show", "lost"])["actions"].clone();
    assert_eq!(actions, serde_json::json!(["lck({message})"]));
    home.ok(&[&other[..], &["--yes"]].concat());
}

#[test]
fn a_restore_on_a_phone_is_confirmed_like_everything_that_loses_data() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let _phone = home.start("phone", &["agent", "run", "--imei", IMEI], "ready");
    let made = home.json(&["backup", "create", IMEI, "--wait", "--timeout", "30s"]);
    assert_eq!(made["state"], "done", "{made}");
    let backups = home.json(&["backup", "list", IMEI]);
    let id = backups["items"][0]["id"].as_str().expect("a backup");
    let restore = ["backup", "restore", id, "--wait", "--timeout", "30s"];
    let ran = home.run(&restore);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let sure = [
        "--yes",
        "--accept-risk",
        "data-loss",
        "--reason",
        "new phone",
    ];
    let ran = home.run(&[&restore[..], &["--yes"]].concat());
    assert_eq!(ran.code, 8, "{}", ran.stderr);
    let actions = home.json(&["action", "list"]);
    let count = actions["items"].as_array().map_or(0, Vec::len);
    assert_eq!(count, 1, "only the backup was asked for: {actions}");
    let done = home.json(&[&restore[..], &sure[..]].concat());
    assert_eq!(done["state"], "done", "{done}");
}

#[test]
fn what_makes_no_sense_is_refused_and_names_are_told_apart() {
    let home = Home::new();
    home.ok(&["device", "add", IMEI, "--name", "Reception"]);
    home.ok(&["device", "add", "490154203237518", "--name", "Lobby"]);
    let ran = home.run(&["device", "wipe", IMEI, "--scope", "photos"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("contacts, documents, media"),
        "{}",
        ran.stderr
    );
    for name in ["", "  "] {
        let ran = home.run(&["device", "rename", IMEI, name]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
    let ran = home.run(&["device", "rename", IMEI, "Lobby"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("2 devices are called \"Lobby\" now"),
        "{}",
        ran.stderr
    );
    assert_eq!(home.run(&["device", "show", "Lobby"]).code, 9);
}

#[test]
fn a_list_is_whole_for_programs_and_says_when_it_is_not() {
    let home = Home::new();
    let rows: String = (0..120).map(|n| format!("X{n},Phone {n}\n")).collect();
    let file = home.file("many.csv", &format!("serial,name\n{rows}"));
    let file = file.display().to_string();
    home.ok(&["device", "import", &file]);
    let lines = |args: &[&str]| {
        let ran = home.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (ran.stdout.lines().count(), ran.stderr)
    };
    for form in ["table", "csv", "name"] {
        let args = ["device", "list", "-o", form, "--limit", "10"];
        let (count, said) = lines(&args);
        assert_eq!(count, if form == "name" { 10 } else { 11 }, "{form}");
        assert!(said.contains("--limit 0"), "{form}: {said}");
    }
    let cut = home.json(&["device", "list", "--limit", "10"]);
    assert_eq!(cut["complete"], false);

    // The trail: the newest hundred first for a person, all in their own order for a program.
    let (count, said) = lines(&["audit", "list"]);
    assert_eq!(count, 101);
    assert!(said.contains("only the newest 100"), "{said}");
    let (all, said) = lines(&["audit", "list", "-o", "csv"]);
    assert!(all > 120, "{all}");
    assert_eq!(said, "");
    assert_eq!(lines(&["audit", "list", "--limit", "0"]).0, all);
    assert_eq!(lines(&["audit", "list", "-o", "ndjson"]).0, all - 1);
    let newest = home.ok(&["audit", "list", "--limit", "3"]);
    let numbers: Vec<usize> = newest
        .lines()
        .skip(1)
        .filter_map(|l| l.split_whitespace().next()?.parse().ok())
        .collect();
    assert_eq!(numbers, [all - 1, all - 2, all - 3], "{newest}");
    let trail = home.json(&["audit", "list"]);
    assert_eq!(trail["items"][0]["number"], 1);
    assert_eq!(trail["complete"], true);
}

#[test]
fn a_time_says_its_zone_and_is_a_date_for_programs() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let _phone = home.start("phone", &["agent", "run", "--imei", IMEI], "ready");
    let _made = home.json(&["device", "ring", IMEI, "--wait", "--timeout", "30s"]);
    let csv = home.ok(&["action", "list", "-o", "csv", "--columns", "asked"]);
    let asked = csv.lines().nth(1).expect("a row");
    assert!(
        asked.parse::<callhome::domain::Timestamp>().is_ok(),
        "{csv}"
    );
    let by_columns = home.json(&["device", "list", "--columns", "heard"]);
    let heard = by_columns[0]["heard"].as_str().expect("a time");
    assert!(heard.ends_with('Z') && heard.contains('T'), "{by_columns}");
    assert!(home.ok(&["action", "list"]).contains("just now"));
    for args in [
        &["audit", "list"][..],
        &["device", "log", IMEI],
        &["auth", "token", "create", "t", "viewer", "--save", "t.txt"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(" UTC"), "{args:?}: {said}");
    }
    assert_eq!(
        home.json(&["device", "list"])["items"][0]["lock"]["locked"],
        Value::Bool(false)
    );
}

#[test]
fn a_word_that_is_a_command_elsewhere_is_named_and_a_dry_run_with_bad_rows_says_so() {
    let home = Home::new();
    let ran = home.run(&["lock", IMEI]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("Did you mean:  callhome device lock"),
        "{}",
        ran.stderr
    );
    let ran = home.run(&["device", "ring", "--from", "phones.csv"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("callhome bulk run"), "{}", ran.stderr);

    home.ok(&["device", "add", IMEI, "--name", "Reception"]);
    let run = |rows: &str| {
        let file = home.file("phones.csv", &format!("imei\n{rows}"));
        let file = file.display().to_string();
        home.run(&["bulk", "run", "device.ring", "--from", &file, "-n"])
    };
    assert_eq!(run("358931104120070\n").code, 0);
    for bad in [
        "358931104120070\n358931104120071\n",
        "358931104120070\n490154203237518\n",
    ] {
        let ran = run(bad);
        assert_eq!(ran.code, 7, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("# not sent"), "{}", ran.stdout);
    }
    let there = home.path().display().to_string();
    let ran = home.run(&["demo", "--folder", &there]);
    assert_eq!(ran.code, 15, "{}", ran.stderr);
}
