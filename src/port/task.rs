use std::future::Future;
use std::pin::Pin;

/// Work for the runtime in the one form that all tasks have: what spawns, polls and ends them is compiled once, instead
/// of once for each of them and each of tokio's schedulers.
pub type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Gives work that form.
pub fn task<T>(work: impl Future<Output = T> + Send + 'static) -> Task<T> {
    Box::pin(work)
}
