use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, recvmsg, sendmmsg,
    setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};

/// Datagrams of one system call.
pub(super) const BATCH: usize = 64;
/// Datagrams for which there is always room.
const LEAST: usize = 8;
/// No UDP datagram is longer.
const LONGEST: usize = 65_536;

/// How often the same is tried again when the system tells of another datagram instead.
const TRIES: u32 = 16;

/// A socket of one address family.
pub(super) struct Bound {
    socket: UdpSocket,
    /// Port that was chosen.
    pub(super) port: u16,
    /// What the system gave: receive and send buffer.
    pub(super) buffers: (usize, usize),
}

/// A socket with the room for its batches, which cannot leave its thread.
pub(super) struct Lane {
    socket: UdpSocket,
    incoming: Vec<u8>,
    /// How many datagrams the next call makes room for.
    room: usize,
    receive: MultiHeaders<SockaddrStorage>,
    send: MultiHeaders<SockaddrStorage>,
    /// Datagrams that wait to be sent, one behind the other.
    outgoing: Vec<u8>,
    ends: Vec<usize>,
    to: Vec<Option<SockaddrStorage>>,
    used: bool,
    /// The system said that a datagram came back.
    came_back: bool,
    /// How often in a row there was an error in place of what there is to read.
    failed: u32,
}

/// A datagram that the system would not send, or that came back.
pub(super) struct Refused {
    /// How it began.
    pub(super) head: Vec<u8>,
    /// Why, in the system's words.
    pub(super) error: io::Error,
}

impl Bound {
    pub(super) fn open(v4: bool, buffer_bytes: usize) -> io::Result<Self> {
        let any: IpAddr = if v4 {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let bind = SocketAddr::new(any, 0);
        let socket = Socket::new(Domain::for_address(bind), Type::DGRAM, Some(Protocol::UDP))?;
        if !v4 {
            socket.set_only_v6(true)?;
        }
        // With the right to do so, above the system's limit; else up to it. What came of it is read back.
        if setsockopt(&socket, sockopt::RcvBufForce, &buffer_bytes).is_err() {
            let _less = socket.set_recv_buffer_size(buffer_bytes).is_err();
        }
        if setsockopt(&socket, sockopt::SndBufForce, &buffer_bytes).is_err() {
            let _less = socket.set_send_buffer_size(buffer_bytes).is_err();
        }
        // The kernel tells of closed ports, with the datagram that found them.
        if v4 {
            setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
        }
        let buffers = (socket.recv_buffer_size()?, socket.send_buffer_size()?);
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        let socket: UdpSocket = socket.into();
        Ok(Self {
            port: socket.local_addr()?.port(),
            socket,
            buffers,
        })
    }
}

impl Lane {
    pub(super) fn new(bound: Bound) -> Self {
        Self {
            socket: bound.socket,
            incoming: vec![0; BATCH * LONGEST],
            room: BATCH,
            receive: MultiHeaders::preallocate(BATCH, None),
            send: MultiHeaders::preallocate(BATCH, None),
            outgoing: Vec::new(),
            ends: Vec::new(),
            to: Vec::new(),
            used: false,
            came_back: false,
            failed: 0,
        }
    }

    /// Whether anything was ever sent here; else nothing that comes in is an answer.
    pub(super) fn was_used(&self) -> bool {
        self.used
    }

