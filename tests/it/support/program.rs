use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Runs the program in an empty folder and environment, with a text on standard input; gives exit code, standard
/// output and standard error.
pub(crate) fn callhome(args: &[&str], input: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_callhome"))
        .args(args)
        .env_clear()
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("our own program");
    let mut stdin = child.stdin.take().expect("piped");
    // A program that reads no input may have closed it.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let mut text = [String::new(), String::new()];
    let mut out = child.stdout.take().expect("piped");
    let mut err = child.stderr.take().expect("piped");
    out.read_to_string(&mut text[0]).expect("text");
    err.read_to_string(&mut text[1]).expect("text");
    let code = child.wait().expect("it ends").code().expect("by itself");
    let [out, err] = text;
    (code, out, err)
}

/// A file with these permissions.
pub(crate) fn file(folder: &tempfile::TempDir, name: &str, mode: u32, content: &[u8]) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("a scratch file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("our own file");
    path.to_str().expect("text").to_owned()
}
