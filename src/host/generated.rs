use std::path::Path;

/// Holds a file of the sources that is made from types to what the types say.
///
/// # Panics
///
/// When they differ; what the file should say is then beside it, under its name with `.new`.
pub(crate) fn assert_generated(file: &str, committed: &str, made: &serde_json::Value) {
    let made = format!("{made:#}\n");
    if made == committed {
        return;
    }
    let new = format!("{file}.new");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&new);
    std::fs::write(path, made).expect("written");
    panic!(
        "{file} is not what the types say any more; if that is meant, mv {new} {file}, and compile again"
    );
}
