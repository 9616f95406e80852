use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Value, json};

use super::SipRow;
use super::volley::{RowEnd, row_outcome};
use crate::cli::context::Context;
use crate::cli::error::{ErrorKind, Exit, Outcome};
use crate::cli::output::{Format, View, count, elapsed, grouped};
use crate::flow::journal::{Journal, RowOutcome, Tally};
use crate::host::peak_memory;
use crate::net::sip_volley::Buffers;
use crate::sip::volley::VolleyCounts;
use crate::sip::{Method, SipOutcome};

/// Longest time that is told apart, in microseconds.
const LONGEST: u64 = 100_000_000;
/// Targets that are named to people; all are in `-o ndjson`.
const NAMED: usize = 10;
/// Columns of the longest bar.
const BAR: u64 = 30;

/// What became of a run so far, in memory that does not grow with it.
pub(super) struct VolleyReport {
    method: Method,
    rows: u64,
    run: String,
    /// How rows ended in an earlier part of the run.
    earlier: Tally,
    sent: BTreeMap<&'static str, u64>,
    bad: u64,
    answers: Vec<Answer>,
    /// The last of `answers` that was counted: nearly all are alike.
    latest: usize,
    /// What was told last, for the same reason.
    told: Option<(SipOutcome, Arc<Told>)>,
    times: Histogram<u64>,
    counts: VolleyCounts,
    at: Duration,
    buffers: Buffers,
    troubled: Vec<(u32, String, String)>,
}

/// What the journal says of a row: how it ended, a stable word, and what people may want to know.
pub(super) type Told = (RowOutcome, String, String);

/// One kind of answer.
struct Answer {
    code: u16,
    reason: String,
    count: u64,
}

#[derive(Serialize)]
struct Document {
    run: String,
    method: String,
    targets: u64,
    earlier: u64,
    delivered: u64,
    alive: u64,
    refused: u64,
    no_answer: u64,
    transport_errors: u64,
    bad: u64,
    not_tried: u64,
    complete: bool,
    messages: u64,
    retransmissions: u64,
    discarded: u64,
    elapsed_ms: u64,
    targets_per_second: f64,
    answers: Vec<Value>,
    answer_time: Value,
    socket_buffer: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_peak_bytes: Option<u64>,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros())
        .unwrap_or(u64::MAX)
        .clamp(1, LONGEST)
}

/// Milliseconds with as many digits as mean something.
fn millis(us: u64) -> f64 {
    let ms = us as f64 / 1_000.0;
    let digits = if us < 10_000 { 1_000.0 } else { 10.0 };
    (ms * digits).round() / digits
}

fn word(outcome: &SipOutcome) -> &'static str {
    match outcome {
        SipOutcome::Delivered { .. } => "delivered",
        SipOutcome::Alive { .. } => "alive",
        SipOutcome::Refused { .. } => "refused",
        SipOutcome::Ringing => "ringing",
        SipOutcome::NoAnswer => "no_answer",
        SipOutcome::TransportError { .. } => "transport_error",
    }
}

/// One target for `-o ndjson`.
pub(super) fn line(method: &Method, row: &SipRow, end: &RowEnd) -> Value {
    let mut line = json!({
        "schema": "callhome/sip-target/v1",
        "line": row.line,
        "target": &*row.target,
        "method": method.as_str(),
    });
    let outcome = match end {
        RowEnd::Sent(end) => {
            line["elapsed_ms"] = json!(millis(micros(end.elapsed)));
            line["retransmissions"] = json!(end.copies);
            Ok(&end.outcome)
        }
        RowEnd::Unsent { outcome, .. } => outcome.as_ref(),
    };
    match outcome {
        Ok(outcome) => {
            line["outcome"] = json!(word(outcome));
            match outcome {
                SipOutcome::Delivered { code, reason }
                | SipOutcome::Alive { code, reason }
                | SipOutcome::Refused { code, reason } => {
                    line["code"] = json!(code);
                    line["reason"] = json!(reason);
                }
                SipOutcome::TransportError { detail } => line["detail"] = json!(detail),
                SipOutcome::NoAnswer | SipOutcome::Ringing => {}
            }
        }
        Err(why) => {
            line["outcome"] = json!("bad");
            line["detail"] = json!(why);
        }
    }
    line
}

