//! The corpus of the fuzz targets, played through the same checks.

use std::path::Path;

// The fuzz targets are another crate, which needs its checks public.
#[path = "../fuzz/checks.rs"]
#[allow(unreachable_pub)]
mod checks;

#[test]
fn the_corpus_of_every_fuzz_target_still_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, check) in checks::TARGETS {
        let mut played = 0;
        for entry in std::fs::read_dir(corpus.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
        {
            let path = entry.expect("readable").path();
            check(&std::fs::read(&path).expect("readable"));
            played += 1;
        }
        assert!(played > 0, "{name} has no corpus");
    }
}

#[test]
fn the_vectors_hold_in_every_fuzz_target() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut folders = vec![vectors];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let octets = std::fs::read(&path).expect("readable");
            for (_, check) in checks::TARGETS {
                check(&octets);
            }
        }
    }
}