    /// Whether the system said since it was asked last that a datagram came back.
    pub(super) fn take_came_back(&mut self) -> bool {
        std::mem::take(&mut self.came_back)
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(super) fn is_full(&self) -> bool {
        self.ends.len() >= BATCH
    }

    pub(super) fn has_outgoing(&self) -> bool {
        !self.ends.is_empty()
    }

    /// Adds a datagram to the batch.
    pub(super) fn push(&mut self, bytes: &[u8], to: SocketAddr) {
        self.used = true;
        self.outgoing.extend_from_slice(bytes);
        self.ends.push(self.outgoing.len());
        self.to.push(Some(to.into()));
    }

    /// Sends the batch as far as the system takes it now; what it refuses for good goes to `refused`.
    ///
    /// False when the socket's buffer is full: what is left is sent next time.
    pub(super) fn flush(&mut self, refused: &mut Vec<Refused>) -> bool {
        let (mut sent, mut tries) = (0, 0);
        let mut took_all = true;
        while sent < self.ends.len() {
            let start = |i: usize| if i == 0 { 0 } else { self.ends[i - 1] };
            let slices: Vec<[IoSlice<'_>; 1]> = (sent..self.ends.len())
                .map(|i| [IoSlice::new(&self.outgoing[start(i)..self.ends[i]])])
                .collect();
            let outcome = sendmmsg(
                self.socket.as_raw_fd(),
                &mut self.send,
                &slices,
                &self.to[sent..],
                [],
                MsgFlags::MSG_DONTWAIT,
            )
            .map(Iterator::count);
            match outcome {
                Ok(count) => (sent, tries) = (sent + count, 0),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN | Errno::ENOBUFS) => {
                    took_all = false;
                    break;
                }
                // Mostly an error that waited from an earlier datagram, and is told once: the error queue knows whose. One of
                // this datagram comes again.
                Err(_) if tries < TRIES => {
                    tries += 1;
                    self.came_back = true;
                }
                Err(error) => {
                    let head = self.outgoing[start(sent)..self.ends[sent]].to_vec();
                    let error = io::Error::from(error);
                    refused.push(Refused { head, error });
                    (sent, tries) = (sent + 1, 0);
                }
            }
        }
        self.drop_sent(sent);
        took_all
    }

    fn drop_sent(&mut self, sent: usize) {
        let bytes = if sent == 0 { 0 } else { self.ends[sent - 1] };
        self.outgoing.drain(..bytes);
        self.ends.drain(..sent);
        self.to.drain(..sent);
        for end in &mut self.ends {
            *end -= bytes;
        }
    }

    /// Hands out what has come in, one batch; gives back how many datagrams, and whether there may be more.
    pub(super) fn receive(&mut self, mut each: impl FnMut(&[u8])) -> (usize, bool) {
        let mut lengths = [0; BATCH];
        let room = self.room;
        let mut count = 0;
        {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> = self
                .incoming
                .chunks_mut(LONGEST)
                .take(room)
                .map(|room| [IoSliceMut::new(room)])
                .collect();
            let got = recvmmsg(
                self.socket.as_raw_fd(),
                &mut self.receive,
                slices.iter_mut(),
                MsgFlags::MSG_DONTWAIT,
                None,
            );
            match got {
                Ok(messages) => {
                    for message in messages {
                        lengths[count] = message.bytes;
                        count += 1;
                    }
                    self.failed = 0;
                }
                Err(Errno::EAGAIN) => {
                    self.room = LEAST;
                    return (0, false);
                }
                // One that the error queue tells of, in place of what there is to read.
                Err(_) => {
                    self.came_back = true;
                    self.failed = (self.failed + 1) % TRIES;
                    return (0, self.failed != 0);
                }
            }
        }
        for (room, length) in self.incoming.chunks(LONGEST).zip(&lengths[..count]) {
            each(&room[..*length]);
        }
        // Room costs time whether it is filled or not: what came last time, twice over, is enough.
        self.room = (2 * count).clamp(LEAST, BATCH);
        (count, count == room)
    }

    /// Takes what the network sent back: closed ports, missing routes.
    pub(super) fn take_errors(&mut self, refused: &mut Vec<Refused>) {
        let mut space = nix::cmsg_space!([u8; 128]);
        loop {
            let mut room = [IoSliceMut::new(&mut self.incoming[..LONGEST])];
            let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
            let got = recvmsg::<SockaddrStorage>(
                self.socket.as_raw_fd(),
                &mut room,
                Some(&mut space),
                flags,
            );
            let Ok(message) = got else { return };
            let length = message.bytes;
            let error = message.cmsgs().ok().and_then(|mut all| {
                all.find_map(|one| match one {
                    ControlMessageOwned::Ipv4RecvErr(error, _)
                    | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                        i32::try_from(error.ee_errno).ok()
                    }
                    _ => None,
                })
            });
            if let Some(error) = error {
                refused.push(Refused {
                    head: self.incoming[..length].to_vec(),
                    error: io::Error::from_raw_os_error(error),
                });
            }
        }
    }
}
