use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;

use super::Fault;
use super::scene::Scene;
use super::stage::Heard;
use super::steps::{Step, Told};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::output::{View, elapsed};
use crate::cli::progress::spinner;

/// Tells the demo: a live line for each step on a terminal, one document under `-o json`.
pub(super) struct Narrator<'a> {
    context: &'a Context,
    people: bool,
    keep: bool,
    live: Option<ProgressBar>,
    document: Document,
    lines: Vec<String>,
}

/// The demo as programs read it.
#[derive(Default, Serialize)]
struct Document {
    steps: Vec<Row>,
    requirements: Vec<&'static str>,
    folder: String,
}

#[derive(Serialize)]
struct Row {
    id: &'static str,
    outcome: &'static str,
    ms: u64,
    detail: String,
    requirements: &'static [&'static str],
    commands: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace: Vec<Heard>,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(context: &'a Context, keep: bool) -> Self {
        Self {
            context,
            people: context.screen.is_for_people(),
            keep,
            live: None,
            document: Document::default(),
            lines: Vec::new(),
        }
    }

    pub(super) fn opening(&self) -> Result<(), CommandError> {
        if self.people {
            self.context.screen.data(
                b"Two servers, one carrier, one home router, six phones, all on this machine.\n\n",
            )?;
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, step: Step) {
        let quiet = self.context.flags.quiet || !self.people;
        self.live = Some(spinner(&self.context.environment, quiet, step.title()));
        if let Some(live) = &self.live {
            live.enable_steady_tick(Duration::from_millis(80));
        }
    }

    pub(super) fn end(
        &mut self,
        step: Step,
        outcome: Result<Told, Fault>,
        took: Duration,
        heard: Vec<Heard>,
    ) -> Result<(), CommandError> {
        if let Some(live) = self.live.take() {
            live.finish_and_clear();
        }
        let (good, detail, commands) = match outcome {
            Ok(told) => (true, told.detail, told.commands),
            Err(fault) => (false, fault.to_string(), Vec::new()),
        };
        if self.people {
            let paint = self.context.screen.paint;
            let mark = if good {
                paint.good("✓")
            } else {
                paint.bad("✗")
            };
            let time = elapsed(took);
            let mut line = format!("  {mark} {:<16}{detail:<50}{time:>9}\n", step.title());
            if self.context.flags.verbose {
                for command in &commands {
                    line.push_str(&format!("      {}\n", paint.dim(command)));
                }
            }
            for said in &heard {
                line.push_str(&format!("\n      {}\n", paint.dim(&said.command)));
                for shown in &said.lines {
                    line.push_str(format!("      {shown}").trim_end());
                    line.push('\n');
                }
            }
            if !heard.is_empty() {
                line.push('\n');
            }
            self.context.screen.data(line.as_bytes())?;
            self.lines.push(line);
        }
        if good {
            for requirement in step.requirements() {
                if !self.document.requirements.contains(requirement) {
                    self.document.requirements.push(requirement);
                }
            }
        }
        self.document.steps.push(Row {
            id: step.id(),
            outcome: if good { "ok" } else { "failed" },
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            detail,
            requirements: step.requirements(),
            commands,
            trace: heard,
        });
        Ok(())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.document.steps.len() == Step::ALL.len()
            && self.document.steps.iter().all(|s| s.outcome == "ok")
    }

    pub(super) fn closing(&mut self, scene: &Scene) -> Result<(), CommandError> {
        let complete = self.is_complete();
        self.document.requirements.sort_unstable();
        self.document.folder = if scene.stays() {
            scene.folder()
        } else {
            String::new()
        };
        if !self.people {
            let mut view = View::one("demo", &self.document);
            if !complete {
                view = view.incomplete("a step is not as it should be");
            }
            return self.context.show(&view);
        }
        let failed = self
            .document
            .steps
            .iter()
            .filter(|s| s.outcome != "ok")
            .count();
        let mut text = String::from("\n");
        if complete {
            text.push_str("All of it was real traffic, between programs of their own.\n");
        } else {
            text.push_str(&format!(
                "{failed} of {} steps are not as they should be.\n",
                self.document.steps.len()
            ));
        }
        text.push_str(&wrapped(
            "Requirements touched: ",
            &self.document.requirements.join(" "),
        ));
        if self.keep {
            text.push_str(&scene.to_try());
        } else {
            text.push_str(
                "See the messages:  callhome demo --trace sip,http,sms\n\
                 See the commands:  callhome demo -v        Keep it:  callhome demo --keep\n",
            );
        }
        Ok(self.context.screen.data(text.as_bytes())?)
    }
}

/// Words after a heading, wrapped at 78 columns.
fn wrapped(heading: &str, words: &str) -> String {
    let mut text = String::from(heading);
    let mut column = heading.len();
    for word in words.split(' ') {
        if column + word.len() > 78 {
            text.push_str("\n  ");
            column = 2;
        }
        text.push_str(word);
        text.push(' ');
        column += word.len() + 1;
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
