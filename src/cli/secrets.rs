use std::io::Read as _;
use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use crate::host::private_file;

/// Longest secret that is read from a file, in bytes.
const LONGEST: u64 = 16 * 1024;

/// The token that was kept for a context, if any.
pub(super) async fn token(_: &Context, _: &str) -> Result<Option<String>, CommandError> {
    Ok(None)
}

/// A password: from a file (`-` is standard input), or typed.
///
/// # Errors
/// When the file cannot be read or others can read it, or nobody can be asked.
pub(super) fn password(
    context: &Context,
    file: Option<&Path>,
    question: &str,
) -> Result<String, CommandError> {
    let text = match file {
        None => {
            return context
                .prompter
                .password(question, "Give it in a file:  --password-file FILE");
        }
        Some(file) if file == Path::new("-") => {
            let mut text = String::new();
            std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
            text
        }
        Some(file) => {
            let content = private_file::read(file)?.ok_or_else(|| {
                CommandError::usage(format!("there is no file {}", file.display()))
            })?;
            String::from_utf8_lossy(&content).into_owned()
        }
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
