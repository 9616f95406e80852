//! Settings: explained also when some are wrong, and every one of them in the template.

use std::collections::BTreeMap;

use callhome::config::{Config, TEMPLATE};
use serde_json::Value;

use crate::support::command::Home;

/// The template with the sign taken away from every setting.
fn uncommented() -> String {
    TEMPLATE
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        // A word after one blank is prose.
        .filter(|line| !line.starts_with(' ') || line.starts_with("  "))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn the_template_sets_nothing_as_it_is_and_all_of_it_holds() {
    assert!(TEMPLATE.lines().all(|l| l.starts_with('#') || l.is_empty()));
    let home = Home::new();
    let printed = home.ok(&["config", "template"]);
    assert_eq!(printed, TEMPLATE);
    let folder = home.path().join(".config/callhome");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("config.yaml"), &printed).expect("written");
    home.ok(&["device", "list"]);
    std::fs::write(folder.join("config.yaml"), uncommented()).expect("written");
    let ran = home.run(&["config", "explain"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("server.enum_zone"), "{}", ran.stdout);
}

/// The names of the settings that stand where a strange one was put in.
fn known(tree: &Value, path: &str) -> Vec<String> {
    let mut tree = tree.clone();
    tree.pointer_mut(path)
        .and_then(Value::as_object_mut)
        .expect("a section")
        .insert("zzzzzzzzzz".to_owned(), Value::Null);
    let error = serde_json::from_value::<Config>(tree).expect_err("a strange setting");
    let error = error.to_string();
    assert!(error.contains("zzzzzzzzzz"), "{path}: {error}");
    let quoted = error.split('`').skip(1).step_by(2);
    quoted
        .filter(|n| *n != "zzzzzzzzzz")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_template_has_every_setting_that_there_is() {
    let tree: Value = serde_yaml::from_str(&uncommented()).expect("YAML");
    serde_json::from_value::<Config>(tree.clone()).expect("settings");
    let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    // Sections that stand more than once in the template are one together.
    for (section, paths) in [
        ("all", &[""][..]),
        ("contexts", &["/contexts/eu-north"]),
        ("server", &["/server"]),
        ("tries", &["/server/tries"]),
        ("directories", &["/server/directories/0"]),
        (
            "gateways",
            &[
                "/server/gateways/0",
                "/server/gateways/1",
                "/server/gateways/2",
            ],
        ),
        ("fields", &["/server/gateways/1/fields"]),
        ("smpp", &["/server/gateways/2/smpp"]),
        ("push", &["/server/push/0"]),
        ("mail", &["/server/mail"]),
        ("webhooks", &["/server/webhooks/0"]),
        ("peers", &["/server/peers/0"]),
        ("router", &["/server/router"]),
        ("customers", &["/server/customers/0"]),
        ("application_servers", &["/server/application_servers/0"]),
    ] {
        for path in paths {
            let section_tree = tree.pointer(path).and_then(Value::as_object);
            let names = section_tree.unwrap_or_else(|| panic!("no {path} in the template"));
            let seen = seen.entry(section).or_default();
            seen.extend(names.keys().map(String::as_str));
        }
        for name in known(&tree, paths[0]) {
            assert!(
                seen[section].contains(&name.as_str()),
                "{section}: the template does not show {name}"
            );
        }
    }
}

#[test]
fn what_holds_is_explained_although_something_else_does_not() {
    let home = Home::new();
    let folder = home.path().join(".config/callhome");
    std::fs::create_dir_all(&folder).expect("made");
    let write = |text: &str| std::fs::write(folder.join("config.yaml"), text).expect("written");
    write(
        "output: table\nserver:\n  name: west\n  listen_htps: 127.0.0.1:8443\n  sip_domain: west.example\n",
    );
    let ran = home.run(&["config", "explain"]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    for holds in ["server.name", "west.example", "output"] {
        assert!(ran.stdout.contains(holds), "{}", ran.stdout);
    }
    assert!(
        ran.stderr.contains("line 4") && ran.stderr.contains("did you mean `listen_https`?"),
        "{}",
        ran.stderr
    );
    // Two faults at once are two lines.
    write("colour: red\nserver:\n  name: west\n  listen_sip: here\n");
    let ran = home.run(&["config", "explain"]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(ran.stdout.contains("west"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("colour") && ran.stderr.contains("server.listen_sip"),
        "{}",
        ran.stderr
    );
    // Other commands name the fault too, and how to find it.
    let ran = home.run(&["device", "list"]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("callhome config explain"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_form_of_output_that_there_is_not_is_refused_with_those_there_are() {
    let home = Home::new();
    for command in [&["device", "list"][..], &["config", "explain"]] {
        let mut command = home.command(command);
        command.env("CALLHOME_OUTPUT", "xml");
        let ran = crate::support::command::Ran::of(&command.output().expect("it starts"));
        assert_eq!(ran.code, 13, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("CALLHOME_OUTPUT") && ran.stderr.contains("ndjson"),
            "{}",
            ran.stderr
        );
    }
    let mut command = home.command(&["config", "explain"]);
    command.env("CALLHOME_OUTPUT", "json");
    let ran = crate::support::command::Ran::of(&command.output().expect("it starts"));
    let document: Value = serde_json::from_str(&ran.stdout).expect("a document");
    assert_eq!(document["schema"], "callhome/setting-list/v1");
}

#[test]
fn every_document_that_a_command_prints_has_its_schema() {
    fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => files(&path, found),
                false => found.push(path),
            }
        }
    }
    let home = Home::new();
    let listed = home.ok(&["schema"]);
    let mut sources = Vec::new();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    files(&source, &mut sources);
    let mut nouns = 0;
    for file in sources {
        let text = std::fs::read_to_string(&file).expect("text");
        let bare: String = text.split_whitespace().collect();
        for form in ["View::one(\"", "View::many(\""] {
            for rest in bare.split(form).skip(1) {
                let noun = rest.split('"').next().unwrap_or_default();
                let name = format!("callhome/{noun}/v1\n");
                assert!(listed.contains(&name), "{}: {noun}", file.display());
                nouns += 1;
            }
        }
    }
    assert!(nouns > 40, "{nouns}");
    for name in listed.lines() {
        let schema: Value = serde_json::from_str(&home.ok(&["schema", name])).expect("a schema");
        assert_eq!(schema["$id"], *name);
    }
}
