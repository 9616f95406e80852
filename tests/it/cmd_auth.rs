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
    let ran = helpdesk.run(&[
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
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let denied = helpdesk.run(&["operator", "list"]);
    assert_eq!(denied.code, 5, "{}", denied.stderr);
    assert!(denied.stderr.contains("admin"), "{}", denied.stderr);
    assert_eq!(helpdesk.run(&["device", "list"]).code, 0);
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
    admin.ok(&["auth", "token", "revoke", id.trim()]);
    assert_eq!(script.run(&["device", "list"]).code, 3);
    assert_eq!(serve.stop(), 0);
    // And with the server gone, that is what is said.
    assert_eq!(admin.run(&["device", "list"]).code, 12);
}
