use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::SinkExt;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio_util::codec::{FramedRead, FramedWrite, LinesCodec, LinesCodecError};

use super::centre::Centre;
use super::wire::{Downlink, Sms, Uplink};
use crate::domain::Msisdn;
use crate::port::task;

/// A line longer than this is an error: 10,000 numbers in one `attach` fit.
const MAX_LINE: usize = 1024 * 1024;

type Lines = FramedRead<OwnedReadHalf, LinesCodec>;
type Writer = FramedWrite<OwnedWriteHalf, LinesCodec>;

fn framed(stream: TcpStream) -> (Lines, Writer) {
    let (read, write) = stream.into_split();
    (
        FramedRead::new(read, LinesCodec::new_with_max_length(MAX_LINE)),
        FramedWrite::new(write, LinesCodec::new()),
    )
}

async fn next_line(lines: &mut Lines) -> Option<Result<String, LinesCodecError>> {
    use futures_util::StreamExt;
    lines.next().await
}

async fn put<T: Serialize + Sync>(writer: &mut Writer, value: &T) -> io::Result<()> {
    let line = serde_json::to_string(value)?;
    writer.send(line).await.map_err(io::Error::other)
}

/// Takes devices' connections until the carrier stops.
pub(super) async fn accept(centre: Arc<Centre>, listener: tokio::net::TcpListener) {
    loop {
        let stream = tokio::select! {
            () = centre.stop().cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(e) => {
                    tracing::warn!("a device could not dial the carrier: {e}");
                    continue;
                }
            },
        };
        let connection = centre.next_id();
        let centre_of_it = Arc::clone(&centre);
        centre.tasks().spawn(task(async move {
            serve(&centre_of_it, connection, stream).await;
            centre_of_it.detach(connection);
        }));
    }
}

async fn serve(centre: &Arc<Centre>, connection: u64, stream: TcpStream) {
    let (mut lines, mut writer) = framed(stream);
    let (to_device, mut from_centre) = mpsc::unbounded_channel();
    loop {
        let down = tokio::select! {
            () = centre.stop().cancelled() => return,
            down = from_centre.recv() => match down {
                Some(down) => down,
                None => return,
            },
            line = next_line(&mut lines) => match line {
                Some(Ok(line)) => match take_line(centre, connection, &line, &to_device) {
                    Some(answer) => answer,
                    None => continue,
                },
                Some(Err(_)) | None => return,
            },
        };
        if put(&mut writer, &down).await.is_err() {
            return;
        }
    }
}

fn take_line(
    centre: &Arc<Centre>,
    connection: u64,
    line: &str,
    to_device: &mpsc::UnboundedSender<Downlink>,
) -> Option<Downlink> {
    match serde_json::from_str(line) {
        Ok(Uplink::Attach(numbers)) => Some(Downlink::Attached(
            centre.attach(connection, &numbers, to_device),
        )),
        Ok(Uplink::Send(sms)) => {
            centre.take_from_device(sms);
            None
        }
        Ok(Uplink::Received(id)) => {
            centre.received(&id);
            None
        }
        Err(e) => Some(Downlink::Refused(e.to_string())),
    }
}

/// A device's line to the carrier: any number of telephone numbers on one connection.
pub struct CarrierLine {
    lines: Lines,
    writer: Writer,
}

impl CarrierLine {
    /// Dials a carrier and attaches numbers.
    ///
    /// # Errors
    /// When nobody answers or the carrier refuses.
    pub async fn dial(carrier: SocketAddr, numbers: &[Msisdn]) -> io::Result<Self> {
        let stream = TcpStream::connect(carrier).await?;
        stream.set_nodelay(true)?;
        let (lines, writer) = framed(stream);
        let mut line = Self { lines, writer };
        put(&mut line.writer, &Uplink::Attach(numbers.to_vec())).await?;
        Ok(line)
    }

    /// The next message; its arrival is acknowledged only by [`CarrierLine::received`]. Cancel-safe.
    ///
    /// # Errors
    /// When the carrier hung up or does not make sense.
    pub async fn next(&mut self) -> io::Result<Sms> {
        loop {
            let line = next_line(&mut self.lines)
                .await
                .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?
                .map_err(io::Error::other)?;
            match serde_json::from_str(&line)? {
                Downlink::Deliver(sms) => return Ok(sms),
                Downlink::Attached(_) => {}
                Downlink::Refused(why) => return Err(io::Error::other(why)),
            }
        }
    }

    /// Tells the carrier that a message arrived.
    ///
    /// # Errors
    /// When the carrier hung up.
    pub async fn received(&mut self, id: String) -> io::Result<()> {
        put(&mut self.writer, &Uplink::Received(id)).await
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the carrier hung up.
    pub async fn send(&mut self, sms: Sms) -> io::Result<()> {
        put(&mut self.writer, &Uplink::Send(sms)).await
    }
}
