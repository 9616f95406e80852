//! QR codes on the terminal and as drawings.

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Modules of light around a code, as ISO/IEC 18004 wants them.
const QUIET: usize = 4;

/// A QR code as rows of modules, quiet zone included; true is dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Qr(Vec<Vec<bool>>);

impl Qr {
    /// The code for a text.
    ///
    /// # Errors
    /// [`QrError`] when the text is too long for any code.
    pub(crate) fn of(text: &str) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
        let (width, colours) = (code.width(), code.to_colors());
        let side = width + 2 * QUIET;
        let mut rows = vec![vec![false; side]; side];
        for (index, colour) in colours.into_iter().enumerate() {
            rows[QUIET + index / width][QUIET + index % width] = colour == Color::Dark;
        }
        Ok(Self(rows))
    }

    /// For a terminal that shows colours: black on white whatever its own colours are. Two rows of modules a line.
    #[must_use]
    pub(crate) fn coloured(&self) -> String {
        self.lines("\u{1b}[30;107m", "\u{1b}[0m", |dark| dark)
    }

    /// For a terminal without colours and for files: light modules are drawn, so that it is readable with bright
    /// letters on a dark ground; most readers take the inverse as well.
    #[must_use]
    pub(crate) fn plain(&self) -> String {
        self.lines("", "", |dark| !dark)
    }

    fn lines(&self, begin: &str, end: &str, drawn: impl Fn(bool) -> bool) -> String {
        let mut text = String::new();
        for pair in self.0.chunks(2) {
            text.push_str(begin);
            for (column, upper) in pair[0].iter().enumerate() {
                let lower = pair.get(1).is_some_and(|row| row[column]);
                text.push(match (drawn(*upper), drawn(lower)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(end);
            text.push('\n');
        }
        text
    }

    /// As a drawing.
    #[must_use]
    pub(crate) fn svg(&self) -> String {
        let side = self.0.len();
        let mut path = String::new();
        for (y, row) in self.0.iter().enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\"/></svg>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finders_and_its_quiet_zone() {
        let qr = Qr::of("https://192.0.2.7:8443/join#0306406152").expect("short");
        let side = qr.0.len();
        assert!(qr.0[0].iter().all(|dark| !dark));
        // ISO/IEC 18004 §6.3.3: 7 dark, a light ring, 3 × 3 dark.
        assert!(qr.0[QUIET][QUIET..QUIET + 7].iter().all(|dark| *dark));
        assert!(!qr.0[QUIET + 1][QUIET + 1] && qr.0[QUIET + 3][QUIET + 3]);
        let plain = qr.plain();
        assert_eq!(plain.lines().count(), side.div_ceil(2));
        assert!(plain.lines().all(|line| line.chars().count() == side));
        assert!(plain.starts_with("████"));
        assert!(qr.coloured().starts_with("\u{1b}[30;107m    "));
        assert!(qr.svg().contains("M4 4h1v1h-1z"));
        assert!(Qr::of(&"x".repeat(4_000)).is_err());
    }
}
