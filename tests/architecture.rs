//! Holds the house to its plan: imports go down, foreign crates stay in their rooms, files stay small.
//!
//! Reads `src/**` with `syn`; unit-test modules (`#[cfg(test)]`) are exempt, because a
//! test may look wherever it has to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Rooms by floor. A room may import from floors below its own, and from itself.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("sip", 1),
    ("sms", 1),
    ("oma", 1),
    ("api", 1),
    ("port", 2),
    ("flow", 3),
    ("net", 4),
    ("store", 4),
    ("host", 4),
    ("config", 4),
    ("server", 5),
    ("agent", 5),
    ("cli", 6),
];

/// Foreign crates and the only places that may name them: a room, a folder or a file, without `.rs`.
const FOREIGN: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("dialoguer", &["cli/prompt"]),
    ("comfy_table", &["cli/output"]),
    ("indicatif", &["cli"]),
    ("csv", &["cli"]),
    ("jaq_core", &["cli/output"]),
    ("jaq_std", &["cli/output"]),
    ("jaq_json", &["cli/output"]),
    ("lettre", &["net/mail"]),
    ("qrcode", &["cli/output/qr"]),
    ("rsip", &["sip/wire"]),
    ("rusmpp", &["sms/smpp/wire"]),
    ("reqwest", &["net"]),
    (
        "axum",
        &[
            "server",
            "agent/carrier",
            "agent/proxy",
            "net/tls",
            "net/unix",
        ],
    ),
    ("hyper", &["server", "net"]),
    ("hyper_util", &["server", "net"]),
    ("tower", &["server"]),
    ("tower_http", &["server"]),
    ("governor", &["server"]),
    ("rusqlite", &["store"]),
    ("keyring", &["host"]),
    ("keyring_core", &["host"]),
    ("dbus_secret_service_keyring_store", &["host"]),
    ("linux_keyutils_keyring_store", &["host"]),
    ("serde_yaml", &["config", "cli/output"]),
    ("getrandom", &["host"]),
    (
        "ring",
        &["host", "net", "server", "store", "api/signing_key"],
    ),
    ("rustls", &["net"]),
    ("rustls_native_certs", &["net"]),
    ("hickory_resolver", &["net/dns"]),
    ("tokio_tungstenite", &["net"]),
    ("tokio_rustls", &["net"]),
    ("rcgen", &["net"]),
    ("x509_parser", &["net"]),
    ("socket2", &["net"]),
    ("nix", &["net/sip_volley", "host"]),
    ("hdrhistogram", &["cli/bulk"]),
    // Passwords in the server, the passphrase of a sealed file in host.
    ("argon2", &["server", "host"]),
];

struct Source {
    /// Path below `src/`, with `/` and without `.rs`, as in `cli/commands/device/lock`.
    place: String,
    text: String,
    /// Every path in the code outside tests, segments joined with `::`.
    paths: BTreeSet<String>,
}

impl Source {
    fn room(&self) -> &str {
        self.place.split('/').next().unwrap_or_default()
    }

    fn is_within(&self, places: &[&str]) -> bool {
        places
            .iter()
            .any(|p| self.place == *p || self.place.starts_with(&format!("{p}/")))
    }
}

#[derive(Default)]
struct Paths {
    found: BTreeSet<String>,
    macros: BTreeSet<String>,
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("test") || (a.path().is_ident("cfg") && quote_text(a).contains("test"))
    })
}

