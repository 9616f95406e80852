//! The registry through the embedded server: words in, words out, exit codes.

use crate::support::command::Home;

const IMEI: &str = "358931104120070";

fn with_devices() -> Home {
    let home = Home::new();
    home.ok(&[
        "device",
        "add",
        IMEI,
        "--name",
        "Nokia G42",
        "--model",
        "Nokia G42",
        "--owner",
        "M. Eriksson",
        "--number",
        "+14085550137",
        "--set",
        "site=Lund",
    ]);
    home.ok(&[
        "device",
        "add",
        "490154203237518",
        "--name",
        "Reception",
        "--owner",
        "Front desk",
    ]);
    home.ok(&[
        "device",
        "add",
        "mac:00-15-65-3a-90-01",
        "--name",
        "Lobby",
        "--owner",
        "Reception",
    ]);
    home
}

#[test]
fn a_device_is_shown_in_every_form() {
    let home = with_devices();
    let mut told = String::new();
    for form in ["table", "wide", "csv", "tsv", "name", "ndjson"] {
        let ran = home.run(&["device", "list", "-o", form]);
        told.push_str(&format!("-o {form}\n{}\n", ran.shown(&home)));
    }
    let ran = home.run(&["device", "show", "M. Eriksson"]);
    told.push_str(&format!("show\n{}\n", ran.shown(&home)));
    let ran = home.run(&["device", "show", IMEI, "-o", "json"]);
    told.push_str(&format!("show -o json\n{}\n", ran.shown(&home)));
    insta::assert_snapshot!(told);
}

#[test]
fn every_word_of_a_device_names_it() {
    let home = with_devices();
    let id = home.json(&["device", "show", IMEI])["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    for name in [
        IMEI,
        "35893110412007",
        "35 893110 412007 0",
        "imei:358931104120070",
        "+14085550137",
        "+1 408 555-0137",
        "Nokia G42",
        "nokia g42",
        "M. Eriksson",
        &id,
    ] {
        let shown = home.json(&["device", "show", name]);
        assert_eq!(shown["id"], id.as_str(), "{name}");
    }
}

#[test]
fn a_name_that_fits_nothing_or_too_much_is_never_guessed() {
    let home = with_devices();
    let mut told = String::new();
    for (args, code) in [
        (&["device", "show", "Reception"][..], 9),
        (&["device", "show", "eriksson"], 4),
        (&["device", "show", "nobody"], 4),
        (&["device", "show", "490154203237519"], 2),
        (&["find", "358931104120071"], 2),
        (&["find", "352099001761481"], 4),
        (&["device", "lock", IMEI, "--no-input"], 2),
        (&["device", "lock", IMEI, "--yes"], 8),
        (
            &["device", "lock", IMEI, "--yes", "--accept-risk", "lock"],
            8,
        ),
        (
            &[
                "device",
                "lock",
                IMEI,
                "--yes",
                "--accept-risk",
                "lock",
                "--reason",
                "x",
            ],
            15,
        ),
        (
            &[
                "device",
                "wipe",
                IMEI,
                "--yes",
                "--accept-risk",
                "lock",
                "--reason",
                "x",
            ],
            8,
        ),
        (&["device", "pin", IMEI], 4),
        (&["device", "list", "--columns", "colour"], 2),
        (&["device", "list", "--jq", ".items["], 2),
        (&["context", "use", "nowhere"], 4),
        (&["device", "list", "-c", "nowhere"], 13),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        told.push_str(&format!(
            "$ callhome {}\n{}\n",
            args.join(" "),
            ran.shown(&home)
        ));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn errors_are_one_json_line_for_programs() {
    let home = with_devices();
    let ran = home.run(&["device", "show", "Reception", "-o", "json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (9, ""));
    assert_eq!(ran.stderr.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&ran.stderr).expect("JSON");
    assert_eq!(line["error"], "ambiguous");
    assert_eq!(line["exit"], 9);
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let home = with_devices();
    let before = home.json(&["audit", "list"]);
    let ran = home.run(&["device", "lock", IMEI, "--message", "Call IT", "-n"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.shown(&home));
    let after = home.json(&["audit", "list"]);
    assert_eq!(before["items"], after["items"]);
}

#[test]
fn a_dry_run_over_a_file_shows_what_each_row_would_send() {
    let home = with_devices();
    let mut rows = format!("imei\n{IMEI}\n3.58931E+14\n352099001761481\n490154203237518\n");
    for number in 0..30 {
        rows.push_str(&format!("serial:NK-{number}\n"));
    }
    let file = home.file("van.csv", &rows).display().to_string();
    let ran = home.run(&["device", "lock", "--from", &file, "-n"]);
    // Some rows would not be sent.
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let text = &ran.stdout;
    assert_eq!(text.matches("POST /api/v1/actions").count(), 2, "{text}");
    assert!(text.contains(&format!("# line 2: {IMEI}\nPOST ")), "{text}");
    assert!(
        text.contains("# line 3: -\n# not sent: 3.58931E+14 was rounded"),
        "{text}"
    );
    assert!(
        text.contains("# line 4: 352099001761481\n# not sent: "),
        "{text}"
    );
    assert!(
        text.ends_with("# and 14 rows more, 0 of them bad\n"),
        "{text}"
    );
    let made = home.json(&["action", "list"]);
    assert_eq!(made["items"], serde_json::json!([]));
}

#[test]
fn the_registry_is_edited_and_every_change_is_in_the_trail() {
    let home = with_devices();
    home.ok(&["device", "rename", IMEI, "Loan phone"]);
    home.ok(&[
        "device", "edit", IMEI, "--owner", "L. Berg", "--set", "site=",
    ]);
    let shown = home.json(&["device", "show", IMEI]);
    assert_eq!(shown["name"], "Loan phone");
    assert_eq!(shown["owner"], "L. Berg");
    assert!(shown["attributes"].get("site").is_none(), "{shown}");
    home.ok(&[
        "device",
        "delete",
        IMEI,
        "--yes",
        "--accept-risk",
        "data-loss",
        "--reason",
        "sold",
    ]);
    assert_eq!(home.run(&["device", "show", IMEI]).code, 4);
    let verdict = home.json(&["audit", "verify"]);
    assert_eq!(verdict["intact"], true);
    assert!(verdict["entries"].as_u64() >= Some(6), "{verdict}");
}

#[test]
fn devices_are_imported_once_however_often_the_file_is_given() {
    let home = Home::new();
    let file = home.file(
        "phones.csv",
        "\u{feff}IMEI;Name;Number;Site\n358931104120070;Loan 1;+14085550137;Lund\n3,58931E+14;Loan 2;;\n490154203237518;Loan 3;12;\n",
    );
    let path = file.display().to_string();
    let ran = home.run(&["device", "import", &path, "-o", "csv"]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert_eq!(
        home.json(&["device", "list"])["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    insta::assert_snapshot!(ran.shown(&home));
    let again = home.run(&["device", "import", &path]);
    assert!(again.stdout.contains("conflict"), "{}", again.stdout);
    assert_eq!(
        home.json(&["device", "list"])["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn nobody_reading_is_no_failure() {
    use std::process::Stdio;
    let home = with_devices();
    let mut child = home
        .command(&["device", "list", "-o", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
