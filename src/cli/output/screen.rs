use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Mutex;

use super::format::Format;
use super::render::{RenderError, Style, render};
use super::retyping::Retyping;
use super::view::View;

/// Colours, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Colours when `on`.
    #[must_use]
    pub(crate) const fn new(on: bool) -> Self {
        Self(on)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Something good.
    #[must_use]
    pub(crate) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Something bad.
    #[must_use]
    pub(crate) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Something to look at.
    #[must_use]
    pub(crate) fn warn(self, text: &str) -> String {
        self.with("33", text)
    }

    /// Something less important.
    #[must_use]
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Something important.
    #[must_use]
    pub(crate) fn strong(self, text: &str) -> String {
        self.with("1", text)
    }
}

/// The two streams: data on one, status on the other.
pub(crate) struct Screen {
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    style: Style,
    quiet: bool,
    /// Nobody reads standard error as it comes.
    unattended: bool,
    retyping: Retyping,
    /// Colours of standard output.
    pub paint: Paint,
    /// Colours of standard error.
    pub status_paint: Paint,
}

/// Why something could not be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// The stream refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The flags do not fit the data.
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl Screen {
    /// Writes to the process's streams.
    #[must_use]
    pub(crate) fn standard(style: Style, quiet: bool, paint: Paint, status_paint: Paint) -> Self {
        Self::new(
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            style,
            quiet,
            (paint, status_paint),
        )
    }

    /// Writes anywhere.
    #[must_use]
    pub(crate) fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        style: Style,
        quiet: bool,
        (paint, status_paint): (Paint, Paint),
    ) -> Self {
        Self {
            out: Mutex::new(out),
            err: Mutex::new(err),
            style,
            quiet,
            unattended: false,
            retyping: Retyping::default(),
            paint,
            status_paint,
        }
    }

    /// The same screen; commands that its words name get these options.
    #[must_use]
    pub(crate) fn retyping(mut self, retyping: Retyping) -> Self {
        self.retyping = retyping;
        self
    }

    /// The same screen, with a standard error that is no terminal.
    #[must_use]
    pub(crate) fn unattended(mut self, unattended: bool) -> Self {
        self.unattended = unattended;
        self
    }

    /// Words for people, with the options of this command line in the commands that they name.
    #[must_use]
    pub(crate) fn retyped<'a>(&self, words: &'a str) -> Cow<'a, str> {
        self.retyping.of(words)
    }

    /// Whether a person reads standard output as it comes: a table or text, unfiltered.
    #[must_use]
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.style.format, Format::Table | Format::Wide)
            && self.style.jq.is_none()
            && self.style.columns.is_empty()
    }

    /// Whether the output is made for eyes, also when only some columns are shown.
    #[must_use]
    pub(crate) const fn is_read_by_a_person(&self) -> bool {
        self.style.format.is_for_people() && self.style.jq.is_none()
    }

    /// Changes the form of the output.
    pub(crate) fn set_format(&mut self, format: Format) {
        self.style.format = format;
    }

    /// How views are rendered.
    #[must_use]
    pub(crate) const fn style(&self) -> &Style {
        &self.style
    }

    /// Shows a view in the form that was asked for; its warnings go to standard error.
    ///
    /// # Errors
    /// [`ShowError`] when the flags do not fit or the stream refuses.
    pub(crate) fn show(&self, view: &View) -> Result<(), ShowError> {
        let text = render(view, &self.style)?;
        let text = match self.is_for_people() && view.is_text() {
            true => self.retyped(&text),
            false => text.into(),
        };
        if self.is_read_by_a_person() {
            self.data(harmless(&text, self.paint).as_bytes())?;
        } else {
            self.data(text.as_bytes())?;
        }
        if self.is_read_by_a_person() && view.is_empty_list() {
            self.status(view.empty_words())?;
        }
        // A document says by itself what is missing from it; lines and rows cannot.
        let says_so = match self.style.format {
            Format::Json | Format::Yaml => self.style.jq.is_none() && self.style.columns.is_empty(),
            _ => false,
        };
        if !says_so {
            for warning in view.warnings() {
                let word = self.status_paint.warn("warning:");
                self.announce(&format!("{word} {warning}"))?;
            }
        }
        Ok(())
    }

    /// Writes data as it is.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn data(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = locked(&self.out);
        out.write_all(bytes)?;
        out.flush()
    }

    /// Writes a line of status to standard error, unless `-q`, or a program gets the data and nobody is there to read
    /// the line.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn status(&self, line: &str) -> io::Result<()> {
        if self.unattended && !self.is_read_by_a_person() {
            return Ok(());
        }
        self.announce(line)
    }

    /// Writes a line that matters to programs too, as that something is ready, to standard error, unless `-q`.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn announce(&self, line: &str) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.note(&self.retyped(line))
    }

    /// Writes a line to standard error, even under `-q`.
    ///
    /// # Errors
    /// What the stream says.
    pub(crate) fn note(&self, line: &str) -> io::Result<()> {
        let mut err = locked(&self.err);
        err.write_all(harmless(line, self.status_paint).as_bytes())?;
        err.write_all(b"\n")?;
        err.flush()
    }
}

/// The colours of this program; other commands to a terminal are none of ours.
const OURS: [&str; 8] = ["0m", "1m", "2m", "31m", "32m", "33m", "1;31m", "30;107m"];

/// A text that may hold what phones and servers said, without what a terminal would obey.
fn harmless(text: &str, paint: Paint) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let is_colour = || {
            let rest = text[at..].strip_prefix("\u{1b}[");
            paint.0 && rest.is_some_and(|rest| OURS.iter().any(|ours| rest.starts_with(ours)))
        };
        let ends_line = || text[at..].starts_with("\r\n");
        shown.push(if obeyed(c) && !is_colour() && !ends_line() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        });
    }
    shown.into()
}

fn locked<T: ?Sized>(stream: &Mutex<Box<T>>) -> std::sync::MutexGuard<'_, Box<T>> {
    // A panic while writing leaves the stream usable: only a line may be cut.
    stream
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_that_came_from_elsewhere() {
        let paint = Paint::new(true);
        for ours in [
            "a\tb\nc é ◀\r\n".to_owned(),
            paint.good("ok"),
            paint.bad("no") + &paint.warn("?") + &paint.dim("-") + &paint.strong("!"),
        ] {
            assert_eq!(harmless(&ours, paint), ours);
        }
        for (said, shown) in [
            (
                "302 M\u{1b}]0;owned\u{7}ved",
                "302 M\u{fffd}]0;owned\u{fffd}ved",
            ),
            ("x\u{1b}[2Jy\u{1b}", "x\u{fffd}[2Jy\u{fffd}"),
            (
                "a\rb\u{8}\u{7f}\u{9b}31m\0",
                "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}31m\u{fffd}",
            ),
        ] {
            assert_eq!(harmless(said, paint), shown);
        }
        // Where there are no colours, nobody else has some.
        assert_eq!(
            harmless(&paint.good("ok"), Paint::default()),
            "\u{fffd}[32mok\u{fffd}[0m"
        );
    }
}
