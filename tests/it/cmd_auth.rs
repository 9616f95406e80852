//! Logging in at a server over HTTPS: pinning, one-time code, roles, logging out.

use crate::support::command::Home;

#[test]
fn the_first_admin_enters_with_the_code_and_lets_others_in() {
    let server = Home::new();
    let serve = server.start("serve", &["serve", "--name", "lund"], "ready: ");
    let url = serve.address("https:");
    let ca = server.data().join("ca.pem").display().to_string();
    let code = server.data().join("first-admin.code").display().to_string();

    let admin = Home::new();
    let new = admin.file("new.txt", "correct horse battery\n");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&new, private).expect("private");
    let new = new.display().to_string();
    // Without a pin nobody is trusted, and nobody can be asked here.
    let ran = admin.run(&[
        "auth",
        "login",
        "--server",
        &url,
        "--operator",
        "admin",
        "--no-input",
    ]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--fingerprint "), "{}", ran.stderr);
    let ran = admin.run(&[
        "auth",
        "login",
        "--server",
        &url,
        "--operator",
        "admin",
        "--ca-file",
        &ca,
        "--password-file",
        &code,
        "--new-password-file",
        &new,
        "--keep",
        "key-file",
        "--as",
        "lund",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        !server.data().join("first-admin.code").exists(),
        "the code is used up"
    );

    let me = admin.json(&["auth", "status"]);
    assert_eq!(
        (&me["operator"], &me["role"]),
        (&"admin".into(), &"admin".into())
    );
    admin.ok(&[
        "operator",
        "add",
        "anna",
        "helpdesk",
        "--password-file",
        &new,
    ]);

    let helpdesk = Home::new();
    let password = helpdesk.file("anna.txt", "correct horse battery\n");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&password, private).expect("private");
    let password = password.display().to_string();
    let login = helpdesk.json(&[
        "auth",
        "login",
        "--server",
        &url,
        "--operator",
        "anna",
        "--ca-file",
        &ca,
        "--password-file",
        &password,
        "--keep",
        "key-file",
        "--as",
        "lund",
    ]);
    assert_eq!(
        (&login["name"], &login["operator"], &login["current"]),
        (&"lund".into(), &"anna".into(), &true.into())
    );
    let denied = helpdesk.run(&["operator", "list"]);
    assert_eq!(denied.code, 5, "{}", denied.stderr);
    assert!(denied.stderr.contains("admin"), "{}", denied.stderr);
    assert_eq!(helpdesk.run(&["device", "list"]).code, 0);
    let longer = self::private(&helpdesk, "longer.txt", "correct horse battery staple\n");
    let change = ["--current-file", &password, "--new-file", &longer];
    let changed = helpdesk.json(&[&["auth", "password"][..], &change].concat());
    assert_eq!(changed["operator"], "anna");
    assert_eq!(helpdesk.run(&["auth", "logout"]).code, 0);
    assert_eq!(helpdesk.run(&["device", "list"]).code, 3);

    // A token for a script works from a file, until it is revoked.
    let token = admin.path().join("token.txt");
    let path = token.display().to_string();
    admin.ok(&[
        "auth", "token", "create", "nightly", "viewer", "--save", &path,
    ]);
    let script = Home::new();
    script.ok(&[
        "context",
        "add",
        "lund",
        &url,
        "--ca-file",
        &ca,
        "--token-file",
        &path,
    ]);
    script.ok(&["context", "use", "lund"]);
    assert_eq!(script.json(&["auth", "status"])["role"], "viewer");
    let id = admin.ok(&["auth", "token", "list", "-o", "name"]);
    let revoked = admin.json(&["auth", "token", "revoke", id.trim()]);
    assert_eq!(revoked["name"], "nightly");
    assert_eq!(script.run(&["device", "list"]).code, 3);
    assert_eq!(serve.stop(), 0);
    // And with the server gone, that is what is said.
    assert_eq!(admin.run(&["device", "list"]).code, 12);
}

/// A file that only its owner can read.
fn private(home: &Home, name: &str, content: &str) -> String {
    let path = home.file(name, content);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).expect("private");
    path.display().to_string()
}