impl VolleyReport {
    pub(super) fn new(method: Method, journal: &Journal, buffers: Buffers) -> Self {
        Self {
            method,
            rows: journal.rows.into(),
            run: journal.run.to_string(),
            earlier: journal.tally(),
            sent: BTreeMap::new(),
            bad: 0,
            answers: Vec::new(),
            latest: 0,
            told: None,
            times: Histogram::new_with_bounds(1, LONGEST, 2)
                .expect("the bounds are a histogram's: 1 to 100 s in two digits"),
            counts: VolleyCounts::default(),
            at: Duration::ZERO,
            buffers,
            troubled: Vec::new(),
        }
    }

    pub(super) fn progress(&mut self, counts: VolleyCounts, at: Duration) {
        (self.counts, self.at) = (counts, at);
    }

    /// Counts a row's end; gives back what the journal says of it.
    pub(super) fn count(&mut self, row: &SipRow, end: &RowEnd) -> Arc<Told> {
        let outcome = match end {
            RowEnd::Sent(end) => {
                if end.outcome.is_answered() {
                    self.times.saturating_record(micros(end.elapsed));
                }
                Ok(&end.outcome)
            }
            RowEnd::Unsent { outcome, .. } => outcome.as_ref(),
        };
        let told = match outcome {
            Ok(outcome) => {
                *self.sent.entry(word(outcome)).or_default() += 1;
                if let SipOutcome::Delivered { code, reason }
                | SipOutcome::Alive { code, reason }
                | SipOutcome::Refused { code, reason } = outcome
                {
                    self.count_answer(*code, reason);
                }
                self.told_of(outcome)
            }
            Err(why) => {
                self.bad += 1;
                Arc::new((RowOutcome::Bad, "bad-row".to_owned(), why.clone()))
            }
        };
        if told.0 != RowOutcome::Done && self.troubled.len() <= NAMED {
            let words = match outcome {
                Ok(outcome) => outcome.to_string(),
                Err(why) => why.clone(),
            };
            self.troubled
                .push((row.line, row.target.to_string(), words));
        }
        told
    }

    fn count_answer(&mut self, code: u16, reason: &str) {
        let same = |answer: &Answer| answer.code == code && answer.reason == reason;
        if !self.answers.get(self.latest).is_some_and(same) {
            match self.answers.iter().position(same) {
                Some(known) => self.latest = known,
                // Who answers with ever other words does not fill the memory.
                None if self.answers.len() >= 1_000 => return,
                None => {
                    self.latest = self.answers.len();
                    let (reason, count) = (reason.to_owned(), 0);
                    self.answers.push(Answer {
                        code,
                        reason,
                        count,
                    });
                }
            }
        }
        self.answers[self.latest].count += 1;
    }

    fn told_of(&mut self, outcome: &SipOutcome) -> Arc<Told> {
        if let Some((last, told)) = &self.told
            && last == outcome
        {
            return Arc::clone(told);
        }
        let (code, detail) = match outcome {
            SipOutcome::Delivered { code, .. }
            | SipOutcome::Alive { code, .. }
            | SipOutcome::Refused { code, .. } => (code.to_string(), String::new()),
            SipOutcome::TransportError { detail } => ("transport-error".to_owned(), detail.clone()),
            other => (word(other).replace('_', "-"), String::new()),
        };
        let told = Arc::new((row_outcome(&self.method, outcome), code, detail));
        self.told = Some((outcome.clone(), Arc::clone(&told)));
        told
    }

    fn of(&self, word: &str) -> u64 {
        self.sent.get(word).copied().unwrap_or_default()
    }

    /// Rows that ended, earlier or now.
    pub(super) fn ended(&self) -> u64 {
        self.earlier() + self.bad + self.sent.values().sum::<u64>()
    }

    fn earlier(&self) -> u64 {
        self.rows.saturating_sub(self.earlier.open.into())
    }

    /// Rows of this part of the run that did not go through.
    pub(super) fn failures(&self) -> u64 {
        self.ended() - self.earlier() - self.done_now()
    }

