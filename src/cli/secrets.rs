use super::context::Context;
use super::error::CommandError;

/// The token that was kept for a context, if any.
pub(super) async fn token(_: &Context, _: &str) -> Result<Option<String>, CommandError> {
    Ok(None)
}
