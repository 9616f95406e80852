//! The desktop's keyring itself: GNOME's Secret Service on a message bus of its own, unlocked by a password.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::sip_peers::peer::installed;
use crate::support::command::{Home, Ran};

/// A message bus with an unlocked keyring on it; both end with this value.
struct Desktop {
    session: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Desktop {
    /// `None` where the programs are not installed.
    fn start() -> Option<Self> {
        if !installed(&["dbus-run-session", "gnome-keyring-daemon"]) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        // The session ends when its standard input does.
        let script = "printf 'keyring-password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n\
             echo \"$DBUS_SESSION_BUS_ADDRESS\"\nexec cat";
        let mut session = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", script])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .env("XDG_RUNTIME_DIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a message bus");
        let out = session.stdout.take().expect("piped");
        let mut address = String::new();
        BufReader::new(out)
            .read_line(&mut address)
            .expect("its address");
        let address = address.trim().to_owned();
        assert!(address.starts_with("unix:"), "{address:?}");
        Some(Self {
            session,
            address,
            _folder: folder,
        })
    }

    /// Runs the program on this desktop.
    fn run(&self, home: &Home, args: &[&str]) -> Ran {
        let mut command = home.command(args);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        Ran::of(&command.output().expect("the program starts"))
    }

    fn ok(&self, home: &Home, args: &[&str]) -> Ran {
        let ran = self.run(home, args);
        assert_eq!(ran.code, 0, "{args:?}\n{}{}", ran.stdout, ran.stderr);
        ran
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // `cat` ends at the end of its input, then the bus, then the keyring.
        drop(self.session.stdin.take());
        drop(self.session.wait());
    }
}

fn private(home: &Home, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = home.file(name, text);
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, mode).expect("private");
    path.display().to_string()
}

#[test]
fn a_login_is_kept_in_the_desktops_keyring_until_it_is_logged_out() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    let server = Home::new();
    let serve = server.start("serve", &["serve", "--name", "lund"], "ready: ");
    let url = serve.address("https:");
    let clerk = Home::new();
    let doctor = desktop.ok(&clerk, &["doctor"]);
    assert!(
        doctor
            .stdout
            .contains("logins are kept in the desktop's keyring"),
        "{}",
        doctor.stdout
    );
    let ca = server.data().join("ca.pem").display().to_string();
    let code = server.data().join("first-admin.code").display().to_string();
    let new = private(&clerk, "new.txt", "correct horse battery\n");
    let login = [
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
        "--as",
        "lund",
    ];
    let ran = desktop.ok(&clerk, &login);
    assert!(
        ran.stderr.contains("kept in the desktop's keyring"),
        "{}",
        ran.stderr
    );
    // Another process finds it there; nothing of it lies in the clerk's folders; without the bus it is not there.
    let status = desktop.ok(&clerk, &["auth", "status"]);
    assert!(
        status.stdout.starts_with("admin (admin)"),
        "{}",
        status.stdout
    );
    let files = std::fs::read_dir(clerk.path().join(".config/callhome")).expect("settings");
    for file in files {
        let name = file.expect("a file").file_name();
        let name = name.to_string_lossy();
        assert!(!name.starts_with("tokens"), "{name}");
    }
    let alone = clerk.run(&["auth", "status"]);
    assert_eq!(alone.code, 3, "{}{}", alone.stdout, alone.stderr);

    let _out = desktop.ok(&clerk, &["auth", "logout"]);
    let after = desktop.run(&clerk, &["auth", "status"]);
    assert_eq!(after.code, 3, "{}{}", after.stdout, after.stderr);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn without_a_desktop_the_keyring_is_refused_and_another_place_is_named() {
    let home = Home::new();
    let secret = private(&home, "secret.txt", "planted\n");
    let set = |keep: &str| {
        home.run(&[
            "server", "secret", "set", "mail", "--file", &secret, "--keep", keep,
        ])
    };
    let refused = set("keyring");
    assert_eq!(refused.code, 14, "{}{}", refused.stdout, refused.stderr);
    assert!(
        refused.stderr.contains("--keep key-file"),
        "{}",
        refused.stderr
    );
    let kept = set("key-file");
    assert_eq!(kept.code, 0, "{}", kept.stderr);
    assert!(kept.stderr.contains("a sealed file"), "{}", kept.stderr);
}

#[test]
fn a_servers_mail_password_comes_from_the_keyring_and_is_tried_by_the_doctor() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    let home = Home::new();
    let settings = home.path().join(".config/callhome");
    std::fs::create_dir_all(&settings).expect("a folder");
    // Somebody listens and says nothing of SMTP: the account cannot be good.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = mute.local_addr().expect("bound").port();
    drop(mute);
    let text = format!(
        "server:\n  mail:\n    host: 127.0.0.1\n    port: {port}\n    security: none\n    from: care@example.net\n    \
         username: callhome\n    password_file: keyring:mail\n"
    );
    std::fs::write(settings.join("config.yaml"), text).expect("written");
    // Before it is kept nothing starts, and what to type is told.
    let early = desktop.run(&home, &["server", "status"]);
    assert_eq!(early.code, 14, "{}{}", early.stdout, early.stderr);
    assert!(
        early.stderr.contains("callhome server secret set mail"),
        "{}",
        early.stderr
    );
    let secret = private(&home, "mail.txt", "planted-mail-password\n");
    let set = ["server", "secret", "set", "mail", "--file", &secret];
    let kept = desktop.ok(&home, &set);
    assert!(
        kept.stderr.contains("the desktop's keyring"),
        "{}",
        kept.stderr
    );
    let _status = desktop.ok(&home, &["server", "status"]);
    let list = desktop.ok(&home, &["server", "secret", "list"]);
    assert!(list.stdout.contains("keyring:mail"), "{}", list.stdout);
    assert!(
        list.stdout.contains("the desktop's keyring"),
        "{}",
        list.stdout
    );
    let doctor = desktop.run(&home, &["doctor"]);
    assert_eq!(doctor.code, 13, "{}", doctor.stdout);
    assert!(doctor.stdout.contains("BAD mail"), "{}", doctor.stdout);
    assert!(
        doctor
            .stdout
            .contains("1 secret found, in the desktop's keyring"),
        "{}",
        doctor.stdout
    );
    let _gone = desktop.ok(&home, &["server", "secret", "remove", "mail"]);
    let again = desktop.run(&home, &["server", "secret", "remove", "mail"]);
    assert_eq!(again.code, 4, "{}", again.stderr);
}
