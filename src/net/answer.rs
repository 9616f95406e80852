use reqwest::Response;

/// Why the body of an answer is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// It is longer than anything that means something.
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    /// The connection broke off.
    #[error(transparent)]
    Broken(reqwest::Error),
}

/// The whole body of an answer, of which no more than `most` bytes are ever held.
pub(super) async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > most {
            return Err(Unread::TooLong(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
