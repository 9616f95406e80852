use std::io;
use std::path::{Path, PathBuf};

/// What is wrong with the settings, for the person who has to put it right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is there but cannot be read, or cannot be written.
    #[error("cannot {doing} {file}: {source}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file does not say what it should.
    #[error("{file}{}: {message}", .line.map_or_else(String::new, |l| format!(", line {l}")))]
    Content {
        /// Which file.
        file: PathBuf,
        /// Which line, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A flag or an environment variable has a value that does not fit.
    #[error("{origin}: {message}")]
    Override {
        /// The flag or variable.
        origin: String,
        /// What is wrong and what is expected.
        message: String,
    },
    /// The chosen context does not exist.
    #[error("there is no context {name:?} ({chosen_by}); there are: {known}")]
    NoSuchContext {
        /// Its name.
        name: String,
        /// Who chose it.
        chosen_by: String,
        /// Those that exist.
        known: String,
    },
}

impl ConfigError {
    pub(super) fn file(doing: &'static str, file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::File {
            doing,
            file,
            source,
        }
    }

    pub(super) fn yaml(file: &Path, error: &serde_yaml::Error) -> Self {
        let message = error.to_string();
        // The position is told beside the file's name, not at the end of the sentence.
        let message = message
            .rsplit_once(" at line ")
            .map_or(message.as_str(), |(text, _)| text);
        Self::Content {
            file: file.to_owned(),
            line: error.location().map(|l| l.line()),
            message: with_nearest(message),
        }
    }

    /// One setting of a file does not fit.
    pub(super) fn setting(
        file: &Path,
        line: Option<usize>,
        path: &str,
        error: &serde_yaml::Error,
    ) -> Self {
        Self::Content {
            file: file.to_owned(),
            line,
            message: format!("{path}: {}", with_nearest(&error.to_string())),
        }
    }
}

/// Edits by which a name may differ from the one that was meant.
const NEAR: usize = 3;

/// The same message; for a name that nobody knows, the one that was probably meant instead of all that there are.
fn with_nearest(message: &str) -> String {
    let Some((before, rest)) = message.split_once("unknown field `") else {
        return message.to_owned();
    };
    let Some((name, known)) = rest.split_once('`') else {
        return message.to_owned();
    };
    let nearest = known
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|one| (strsim::osa_distance(name, one), one))
        .min()
        .filter(|(distance, one)| *distance <= NEAR && distance * 2 <= one.len());
    match nearest {
        Some((_, one)) => format!("{before}unknown field `{name}`: did you mean `{one}`?"),
        None => message.to_owned(),
    }
}
