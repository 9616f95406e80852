//! `man/` and `completions/` are what `callhome generate` writes, byte by byte.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::command::Home;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| {
            let entry = entry.expect("readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("readable"))
        })
        .collect()
}

#[test]
fn man_pages_and_completions_are_fresh() {
    let home = Home::new();
    for asset in ["man", "completions"] {
        let fresh = home.path().join(asset);
        home.ok(&["generate", asset, &fresh.display().to_string()]);
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(asset);
        let (fresh, kept) = (files(&fresh), files(&kept));
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        let advice = format!("run: cargo run -- generate {asset} {asset}");
        assert_eq!(names(&fresh), names(&kept), "{advice}");
        for (name, content) in fresh {
            assert!(content == kept[&name], "{asset}/{name} is old; {advice}");
        }
    }
}
