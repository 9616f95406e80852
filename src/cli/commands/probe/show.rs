use std::time::Duration;

use crate::api::{ProbeGrade, ProbeReport};
use crate::cli::capture;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::{Column, Paint, View, elapsed, ladder, time_of_day, wrapped};
use crate::sip::Packet;

/// Columns of a finding; longer ones go on below themselves.
const WIDTH: usize = 48;

/// What was seen so far.
pub(super) struct Series<'a> {
    context: &'a Context,
    times: Vec<u64>,
    reached: usize,
    rounds: usize,
    verdict: String,
    /// Whether the last one was reached.
    pub(super) reached_last: bool,
    /// What crossed.
    pub(super) packets: Vec<Packet>,
}

impl<'a> Series<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self {
            context,
            times: Vec::new(),
            reached: 0,
            rounds: 0,
            verdict: String::new(),
            reached_last: false,
            packets: Vec::new(),
        }
    }

    /// Tells one probe: whole when it is the first or differs from the one before, else in a line.
    pub(super) fn tell(&mut self, report: &ProbeReport) -> Result<(), CommandError> {
        self.rounds += 1;
        self.reached += usize::from(report.reachable);
        self.reached_last = report.reachable;
        let answers = report.checks.iter().filter(|c| is_answer(&c.name));
        let answered = answers.filter(|c| c.grade == ProbeGrade::Ok);
        let fastest = answered.filter_map(|c| c.elapsed_ms).min();
        self.times.extend(fastest);
        self.packets.extend(capture::packets(report));
        let news = self.verdict != report.verdict;
        self.verdict.clone_from(&report.verdict);
        if !news && self.context.screen.style().format.is_for_people() {
            let paint = self.context.screen.paint;
            let at = time_of_day(report.at);
            let time = fastest.map_or_else(String::new, |ms| elapsed(Duration::from_millis(ms)));
            let grade = mark(paint, report.reachable);
            let line = format!("  {at}  {grade}  {time:>8}\n");
            return Ok(self.context.screen.data(line.as_bytes())?);
        }
        self.context.show(&view(self.context, report))
    }

    /// How many were reached, and how fast; nothing after a single probe.
    pub(super) fn summary(mut self) -> Result<(), CommandError> {
        if self.rounds < 2 {
            return Ok(());
        }
        self.times.sort_unstable();
        let ms = |at: usize| {
            let time = self.times.get(at).copied().unwrap_or_default();
            elapsed(Duration::from_millis(time))
        };
        let times = match self.times.len() {
            0 => String::new(),
            n => format!(
                ", answers in {} to {}, half within {}",
                ms(0),
                ms(n - 1),
                ms(n / 2)
            ),
        };
        let (rounds, reached) = (self.rounds, self.reached);
        self.context
            .status(&format!("{rounds} probes, {reached} reached{times}"))
    }
}

fn is_answer(check: &str) -> bool {
    matches!(check, "options" | "proxy")
}

fn mark(paint: Paint, good: bool) -> String {
    match good {
        true => paint.good("ok "),
        false => paint.bad("BAD"),
    }
}

/// A report for all forms of output.
fn view(context: &Context, report: &ProbeReport) -> View {
    let paint = context.screen.paint;
    let verdict = wrapped(&report.verdict, 78).join("\n");
    let mut text = format!("{}\n\n", paint.strong(&verdict));
    for check in &report.checks {
        let time = check
            .elapsed_ms
            .map(|ms| elapsed(Duration::from_millis(ms)))
            .unwrap_or_default();
        let grade = match check.grade {
            ProbeGrade::Ok => paint.good("ok "),
            ProbeGrade::Warning => paint.warn("!  "),
            ProbeGrade::Bad => paint.bad("BAD"),
            ProbeGrade::Skipped => paint.dim("-  "),
        };
        for (i, line) in wrapped(&check.finding, WIDTH).iter().enumerate() {
            let row = match i {
                0 => format!(
                    "  {:<11} {line:<WIDTH$} {grade} {time:>8}",
                    short(&check.name)
                ),
                _ => format!("  {:<11} {line}", ""),
            };
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
    if context.flags.verbose {
        let picture = ladder(&capture::lines(report));
        if !picture.is_empty() {
            text.push_str(&format!("\n{picture}"));
        }
    }
    for (i, next) in report.next.iter().enumerate() {
        let label = if i == 0 { "\nNext:  " } else { "       " };
        let (command, what) = next.split_once("    ").unwrap_or((next, ""));
        let gap = match label.len() + next.chars().count() <= 80 {
            true => "    ".to_owned(),
            false => format!("\n{:11}", ""),
        };
        text.push_str(format!("{label}{command}{gap}{what}").trim_end());
        text.push('\n');
    }
    View::one("probe", report).text(text).columns(vec![
        Column::at("target", "/target"),
        Column::at("reachable", "/reachable"),
        Column::at("verdict", "/verdict"),
    ])
}

fn short(name: &str) -> &str {
    match name {
        "proxy-connection" => "proxy conn.",
        "proxy-name" => "proxy name",
        "proxy-tls" => "proxy tls",
        other => other,
    }
}

/// One line for monitoring, with the measured times as performance data.
pub(super) fn nagios(context: &Context, report: &ProbeReport) -> Outcome {
    let any = |grade| report.checks.iter().any(|c| c.grade == grade);
    let (word, code) = match report.reachable {
        false => ("CRITICAL", 2),
        true if any(ProbeGrade::Bad) || any(ProbeGrade::Warning) => ("WARNING", 1),
        true => ("OK", 0),
    };
    let worst = [ProbeGrade::Bad, ProbeGrade::Warning];
    let noted = |c: &&crate::api::ProbeCheck| report.reachable && worst.contains(&c.grade);
    let notes: String = report
        .checks
        .iter()
        .filter(noted)
        .map(|c| format!(" {}: {}.", c.name, c.finding))
        .collect();
    let measured: String = report
        .checks
        .iter()
        .filter_map(|c| Some(format!(" {}={}ms;;;0", c.name, c.elapsed_ms?)))
        .collect();
    let text = one_line(&format!("{}{notes}", report.verdict));
    let line = format!("CALLHOME {word} - {text} |{measured}\n");
    context.screen.data(line.as_bytes())?;
    Ok(Exit::Code(code))
}

/// The line for a probe that could not be made.
pub(super) fn unknown(context: &Context, error: &CommandError) -> Outcome {
    let line = format!("CALLHOME UNKNOWN - {}\n", one_line(error.message()));
    context.screen.data(line.as_bytes())?;
    Ok(Exit::Code(3))
}

/// Without what would end the text or begin the performance data.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '|' => '/',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}
