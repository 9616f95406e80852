use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use clap::Args;

use super::error::{CommandError, ErrorKind};
use crate::domain::{Consent, Risk};

/// Flags that answer in advance what a harmful command would ask.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConsentFlags {
    /// Do not ask; needs --accept-risk and --reason
    #[arg(short = 'y', long, help_heading = "Confirmation")]
    pub yes: bool,
    /// Risks that you accept: lock, data-loss, bulk
    #[arg(
        long,
        value_name = "RISK",
        value_delimiter = ',',
        help_heading = "Confirmation"
    )]
    pub accept_risk: Vec<Risk>,
}

/// What a person has to type to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// The last four characters of something that names the target, as in an IMEI.
    LastFour {
        /// What it is, as in `IMEI`.
        noun: String,
        /// The four characters.
        expected: String,
    },
    /// How many targets there are.
    Count(usize),
}

/// A harmful act that somebody has to mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Harm {
    /// What is done, as in `lock it`.
    pub verb: String,
    /// The sentence and facts shown before the question; lines.
    pub facts: String,
    /// Its risks.
    pub risks: Vec<Risk>,
    /// What has to be typed.
    pub challenge: Challenge,
}

/// A line-wise conversation with the person at the keyboard.
pub(super) trait Terminal: Send {
    /// Shows a text and reads a line; `None` when the person closed the input.
    ///
    /// # Errors
    /// What the terminal says.
    fn ask(&mut self, text: &str) -> io::Result<Option<String>>;
}

/// The controlling terminal, which is there even when the streams are pipes.
struct ControllingTerminal {
    input: BufReader<File>,
    output: File,
}

impl ControllingTerminal {
    fn open() -> io::Result<Self> {
        let input = OpenOptions::new().read(true).open("/dev/tty")?;
        let output = OpenOptions::new().write(true).open("/dev/tty")?;
        Ok(Self {
            input: BufReader::new(input),
            output,
        })
    }
}

impl Terminal for ControllingTerminal {
    fn ask(&mut self, text: &str) -> io::Result<Option<String>> {
        self.output.write_all(text.as_bytes())?;
        self.output.flush()?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim().to_owned()))
    }
}

/// A terminal that does not show what is typed.
struct Unseen(dialoguer::console::Term);

impl Terminal for Unseen {
    fn ask(&mut self, text: &str) -> io::Result<Option<String>> {
        self.0.write_str(text)?;
        self.0.read_secure_line().map(Some)
    }
}

/// Lets the terminal show again what is typed: whoever switched that off was broken off while reading.
fn echo_again() {
    let Ok(terminal) = OpenOptions::new().read(true).open("/dev/tty") else {
        return;
    };
    let shown = std::process::Command::new("stty")
        .arg("echo")
        .stdin(terminal)
        .status();
    // Without stty a person types `reset`; there is nothing better to do here.
    drop(shown);
}

/// How the prompter gets at a terminal.
type Opener = Box<dyn Fn() -> io::Result<Box<dyn Terminal>> + Send + Sync>;

/// How often a question that waits looks whether it was interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// Asks the person at the keyboard. The only maker of [`Consent`] on this side of the endpoint.
pub(super) struct Prompter {
    no_input: bool,
    open: Opener,
    interrupted: Arc<AtomicBool>,
}

impl Prompter {
    /// Asks on `/dev/tty`, or nobody under `--no-input`.
    #[must_use]
    pub(super) fn new(no_input: bool) -> Self {
        Self::on(
            no_input,
            Box::new(|| Ok(Box::new(ControllingTerminal::open()?))),
        )
    }

    /// Asks on another terminal, for tests.
    #[must_use]
    pub(super) fn on(no_input: bool, open: Opener) -> Self {
        Self {
            no_input,
            open,
            interrupted: Arc::default(),
        }
    }

    /// Set it to end the question that is being asked: Ctrl-C was pressed.
    #[must_use]
    pub(super) fn interrupter(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// Asks, and lets Ctrl-C end the question: reading a terminal cannot be broken off, so a thread of its own does it.
    fn ask(
        &self,
        mut terminal: Box<dyn Terminal>,
        text: String,
    ) -> Result<Option<String>, CommandError> {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || drop(tell.send(terminal.ask(&text))));
        loop {
            match told.recv_timeout(LOOK) {
                Ok(answer) => return Ok(answer?),
                Err(RecvTimeoutError::Timeout) if self.interrupted.load(Ordering::SeqCst) => {
                    return Err(CommandError::new(
                        ErrorKind::Interrupted,
                        "stopped: nothing was done",
                    ));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(CommandError::internal("the question was not asked"));
                }
            }
        }
    }