    fn done_now(&self) -> u64 {
        let alive = if self.method == Method::OPTIONS {
            self.of("alive")
        } else {
            0
        };
        self.of("delivered") + alive
    }

    /// Whether nothing is left to do.
    pub(super) fn is_whole(&self) -> bool {
        self.ended() >= self.rows
    }

    fn per_second(&self) -> f64 {
        let seconds = self.at.as_secs_f64();
        if seconds > 0.0 {
            (self.counts.begun as f64 / seconds * 10.0).round() / 10.0
        } else {
            0.0
        }
    }

    /// The end of the live line; short enough for 80 columns.
    pub(super) fn live(&self) -> String {
        let refused = self.of("refused") + self.ended_alive();
        let silent = self.of("no_answer") + self.of("transport_error");
        format!(
            "{:.0}/s  ok {}  no {}  silent {}  again {}",
            self.per_second(),
            grouped(self.done_now()),
            grouped(refused),
            grouped(silent),
            grouped(self.counts.copies)
        )
    }

    fn ended_alive(&self) -> u64 {
        self.of("alive") + self.of("delivered") - self.done_now()
    }

    /// Shows the summary and tells how the command ends.
    pub(super) fn show(&self, context: &Context) -> Outcome {
        if context.screen.style().format == Format::Ndjson && context.screen.style().jq.is_none() {
            context.status(self.text().trim_end())?;
        } else {
            let mut view = View::one("sip-bulk", &self.document()).named_by("/run");
            let left = self.rows - self.ended().min(self.rows);
            if left > 0 {
                view = view.warn(format!("not tried: {}", count(left, "target")));
            }
            context.show(&view.text(self.text()))?;
        }
        Ok(self.exit())
    }

    /// 0 when all took it, 12 when nobody was heard, 11 when all who were heard refused, else 7.
    fn exit(&self) -> Exit {
        let done = self.done_now() + u64::from(self.earlier.done);
        let heard = done + self.of("refused") + self.of("alive") + u64::from(self.earlier.failed);
        if done == self.rows {
            return Exit::Done;
        }
        Exit::Ended(if done > 0 || !self.is_whole() {
            ErrorKind::Partial
        } else if self.bad + u64::from(self.earlier.bad) == self.rows {
            ErrorKind::Usage
        } else if heard == 0 {
            ErrorKind::Unreachable
        } else if heard == self.rows {
            ErrorKind::Rejected
        } else {
            ErrorKind::Partial
        })
    }

    fn document(&self) -> Document {
        Document {
            run: self.run.clone(),
            method: self.method.to_string(),
            targets: self.rows,
            earlier: self.earlier(),
            delivered: self.of("delivered"),
            alive: self.of("alive"),
            refused: self.of("refused"),
            no_answer: self.of("no_answer"),
            transport_errors: self.of("transport_error"),
            bad: self.bad,
            not_tried: self.rows - self.ended().min(self.rows),
            complete: self.is_whole(),
            messages: self.counts.sent,
            retransmissions: self.counts.copies,
            discarded: self.counts.discarded,
            elapsed_ms: u64::try_from(self.at.as_millis()).unwrap_or(u64::MAX),
            targets_per_second: self.per_second(),
            answers: self.sorted_answers(),
            answer_time: self.answer_time(),
            socket_buffer: json!({
                "asked_bytes": self.buffers.asked,
                "receive_bytes": self.buffers.receive,
                "send_bytes": self.buffers.send,
            }),
            memory_peak_bytes: peak_memory(),
        }
    }

    fn sorted_answers(&self) -> Vec<Value> {
        let mut answers: Vec<&Answer> = self.answers.iter().collect();
        answers.sort_by_key(|answer| (answer.code, &answer.reason));
        let each = answers.into_iter();
        each.map(|a| json!({"code": a.code, "reason": a.reason, "count": a.count}))
            .collect()
    }

