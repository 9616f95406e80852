//! What a program gets that reads a pipe: documents on standard output, and nothing but errors beside them. And what a
//! person gets who said where to look: commands to go on with that look there too.

use crate::support::command::Home;

#[test]
fn a_program_gets_its_document_and_no_prose_beside_it() {
    let home = Home::new();
    home.file("new.csv", "imei,name\n356938035643809,Third\n");
    home.file("pw", "a-long-password\n");
    let folder = home.path().join("pw");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder, mode).expect("private");
    let schemas = home.ok(&["schema"]);
    let schemas: std::collections::BTreeSet<String> = schemas
        .lines()
        .flat_map(|id| [id.to_owned(), id.replace("/v1", "-list/v1")])
        .collect();
    let lines: &[&[&str]] = &[
        &["device", "add", "358931104120070", "--name", "Nokia"],
        &["device", "list", "nobody"],
        &["device", "import", "new.csv"],
        &["device", "edit", "Nokia", "--owner", "Anna"],
        &["callback", "request", "Nokia"],
        &["callback", "list"],
        &["bulk", "check", "new.csv"],
        &["bulk", "list"],
        &["auth", "token", "create", "nightly", "viewer"],
        &[
            "auth", "token", "create", "weekly", "viewer", "--save", "token",
        ],
        &["operator", "add", "bo", "viewer", "--password-file", "pw"],
        &["operator", "remove", "bo", "--yes"],
        &["sms", "template", "save", "greet", "msg(Hi)"],
        &["sms", "template", "list"],
        &["sms", "template", "delete", "greet"],
        &[
            "server", "secret", "set", "mail", "--file", "pw", "--keep", "key-file",
        ],
        &["server", "secret", "list"],
        &["server", "secret", "remove", "mail"],
        &["sms", "gateway", "list"],
        &["device", "invite", "--count", "2"],
        &["device", "invite", "--save", "one.json"],
        &["server", "backup", "copy.db"],
        &["context", "use", "embedded"],
        &["context", "show"],
        &["auth", "logout"],
        &[
            "device",
            "delete",
            "Third",
            "--yes",
            "--accept-risk",
            "data-loss",
            "--reason",
            "sold",
        ],
    ];
    for line in lines {
        let mut args = line.to_vec();
        args.extend(["-o", "json"]);
        let ran = home.run(&args);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line:?}");
        let document = serde_json::from_str::<serde_json::Value>(&ran.stdout);
        let document = document.unwrap_or_else(|e| panic!("{line:?}: {e}: {:?}", ran.stdout));
        let schema = document["schema"].as_str().unwrap_or_default();
        assert!(schemas.contains(schema), "{line:?}: {schema}");
    }
    // What is done is not told as a failure because of a column.
    let save = ["sms", "template", "save", "greet", "msg(Hi)"];
    home.ok(&save);
    let delete = ["sms", "template", "delete", "greet"];
    let repeat = [&delete[..], &["--idempotency-key", "k1"]].concat();
    let ran = home.run(&[&repeat[..], &["--columns", "size"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: "), "{}", ran.stderr);
    // Nor is a repeat.
    assert_eq!(home.run(&repeat).code, 0);
    assert_eq!(home.run(&delete).code, 4);
    for form in ["yaml", "csv", "tsv", "name", "ndjson"] {
        let ran = home.run(&["callback", "request", "Nokia", "-o", form]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{form}");
    }
    // People get both.
    let ran = home.run(&["callback", "request", "Nokia"]);
    assert!(ran.stderr.contains("callhome serve"), "{}", ran.stderr);
    // A call that reaches nobody is told by the document and the exit code.
    let ran = home.run(&["call", "Nokia", "--timeout", "1s", "-o", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (12, ""));
    // Whoever waits for it hears that something is ready.
    let carrier = ["agent", "carrier", "-o", "json"];
    let carrier = home.start("carrier", &carrier, "ready: ");
    assert_eq!(carrier.stop(), 0);
}

#[test]
fn the_next_step_leads_to_the_place_that_was_named() {
    let home = Home::new();
    let folder = home.path().join("other data").display().to_string();
    let ran = home.run(&["--data-dir", &folder, "device", "show", "nobody"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    let named = format!("callhome --data-dir '{folder}' device list");
    assert!(ran.stderr.contains(&named), "{}", ran.stderr);
    let ran = home.run(&["--data-dir", &folder, "device", "list"]);
    let named = format!("callhome --data-dir '{folder}' device invite");
    assert!(ran.stderr.contains(&named), "{}", ran.stderr);
    let args = [
        "--data-dir",
        &folder,
        "device",
        "show",
        "nobody",
        "-o",
        "json",
    ];
    let ran = home.run(&args);
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("one line");
    let next = error["next"].to_string();
    assert!(next.contains("device list"), "{next}");
    assert!(next.contains("--data-dir"), "{next}");
    // A context that there is not is no place to look for the contexts that there are.
    let ran = home.run(&["-c", "nowhere", "device", "list"]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("callhome context list"),
        "{}",
        ran.stderr
    );
    // Without such options nothing is added.
    let ran = home.run(&["device", "show", "nobody"]);
    assert!(
        ran.stderr.contains("callhome device list"),
        "{}",
        ran.stderr
    );
}
