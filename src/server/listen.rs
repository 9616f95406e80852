use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::api::ProblemCode;
use crate::net::crowd::{Crowd, Place};
use crate::net::tls::TlsListener;
use crate::net::unix::LocalListener;
use crate::port::task;

use super::endpoint::Endpoint;
use super::error::ApiError;
use super::extract::Origin;
use super::routes::router;

/// A caller that says nothing this long is let go; also the life of an idle connection.
const SILENCE: Duration = Duration::from_secs(75);
/// An office full of phones behind one address has room where there is little.
const OFFICE: usize = 256;
/// Connections at once that are told that there is no room; more are closed without a word.
const IN_VAIN: usize = 64;
/// How long one of them has to ask and to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds after which it is to try again.
const RETRY: u64 = 60;

/// Where an endpoint is reached. Without any it only sends.
#[derive(Debug, Default)]
pub struct Listeners {
    /// The local socket.
    pub local: Option<LocalListener>,
    /// HTTPS for devices, operators, gateways and peers.
    pub https: Option<TlsListener>,
    /// Connections that it has open at most; one address may have half of them, and where that is little, more.
    pub https_at_most: usize,
}

/// Room for connections over HTTPS.
struct Room {
    most: Arc<Semaphore>,
    crowd: Crowd,
    /// For those that are told that there is none.
    in_vain: Arc<Semaphore>,
}

impl Room {
    fn of(most: usize) -> Self {
        Self {
            most: Arc::new(Semaphore::new(most)),
            crowd: Crowd::new(from_one(most)),
            in_vain: Arc::new(Semaphore::new(IN_VAIN)),
        }
    }

    /// A place for a connection from there, or what there are too many of.
    fn admit(&self, from: IpAddr) -> Result<(OwnedSemaphorePermit, Place), &'static str> {
        let place = self.crowd.admit(from);
        let place = place.ok_or("too many connections are open from this address")?;
        let slot = Arc::clone(&self.most).try_acquire_owned();
        Ok((slot.map_err(|_| "too many connections are open")?, place))
    }
}

/// How many connections may come from one address: a fleet or an office is behind many of them.
fn from_one(most: usize) -> usize {
    (most / 2).max(OFFICE.min(most / 4 * 3)).max(1)
}

/// Serves all listeners until the endpoint stops; requests under way get `grace` to finish.
pub(super) async fn serve(endpoint: Endpoint, listeners: Listeners, grace: Duration) {
    let router = router(endpoint.clone());
    let mut local = tokio::spawn(task(serve_local(
        endpoint.clone(),
        listeners.local,
        router.clone(),
    )));
    let room = Room::of(listeners.https_at_most);
    let mut https = tokio::spawn(task(serve_https(
        endpoint.clone(),
        listeners.https,
        room,
        router,
    )));
    endpoint.stopping().cancelled().await;
    let finished = tokio::time::timeout(grace, async { tokio::join!(&mut local, &mut https) });
    if finished.await.is_err() {
        // Dropping the tasks drops their connections.
        tracing::warn!("requests under way were broken off");
        local.abort();
        https.abort();
    }
}

async fn serve_local(endpoint: Endpoint, listener: Option<LocalListener>, router: Router) {
    let Some(listener) = listener else {
        return;
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = endpoint.stopping().cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    connections.spawn(task(connection(endpoint.clone(), stream, router.clone(), Origin::Local)));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept on the local socket");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    // The socket's file goes first: a command that starts now must not find it.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve_https(
    endpoint: Endpoint,
    listener: Option<TlsListener>,
    room: Room,
    router: Router,
) {
    let Some(mut listener) = listener else {
        return;
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = endpoint.stopping().cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Some(accepted) = accepted else { break };
                let address = SocketAddr::ip(&accepted.address).to_canonical();
                let place = match room.admit(address) {
                    Ok(place) => place,
                    Err(why) => {
                        tracing::debug!(%address, "not served: {why}");
                        if let Ok(slot) = Arc::clone(&room.in_vain).try_acquire_owned() {
                            connections.spawn(task(async move {
                                send_away(accepted.stream, why).await;
                                drop(slot);
                            }));
                        }
                        continue;
                    }
                };
                let origin = Origin::Network {
                    address,
                    certificates: Arc::from(accepted.certificates),
                };
                let serving = connection(endpoint.clone(), accepted.stream, router.clone(), origin);
                connections.spawn(task(async move {
                    serving.await;
                    drop(place);
                }));
            }
        }
    }
    listener.close().await;
    while connections.join_next().await.is_some() {}
}

/// Answers one request with why no other is answered, and hangs up.
async fn send_away<S>(stream: S, why: &'static str)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |_: Request<Incoming>| async move {
        let error = ApiError::new(ProblemCode::Unavailable, why)
            .next("try again in a minute; connections that nobody uses are closed by then")
            .retry_after(RETRY);
        Ok::<_, Infallible>(error.into_response())
    });
    let mut builder = Builder::new();
    builder.keep_alive(false);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    // Who breaks off or says nothing is gone all the same.
    drop(tokio::time::timeout(PATIENCE, serving).await);
}

async fn connection<S>(endpoint: Endpoint, stream: S, router: Router, origin: Origin)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(origin.clone());
        router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = endpoint.stopping().cancelled() => {
            // Finishes the requests under way and takes no more.
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // Callers that break off are usual.
        tracing::debug!(%error, "a connection ended early");
    }
}
