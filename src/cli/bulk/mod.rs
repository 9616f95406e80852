//! Runs over many rows that survive being stopped (requirement F4).
//!
//! | file | what |
//! |---|---|
//! | `input` | CSV or NDJSON → rows, with what spreadsheets break |
//! | `journal_file` | the run's journal on disk: one line each, stored before it is acted on |
//! | `archive` | how runs were begun and with what input, to tell about them and go on |
//! | `run` | sends rows, some at once, at a rate |
//! | `ledger` | what is known of a run while it goes on |
//! | `follow` | the event stream, for the ends of what was sent |
//! | `sip_targets`, `volley`, `volley_feed`, `volley_report` | one SIP request to the addresses in a file |
//! | `report` | input columns with how each row ended; the exit code |

mod archive;
mod follow;
mod input;
mod journal_file;
mod ledger;
mod report;
mod run;
mod sip_targets;
mod volley;
mod volley_feed;
mod volley_report;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

pub(super) use archive::{Archived, RESUMES, run_of, runs};
pub(super) use input::{BadInput, Input, Row, read};
pub(super) use report::{exit_of, report, summary};
pub(super) use run::{Plan, Sent, Work, ends_the_run, run};
pub(super) use sip_targets::{SipRow, read_target_rows, read_targets};
pub(super) use volley::{VolleyOrder, volley};

/// Where the form of an input file is shown.
pub(super) const FORM: &str = "See the form:  callhome bulk template";

/// Flags of commands that take many targets from a file.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct BulkFlags {
    /// CSV or NDJSON file with one device a row; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Many devices")]
    pub from: Option<PathBuf>,
    /// At most this many a second or minute, as in 60/min
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = "Many devices")]
    pub rate: Option<Rate>,
    /// How many at once
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256), help_heading = "Many devices")]
    pub jobs: u32,
    /// Begin no more rows after this many failed
    #[arg(long, value_name = "NUMBER", help_heading = "Many devices")]
    pub stop_after_failures: Option<NonZeroU32>,
}

/// How fast rows may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// Time between two rows.
    pub interval: std::time::Duration,
}

/// Reads a rate, as in `60/min`.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || "a rate is a number and /s, /min or /h, as in 60/min".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let number: u32 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    if number == 0 {
        return Err(wrong());
    }
    Ok(Rate {
        interval: std::time::Duration::from_secs_f64(seconds / f64::from(number)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        assert_eq!(rate("60/min").map(|r| r.interval.as_millis()), Ok(1_000));
        assert_eq!(rate("4/s").map(|r| r.interval.as_millis()), Ok(250));
        for text in ["60", "0/s", "x/min", "5/week"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