/// Logs the first admin in as the context `lund`.
fn logged_in(admin: &Home, server: &Home, url: &str) {
    let ca = server.data().join("ca.pem").display().to_string();
    let code = server.data().join("first-admin.code").display().to_string();
    let new = private(admin, "new.txt", "correct horse battery\n");
    let login = [
        "auth",
        "login",
        "--server",
        url,
        "--operator",
        "admin",
        "--as",
        "lund",
    ];
    let how = [
        "--ca-file",
        &ca,
        "--password-file",
        &code,
        "--new-password-file",
        &new,
        "--keep",
        "key-file",
    ];
    admin.ok(&[login, how].concat());
}

#[test]
fn a_server_that_a_folders_file_names_gets_no_token_of_another_one() {
    let (ours, theirs) = (Home::new(), Home::new());
    let serve = ours.start("serve", &["serve"], "ready: ");
    let other = theirs.start("serve", &["serve"], "ready: ");
    let (url, evil) = (serve.address("https:"), other.address("https:"));
    let admin = Home::new();
    logged_in(&admin, &ours, &url);
    let token = admin.path().join("token.txt").display().to_string();
    admin.ok(&["auth", "token", "create", "t", "viewer", "--save", &token]);
    let folder = |name: &str, server: &str| {
        let pem = theirs.data().join("ca.pem").display().to_string();
        admin.file(
            ".callhome.yaml",
            &format!(
                "current-context: {name}\ncontexts:\n  {name}:\n    server: {server}\n    ca_file: {pem}\n"
            ),
        );
    };
    let with_token = |args: &[&str]| {
        let mut command = admin.command(args);
        command.env("CALLHOME_TOKEN_FILE", &token);
        crate::support::command::Ran::of(&command.output().expect("it starts"))
    };

    // A context of its own, chosen by itself: neither the environment's token nor a kept login goes there.
    folder("evil", &evil);
    for ran in [
        with_token(&["device", "list"]),
        admin.run(&["device", "list"]),
    ] {
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(ran.stderr.contains(".callhome.yaml"), "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains(&format!("callhome auth login --server {evil}")),
            "{}",
            ran.stderr
        );
    }
    // Nor is its authority believed when somebody logs in: it has to be compared.
    let password = private(&admin, "password.txt", "correct horse battery\n");
    let ran = admin.run(&[
        "auth",
        "login",
        "--operator",
        "admin",
        "--password-file",
        &password,
        "--no-input",
    ]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--fingerprint"), "{}", ran.stderr);
    // The user's own contexts work from here as ever, and so does one that both name.
    assert_eq!(with_token(&["device", "list", "-c", "lund"]).code, 0);
    folder("lund", &url);
    admin.ok(&["device", "list"]);

    // A context that is removed takes its login along: another server of the same name is told nothing.
    std::fs::remove_file(admin.path().join(".callhome.yaml")).expect("removed");
    let told = admin.run(&["context", "remove", "lund"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stderr.contains("with its login"), "{}", told.stderr);
    folder("lund", &evil);
    assert_eq!(admin.run(&["device", "list"]).code, 3);
    std::fs::remove_file(admin.path().join(".callhome.yaml")).expect("removed");
    let ca = ours.data().join("ca.pem").display().to_string();
    admin.ok(&["context", "add", "lund", &url, "--ca-file", &ca]);
    let ran = admin.run(&["device", "list", "-c", "lund"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    // The token file is still good where the user says so.
    assert_eq!(with_token(&["device", "list", "-c", "lund"]).code, 0);
    // A kept login is bound to its address: under the same name at another one it is not used.
    let again = ["auth", "login", "--server", &url, "--operator", "admin"];
    let how = ["--as", "lund", "--ca-file", &ca, "--keep", "key-file"];
    let file = ["--password-file", &password];
    admin.ok(&[&again[..], &how[..], &file[..]].concat());
    admin.ok(&["device", "list"]);
    let config = admin.path().join(".config/callhome/config.yaml");
    let text = std::fs::read_to_string(&config).expect("the settings");
    let port = |url: &str| url.rsplit(':').next().unwrap_or_default().to_owned();
    assert!(text.contains(&port(&url)), "{text}");
    std::fs::write(&config, text.replace(&port(&url), &port(&evil))).expect("written");
    assert_eq!(admin.run(&["device", "list"]).code, 3);
}