    fn answer_time(&self) -> Value {
        if self.times.is_empty() {
            return Value::Null;
        }
        let at = |q| millis(self.times.value_at_quantile(q));
        let steps: Vec<Value> = steps(&self.times)
            .into_iter()
            .map(|(up_to, count)| json!({"up_to_ms": millis(up_to), "count": count}))
            .collect();
        json!({
            "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99),
            "max_ms": millis(self.times.max()), "histogram": steps,
        })
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} to {} in {}  ({:.0} a second)\n\n",
            self.method,
            count(self.rows, "target"),
            elapsed(self.at),
            self.per_second()
        );
        let left = self.rows - self.ended().min(self.rows);
        for (count, word) in [
            (self.earlier(), "ended in an earlier part of this run"),
            (self.of("delivered"), "delivered"),
            (self.of("alive"), "alive, but do not know it"),
            (self.of("refused"), "refused"),
            (self.of("no_answer"), "no answer"),
            (self.of("transport_error"), "not reached"),
            (self.bad, "bad rows"),
            (left, "not tried"),
            (self.counts.copies, "messages sent again"),
        ] {
            if count > 0 {
                text.push_str(&format!("  {:>11}  {word}\n", grouped(count)));
            }
        }
        if !self.times.is_empty() {
            let at = |q| told(self.times.value_at_quantile(q));
            text.push_str(&format!(
                "\n  Time to the answer: half within {}, 90 % {}, 99 % {}, all {}\n",
                at(0.5),
                at(0.9),
                at(0.99),
                told(self.times.max())
            ));
            let most = steps(&self.times).iter().map(|s| s.1).max().unwrap_or(1);
            for (up_to, count) in steps(&self.times) {
                let bar = (count * BAR).div_ceil(most) as usize;
                text.push_str(
                    format!(
                        "  {:>11}  {:<width$} {}",
                        told(up_to),
                        "█".repeat(bar),
                        grouped(count),
                        width = BAR as usize
                    )
                    .trim_end(),
                );
                text.push('\n');
            }
        }
        if !self.troubled.is_empty() {
            text.push('\n');
            for (line, target, words) in self.troubled.iter().take(NAMED) {
                text.push_str(&format!("  line {line}: {target}  {words}\n"));
            }
            if self.troubled.len() > NAMED {
                text.push_str("  and more; each with  -o ndjson\n");
            }
        }
        text
    }
}

/// `0.4 ms`, `12 ms`, `4 s`.
fn told(us: u64) -> String {
    match us {
        0..1_000 => format!("{:.1} ms", us as f64 / 1_000.0),
        1_000..10_000 => {
            let text = format!("{:.1}", us as f64 / 1_000.0);
            format!("{} ms", text.strip_suffix(".0").unwrap_or(&text))
        }
        10_000..1_000_000 => format!("{} ms", us / 1_000),
        _ => {
            let text = format!("{:.1}", us as f64 / 1_000_000.0);
            format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
        }
    }
}

/// Answers by time in steps of 1, 2 and 5, without the empty ones at both ends.
fn steps(times: &Histogram<u64>) -> Vec<(u64, u64)> {
    let mut steps: Vec<(u64, u64)> = (2..8)
        .flat_map(|decade| [1, 2, 5].map(|digit| (digit * 10_u64.pow(decade), 0)))
        .chain([(LONGEST, 0)])
        .collect();
    // Each cell is counted once, though a step may end in the middle of it.
    for cell in times.iter_recorded() {
        let from = times.lowest_equivalent(cell.value_iterated_to());
        let step = steps.iter_mut().find(|step| from <= step.0);
        if let Some(step) = step {
            step.1 += cell.count_at_value();
        }
    }
    let used = |step: &(u64, u64)| step.1 > 0;
    let first = steps.iter().position(used).unwrap_or(steps.len());
    let last = steps.iter().rposition(used).map_or(first, |at| at + 1);
    steps[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_at_the_edge_of_a_step_is_counted_once() {
        let mut times = Histogram::new_with_bounds(1, LONGEST, 2).expect("bounds of a histogram");
        let all: Vec<u64> = (1..12)
            .map(|n| n * 97)
            .chain([499, 500, 501, 503, 505, 1_999, 2_000, 2_007])
            .collect();
        for time in &all {
            times.saturating_record(*time);
        }
        let steps = steps(&times);
        assert_eq!(steps.iter().map(|s| s.1).sum::<u64>(), all.len() as u64);
        assert_eq!((steps[0].0, steps[0].1), (100, 1));
        assert_eq!(steps.last().map(|s| s.0), Some(2_000));
    }
}