fn quote_text(attribute: &syn::Attribute) -> String {
    match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

fn flatten(tree: &syn::UseTree, before: &str, into: &mut BTreeSet<String>) {
    let join = |name: &dyn std::fmt::Display| {
        if before.is_empty() {
            name.to_string()
        } else {
            format!("{before}::{name}")
        }
    };
    match tree {
        syn::UseTree::Path(path) => flatten(&path.tree, &join(&path.ident), into),
        syn::UseTree::Name(name) => drop(into.insert(join(&name.ident))),
        syn::UseTree::Rename(rename) => drop(into.insert(join(&rename.ident))),
        syn::UseTree::Glob(_) => drop(into.insert(before.to_owned())),
        syn::UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|item| flatten(item, before, into)),
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(i) => &i.attrs,
            syn::Item::Fn(i) => &i.attrs,
            syn::Item::Use(i) => &i.attrs,
            syn::Item::Impl(i) => &i.attrs,
            syn::Item::Struct(i) => &i.attrs,
            syn::Item::Const(i) => &i.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        flatten(&item.tree, "", &mut self.found);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let text = path
            .segments
            .iter()
            .map(|s| s.ident.to_string())
            .collect::<Vec<_>>()
            .join("::");
        self.found.insert(text);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if let Some(last) = mac.path.segments.last() {
            self.macros.insert(last.ident.to_string());
        }
        // Bodies of macros are tokens to syn; what they name is found by shape.
        let body = mac.tokens.to_string().replace(' ', "");
        for (start, _) in body.match_indices("crate::") {
            let rest: String = body[start..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
                .collect();
            self.found.insert(rest);
        }
        syn::visit::visit_macro(self, mac);
    }
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .map(|e| e.expect("readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&root, &mut files);
    assert!(
        files.len() > 40,
        "the sources were not found below {}",
        root.display()
    );
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("readable");
            let parsed =
                syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let mut paths = Paths::default();
            paths.visit_file(&parsed);
            let mut found = paths.found;
            found.extend(paths.macros.into_iter().map(|m| format!("{m}!")));
            let below = path.strip_prefix(&root).expect("below src");
            Source {
                place: below
                    .with_extension("")
                    .to_string_lossy()
                    .replace('\\', "/"),
                text,
                paths: found,
            }
        })
        .collect()
}

fn floor_of(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

/// Fails with all findings at once, one a line.
fn expect_none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

#[test]
fn every_file_lives_in_a_room() {
    let strangers: Vec<String> = sources()
        .iter()
        .filter(|s| floor_of(s.room()).is_none() && !matches!(s.place.as_str(), "lib" | "main"))
        .map(|s| s.place.clone())
        .collect();
    expect_none("these files are in no room of the house", &strangers);
}

#[test]
fn imports_only_go_down() {
    let mut findings = Vec::new();
    for source in sources() {
        let Some(own) = floor_of(source.room()) else {
            continue;
        };
        for path in &source.paths {
            let mut words = path.split("::");
            if words.next() != Some("crate") {
                continue;
            }
            let Some(room) = words.next() else { continue };
            let Some(floor) = floor_of(room) else {
                continue;
            };
            if room != source.room() && floor >= own {
                findings.push(format!(
                    "{} (floor {own}) names {path} (floor {floor})",
                    source.place
                ));
            }
        }
    }
    expect_none("an import goes up or sideways", &findings);
}

#[test]
fn servers_and_agents_see_the_world_only_through_ports() {
    // Floor 5 sits above `store` and `config`, yet must not name them: the command line hands the parts in.
    let mut findings = Vec::new();
    for source in sources()
        .iter()
        .filter(|s| matches!(s.room(), "server" | "agent" | "flow"))
    {
        for path in source
            .paths
            .iter()
            .filter(|p| p.starts_with("crate::store") || p.starts_with("crate::config"))
        {
            findings.push(format!("{} names {path}", source.place));
        }
    }
    expect_none("a concrete part is named where a port should be", &findings);
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    let mut findings = Vec::new();
    for source in sources() {
        for (name, places) in FOREIGN {
            let named = source
                .paths
                .iter()
                .find(|p| p.starts_with(&format!("{name}::")));
            if let Some(path) = named.filter(|_| !source.is_within(places)) {
                findings.push(format!(
                    "{} names {path}; only {} may",
                    source.place,
                    places.join(", ")
                ));
            }
        }
    }
    expect_none("a foreign crate is used outside its room", &findings);
}

#[test]
fn the_protocol_floors_have_no_runtime() {
    let mut findings = Vec::new();
    for source in sources() {
        let Some(floor) = floor_of(source.room()) else {
            continue;
        };
        for path in source.paths.iter().filter(|p| p.starts_with("tokio::")) {
            let allowed = match floor {
                0..=2 => false,
                3 => ["tokio::time", "tokio::select", "tokio::join", "tokio::sync"]
                    .iter()
                    .any(|p| path.starts_with(p)),
                _ => true,
            };
            if !allowed {
                findings.push(format!("{} names {path}", source.place));
            }
        }
        if floor < 3 {
            for path in source.paths.iter().filter(|p| {
                p.starts_with("std::net::Tcp")
                    || p.starts_with("std::net::Udp")
                    || p.starts_with("std::fs")
                    || p.starts_with("std::thread")
            }) {
                findings.push(format!("{} names {path}", source.place));
            }
        }
    }
    expect_none("code without I/O reaches for a runtime", &findings);
}

#[test]
fn clock_environment_and_console_have_one_owner_each() {
    let rules: &[(&str, &[&str])] = &[
        ("SystemTime::now", &["host"]),
        ("OffsetDateTime::now_utc", &["host"]),
        ("std::env::var", &["cli/environment"]),
        ("env::var", &["cli/environment"]),
        ("std::env::vars_os", &["cli/environment"]),
        ("std::env::args_os", &["cli/environment"]),
        ("std::process::exit", &[]),
        ("process::exit", &[]),
        ("println!", &[]),
        ("print!", &[]),
        ("eprintln!", &[]),
        ("dbg!", &[]),
        ("todo!", &[]),
        ("unimplemented!", &[]),
    ];
    let mut findings = Vec::new();
    for source in sources() {
        for (name, places) in rules {
            let named = source
                .paths
                .iter()
                .any(|p| p == name || p.ends_with(&format!("::{name}")));
            if named && !source.is_within(places) {
                findings.push(format!("{} names {name}", source.place));
            }
        }
        // Monotonic time is a measurement, not a date: allowed from the floor of sockets up.
        let monotonic = source.paths.iter().any(|p| p.ends_with("Instant::now"));
        if monotonic && floor_of(source.room()).is_some_and(|f| f < 3) {
            findings.push(format!("{} reads the monotonic clock", source.place));
        }
    }
    expect_none("something with one owner is used elsewhere", &findings);
}

#[test]
fn consent_is_made_only_where_a_person_or_a_checked_request_gives_it() {
    let findings: Vec<String> = sources()
        .iter()
        .filter(|s| s.paths.iter().any(|p| p.ends_with("Consent::given")))
        .filter(|s| !s.is_within(&["cli/prompt", "server/routes/actions"]))
        .map(|s| s.place.clone())
        .collect();
    expect_none(
        "Consent is made outside cli/prompt and server/routes/actions",
        &findings,
    );
}

#[test]
fn files_are_small_and_named_for_what_they_hold() {
    let mut findings = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > 600 {
            findings.push(format!(
                "{} has {lines} lines; split it by meaning",
                source.place
            ));
        }
        let name = source.place.rsplit('/').next().unwrap_or_default();
        if matches!(
            name,
            "util" | "utils" | "helpers" | "helper" | "common" | "misc"
        ) {
            findings.push(format!("{} is named for nothing", source.place));
        }
    }
    expect_none("a file has become a drawer", &findings);
}

#[test]
fn the_crate_root_and_main_hold_no_logic() {
    for source in sources() {
        match source.place.as_str() {
            "lib" => assert!(
                !source
                    .text
                    .lines()
                    .any(|l| l.starts_with("fn ") || l.starts_with("pub fn ")),
                "lib.rs holds code"
            ),
            "main" => {
                let parsed = syn::parse_file(&source.text).expect("parsed before");
                let statements: usize = parsed
                    .items
                    .iter()
                    .filter_map(|i| {
                        if let syn::Item::Fn(f) = i {
                            Some(f.block.stmts.len())
                        } else {
                            None
                        }
                    })
                    .sum();
                assert_eq!(statements, 1, "main.rs is one statement");
            }
            _ => {}
        }
    }
}

#[test]
fn every_room_says_what_it_is_for() {
    let findings: Vec<String> = sources()
        .iter()
        .filter(|s| s.place.ends_with("/mod") && s.place.matches('/').count() == 1)
        .filter(|s| s.text.lines().take_while(|l| l.starts_with("//!")).count() < 5)
        .map(|s| s.place.clone())
        .collect();
    expect_none(
        "a room has no page at its door (what it is for, what it never does, a map)",
        &findings,
    );
}
