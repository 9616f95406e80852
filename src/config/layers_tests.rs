use std::fs;

use super::*;

struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("written");
        }
        Self(dir)
    }

    fn sources(&self) -> Sources {
        let file = |name: &str| Some(self.0.path().join(name));
        Sources {
            project: file("project.yaml"),
            user: file("user.yaml"),
            system: file("system.yaml"),
            home: Some("/home/anna".into()),
            ..Sources::default()
        }
    }
}

#[test]
fn with_no_files_at_all_the_embedded_context_is_in_force() {
    let loaded = load(&Files::new(&[]).sources()).expect("nothing to object to");
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.config.context_name(), EMBEDDED);
    let settings = loaded.explain();
    assert_eq!(settings.len(), 1);
    assert_eq!(settings[0].origin, Origin::Default);
}

#[test]
fn the_stronger_layer_wins_and_each_value_knows_where_it_came_from() {
    let files = Files::new(&[
        (
            "system.yaml",
            "output: table\ndata_dir: /var/lib/callhome\nserver:\n  name: west\n  sip_domain: west.example\n",
        ),
        (
            "user.yaml",
            "# mine\noutput: wide\ncontexts:\n  lab:\n    server: https://lab.example:8443\n    ca_file: lab.pem\n    token_file: ~/lab.token\n",
        ),
        ("project.yaml", "current-context: lab\n"),
    ]);
    let mut sources = files.sources();
    sources.environment = vec![
        ("CALLHOME_OUTPUT".into(), "json".into()),
        ("CALLHOME_SERVER_NAME".into(), "east".into()),
        ("HOME".into(), "/home/anna".into()),
    ];
    sources.flags = vec![Override {
        key: "output",
        value: "yaml".into(),
        flag: "-o",
    }];
    let loaded = load(&sources).expect("valid");
    let config = &loaded.config;
    assert_eq!(config.output.as_deref(), Some("yaml"));
    assert_eq!(config.server.name.as_deref(), Some("east"));
    assert_eq!(config.server.sip_domain.as_deref(), Some("west.example"));
    let context = config.context().expect("lab");
    assert_eq!(context.ca_file, Some(files.0.path().join("lab.pem")));
    assert_eq!(context.token_file, Some("/home/anna/lab.token".into()));
    assert_eq!(loaded.origin("output"), Origin::Flag("-o".into()));
    assert_eq!(
        loaded.origin("server.name"),
        Origin::Environment("CALLHOME_SERVER_NAME".into())
    );
    assert_eq!(
        loaded.origin("contexts.lab.server"),
        Origin::File(files.0.path().join("user.yaml"), Some(5))
    );
    assert!(
        loaded
            .explain()
            .iter()
            .any(|s| s.key == "data_dir" && s.value == "/var/lib/callhome")
    );
}

#[test]
fn a_mistake_is_told_with_file_line_and_what_is_expected() {
    for (text, line, expected) in [
        ("output: json\ncolour: red\n", 2, "unknown field `colour`"),
        (
            "contexts:\n  lab:\n    server: http://lab.example\n",
            3,
            "https://mgmt.example.net:8443",
        ),
        (
            "server:\n  listen_https: here\n",
            2,
            "invalid socket address",
        ),
        (
            "server:\n  gateways:\n    - name: k\n      kind: pigeon\n      url: http://k\n",
            4,
            "unknown variant `pigeon`, expected one of `kannel`, `http`, `smpp`, `twilio`",
        ),
        ("server: {name: west\noutput: json\n", 2, "did not find"),
        (
            "contexts:\n  lab:\n    server: https://anna:secret@lab.example\n",
            3,
            "no user name or password",
        ),
    ] {
        let files = Files::new(&[("user.yaml", text)]);
        match load(&files.sources()) {
            Err(error @ ConfigError::Content { .. }) => {
                let told = error.to_string();
                assert!(told.contains("user.yaml"), "{told}");
                assert!(told.contains(&format!("line {line}")), "{told}");
                assert!(told.contains(expected), "{told}");
                assert!(!told.contains("secret@"), "{told}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_working_folders_file_adds_contexts_but_changes_none_and_names_no_secrets() {
    let user = "contexts:\n  lab:\n    server: https://lab.example\n";
    for (text, refused) in [
        (
            "contexts:\n  mine:\n    server: https://mine.example\n    operator: anna\ncurrent-context: mine\n",
            false,
        ),
        (
            "contexts:\n  lab:\n    server: https://evil.example\n",
            true,
        ),
        (
            "contexts:\n  mine:\n    server: https://mine.example\n    token_file: /home/anna/token\n",
            true,
        ),
        ("data_dir: /tmp/elsewhere\n", true),
        ("server:\n  trusted_servers: [evil.example]\n", true),
    ] {
        let files = Files::new(&[("user.yaml", user), ("project.yaml", text)]);
        let outcome = load(&files.sources());
        assert_eq!(outcome.is_err(), refused, "{text}: {outcome:?}");
    }
}

#[test]
fn a_context_of_the_working_folder_is_told_from_one_that_the_user_set_up() {
    let project = "contexts:\n  lab:\n    server: https://lab.example/\n    ca_file: theirs.pem\n  mine:\n    server: https://mine.example\ncurrent-context: lab\n";
    let files = Files::new(&[("project.yaml", project)]);
    let loaded = load(&files.sources()).expect("valid");
    assert!(loaded.is_of_project("lab") && loaded.is_of_project("mine"));
    assert!(!loaded.is_of_project(EMBEDDED));
    // Once the user knows the same server under the same name, it is the user's, with the user's authority.
    let user =
        "contexts:\n  lab:\n    server: https://lab.example\n    ca_file: /home/anna/lab.pem\n";
    let files = Files::new(&[("user.yaml", user), ("project.yaml", project)]);
    let loaded = load(&files.sources()).expect("valid");
    assert!(!loaded.is_of_project("lab") && loaded.is_of_project("mine"));
    let lab = loaded.config.context().expect("chosen by the project");
    assert_eq!(lab.ca_file, Some("/home/anna/lab.pem".into()));
}

#[test]
fn a_flag_or_variable_that_does_not_fit_is_named() {
    let mut sources = Files::new(&[]).sources();
    sources.environment = vec![("CALLHOME_LISTEN_SIP".into(), "everywhere".into())];
    let told = load(&sources).expect_err("no address").to_string();
    assert!(told.contains("CALLHOME_LISTEN_SIP"), "{told}");
    let mut sources = Files::new(&[]).sources();
    sources.environment = vec![("CALLHOME_CONTEXT".into(), "prod".into())];
    let told = load(&sources).expect_err("no such context").to_string();
    assert!(told.contains("prod") && told.contains("embedded"), "{told}");
}