    /// Lets a harmful act go on: by flags, or by what the person types.
    ///
    /// # Errors
    /// [`ErrorKind::Policy`] when a risk was not accepted or the wrong text was typed,
    /// [`ErrorKind::Usage`] when nobody can be asked.
    pub(super) fn consent(
        &self,
        harm: &Harm,
        flags: &ConsentFlags,
        reason: Option<&str>,
    ) -> Result<Consent, CommandError> {
        if flags.yes {
            return by_flags(harm, flags, reason);
        }
        if self.no_input {
            return Err(nobody_to_ask(harm));
        }
        let terminal = (self.open)().map_err(|_| nobody_to_ask(harm))?;
        let question = format!("{}\n\n{} ", harm.facts.trim_end(), question(harm));
        let answer = self.ask(terminal, question)?;
        if answer.as_deref() == Some(expected(harm).as_str()) {
            return Ok(Consent::given(
                harm.risks.iter().copied(),
                reason.map(str::to_owned),
            ));
        }
        let what = match &harm.challenge {
            Challenge::LastFour { noun, .. } => format!("the last four digits of the {noun}"),
            Challenge::Count(_) => "the number of targets".to_owned(),
        };
        Err(CommandError::new(
            ErrorKind::Policy,
            format!("that is not {what}: nothing was done"),
        ))
    }

    /// Lets something go on that harms no device but cannot be undone: by `--yes`, or by a person who types yes.
    ///
    /// # Errors
    /// [`ErrorKind::Policy`] when something else was typed, [`ErrorKind::Usage`] when nobody can be asked.
    pub(super) fn agree(&self, facts: &str, verb: &str, yes: bool) -> Result<(), CommandError> {
        if yes {
            return Ok(());
        }
        let nobody = || {
            CommandError::usage(format!(
                "this has to be confirmed to {verb}, and nobody can be asked here"
            ))
            .hint("Confirm by flag:  --yes")
        };
        if self.no_input {
            return Err(nobody());
        }
        let terminal = (self.open)().map_err(|_| nobody())?;
        let question = format!("{}\n\nType yes to {verb}: ", facts.trim_end());
        match self.ask(terminal, question)?.as_deref() {
            Some("yes") => Ok(()),
            _ => Err(CommandError::new(
                ErrorKind::Policy,
                "that is not yes: nothing was done",
            )),
        }
    }

    /// Asks for a line of text, as a name.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with `instead` as advice when nobody can be asked.
    pub(super) fn line(&self, question: &str, instead: &str) -> Result<String, CommandError> {
        let nobody = || {
            CommandError::usage(format!("{question} is not given, and nobody can be asked"))
                .hint(instead.to_owned())
        };
        if self.no_input {
            return Err(nobody());
        }
        let terminal = (self.open)().map_err(|_| nobody())?;
        self.ask(terminal, format!("{question}: "))?
            .filter(|text| !text.is_empty())
            .ok_or_else(nobody)
    }

    /// Asks for a password without showing it.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with `instead` as advice when nobody can be asked.
    pub(super) fn password(&self, question: &str, instead: &str) -> Result<String, CommandError> {
        let nobody = || {
            CommandError::usage(format!("{question} is not given, and nobody can be asked"))
                .hint(instead.to_owned())
        };
        if self.no_input {
            return Err(nobody());
        }
        let terminal = dialoguer::console::Term::stderr();
        if !terminal.is_term() {
            return Err(nobody());
        }
        let answer = self.ask(Box::new(Unseen(terminal)), format!("{question}: "));
        if answer.is_err() {
            echo_again();
        }
        answer.map(Option::unwrap_or_default)
    }

    /// Offers a list to pick from; `None` when the person left it.
    ///
    /// # Errors
    /// What the terminal says.
    pub(super) fn pick(
        &self,
        question: &str,
        items: &[String],
    ) -> Result<Option<usize>, CommandError> {
        if self.no_input {
            return Ok(None);
        }
        dialoguer::FuzzySelect::new()
            .with_prompt(question)
            .items(items)
            .default(0)
            .interact_opt()
            .map_err(|e| CommandError::internal(e.to_string()))
    }
}

fn expected(harm: &Harm) -> String {
    match &harm.challenge {
        Challenge::LastFour { expected, .. } => expected.clone(),
        Challenge::Count(count) => count.to_string(),
    }
}

fn question(harm: &Harm) -> String {
    match &harm.challenge {
        Challenge::LastFour { noun, .. } => {
            format!("Type the last four digits of the {noun} to {}:", harm.verb)
        }
        Challenge::Count(_) => format!("Type how many there are to {}:", harm.verb),
    }
}

/// `--yes --accept-risk lock,bulk --reason "…"`, for this harm.
fn flags_for(harm: &Harm) -> String {
    let risks: Vec<String> = harm.risks.iter().map(Risk::to_string).collect();
    format!("--yes --accept-risk {} --reason \"why\"", risks.join(","))
}

