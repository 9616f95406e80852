//! Prose of help pages: it flows at the width of the screen that it is read on.
//!
//! The source wraps it where the source ends; without this, a page would keep those
//! line ends and break the lines again at its own width.

use clap::Command;

/// The same command, whose help lets paragraphs flow, and so its verbs that are filled in already.
pub(super) fn flowing(command: Command) -> Command {
    let command = match command.get_after_help() {
        Some(text) => {
            let text = joined(&text.to_string());
            command.after_help(text)
        }
        None => command,
    };
    command.mut_subcommands(flowing)
}

/// Joins the lines of each paragraph. Indented lines (examples, settings) and empty ones stay as they are.
fn joined(text: &str) -> String {
    let mut flowing = String::with_capacity(text.len());
    let mut in_prose = false;
    for (number, line) in text.split('\n').enumerate() {
        let is_prose = !line.is_empty() && !line.starts_with(' ');
        if number > 0 {
            flowing.push(if is_prose && in_prose { ' ' } else { '\n' });
        }
        flowing.push_str(line);
        in_prose = is_prose;
    }
    flowing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_flow_and_examples_stay() {
        let text = "One line\nand its end.\n\nAnother.\n\nExamples:\n  callhome a \\\n      b\n  callhome c\nEnd\nof it";
        assert_eq!(
            joined(text),
            "One line and its end.\n\nAnother.\n\nExamples:\n  callhome a \\\n      b\n  callhome c\nEnd of it"
        );
        assert_eq!(joined(&joined(text)), joined(text));
    }
}
