//! Examples of help and commands that messages name: each is a line that the program reads, and those that need no
//! server and no device are run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command as Process;

use callhome::cli;
use clap::Command;
use clap::error::ErrorKind;

use crate::support::command::{Home, Ran};

/// Every command with the words that lead to it.
fn pages() -> Vec<(Vec<String>, Command)> {
    let mut pages = vec![(Vec::new(), cli::command())];
    let mut index = 0;
    while index < pages.len() {
        let (path, command) = pages[index].clone();
        for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
            let mut path = path.clone();
            path.push(sub.get_name().to_owned());
            pages.push((path, sub.clone()));
        }
        index += 1;
    }
    pages
}

/// The example lines of a page as a shell gets them: lines that go on joined, words beside them left out.
fn examples(command: &Command) -> Vec<String> {
    let text = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let Some(line) = line.strip_prefix("  ") else {
            goes_on = false;
            continue;
        };
        let line = without_remark(line.trim_start());
        if goes_on {
            let last = lines.last_mut().expect("a line that goes on");
            *last = format!("{} {line}", last.trim_end_matches('\\').trim_end());
        } else {
            lines.push(line.to_owned());
        }
        goes_on = line.ends_with(['\\', '|']);
    }
    lines.retain(|line| !commands_of(line).is_empty());
    lines
}

/// A line up to two spaces outside quotes: a remark for the reader follows them.
fn without_remark(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if line[at..].starts_with("  ") => return line[..at].trim_end(),
            None => {}
        }
    }
    line
}

/// The words of a line as a shell splits it; what stands outside quotes and means something to the shell is a word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None if "|<>&".contains(c) => {
                words.extend(word.take());
                words.push(format!("\0{c}"));
            }
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The calls of the program in a line.
fn commands_of(line: &str) -> Vec<Vec<String>> {
    let mut calls: Vec<Vec<String>> = Vec::new();
    let mut may_begin = true;
    let mut inside = false;
    let mut is_file = false;
    for word in words(line) {
        match word.strip_prefix('\0') {
            Some("|" | "&") => (may_begin, inside) = (true, false),
            Some(_) => is_file = true,
            None if is_file => is_file = false,
            None if may_begin && word == "callhome" => {
                calls.push(vec![word]);
                (may_begin, inside) = (false, true);
            }
            // A variable for this call.
            None if may_begin && word.contains('=') => {}
            None => {
                may_begin = false;
                if let (true, Some(call)) = (inside, calls.last_mut()) {
                    call.push(word);
                }
            }
        }
    }
    calls
}

