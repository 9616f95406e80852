//! The secrets of a server's settings, planted in files and in the keyring: no command tells one of them.

use crate::support::command::Home;

const KINDS: [&str; 8] = [
    "kannel", "receipts", "header", "twilio", "smpp", "mail", "hook", "push",
];

fn planted(kind: &str) -> String {
    match kind {
        // SMPP has room for eight characters.
        "smpp" => "Zq7Xw9sm".to_owned(),
        // A webhook's key is 24 octets or more in base64.
        "hook" => "whsec_Zq7Xw9plantedplantedplantedZq7Xw".to_owned(),
        _ => format!("planted-{kind}-Zq7Xw9"),
    }
}

fn private(home: &Home, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = home.file(name, text);
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, mode).expect("private");
    path.display().to_string()
}

/// Settings with one secret of each kind; `place` says where each is. Nobody listens at `port`.
fn settings(home: &Home, port: u16, place: impl Fn(&str) -> String, push: bool) {
    let mut text = format!(
        "server:
  gateways:
    - {{name: kannel, kind: kannel, url: 'http://127.0.0.1:{port}/cgi-bin/sendsms', username: u, password_file: '{}', callback_secret_file: '{}', prefixes: ['+1']}}
    - {{name: web, kind: http, url: 'http://127.0.0.1:{port}/send?to={{to}}&text={{text}}', header_files: {{Authorization: '{}'}}, prefixes: ['+2']}}
    - {{name: twilio, kind: twilio, url: 'http://127.0.0.1:{port}', username: AC1, from: '+15550100', password_file: '{}', prefixes: ['+3']}}
    - {{name: smpp, kind: smpp, url: 'smpp://u@127.0.0.1:{port}', password_file: '{}', prefixes: ['+4']}}
  mail: {{host: 127.0.0.1, port: {port}, security: none, from: care@example.net, username: u, password_file: '{}'}}
  webhooks:
    - {{url: 'http://127.0.0.1:{port}/hook', secret_file: '{}'}}
",
        place("kannel"), place("receipts"), place("header"), place("twilio"), place("smpp"), place("mail"), place("hook"),
    );
    if push {
        text.push_str(&format!(
            "  push:\n    - {{name: fcm, kind: fcm, credentials_file: '{}'}}\n",
            place("push")
        ));
    }
    let folder = home.path().join(".config/callhome");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("config.yaml"), text).expect("written");
}

/// Everything that the commands say which come near the secrets; whether each ended as it should.
fn said_by_all(home: &Home) -> String {
    let mut all = String::new();
    let mut sees = |args: &[&str], codes: &[i32]| {
        let ran = home.run(args);
        let said = format!("{args:?} exit {}\n{}{}", ran.code, ran.stdout, ran.stderr);
        assert!(codes.contains(&ran.code), "{said}");
        all.push_str(&said);
    };
    sees(&["config", "explain"], &[0]);
    sees(&["config", "explain", "-o", "json"], &[0]);
    sees(&["context", "show", "-o", "json"], &[0]);
    sees(&["server", "secret", "list", "-o", "json"], &[0]);
    sees(
        &["server", "status", "-v", "--trace", "http", "-o", "json"],
        &[0],
    );
    sees(&["sms", "gateway", "list", "-o", "json"], &[0]);
    sees(&["doctor", "-o", "json"], &[13]);
    for (gateway, number) in [
        ("kannel", "+14085550137"),
        ("web", "+24085550137"),
        ("twilio", "+34085550137"),
        ("smpp", "+44085550137"),
    ] {
        sees(&["sms", "gateway", "test", gateway], &[0, 11, 12]);
        let send = [
            "sms", "send", "--to", number, "--text", "hello", "--trace", "http,sms", "-v",
        ];
        sees(&send, &[2, 10, 11, 12]);
        sees(
            &["device", "invite", "--number", number, "--trace", "http"],
            &[2, 10, 11, 12],
        );
    }
    let letter = [
        "device",
        "invite",
        "--email",
        "anna@example.net",
        "--trace",
        "http",
    ];
    sees(&letter, &[11, 12]);
    all
}

fn nobody() -> u16 {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    taken.local_addr().expect("bound").port()
}

fn none_is_in(said: &str) {
    for kind in KINDS {
        let secret = planted(kind);
        let coded = data_encoding::BASE64.encode(secret.as_bytes());
        for form in [secret.as_str(), coded.trim_end_matches('=')] {
            assert!(
                !said.contains(form),
                "the secret of {kind} was told: {said}"
            );
        }
        assert!(!said.contains(&format!("u:{secret}")), "{kind}");
    }
}

#[test]
fn secrets_in_files_are_told_by_no_command() {
    let home = Home::new();
    let files: std::collections::BTreeMap<&str, String> = KINDS
        .iter()
        .map(|kind| {
            (
                *kind,
                private(&home, &format!("{kind}.secret"), &planted(kind)),
            )
        })
        .collect();
    settings(&home, nobody(), |kind| files[kind].clone(), false);
    none_is_in(&said_by_all(&home));
    // Credentials that cannot be read are refused without being shown.
    settings(&home, nobody(), |kind| files[kind].clone(), true);
    let ran = home.run(&["server", "status"]);
    assert_eq!(ran.code, 13, "{}{}", ran.stdout, ran.stderr);
    none_is_in(&format!("{}{}", ran.stdout, ran.stderr));
}

#[test]
fn secrets_in_the_keyring_serve_each_setting_and_are_told_by_no_command() {
    let home = Home::new();
    let keep = |kind: &str| {
        let file = private(&home, "one.secret", &planted(kind));
        let set = [
            "server", "secret", "set", kind, "--file", &file, "--keep", "key-file",
        ];
        let ran = home.run(&set);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        std::fs::remove_file(file).expect("removed");
        format!("{}{}", ran.stdout, ran.stderr)
    };
    let mut said: String = KINDS.iter().map(|kind| keep(kind)).collect();
    settings(&home, nobody(), |kind| format!("keyring:{kind}"), false);
    said.push_str(&said_by_all(&home));
    none_is_in(&said);
    let rows = home.json(&["server", "secret", "list"]);
    let rows = rows["items"].as_array().expect("a list");
    assert_eq!(rows.len(), 7);
    assert!(rows.iter().all(|r| r["there"] == true), "{rows:?}");
    // One that is missing is named, with what to type.
    home.ok(&["server", "secret", "remove", "twilio"]);
    let ran = home.run(&["server", "status"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("server.gateways.twilio.password_file"),
        "{}",
        ran.stderr
    );
    settings(&home, nobody(), |kind| format!("keyring:{kind}"), true);
    keep("twilio");
    let ran = home.run(&["server", "status"]);
    assert_eq!(ran.code, 13, "{}{}", ran.stdout, ran.stderr);
    none_is_in(&format!("{}{}", ran.stdout, ran.stderr));
}
