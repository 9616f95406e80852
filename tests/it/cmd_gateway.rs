//! `callhome sms gateway`, `sms status` and `sms listen`, as a clerk meets them: right, wrong and with nothing there.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::command::Home;

#[test]
fn gateways_are_listed_and_tried_and_what_is_not_there_is_told_with_the_next_step() {
    let home = Home::new();
    let mut told = String::new();
    let mut tell = |args: &[&str]| {
        let ran = home.run(args);
        told.push_str(&format!("{}\n{}\n", args.join(" "), ran.shown(&home)));
    };
    tell(&["sms", "gateway", "list"]);
    tell(&["sms", "gateway", "test"]);
    tell(&["sms", "gateway", "test", "kannel-1"]);
    // What needs one says so, and where it is set.
    home.ok(&["device", "add", "358931104120070", "--name", "Nokia"]);
    tell(&["sms", "send", "--to", "+358401234567", "hello"]);
    tell(&[
        "sms",
        "send",
        "--to",
        "+358401234567",
        "hello",
        "-o",
        "json",
    ]);
    tell(&["device", "verify", "Nokia"]);
    tell(&["device", "ring", "Nokia", "--via", "sms"]);
    tell(&["call", "Nokia", "--via", "sms"]);
    tell(&["call", "Nokia", "--via", "push"]);
    let to = "+358401234567";
    tell(&["device", "invite", "--by", "sms", "--number", to]);
    tell(&[
        "device",
        "invite",
        "--by",
        "email",
        "--email",
        "a@example.net",
    ]);
    // Nobody listens at port 9 of this machine.
    let config = home.path().join(".config/callhome");
    std::fs::create_dir_all(&config).expect("a folder");
    let password = home.file("kannel.password", "secret\n");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&password, private).expect("our own file");
    let password = password.display();
    let settings = format!(
        "server:\n  gateways:\n    - name: kannel-1\n      kind: kannel\n      \
         url: http://127.0.0.1:9\n      username: callhome\n      password_file: {password}\n      \
         prefixes: [\"+358\", \"+46\"]\n"
    );
    std::fs::write(config.join("config.yaml"), settings).expect("written");
    tell(&["sms", "gateway", "list"]);
    tell(&["sms", "gateway", "list", "-o", "json"]);
    tell(&["sms", "gateway", "test", "kannel-1"]);
    tell(&["sms", "gateway", "test", "kannel-1", "-o", "json"]);
    tell(&["sms", "status"]);
    tell(&["sms", "status", "not-an-id"]);
    tell(&["sms", "status", "4t9wz0kc"]);
    tell(&["sms", "status", "4t9wz0kc", "-o", "json"]);
    tell(&["sms", "listen", "--count", "0"]);
    tell(&["sms", "listen", "--timeout", "soon"]);
    tell(&["sms", "listen", "--timeout", "1s"]);
    insta::assert_snapshot!(told);
}