fn by_flags(
    harm: &Harm,
    flags: &ConsentFlags,
    reason: Option<&str>,
) -> Result<Consent, CommandError> {
    let missing: Vec<String> = harm
        .risks
        .iter()
        .filter(|r| !flags.accept_risk.contains(r))
        .map(Risk::to_string)
        .collect();
    if !missing.is_empty() {
        return Err(CommandError::new(
            ErrorKind::Policy,
            format!(
                "--yes alone does not {}: the risk has to be named ({})",
                harm.verb,
                missing.join(", ")
            ),
        )
        .hint(format!("Add:  {}", flags_for(harm))));
    }
    let Some(reason) = reason.filter(|r| !r.trim().is_empty()) else {
        return Err(CommandError::new(
            ErrorKind::Policy,
            format!("--yes does not {} without a reason", harm.verb),
        )
        .hint(format!("Add:  {}", flags_for(harm))));
    };
    Ok(Consent::given(
        harm.risks.iter().copied(),
        Some(reason.to_owned()),
    ))
}

fn nobody_to_ask(harm: &Harm) -> CommandError {
    CommandError::usage(format!(
        "this has to be confirmed to {}, and nobody can be asked here",
        harm.verb
    ))
    .hint(format!("Confirm by flags:  {}", flags_for(harm)))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Typed(Option<&'static str>, Arc<Mutex<String>>);

    impl Terminal for Typed {
        fn ask(&mut self, text: &str) -> io::Result<Option<String>> {
            self.1.lock().expect("unpoisoned").push_str(text);
            Ok(self.0.map(str::to_owned))
        }
    }

    fn prompter(answer: Option<&'static str>) -> (Prompter, Arc<Mutex<String>>) {
        let shown = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&shown);
        let open: Opener = Box::new(move || Ok(Box::new(Typed(answer, Arc::clone(&seen)))));
        (Prompter::on(false, open), shown)
    }

    fn harm() -> Harm {
        Harm {
            verb: "lock it".into(),
            facts: "This locks the phone.".into(),
            risks: vec![Risk::Lock],
            challenge: Challenge::LastFour {
                noun: "IMEI".into(),
                expected: "0070".into(),
            },
        }
    }

    fn flags(yes: bool, risks: &[Risk]) -> ConsentFlags {
        ConsentFlags {
            yes,
            accept_risk: risks.to_vec(),
        }
    }

    #[test]
    fn the_last_four_digits_are_consent() {
        let (prompter, shown) = prompter(Some("0070"));
        let consent = prompter
            .consent(&harm(), &flags(false, &[]), Some("stolen"))
            .expect("given");
        assert!(consent.covers(Risk::Lock));
        assert_eq!(consent.reason(), Some("stolen"));
        assert_eq!(
            *shown.lock().expect("unpoisoned"),
            "This locks the phone.\n\nType the last four digits of the IMEI to lock it: "
        );
    }

    #[test]
    fn anything_else_typed_is_a_refusal() {
        for answer in [None, Some(""), Some("y"), Some("yes"), Some("0071")] {
            let (prompter, _) = prompter(answer);
            let error = prompter
                .consent(&harm(), &flags(false, &[]), None)
                .expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Policy, "{answer:?}");
        }
    }

    #[test]
    fn flags_need_each_risk_and_a_reason() {
        let (prompter, shown) = prompter(None);
        for (risks, reason) in [
            (&[][..], Some("x")),
            (&[Risk::Bulk][..], Some("x")),
            (&[Risk::Lock][..], None),
            (&[Risk::Lock][..], Some(" ")),
        ] {
            let error = prompter
                .consent(&harm(), &flags(true, risks), reason)
                .expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Policy);
            assert!(error.hints()[0].contains("--accept-risk lock"));
        }
        assert!(
            prompter
                .consent(&harm(), &flags(true, &[Risk::Lock]), Some("x"))
                .is_ok()
        );
        assert_eq!(*shown.lock().expect("unpoisoned"), "");
    }

    #[test]
    fn without_anybody_to_ask_the_flags_are_named() {
        let error = Prompter::new(true)
            .consent(&harm(), &flags(false, &[Risk::Lock]), Some("x"))
            .expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(
            error.hints(),
            ["Confirm by flags:  --yes --accept-risk lock --reason \"why\""]
        );
    }

    #[test]
    fn what_cannot_be_undone_takes_a_yes() {
        let agree = |answer, yes| prompter(answer).0.agree("It goes.", "do it", yes);
        assert!(agree(Some("yes"), false).is_ok() && agree(None, true).is_ok());
        for answer in [None, Some(""), Some("y"), Some("no")] {
            let error = agree(answer, false).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Policy, "{answer:?}");
        }
        let error = Prompter::new(true).agree("It goes.", "do it", false);
        assert_eq!(error.expect_err("nobody").kind(), ErrorKind::Usage);
    }

    #[test]
    fn several_targets_are_counted() {
        let (prompter, _) = prompter(Some("12"));
        let harm = Harm {
            challenge: Challenge::Count(12),
            risks: vec![Risk::Lock, Risk::Bulk],
            ..harm()
        };
        assert!(prompter.consent(&harm, &flags(false, &[]), None).is_ok());
    }
}
