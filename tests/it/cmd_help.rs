//! What people read first: help of every command, and what a mistyped line gets.

use callhome::cli;

use crate::support::command::Home;

#[test]
fn every_command_has_help_that_fits_the_screen() {
    let home = Home::new();
    let definition = cli::command();
    let mut pages = vec![("callhome".to_owned(), Vec::<String>::new())];
    let mut index = 0;
    while index < pages.len() {
        let path = pages[index].1.clone();
        let found = path.iter().fold(&definition, |command, word| {
            command.find_subcommand(word).expect("listed by its parent")
        });
        for sub in found.get_subcommands().filter(|c| !c.is_hide_set()) {
            let mut path = path.clone();
            path.push(sub.get_name().to_owned());
            pages.push((format!("callhome {}", path.join(" ")), path));
        }
        index += 1;
    }
    assert!(pages.len() > 50, "{} pages", pages.len());
    for (name, path) in pages {
        let mut args: Vec<&str> = path.iter().map(String::as_str).collect();
        args.push("--help");
        let ran = home.run(&args);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{name}");
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= 80, "{name}: too long: {line}");
        }
        assert!(ran.stdout.contains("Usage: callhome"), "{name}");
        for (line, next) in ran.stdout.lines().zip(ran.stdout.lines().skip(1)) {
            let is_prose = |l: &str| l.starts_with(|c: char| !c.is_whitespace());
            let word = next.split(' ').next().unwrap_or_default();
            let room = 80_usize.saturating_sub(line.chars().count() + 1);
            assert!(
                !is_prose(line) || !is_prose(next) || word.chars().count() > room,
                "{name}: the line ends before the screen does: {line}\n{next}"
            );
        }
    }
}

#[test]
fn the_first_page_is_in_the_words_of_a_helpdesk() {
    let home = Home::new();
    insta::assert_snapshot!(home.run(&["--help"]).shown(&home));
    insta::assert_snapshot!(home.run(&["device", "--help"]).shown(&home));
    insta::assert_snapshot!(home.run(&["device", "lock", "--help"]).shown(&home));
    insta::assert_snapshot!(home.run(&[]).shown(&home));
}

#[test]
fn a_mistyped_line_gets_one_error_and_a_next_step() {
    let home = Home::new();
    let lines: [&[&str]; 9] = [
        &["devise"],
        &["device"],
        &["device", "lok", "x"],
        &["device", "lock"],
        &["device", "lock", "x", "--frm", "y"],
        &["device", "lock", "x", "--accept-risk", "fire"],
        &["device", "list", "--silent", "soon"],
        &["device", "lock", "x", "-o", "xml"],
        &["call", "x", "--via", "pigeon", "-o", "json"],
    ];
    let mut told = String::new();
    for args in lines {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        told.push_str(&format!("$ callhome {}\n{}\n", args.join(" "), ran.stderr));
    }
    insta::assert_snapshot!(told);
    assert!(!home.data().exists(), "a mistyped line touches nothing");
}

#[test]
fn version_needs_neither_settings_nor_data() {
    let home = Home::new();
    home.file(".callhome.yaml", "not: [valid");
    let ran = home.run(&["--version"]);
    assert_eq!(
        ran.stdout,
        format!("callhome {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(!home.data().exists());
}