#[test]
fn every_example_is_a_line_that_the_program_reads() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, command) in pages() {
        let is_leaf = command.get_subcommands().next().is_none();
        let lines = examples(&command);
        if is_leaf && !lines.iter().any(|l| l.contains(&path.join(" "))) {
            wrong.push(format!("{}: no example of itself", path.join(" ")));
        }
        for line in lines {
            for call in commands_of(&line) {
                seen += 1;
                match cli::command().try_get_matches_from(&call) {
                    Err(e) if e.kind() != ErrorKind::DisplayHelp => {
                        wrong.push(format!("{}: {line}\n{e}", path.join(" ")));
                    }
                    _ => {}
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{}", wrong.join("\n"));
    assert!(seen > 150, "{seen} examples");
}

#[test]
fn every_example_fits_a_line_of_the_screen() {
    let mut wide = Vec::new();
    for (path, command) in pages() {
        let text = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        for line in text.lines().filter(|l| l.starts_with(' ')) {
            if line.chars().count() > 80 {
                wide.push(format!("{}: {line}", path.join(" ")));
            }
        }
    }
    assert_eq!(wide, Vec::<String>::new(), "{}", wide.join("\n"));
}

/// Examples that need neither a server, nor a device, nor a secret, with the exit code that they end with.
const RUNNABLE: &[(&str, &[&str])] = &[
    ("sms compose", &["| callhome sms sign"]),
    ("sms meter", &[]),
    ("decode", &["eriksson.key", "trace.pcap", "…"]),
    ("schema", &[]),
    ("completion", &[]),
    ("config explain", &[]),
    ("config template", &[]),
    ("context list", &[]),
    ("bulk template", &[]),
    ("bulk check", &[]),
    ("bulk list", &[]),
    ("sms gateway list", &[]),
    ("device list", &[]),
    ("action list", &["--device"]),
    ("callback list", &["--device"]),
    ("operator list", &[]),
    ("audit list", &[]),
    ("audit verify", &[]),
    ("server status", &[]),
    ("auth status", &[]),
];

#[test]
fn the_examples_that_need_nothing_do_what_they_say() {
    let home = Home::new();
    home.file(
        "message.txt",
        "KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1)\n",
    );
    home.file(
        "notify.txt",
        "NOTIFY sip:anna@192.0.2.7 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
         From: <sip:a@example.net>;tag=1\r\nTo: <sip:anna@192.0.2.7>\r\nCall-ID: 1@192.0.2.1\r\n\
         CSeq: 1 NOTIFY\r\nMax-Forwards: 70\r\nEvent: check-sync\r\n\
         Subscription-State: active\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n",
    );
    home.file("phones.csv", "device\n358931104120070\n");
    for folder in [
        ".zfunc",
        ".config/fish/completions",
        ".config/callhome",
        ".local/share/bash-completion/completions",
    ] {
        std::fs::create_dir_all(home.path().join(folder)).expect("a folder");
    }
    let program = Path::new(env!("CARGO_BIN_EXE_callhome"));
    let folder = program.parent().expect("in a folder").display();
    let mut ran = 0;
    for (path, command) in pages() {
        let name = path.join(" ");
        let Some((_, without)) = RUNNABLE.iter().find(|(n, _)| *n == name) else {
            continue;
        };
        for line in examples(&command) {
            if without.iter().any(|w| line.contains(w)) || !line.contains(&name) {
                continue;
            }
            let mut shell = Process::new("sh");
            let own = home.command(&[]);
            shell.env_clear();
            for (key, value) in own.get_envs() {
                if let Some(value) = value {
                    shell.env(key, value);
                }
            }
            shell
                .args(["-c", &line])
                .env("PATH", format!("{folder}:/usr/bin:/bin"))
                .current_dir(home.path())
                .stdin(std::process::Stdio::null());
            let said = Ran::of(&shell.output().expect("a shell"));
            assert_eq!(said.code, 0, "{line}\n{}{}", said.stdout, said.stderr);
            let is_silent = said.stdout.is_empty() && said.stderr.is_empty();
            let may_be = line.contains('>') || line.contains("-o ndjson");
            assert!(!is_silent || may_be, "{line} says nothing");
            ran += 1;
        }
    }
    assert!(ran > 25, "{ran} examples were run");
}

/// Words that follow `callhome` in the texts of the program, up to what cannot be a word of a command.
fn named_in(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in source.lines() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for (at, _) in line.match_indices("callhome ") {
            // Two spaces, a quote or the beginning of a line stand before a command, and words before the program's name.
            let before = &line[..at];
            if ["  ", "\"", "\\n", ": ", "(", "| "]
                .iter()
                .any(|end| before.ends_with(end))
            {
                let rest = &line[at..];
                let end = rest
                    .match_indices(['"', '\\', '`', ';', '|', '&', ',', '('])
                    .next()
                    .map_or(rest.len(), |(end, _)| end);
                found.insert(without_remark(&rest[..end]).to_owned());
            }
        }
    }
    found
}

fn sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let end = text.find("#[cfg(test)]").unwrap_or(text.len());
            found.extend(named_in(&text[..end]));
        }
    }
}

#[test]
fn every_command_that_a_message_names_is_one() {
    let mut named = BTreeSet::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut named,
    );
    assert!(named.len() > 150, "{} found", named.len());
    let mut whole = cli::command();
    whole.build();
    let mut wrong = Vec::new();
    // The name of the interface description.
    named.remove("callhome management endpoint");
    for line in named {
        let mut at = &whole;
        let mut words = line.split(' ').skip(1).peekable();
        while let Some(word) = words.peek() {
            // The value of a flag of every command may stand before the noun.
            if word.starts_with("--data-dir") || *word == "-c" {
                words.next();
                words.next();
                continue;
            }
            let Some(sub) = at.find_subcommand(word) else {
                break;
            };
            at = sub;
            words.next();
        }
        let is_word = |w: &str| w.len() > 1 && w.chars().all(|c| c.is_ascii_lowercase());
        if at.has_subcommands() {
            if words.peek().is_some_and(|w| is_word(w)) {
                wrong.push(format!("{line}: there is no such command"));
            }
            continue;
        }
        for flag in words.filter_map(|w| w.strip_prefix("--")) {
            let name = flag
                .split(|c: char| !c.is_ascii_lowercase() && c != '-')
                .next()
                .unwrap_or_default();
            let known = at.get_arguments().any(|a| a.get_long() == Some(name));
            if !known && !name.is_empty() && name != "help" && name != "version" {
                wrong.push(format!("{line}: there is no --{name}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{}", wrong.join("\n"));
}
