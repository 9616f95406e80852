use std::any::Any;

use rusqlite::Connection;

use crate::port::StoreError;

/// What came of work, of a type that only who ordered it knows.
pub(super) type Outcome = Box<dyn Any + Send>;

/// Work on a connection.
///
/// There are a hundred kinds. In this form the queue, the threads and the runtime's tasks that carry it are compiled
/// once, not once for each.
pub(super) type Work = Box<dyn FnOnce(&Connection) -> Result<Outcome, StoreError> + Send>;

/// Wraps work, for its way to a connection.
pub(super) fn wrapped<T: Send + 'static>(
    work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> Work {
    Box::new(move |conn| work(conn).map(|value| Box::new(value) as Outcome))
}

/// Unwraps what came of work that was wrapped for the same type.
pub(super) fn unwrapped<T: 'static>(outcome: Outcome) -> Result<T, StoreError> {
    let value = outcome.downcast().map_err(|_| {
        StoreError::Database("an operation ended with what nobody had ordered".into())
    })?;
    Ok(*value)
}
