use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::environment::Environment;

/// A bar for `total` steps on standard error; silent unless that is a terminal.
///
/// `message` is free text at its end, as in `done 731  waiting 9  failed 2`.
#[must_use]
pub(super) fn bar(environment: &Environment, quiet: bool, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:28} {human_pos}/{human_len}  {per_sec:.dim}  eta {eta}  {msg}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar())
    .progress_chars("█▌░");
    ProgressBar::with_draw_target(Some(total), target(environment, quiet)).with_style(style)
}

/// A live line for something whose length is unknown.
#[must_use]
pub(super) fn spinner(environment: &Environment, quiet: bool, message: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("  {spinner} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::with_draw_target(None, target(environment, quiet)).with_style(style);
    spinner.set_message(message.to_owned());
    spinner
}

fn target(environment: &Environment, quiet: bool) -> ProgressDrawTarget {
    if environment.stderr_is_terminal && !quiet {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    }
}

/// A bar that leaves most of 80 columns to its message.
#[must_use]
pub(super) fn narrow_bar(environment: &Environment, quiet: bool, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:12} {human_pos}/{human_len}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("█▌░");
    ProgressBar::with_draw_target(Some(total), target(environment, quiet)).with_style(style)
}
