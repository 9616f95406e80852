use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::net::tls::TlsListener;
use crate::net::unix::LocalListener;

use super::endpoint::Endpoint;
use super::extract::Origin;
use super::routes::router;

/// A caller that says nothing this long is let go; also the life of an idle connection.
const SILENCE: Duration = Duration::from_secs(75);

/// Where an endpoint is reached. Without any it only sends.
#[derive(Debug, Default)]
pub struct Listeners {
    /// The local socket.
    pub local: Option<LocalListener>,
    /// HTTPS for devices, operators, gateways and peers.
    pub https: Option<TlsListener>,
}

/// Serves all listeners until the endpoint stops; requests under way get `grace` to finish.
pub(super) async fn serve(endpoint: Endpoint, listeners: Listeners, grace: Duration) {
    let router = router(endpoint.clone());
    let mut local = tokio::spawn(serve_local(
        endpoint.clone(),
        listeners.local,
        router.clone(),
    ));
    let mut https = tokio::spawn(serve_https(endpoint.clone(), listeners.https, router));
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
                    connections.spawn(connection(endpoint.clone(), stream, router.clone(), Origin::Local));
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

async fn serve_https(endpoint: Endpoint, listener: Option<TlsListener>, router: Router) {
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
                let origin = Origin::Network {
                    address: SocketAddr::ip(&accepted.address).to_canonical(),
                    certificates: Arc::from(accepted.certificates),
                };
                connections.spawn(connection(endpoint.clone(), accepted.stream, router.clone(), origin));
            }
        }
    }
    listener.close().await;
    while connections.join_next().await.is_some() {}
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
